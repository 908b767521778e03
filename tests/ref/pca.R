# The standard deviations and rotations of pca.py by prcomp, from R's own data sets.
options(digits = 12)
print(prcomp(iris[1:4])$sdev^2)
print(prcomp(iris[1:4], scale. = TRUE)$sdev^2)
fit <- prcomp(USArrests, scale. = TRUE)
print(fit$sdev^2)
print(fit$rotation)
print(unname(fit$x[1:2, ]))

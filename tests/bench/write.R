# write.R none|fwrite ROWS: ROWS x 10 normals by fwrite, whose only form has 15 digits; none makes them only.
a <- commandArgs(TRUE)
data.table::setDTthreads(0)
n <- as.integer(a[2])
set.seed(1)
x <- as.data.frame(matrix(rnorm(n * 10), n))
if (a[1] == "fwrite") data.table::fwrite(x, col.names = FALSE)

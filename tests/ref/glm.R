#!/usr/bin/Rscript
# Logistic regressions of examples/data/mtcars.csv by R's glm, to the last digit: name, then coefficients and the
# mean loss -log(likelihood)/n.  Prints tests/ref/glm.expected.
cars <- read.csv("examples/data/mtcars.csv")
exactly <- glm.control(epsilon = 1e-15, maxit = 100)
show <- function(name, fit)
  cat(name, format(c(coef(fit), -as.numeric(logLik(fit)) / nrow(cars)), digits = 15, trim = TRUE), sep = ",", fill = 1000)
show("am~wt", glm(am ~ wt, binomial, cars, control = exactly))
show("am~wt+hp", glm(am ~ wt + hp, binomial, cars, control = exactly))
show("vs~mpg", glm(vs ~ mpg, binomial, cars, control = exactly))
show("carb~hp", glm(carb ~ hp, poisson, cars, control = exactly))

#!/usr/bin/Rscript
# Prints a data set of R's package `datasets` as CSV; examples/data/README.md says where each comes from.
#
#     tests/ref/data.R iris >examples/data/iris.csv        (also faithful, usarrests, mtcars)
#
# The values are R's own, each number in the fewest digits that give it back; only the names are changed.
name <- commandArgs(TRUE)[1]
sets <- list(
  iris = list(iris, c("sepal_length", "sepal_width", "petal_length", "petal_width", "species")),
  faithful = list(faithful, c("eruptions", "waiting")),
  usarrests = list(cbind(rownames(USArrests), USArrests), c("state", "murder", "assault", "urban_pop", "rape")),
  mtcars = list(cbind(rownames(mtcars), mtcars), c("model", names(mtcars))))
if (!name %in% names(sets)) stop("one of: ", paste(names(sets), collapse = " "))
data <- lapply(sets[[name]][[1]], as.character)
cells <- do.call(paste, c(unname(data), sep = ","))
writeLines(c(paste(sets[[name]][[2]], collapse = ","), cells))

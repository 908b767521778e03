# pca.R FILE K: K scores of every row as CSV (15 digits) by prcomp.
a <- commandArgs(TRUE)
x <- as.matrix(data.table::fread(a[1], header = FALSE))
data.table::fwrite(as.data.frame(prcomp(x, rank. = as.integer(a[2]))$x), col.names = FALSE)

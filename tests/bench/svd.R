# svd.R s|usv FILE: the singular values, or U, values and V, as CSV (15 digits) under lines `#: NAME`.
a <- commandArgs(TRUE)
x <- as.matrix(data.table::fread(a[2], header = FALSE))
if (a[1] == "s") {
  writeLines(sprintf("%.15g", svd(x, nu = 0, nv = 0)$d))
} else {
  m <- svd(x)
  for (part in c("u", "d", "v")) {
    cat("#:", part, "\n")
    data.table::fwrite(as.data.frame(m[[part]]), col.names = FALSE)
  }
}

// read_polars.mjs FILE: column means by Polars.  Node finds nodejs-polars beside this file: run.sh copies it.
import pl from "nodejs-polars";
const d = pl.readCSV(process.argv[2], { hasHeader: false, inferSchemaLength: 100 });
console.log(d.columns.map((c) => d.getColumn(c).mean()).join("\n"));

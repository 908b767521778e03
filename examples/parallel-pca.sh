#!/bin/sh
# parallel-pca.sh FILE ID [BLOCK]: two scores for each row of a CSV file with a line of names, by GNU parallel.
#
# Parts of the file of about BLOCK (default 100M) bytes are reduced side by side to their states, a line each; one mlpca
# merges the lines, when all are there (of a part that failed it could not know), to a model, whose variances go to
# standard error; the model is then applied to the parts side by side, in their order.  ID is the column that is carried
# along.  `--sshlogin` spreads this over machines.
set -eu
file=$1 id=$2 block=${3:-100M}
space=$(mktemp -d)
trap 'rm -rf "$space"' EXIT
model=$space/model
parts() {
	parallel --will-cite --keep-order --pipepart --arg-file "$file" --header '.*\n' --block "$block" "$@"
}
parts mlpca -j 1 -H -x "$id" --partial >"$space/states"
mlpca --merge -k 2 -s variance --save "$model" "$space/states" >&2
echo "$id,PC1,PC2"
parts mlpca -j 1 -H -i "$id" --apply "$model" --no-names

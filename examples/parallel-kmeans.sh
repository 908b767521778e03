#!/bin/sh
# parallel-kmeans.sh FILE ID K [BLOCK]: k-means of a CSV file with a line of names, by GNU parallel.
#
# A first model comes from the first SAMPLE (default 10000) rows.  Then, round after round, parts of the file of about
# BLOCK (default 100M) bytes are reduced side by side to their states, a line each, and one mlkmeans merges the lines to
# the next model: it ends with 3 when another round is due and with 0 when no row changed its cluster.  The last model
# labels the parts side by side, in their order.  The centroids go to standard error, the labels of the rows to standard
# output; ID is the column that is carried along.  `--sshlogin` and `--transferfile` of the model spread this over
# machines.
set -eu
file=$1 id=$2 k=$3 block=${4:-100M}
space=$(mktemp -d)
trap 'rm -rf "$space"' EXIT
model=$space/model
parts() {
	parallel --will-cite --keep-order --pipepart --arg-file "$file" --header '.*\n' --block "$block" "$@"
}
head -n "$((${SAMPLE:-10000} + 1))" "$file" | mlkmeans -k "$k" -x "$id" --save "$model" -s centroids >/dev/null
due=3
while [ $due -eq 3 ]; do
	parts mlkmeans -q -j 1 -H -x "$id" --partial --model "$model" >"$space/states"
	due=0
	mlkmeans --merge --model "$model" --save "$space/next" "$space/states" >"$space/centroids" || due=$?
	[ $due -eq 2 ] || mv "$space/next" "$model"
done
cat "$space/centroids" >&2
[ $due -eq 0 ] || exit $due
head -n 1 "$file" | tr -d '\r' | sed 's/$/,cluster/'
parts mlkmeans -j 1 -H -i "$id" --apply "$model" --no-names

#!/bin/sh
# parallel-gmm.sh FILE ID K [BLOCK]: a mixture of K Gaussians of a CSV file with a line of names, by GNU parallel.
#
# A first mixture comes from the first SAMPLE (default 10000) rows.  Then, round after round, parts of the file of about
# BLOCK (default 100M) bytes go through the E step side by side, to a state each, and one mlgmm takes the M step on all of
# them: it ends with 3 when another round is due and with 0 when the log-likelihood no longer rises.  The parameters go to
# standard error; the last mixture labels the parts side by side, in their order, on standard output.  ID is the column
# that is carried along.  `--sshlogin` and `--transferfile` of the model spread this over machines.
set -eu
file=$1 id=$2 k=$3 block=${4:-100M}
space=$(mktemp -d)
trap 'rm -rf "$space"' EXIT
model=$space/model
parts() {
	parallel --will-cite --keep-order --pipepart --arg-file "$file" --header '.*\n' --block "$block" "$@"
}
head -n "$((${SAMPLE:-10000} + 1))" "$file" | mlgmm -k "$k" -x "$id" --save "$model" >/dev/null
due=3
while [ $due -eq 3 ]; do
	parts mlgmm -q -j 1 -H -x "$id" --partial --model "$model" >"$space/states"
	due=0
	mlgmm --merge --model "$model" --save "$space/next" "$space/states" >"$space/parameters" || due=$?
	[ $due -eq 2 ] || mv "$space/next" "$model"
done
cat "$space/parameters" >&2
[ $due -eq 0 ] || exit $due
echo "$id,component,responsibility"
parts mlgmm -j 1 -H -i "$id" --apply "$model" -s labels --no-names

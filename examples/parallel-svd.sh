#!/bin/sh
# parallel-svd.sh FILE ID [BLOCK]: the singular values of a CSV file with a line of names, by GNU parallel.
#
# Parts of the file of about BLOCK (default 100M) bytes are reduced side by side to their states, a line each, and one
# mlsvd merges the lines, when all are there: of a part that failed it could not know.  ID is the column to leave
# out.  `--sshlogin` spreads this over machines.
set -eu
file=$1 id=$2 block=${3:-100M}
states=$(mktemp)
trap 'rm -f "$states"' EXIT
parallel --will-cite --pipepart --arg-file "$file" --header '.*\n' --block "$block" \
	mlsvd -j 1 -H -x "$id" --partial >"$states"
mlsvd --merge "$states"

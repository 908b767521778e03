#!/bin/sh
# parallel-entropy.sh FILE [BLOCK]: the entropy of each column of a CSV file with a line of names, by GNU parallel.
#
# Parts of the file of about BLOCK (default 100M) bytes are counted side by side, each to a state of one line, and one
# mlentropy merges the counts, when all are there: of a part that failed it could not know.  `--sshlogin` spreads this
# over machines.
set -eu
file=$1 block=${2:-100M}
states=$(mktemp)
trap 'rm -f "$states"' EXIT
parallel --will-cite --pipepart --arg-file "$file" --header '.*\n' --block "$block" \
	mlentropy -j 1 -H --partial >"$states"
mlentropy --merge -s H "$states"

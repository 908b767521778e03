#!/bin/sh
# parallel-gain.sh FILE TARGET [BLOCK]: which column of a CSV file with a line of names tells the most about TARGET, by
# GNU parallel: the columns with their information gain, the best one first.
#
# Parts of the file of about BLOCK (default 100M) bytes are counted side by side, each to a line of text; one mlentropy
# merges the lines and finishes, when all are there: of a part that failed it could not know.  `--sshlogin` spreads this
# over machines.
set -eu
file=$1 target=$2 block=${3:-100M}
states=$(mktemp)
trap 'rm -f "$states"' EXIT
parallel --will-cite --pipepart --arg-file "$file" --header '.*\n' --block "$block" \
	mlentropy -j 1 -H -y "$target" --partial >"$states"
gains=$(mlentropy --merge -s gain "$states")
echo "$gains" | {
	read -r names
	echo "$names"
	sort -t , -k 3,3gr
}

#!/bin/sh
# parallel-gain.sh FILE TARGET [BLOCK]: which column of a CSV file with a line of names tells the most about TARGET, by
# GNU parallel: the columns with their information gain, the best one first.
#
# Parts of the file of about BLOCK (default 100M) bytes are counted side by side, each to a line of text; one mlentropy
# merges the lines and finishes.  `--sshlogin` spreads this over machines.
set -eu
file=$1 target=$2 block=${3:-100M}
parallel --will-cite --pipepart --arg-file "$file" --header '.*\n' --block "$block" \
	mlentropy -j 1 -H -y "$target" --partial | mlentropy --merge -s gain | {
	read -r names
	echo "$names"
	sort -t , -k 3,3gr
}

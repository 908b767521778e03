#!/bin/sh
# large.sh BIN [MIB]: tables of MIB (default 4096) mebibytes, through a pipe and as a file, in a memory of 64 MiB.  Run by
# `make check-large`; it needs GNU time, and as much room in $TMPDIR (default /tmp) as the file takes, which it removes.
#
# The table is one part, 100,000 x 20, over and over, so that what must come out is known from the part alone: the same
# variances (of --ddof 0) and means, singular values sqrt(copies) times as large, the same centroids.
PATH=$(cd "$1" && pwd):$PATH
export PATH
mebibytes=${2:-4096} limit=65536 bad=0
space=$(mktemp -d) || exit 2
trap 'rm -rf "$space"' EXIT
trap 'exit 2' HUP INT TERM
cd "$space" || exit 2

awk 'BEGIN {
	srand(1)
	for (i = 0; i < 100000; i++) {
		shared = rand()
		for (j = 0; j < 20; j++) printf "%s%.15g", j ? "," : "", j + (j + 1) * rand() + 10 * shared * (j % 3)
		print ""
	}
}' >part
copies=$((mebibytes * 1048576 / $(wc -c <part) + 1))
table() {
	n=0
	while [ $n -lt $copies ]; do
		cat part || return
		n=$((n + 1))
	done
}

# judge NAME EXPECTED FACTOR: the numbers in `out` against those in EXPECTED times FACTOR; time and memory are in `time`.
judge() {
	used=$(awk '/Maximum resident/ { print $NF }' time)
	seconds=$(awk '/Elapsed/ { n = split($NF, t, ":"); s = 0; for (i = 1; i <= n; i++) s = 60 * s + t[i]; print s }' time)
	verdict=$(paste -d' ' out "$2" | awk -F'[ ,]' -v factor="$3" '
		{ half = NF / 2; if (NF % 2) bad = 1
		  for (i = 1; i <= half; i++) {
			if ($i !~ /^-?[0-9]/) { if ($i != $(i + half)) bad = 1; continue }
			e = $(i + half) * factor; d = $i - e; if (d < 0) d = -d
			if (d > 1e-11 * (e < 0 ? -e : e) + 1e-300) bad = 1
			count++ } }
		END { print (bad || !count) ? "WRONG" : "right" }')
	[ "$verdict" = right ] || bad=1
	[ "$used" -lt $limit ] || { verdict="$verdict, TOO MUCH MEMORY" bad=1; }
	printf '%-56s %6.1f s %8d KiB  %s\n' "$1" "$seconds" "$used" "$verdict"
}

measure='/usr/bin/time -v -o time'
mlpca -N --ddof 0 -s variance,mean --no-names part | grep , | cut -d, -f1-2 >variances
mlsvd -N -s values --no-names part | cut -d, -f2 >singular
mlkmeans -N -k 5 --restarts 1 -n 5 --save start part >/dev/null 2>&1
mlkmeans -N --init start -n 3 -s centroids --no-names part 2>/dev/null | cut -d, -f4- >centres
mlkmeans -N -q --partial --model start part | mlkmeans -q --merge --model start --no-names | cut -d, -f4- >step
mlgmm -N -q -k 2 -n 2 --save mixture part >step.gmm
mlgmm -N -q --partial --model mixture part | mlgmm -q --merge --model mixture --no-names | grep mean | cut -d, -f2,4- >step.gmm
echo "$copies parts of 100,000 x 20, $(($(wc -c <part) * copies / 1048576)) MiB"

table | $measure mlpca -N --ddof 0 -s variance,mean --no-names | grep , | cut -d, -f1-2 >out
judge 'mlpca -s variance,mean, a pipe' variances 1
table | $measure mlsvd -N -s values --no-names | cut -d, -f2 >out
judge 'mlsvd, a pipe' singular "$(awk -v n=$copies 'BEGIN { printf "%.17g", sqrt(n) }')"
table | $measure mlkmeans -N -q --partial --model start >state
mlkmeans -q --merge --model start --no-names state | cut -d, -f4- >out
judge 'mlkmeans --partial, a pipe' step 1
table | $measure mlgmm -N -q --partial --model mixture >state
mlgmm -q --merge --model mixture --no-names state | grep mean | cut -d, -f2,4- >out
judge 'mlgmm --partial, a pipe' step.gmm 1
table | $measure mlkmeans -N -k 5 -m minibatch --stream -s summary --no-names | cut -d, -f1 >out
echo 5 >clusters
judge 'mlkmeans -m minibatch --stream, a pipe' clusters 1

table >file || { echo "no room for the file in $space"; exit 2; }
$measure mlpca -N --ddof 0 -s variance,mean --no-names file | grep , | cut -d, -f1-2 >out
judge 'mlpca -s variance,mean, a file' variances 1
$measure mlsvd -N -s values --no-names file | cut -d, -f2 >out
judge 'mlsvd, a file' singular "$(awk -v n=$copies 'BEGIN { printf "%.17g", sqrt(n) }')"
# the scores of the last rows are those of the part under the same model
$measure mlpca -N --ddof 0 -k 2 --save model --no-names file | tail -n 1000 >out
mlpca -N --apply model --no-names part | tail -n 1000 >scores
judge 'mlpca -k 2, scores in a second pass over a file' scores 1
$measure mlkmeans -N -q --init start -n 3 --stream -s centroids --no-names file | cut -d, -f4- >out
judge 'mlkmeans --stream -n 3, four passes over a file' centres 1
exit $bad

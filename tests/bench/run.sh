#!/bin/sh
# run.sh BIN PROGRAMS DATA: the speed of the tools in BIN, and of the programs here that `make bench` built in
# PROGRAMS, against the best peer for each job.  Each answer is held against the peer's before anything is timed;
# then the two run in turn, whole process, from the file to CSV on /dev/null, RUNS times (5), and the medians are
# compared.  A machine drifts: only the ratios of one run count.  The data are made in DATA the first time.
# POLARS=FOLDER names a folder in which nodejs-polars is installed (make setup-bench does so, in .build/polars).
# A job whose peer, or whose tool, is not here says so and is skipped.
[ $# -eq 3 ] || { echo 'usage: run.sh BIN PROGRAMS DATA' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd) bin=$1 programs=$2 data=$3
python=/usr/bin/python3 runs=${RUNS:-5} rows=1000000
ours=$data/ours.out peers=$data/peers.out notes=$data/notes.out

"$python" -c 'import numpy, pandas' 2>/dev/null || {
	echo 'The data and the timing need python3-numpy and python3-pandas: make setup-bench'
	exit 0
}
if [ ! -e "$data/complete" ]; then
	echo "Writing the data to $data (once)."
	"$python" "$here/gen.py" "$data" && touch "$data/complete" || exit 2
fi

skip() {
	printf '%-32s skipped: %s\n' "$1" "$2"
}

# line JOB OURS PEER-NAME PEER GOAL: one row of the table; GOAL empty: the row only informs.
line() {
	awk -v job="$1" -v a="$2" -v name="$3" -v b="$4" -v goal="$5" 'BEGIN {
		ratio = b / a
		verdict = goal == "" ? "" : ratio >= goal ? "met" : "NOT met"
		printf "%-32s %8.3f  %-26s %8.3f %7.1fx %6s  %s\n", job, a, name, b, ratio, goal == "" ? "" : goal "x", verdict
	}'
}

# try JOB COMMAND FILE WHOSE: run one side into FILE; where it cannot run the job is skipped.
try() {
	sh -c "$2" >"$3" 2>"$notes" && return
	skip "$1" "$4 does not run: $(tail -n 1 "$notes" | cut -c1-60)"
	return 1
}

# duel JOB GOAL KIND OURS PEER-NAME PEER: check, time, print.
duel() {
	try "$1" "$4" "$ours" ours || return
	try "$1" "$6" "$peers" "$5" || return
	"$python" "$here/check.py" "$3" "$ours" "$peers" 2>"$notes" || {
		skip "$1" "the answers differ, $(cat "$notes")"
		return
	}
	times=$("$python" "$here/pair.py" "$runs" "$4" "$6") || return
	line "$1" "${times%%
*}" "$5" "${times##*
}" "$2"
}

# less JOB GOAL PEER-NAME OURS LESS-OURS PEER LESS-PEER: a part of the work, the time with it less the time without it.
less() {
	job=$1 goal=$2 name=$3
	try "$job" "$6" /dev/null "$name" || return
	# shellcheck disable=SC2046
	set -- $("$python" "$here/pair.py" "$runs" "$4" "$5" "$6" "$7")
	[ $# -eq 4 ] || return
	line "$job" "$(echo "$1 $2" | awk '{ print $1 - $2 }')" "$name" "$(echo "$3 $4" | awk '{ print $1 - $2 }')" "$goal"
}

print_jobs() {
	job='print 10M doubles, writing alone'
	"$programs/print" csv "$rows" 2>"$notes" | "$programs/print" check "$rows" 2>"$notes" || {
		skip "$job" "ours do not read back: $(cat "$notes")"
		return
	}
	if "$python" "$here/write.py" format 10000 | "$python" "$here/write.py" check 10000; then
		less "$job" 12 'Python %.17g' "$programs/print csv $rows" "$programs/print none $rows" \
			"$python $here/write.py format $rows" "$python $here/write.py none $rows"
	else
		skip "$job" "Python's do not read back"
	fi
	less "$job" 2 'R fwrite (15 digits)' "$programs/print csv $rows" "$programs/print none $rows" \
		"Rscript $here/write.R fwrite $rows" "Rscript $here/write.R none $rows"
}

read_jobs() {
	job='read 95 MB, column means' mean="$bin/mlpca -N -s mean $data/blobs_1m.csv"
	if [ -n "$POLARS" ] && [ -d "$POLARS/node_modules/nodejs-polars" ]; then
		cp "$here/read_polars.mjs" "$POLARS/"
		duel "$job" 4 means "$mean" Polars "node $POLARS/read_polars.mjs $data/blobs_1m.csv"
	else
		skip "$job" 'the goal is against Polars: POLARS=FOLDER with nodejs-polars'
	fi
	duel "$job" '' means "$mean" 'R fread, all cores' "Rscript $here/read.R $data/blobs_1m.csv"
}

# Milliseconds, and `true` beside them for what starting any process costs.
start_job() {
	job='start-up on 4 x 2, ms' tool="$bin/mlpca -N -s mean $data/tiny.csv"
	# shellcheck disable=SC2016
	awk_means='mawk -F, '\''{ for (i = 1; i <= NF; i++) s[i] += $i } END { for (i = 1; i <= NF; i++) print s[i] / NR }'\'
	try "$job" "$tool" "$ours" ours || return
	try "$job" "$awk_means $data/tiny.csv" "$peers" mawk || return
	"$python" "$here/check.py" means "$ours" "$peers" || return
	# shellcheck disable=SC2046
	set -- $("$python" "$here/pair.py" 200 "$tool" "$awk_means $data/tiny.csv" true)
	[ $# -eq 3 ] && echo "$1 $2 $3" | awk -v job="$job" '{
		printf "%-32s %8.2f  %-26s %8.2f          <= 3  %s   (the bare process: %.2f)\n", job, 1000 * $1, "mawk",
			1000 * $2, 1000 * $1 <= 3 ? "met" : "NOT met", 1000 * $3
	}'
}

printf '%-32s %8s  %-26s %8s %8s %6s\n' job 'ours, s' peer 'peer, s' ratio goal
read_jobs
print_jobs
duel 'PCA, 10 scores of 200k x 50' 8 scores "$bin/mlpca -N -k 10 $data/tall.csv" 'R prcomp (15 digits)' \
	"Rscript $here/pca.R $data/tall.csv 10"
duel 'PCA, 10 scores of 5000 x 500' 5 scores "$bin/mlpca -N -k 10 $data/wide.csv" 'NumPy covariance' \
	"$python $here/pca.py $data/wide.csv 10"
duel 'SVD, values of 1000 x 1000' 2.5 values "$bin/mlsvd -N -s values --no-names $data/square.csv" 'R (15 digits)' \
	"Rscript $here/svd.R s $data/square.csv"
duel 'SVD, U, values, V, 1000 x 1000' 2 usv "$bin/mlsvd -N -s U,values,V --no-names $data/square.csv" 'R (15 digits)' \
	"Rscript $here/svd.R usv $data/square.csv"
# Commands for so many iterations: of k-means from the start kept with the data, of a mixture from the labels in FILE.
kmeans() { echo "$bin/mlkmeans -q -N -n $1 --init $data/blobs_1m.start.csv -s centroids $data/blobs_1m.csv"; }
kmeans_peer() { echo "$python $here/kmeans.py $data/blobs_1m.csv $data/blobs_1m.start.csv $1"; }
gmm() { echo "$bin/mlgmm -q -N -y 11 --init labels --floor 0 -n $1 $data/mixture_$2.csv"; }
gmm_peer() { echo "env OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $python $here/gmm.py $data/mixture_$2.csv $1"; }

duel 'k-means, 1M x 10, 30 iterations' 6 centroids "$(kmeans 30)" 'scikit-learn lloyd' "$(kmeans_peer 30)"
less '  29 of them alone' 3 'scikit-learn lloyd' "$(kmeans 30)" "$(kmeans 1)" "$(kmeans_peer 30)" "$(kmeans_peer 1)"
duel 'k-means, 1M x 10, to the end' 6 centroids "$(kmeans 300)" 'scikit-learn lloyd' "$(kmeans_peer 300)"
duel 'GMM, 100k x 10, near start' 8 mixture "$(gmm 100 near)" 'scikit-learn, one thread' "$(gmm_peer 100 near)"
less '  5 of its 6 iterations alone' 4 'scikit-learn, one thread' "$(gmm 6 near)" "$(gmm 1 near)" "$(gmm_peer 6 near)" \
	"$(gmm_peer 1 near)"
duel 'GMM, 100k x 10, poor start' 8 mixture "$(gmm 100 poor)" 'scikit-learn, one thread' "$(gmm_peer 100 poor)"
duel 'mutual information, 1M rows' 8 number "$bin/mlentropy -N -s MI --no-names $data/labels_1m.csv" mawk \
	"mawk -F, '{ a[\$1]++; b[\$2]++; c[\$1, \$2]++ } END { for (k in c) { split(k, s, SUBSEP)
		i += c[k] / NR * log(c[k] * NR / (a[s[1]] * b[s[2]])) } printf \"%.15g\\n\", i / log(2) }' $data/labels_1m.csv"
names=$(seq -s, -f 'x%g' 1 20),y
duel 'logistic regression, 100k x 20' 8 values "$bin/mlopt -q --data $data/logreg.csv --names $names --let 'z=b+dot(w,x)' \
	'softplus(z)-y*z' 'w=zeros(20)' -s parameters --no-names" 'scipy L-BFGS-B' "$python $here/minimize.py logistic $data/logreg.csv"
start=$(yes -- -1.2,1 | head -n 50 | paste -sd,)
duel 'Rosenbrock, 100 variables' 30 values "$bin/mlopt -q 'sum(i,1,99,100*(x[i+1]-x[i]^2)^2+(1-x[i])^2)' x=$start \
	-s parameters --no-names" 'scipy L-BFGS-B' "$python $here/minimize.py rosenbrock 100"
start_job
rm -f "$ours" "$peers" "$notes"

# Input larger than memory: mlkmeans --stream, and tools that print a row for each row.
load helper
iris=$BATS_TEST_DIRNAME/../examples/data/iris.csv
digits=$BATS_TEST_DIRNAME/../examples/data/digits.csv

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# eight COUNT: rows about eight centres of five columns, in no order.
eight() {
	awk -v count="$1" 'function draw() { return (s = 16807 * s % 2147483647) / 2147483647 }
	BEGIN {
		s = 11
		for (c = 0; c < 8; c++) for (j = 0; j < 5; j++) centre[c, j] = 20 * draw() - 10
		for (i = 0; i < count; i++) {
			c = int(8 * draw())
			for (j = 0; j < 5; j++) {
				u = 0
				for (t = 0; t < 6; t++) u += draw()
				printf "%s%.6f", j ? "," : "", centre[c, j] + 2 * u - 6
			}
			print ""
		}
	}'
}

@test "a given start: the iterations, labels and centroids of rows held in memory" {
	head -n 300 "$digits" | mlkmeans -k 10 -x digit --restarts 1 --save m0 >/dev/null
	for options in "--init m0" "-k 10 --init first" "-k 10 --init first -n 4" "-k 7 --init first -t 1" "-k 4 --init first --spherical"; do
		mlkmeans -q $options -x digit -s labels "$digits" >labels
		mlkmeans -q $options -x digit -s centroids,summary "$digits" >held
		mlkmeans -q $options -x digit --stream -s labels "$digits" | cmp - labels
		near "$(mlkmeans -q $options -x digit --stream -s centroids,summary <"$digits")" "$(cat held)" 1e-12
	done
	awk -F, 'NR == 1 { print $0 ",w"; next } { print $0 "," (NR - 2) % 3 }' "$iris" >w.csv
	near "$(mlkmeans -k 3 --init first -x species --weights w --stream -s centroids w.csv)" "$(mlkmeans -k 3 --init first -x species --weights w -s centroids w.csv)" 1e-13
	mlkmeans -k 3 -i species --weights w --stream -s labels,distances w.csv | cmp - <(mlkmeans -k 3 -i species --weights w -s labels,distances w.csv)
}

@test "few rows are all in the sample: the same clusters as without --stream" {
	for options in "-k 10" "-k 10 --init random -S 4" "-k 5 --spherical"; do
		mlkmeans $options -x digit -s labels "$digits" | cmp - <(mlkmeans $options -x digit --stream -s labels "$digits")
		near "$(mlkmeans $options -x digit --stream -s centroids "$digits")" "$(mlkmeans $options -x digit -s centroids "$digits")" 1e-12
	done
}

@test "many rows: full passes and one pass come within a thousandth of the inertia; the same bytes for any -j, file or pipe" {
	eight 60000 >rows.csv
	held=$(mlkmeans -N -k 8 -s summary --no-names rows.csv | cut -d, -f5)
	for method in auto minibatch; do
		mlkmeans -N -k 8 -m $method --stream -s summary,centroids --save m rows.csv >got
		near "$(sed -n 3p got | cut -d, -f5)" "$held" 0.001
		mlkmeans -N -k 8 -m $method -j 1 --stream -s summary,centroids <rows.csv | cmp - got
		mlkmeans -N -k 8 -m $method -j 3 --stream -s summary,centroids rows.csv | cmp - got
		mlkmeans -N -k 8 -m $method --stream rows.csv | cmp - <(mlkmeans -N --apply m rows.csv)
	done
	cat rows.csv | mlkmeans -N -k 8 -m minibatch --stream -s summary,centroids | cmp - got
	# the total does not depend on the clusters
	near "$(sed -n 3p got | cut -d, -f7)" "$(mlkmeans -N -k 2 -s summary --no-names rows.csv | cut -d, -f7)" 1e-12
	mlkmeans -N -k 8 -m minibatch --batch 100 -S 2 --stream -s summary rows.csv >/dev/null
}

@test "--stream: what it cannot do is refused" {
	fails 2 '-m minibatch takes one pass' sh -c "cat '$iris' | mlkmeans -k 3 -x species --stream"
	fails 2 'the rows again for their labels' sh -c "cat '$iris' | mlkmeans -k 3 -x species -m minibatch --stream"
	fails 2 '--trace needs all of them' mlkmeans -k 3 -x species --stream --trace t "$iris"
	fails 2 '--target needs all of them' mlkmeans -k 3 -y species --stream "$iris"
	fails 2 'silhouettes need all of them' mlkmeans -k 3 -x species --stream -s silhouette "$iris"
	fails 2 '--steps needs all of them' mlkmeans -k 3 -x species --stream --steps "$iris"
	fails 2 'leave out -n' mlkmeans -k 3 -x species -m minibatch -n 3 --stream "$iris"
	fails 2 '151 clusters of 150 rows' mlkmeans -k 151 -x species --stream "$iris"
	fails 2 '151 clusters of 150 rows' mlkmeans -k 151 -x species -m minibatch --stream "$iris"
	fails 2 'nowhere: No such file' mlkmeans -k 3 --stream nowhere
	fails 2 'only 1 of the rows' sh -c 'yes 1,1 | head -n 20000 >same; mlkmeans -N -k 2 --stream same'
	: >empty
	fails 2 'empty' mlkmeans -k 3 --stream empty
	fails 2 'empty' mlkmeans -k 3 -m minibatch --stream empty
	fails 2 'row 3 is all zeros' sh -c 'printf "1,1\n2,1\n0,0\n" >z; mlkmeans -N -k 2 --spherical --init first --stream z'
}

# in_memory LIMIT_KIB COMMAND...: 200 MB through a pipe; the peak of the process stays below the limit.
in_memory() {
	local limit=$1 pid used
	shift
	"$@" <fifo >out &
	pid=$!
	exec 4>fifo
	for i in $(seq 30); do cat part.csv; done >&4
	sleep 0.1
	used=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
	exec 4>&-
	wait $pid
	echo "$*: $used KiB"
	[ "$used" -lt "$limit" ]
}

@test "200 MB through a pipe: mini-batch k-means, states and rows under a model in less than 64 MiB" {
	[ -r /proc/self/status ] || skip "needs /proc"
	! grep -q __asan_init "$MLBIN/mlkmeans" || skip "sanitizers take memory of their own"
	awk 'BEGIN { srand(1); for (i = 0; i < 20000; i++) { for (j = 0; j < 20; j++) printf "%s%.15g", j ? "," : "", rand(); print "" } }' >part.csv
	mkfifo fifo
	mlkmeans -N -k 5 --restarts 1 -n 2 --save k part.csv -q >/dev/null
	mlgmm -N -k 2 -n 1 -q --save g part.csv >/dev/null
	in_memory 65536 mlkmeans -N -k 5 -m minibatch --stream -s centroids
	in_memory 65536 mlkmeans -N --partial --model k
	in_memory 65536 mlgmm -N --partial --model g
	in_memory 65536 mlkmeans -N --apply k
	in_memory 65536 mlgmm -N --apply g -s labels
}

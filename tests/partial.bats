# --partial and --merge of mlpca, mlsvd and mlentropy, and input larger than memory.
load helper

. "$BATS_TEST_DIRNAME/far.sh"

# states TOOL SHARDS FILE: a state for each of so many parts of FILE.
states() {
	mkdir "$BATS_TEST_TMPDIR/$2"
	split -a 3 -n "l/$2" "$3" "$BATS_TEST_TMPDIR/$2/"
	for shard in "$BATS_TEST_TMPDIR/$2"/*; do "$1" -N --partial "$shard"; done
}

@test "mean and variance of 1, 7 and 1,000 shards agree to 13 digits at mean 1e9, deviation 1" {
	far >"$BATS_TEST_TMPDIR/far.csv"
	# tests/ref/shards.py
	expected="column1,1000000000.0152624846,1 column2,1000000000.0060472488,1 PC1,1.66665955434391444,0.73739497728399550,0.73739497728399550 PC2,0.59353966817130476841,0.26260502271600444,1"
	near "$(mlpca -N --no-names -s mean,variance "$BATS_TEST_TMPDIR/far.csv" | grep ,)" "$expected" 1e-13
	for shards in 1 7 1000; do
		states mlpca $shards "$BATS_TEST_TMPDIR/far.csv" >"$BATS_TEST_TMPDIR/states"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/states")" -eq $shards ]
		near "$(mlpca --merge --no-names -s mean,variance "$BATS_TEST_TMPDIR/states" | grep ,)" "$expected" 1e-13
		near "$(sort -r "$BATS_TEST_TMPDIR/states" | mlpca --merge --no-names -s mean,variance | grep ,)" "$expected" 1e-13
	done
}

@test "mlsvd: values and V of shards are those of the whole" {
	matrix=$BATS_TEST_TMPDIR/digits.csv
	sed 1d "$DATA/digits.csv" | cut -d, -f1-20 >"$matrix"
	for shards in 1 5 300; do
		states mlsvd $shards "$matrix" >"$BATS_TEST_TMPDIR/states"
		near "$(mlsvd --merge --no-names "$BATS_TEST_TMPDIR/states")" "$(mlsvd -N --no-names "$matrix")" 1e-12
		near "$(mlsvd --merge -k 3 -s V "$BATS_TEST_TMPDIR/states")" "$(mlsvd -N -k 3 -s V "$matrix")" 1e-10
	done
	near "$(mlsvd --merge --no-names -s rank,norms "$BATS_TEST_TMPDIR/states" | grep '[0-9]')" \
		"$(mlsvd -N --no-names -s rank,norms "$matrix" | grep '[0-9]')" 1e-12
}

@test "the state of no rows is the identity, and no rows at all are an error" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x species -H --partial "$DATA/iris.csv" >whole
	for nothing in '' 'sepal_length,sepal_width,petal_length,petal_width,species\n'; do
		printf "$nothing" | mlpca -x species -H --partial >none
		[ "$(wc -l <none)" -eq 1 ]
		[ "$(cat none whole none | mlpca --merge)" = "$(mlpca --merge whole)" ]
		fails 2 'the states are of no rows' mlpca --merge none
	done
	fails 2 'the input is empty; --merge reads the lines that --partial prints' mlpca --merge /dev/null
	head -n 3 "$DATA/iris.csv" | mlpca -x species -H --partial >few
	cat few whole | mlpca --merge -s mean >/dev/null
}

@test "options: each belongs to --partial or to --merge, and the merge does what the fit does" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x species -H --partial "$DATA/iris.csv" >s
	mlpca -x species -H --no-center --partial "$DATA/iris.csv" >plain
	for options in "" "-k 2" "--scale" "--ddof 0" "--energy 0.9" "--probabilistic -k 2 -s likelihood,mean" "--whiten pca -s components"; do
		[[ $options = *" -s "* ]] || options="$options -s variance,mean"
		[ "$(mlpca --merge $options s)" = "$(mlpca -x species $options "$DATA/iris.csv")" ]
	done
	[ "$(mlpca --merge plain)" = "$(mlpca -x species --no-center -s variance "$DATA/iris.csv")" ]
	mlpca --merge -k 2 --save m.csv s >/dev/null
	mlpca -x species -k 2 "$DATA/iris.csv" | cmp - <(mlpca -x species --apply m.csv "$DATA/iris.csv")
	fails 2 '-k belongs to --merge' mlpca --partial -H -k 2 "$DATA/iris.csv"
	fails 2 '--scale belongs to --merge' mlpca --partial -H --scale "$DATA/iris.csv"
	fails 2 '--no-center belongs to --partial' mlpca --merge --no-center s
	fails 2 '--show says what --merge prints or keeps' mlpca --partial -H -s mean "$DATA/iris.csv"
	fails 2 '--exclude says how to read a table, and --merge reads states' mlpca --merge -x species s
	fails 2 '--merge has states and no rows' mlpca --merge -s scores s
	fails 2 'does not guess' mlpca --partial "$DATA/iris.csv"
	fails 2 'give one of them' mlpca --merge --apply m.csv s
	fails 2 'U needs the rows, and --merge has states' mlsvd --merge -s U s
	fails 2 '-m jacobi needs the whole matrix' mlsvd --partial -N -m jacobi s
	fails 2 '--tolerance belongs to --merge' mlsvd --partial -N -t 1 s
}

@test "mlentropy: counts of shards are those of the whole, every result of them the same bytes" {
	awk 'BEGIN { srand(4); for (i = 0; i < 3000; i++) { a = int(7 * rand()); b = (a + int(3 * rand())) % 5
		printf "%s,level %d,%s,%d\n", a, b, int(4 * rand()) ? "x" b : "", 1 + int(3 * rand()) } }' >"$BATS_TEST_TMPDIR/rows.csv"
	results="-s H,joint,conditional,MI,normalized,AMI,TC,coinformation,KL,JS,renyi,gain,distribution"
	read="--names a,b,c,n --na keep -y b"
	mlentropy $read -x n $results "$BATS_TEST_TMPDIR/rows.csv" >"$BATS_TEST_TMPDIR/whole" 2>"$BATS_TEST_TMPDIR/notes"
	for shards in 1 7 200; do
		mkdir "$BATS_TEST_TMPDIR/$shards"
		split -a 3 -n "l/$shards" "$BATS_TEST_TMPDIR/rows.csv" "$BATS_TEST_TMPDIR/$shards/"
		for shard in "$BATS_TEST_TMPDIR/$shards"/*; do mlentropy $read -x n --partial "$shard"; done >"$BATS_TEST_TMPDIR/states"
		mlentropy --merge $results "$BATS_TEST_TMPDIR/states" 2>"$BATS_TEST_TMPDIR/notes" | cmp - "$BATS_TEST_TMPDIR/whole"
		sort -r "$BATS_TEST_TMPDIR/states" | mlentropy --merge $results 2>"$BATS_TEST_TMPDIR/notes" | cmp - "$BATS_TEST_TMPDIR/whole"
		for shard in "$BATS_TEST_TMPDIR/$shards"/*; do mlentropy $read --weights n --partial "$shard"; done >"$BATS_TEST_TMPDIR/weighed"
		mlentropy --merge --exact -s MI "$BATS_TEST_TMPDIR/weighed" |
			cmp - <(mlentropy $read --weights n --exact -s MI "$BATS_TEST_TMPDIR/rows.csv")
	done
}

@test "mlentropy: the state of no rows is the identity; what does not belong together is refused" {
	cd "$BATS_TEST_TMPDIR"
	mlentropy -H -y play --partial "$DATA/weather.csv" >whole
	for nothing in '' 'outlook,temperature,humidity,windy,play\n'; do
		printf "$nothing" | mlentropy -H -y play --partial >none
		[ "$(cat none whole none | mlentropy --merge -s gain)" = "$(mlentropy --merge -s gain whole)" ]
		fails 2 'the states are of no rows' mlentropy --merge none
	done
	fails 2 'the input is empty; --merge reads the lines that --partial prints' mlentropy --merge /dev/null
	mlentropy -H --partial "$DATA/weather.csv" >untargeted
	mlentropy -H -x windy -y play --partial "$DATA/weather.csv" >fewer
	fails 2 "'target' is 0 here and 5 in the states before" sh -c 'cat whole untargeted | mlentropy --merge'
	fails 2 "'columns' is outlook,temperature,humidity,play here and outlook," sh -c 'cat whole fewer | mlentropy --merge'
	fails 2 'whole:1: this is a state of mlentropy, not of mlpca' mlpca --merge whole
	fails 2 'stdin:1: the state is damaged or cut off' sh -c 'sed s/rows=14/rows=15/ whole | mlentropy --merge'
	fails 2 'the states name no target for -s gain; give -y COL to --partial' mlentropy --merge -s gain untargeted
	fails 2 '--base belongs to --merge' mlentropy --partial -H -b e "$DATA/weather.csv"
	fails 2 '--target belongs to --partial' mlentropy --merge -y play whole
	fails 2 '--na says how to read a table, and --merge reads states' mlentropy --merge --na keep whole
	fails 2 '--partial and --merge count symbols' mlentropy --partial -H --counts "$DATA/weather.csv"
}

@test "mlentropy: a state whose rows are not those it counts is refused, even with the right checksum" {
	command -v perl >/dev/null || skip "needs perl"
	mlentropy -H --partial "$DATA/weather.csv" >"$BATS_TEST_TMPDIR/whole"
	# FNV-1a as in table/state.c
	forge='s/ check=.*\n//; use integer; my $h = 0xcbf29ce484222325; $h = ($h ^ ord) * 0x100000001b3 for split //; printf "%s check=%016x\n", $_, $h'
	[ "$(perl -ne "$forge" "$BATS_TEST_TMPDIR/whole")" = "$(cat "$BATS_TEST_TMPDIR/whole")" ]
	for rows in 0 13 15; do
		fails 2 'stdin:1: rows, levels, symbols, codes and counts do not belong together' sh -c "sed s/rows=14/rows=$rows/ '$BATS_TEST_TMPDIR/whole' | perl -ne '$forge' | mlentropy --merge"
	done
}

@test "GNU parallel: examples/parallel-gain.sh gives what one process gives" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	cd "$BATS_TEST_TMPDIR"
	sh "$BATS_TEST_DIRNAME/../examples/parallel-gain.sh" "$DATA/digits.csv" digit 20k >gains
	mlentropy -H -y digit -s gain "$DATA/digits.csv" | sed 1d | sort -t , -k 3,3gr >wanted
	sed 1d gains | cmp - wanted
}

@test "states that do not belong together, or are damaged, are refused" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x species -H --partial "$DATA/iris.csv" >a
	mlpca -x species,1 -H --partial "$DATA/iris.csv" >b
	mlpca -x species -H --no-center --partial "$DATA/iris.csv" >c
	fails 2 "stdin:2: 'columns' is sepal_width,petal_length,petal_width here and sepal_length," sh -c 'cat a b | mlpca --merge'
	fails 2 "'centered' is 0 here and 1 in the states before" sh -c 'cat a c | mlpca --merge'
	fails 2 'stdin:2: the state is damaged or cut off' sh -c '{ cat a; sed s/rows=150/rows=151/ a; } | mlpca --merge'
	fails 2 'stdin:1: the state is damaged or cut off' sh -c 'head -c 200 a | mlpca --merge'
	for between in '\t' '\tkey\t' ' \t'; do
		fails 2 'stdin:1: a state stands before a tab, where a key does' sh -c "printf '%s$between%s\n' \"\$(cat a)\" \"\$(cat a)\" | mlpca --merge"
	done
	fails 2 'stdin:1: a state stands before a tab' sh -c '{ head -c 200 a; printf "\t"; cat a; } | mlpca --merge'
	fails 2 'stdin:1: a state stands before a tab' sh -c '{ tail -c 200 a | tr "\n" "\t"; cat a; } | mlpca --merge'
	[ "$(sed 's/^/mlpca 7\tmlpca\t/' a | mlpca --merge)" = "$(mlpca --merge a)" ]
	fails 2 'a:1: this is a state of mlpca, not of mlsvd' mlsvd --merge a
	fails 2 'this is not a state' mlpca --merge "$DATA/iris.csv"
	printf 'a,a\n1,2\n2,1\n5,5\n' | mlpca -H --partial >twins
	mlpca --merge twins >/dev/null
	fails 2 "two columns are called 'a'" mlpca --merge --save m twins
}

@test "GNU parallel: examples/parallel-pca.sh gives what one process gives" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	cd "$BATS_TEST_TMPDIR"
	sh "$BATS_TEST_DIRNAME/../examples/parallel-pca.sh" "$DATA/digits.csv" digit 20k >scores.csv 2>variances
	near "$(sed 1d scores.csv | tr -d ' ')" "$(mlpca -k 2 -i digit "$DATA/digits.csv" | sed 1d)" 1e-9
	near "$(sed 1d variances)" "$(mlpca -k 2 -x digit -s variance "$DATA/digits.csv" | sed 1d)" 1e-9
}

@test "GNU parallel: examples/parallel-svd.sh and parallel-entropy.sh give what one process gives" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	cd "$BATS_TEST_TMPDIR"
	near "$(sh "$BATS_TEST_DIRNAME/../examples/parallel-svd.sh" "$DATA/digits.csv" digit 30k)" "$(mlsvd -x digit "$DATA/digits.csv")" 1e-11
	near "$(sh "$BATS_TEST_DIRNAME/../examples/parallel-entropy.sh" "$DATA/digits.csv" 30k)" "$(mlentropy "$DATA/digits.csv")" 1e-13
}

@test "200 MB through a pipe in less than 64 MiB of memory" {
	[ -r /proc/self/status ] || skip "needs /proc"
	! grep -q __asan_init "$MLBIN/mlpca" || skip "sanitizers take memory of their own"
	cd "$BATS_TEST_TMPDIR"
	awk 'BEGIN { srand(1); for (i = 0; i < 20000; i++) { for (j = 0; j < 20; j++) printf "%s%.15g", j ? "," : "", rand(); print "" } }' >part.csv
	mkfifo fifo
	for tool in "mlpca -N -s variance,components,mean" "mlsvd -N -s values,V" "mlpca -N --partial"; do
		$tool <fifo >out &
		pid=$!
		exec 4>fifo
		for i in $(seq 30); do cat part.csv; done >&4
		sleep 0.1
		used=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
		exec 4>&-
		wait $pid
		echo "$tool: $used KiB"
		[ "$used" -lt 65536 ]
	done
}

@test "a large file is read again for its scores, and they are the same bytes" {
	cd "$BATS_TEST_TMPDIR"
	# 260 MiB of comment make a large file of a small table
	{
		line=$(printf '%099998d' 0)
		yes "# $line" | head -n 2800
		cat "$DATA/iris.csv"
	} >large.csv
	mlpca -i species -s scores,t2q,variance "$DATA/iris.csv" | cmp - <(mlpca -i species -s scores,t2q,variance large.csv)
	mlpca -i species "$DATA/iris.csv" | cmp - <(mlpca -i species <large.csv)
	mlpca -i species --save m.csv "$DATA/iris.csv" >/dev/null
	mlpca -i species -s t2q,scores --apply m.csv "$DATA/iris.csv" | cmp - <(mlpca -i species -s t2q,scores --apply m.csv large.csv)
}

@test "examples/parallel-*.sh: when a part fails, nothing is merged and the status is not 0" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	cd "$BATS_TEST_TMPDIR"
	awk -v OFS=, 'BEGIN { print "id,a,b"; for (i = 0; i < 300; i++) print i, i % 7 == 3 ? "1" : "2", i == 200 ? "\"oops" : i * i % 5 }' >bad.csv
	for script in "entropy bad.csv 500" "gain bad.csv a 500" "svd bad.csv id 500" "pca bad.csv id 500"; do
		status=0
		sh "$BATS_TEST_DIRNAME/../examples/parallel-"${script%% *}.sh ${script#* } >out 2>err || status=$?
		[ $status -ne 0 ]
		[ ! -s out ]
		grep -q "stdin:[0-9]*: column 3 (b): the quote that opens here is never closed" err
		! grep -q '^component' err
	done
}

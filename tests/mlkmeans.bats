# mlkmeans: expected values from tests/ref/kmeans.py (scikit-learn) where nothing else is said.
load helper
iris=$BATS_TEST_DIRNAME/../examples/data/iris.csv
faithful=$BATS_TEST_DIRNAME/../examples/data/faithful.csv
six='1,2\n1,4\n1,0\n10,2\n10,4\n10,0\n'
kmeans() { mlkmeans --no-names "$@"; }

@test "six points: centres (1,2) and (10,2), inertia 16" {
	gives '1,3,8,1,2
2,3,8,10,2' sh -c "printf '$six' | mlkmeans -N -k 2 -s centroids --no-names"
	gives 'column1,column2,cluster
1,2,1
1,4,1
1,0,1
10,2,2
10,4,2
10,0,2' sh -c "printf '$six' | mlkmeans -N -k 2"
}

@test "iris: inertia, sizes in order of appearance, agreement with the species" {
	near "$(kmeans -k 3 -y species -s summary "$iris" | cut -d, -f5,7,9,10)" 78.8514414261,681.3706,0.7302382722835,0.7581756800058 1e-11
	[ "$(kmeans -k 3 -x species -s centroids "$iris" | cut -d, -f2 | paste -sd,)" = 50,62,38 ]
	near "$(kmeans -k 3 -i species -s silhouette "$iris" | sed -n '1p;51p;150p' | cut -d, -f1,3)" 'setosa,0.8529550597419
versicolor,0.02672203191285
virginica,0.1854422873597' 1e-11
	near "$(awk -F, 'NR == 1 { print $0 ",w"; next } { print $0 "," (NR - 2) % 3 }' "$iris" | kmeans -q -k 3 -x species --weights w -s summary | cut -d, -f5)" 80.38250024888 1e-11
}

@test "Old Faithful: inertia, the number of clusters by three criteria" {
	near "$(kmeans -k 2 -s summary "$faithful" | cut -d, -f5)" 8901.76872095 1e-12
	near "$(kmeans -k 2-4 --choose silhouette -s choice "$faithful")" '2,8901.768720947,0.7240548519959,1
3,5188.540468233,0.580361884255,0
4,2941.720903314,0.5539166367893,0' 1e-11
	[ "$(kmeans -k 1-6 --choose elbow -s choice "$faithful" | grep -c ',1$')" -eq 1 ]
	[ "$(kmeans -k 1-6 --choose elbow -s choice "$faithful" | grep ',1$' | cut -d, -f1)" = 2 ]
	[ "$(kmeans -k 1-5 --choose gap --references 10 -s choice "$faithful" | awk -F, '$4 == 1 { print $1 }')" = 2 ]
	[ "$(kmeans -k 2-4 --choose silhouette -s centroids "$faithful" | cut -d, -f2 | paste -sd,)" = "$(kmeans -k 2 -s centroids "$faithful" | cut -d, -f2 | paste -sd,)" ]
}

@test "digits from the first ten rows; directions from three rows" {
	near "$(kmeans -k 10 --init first -x digit -s summary "$DATA/digits.csv" | cut -d, -f2,5)" 14,1167859.384007 1e-12
	sed -n '1p;2p;77p;151p' "$iris" >"$BATS_TEST_TMPDIR/c.csv"
	near "$(kmeans --init "$BATS_TEST_TMPDIR/c.csv" -x species --spherical -s summary "$iris" | cut -d, -f5)" 0.3228574409535 1e-12
	[ "$(kmeans --init "$BATS_TEST_TMPDIR/c.csv" -x species --spherical -s centroids "$iris" | cut -d, -f2 | paste -sd,)" = 50,45,55 ]
}

@test "methods, jobs and a second run: the same bytes" {
	kmeans -k 10 -m lloyd -x digit -s centroids,labels "$DATA/digits.csv" >"$BATS_TEST_TMPDIR/a"
	for more in '-m hamerly' '-m auto -j 1' '-j 3' '-j 8'; do
		kmeans -k 10 $more -x digit -s centroids,labels "$DATA/digits.csv" | cmp - "$BATS_TEST_TMPDIR/a"
	done
	kmeans -k 10 -m minibatch -x digit -s centroids "$DATA/digits.csv" >"$BATS_TEST_TMPDIR/a"
	kmeans -k 10 -m minibatch -j 1 -x digit -s centroids "$DATA/digits.csv" | cmp - "$BATS_TEST_TMPDIR/a"
	! kmeans -k 10 -m minibatch -S 2 -x digit -s centroids "$DATA/digits.csv" | cmp -s - "$BATS_TEST_TMPDIR/a"
	awk -F, 'END { exit !('"$(kmeans -k 10 -m minibatch -x digit -s summary "$DATA/digits.csv" | cut -d, -f5)"' < 1.03 * 1165146.97) }' </dev/null
}

@test "--save and --apply: the same bytes for the same rows, for a part of them, any column order; damaged models" {
	m=$BATS_TEST_TMPDIR/m.csv
	mlkmeans -k 3 -i species --save "$m" "$iris" >"$BATS_TEST_TMPDIR/fit"
	mlkmeans -i species --apply "$m" "$iris" | cmp - "$BATS_TEST_TMPDIR/fit"
	{ head -n 1 "$iris"; tail -n 7 "$iris"; } | mlkmeans -i species --no-names --apply "$m" | cmp - <(tail -n 7 "$BATS_TEST_TMPDIR/fit")
	awk -F, '{ print $4 "," $3 "," $2 "," $1 }' "$iris" | mlkmeans --no-names --apply "$m" | cut -d, -f5 | cmp - <(tail -n +2 "$BATS_TEST_TMPDIR/fit" | cut -d, -f6)
	mlkmeans -k 3 -i species -s distances "$iris" >"$BATS_TEST_TMPDIR/d"
	mlkmeans -i species --apply "$m" -s distances "$iris" | cmp - "$BATS_TEST_TMPDIR/d"
	mlkmeans -k 3 -x species --spherical --save "$m" "$iris" | cut -d, -f5 >"$BATS_TEST_TMPDIR/fit"
	mlkmeans -x species --apply "$m" "$iris" | cut -d, -f5 | cmp - "$BATS_TEST_TMPDIR/fit"
	head -n -4 "$m" >"$m.cut"
	fails 2 "$m.cut" mlkmeans -x species --apply "$m.cut" "$iris"
	sed 's/^clusters,3/clusters,4/' "$m" >"$m.wrong"
	fails 2 "key 'clusters'" mlkmeans -x species --apply "$m.wrong" "$iris"
	fails 2 'sepal_width' mlkmeans -x species,sepal_width --apply "$m" "$iris"
	fails 2 '--apply uses a kept model: -k has no place' mlkmeans --apply "$m" -k 3 "$iris"
}

@test "a start from a file, from centroids that were printed, by name" {
	mlkmeans -k 3 -x species -s centroids "$iris" >"$BATS_TEST_TMPDIR/c.csv"
	gives '3,2,1,1' sh -c "mlkmeans -x species --init '$BATS_TEST_TMPDIR/c.csv' -s summary --no-names '$iris' | cut -d, -f1-4"
	awk -F, '{ print $7 "," $6 "," $5 "," $4 }' "$BATS_TEST_TMPDIR/c.csv" >"$BATS_TEST_TMPDIR/d.csv"
	gives '3,2,1,1' sh -c "mlkmeans -x species --init '$BATS_TEST_TMPDIR/d.csv' -s summary --no-names '$iris' | cut -d, -f1-4"
	fails 2 '3 centroids where -k asks for 4' mlkmeans -k 4 -x species --init "$BATS_TEST_TMPDIR/c.csv" "$iris"
	fails 2 'No such file' mlkmeans -x species --init "$BATS_TEST_TMPDIR/none.csv" "$iris"
	printf '1\n2\n' >"$BATS_TEST_TMPDIR/two.csv"
	gives '1,2,0.5,1.5
2,2,4.5,10.5' sh -c "printf '1\n2\n9\n12\n' | mlkmeans -N --init '$BATS_TEST_TMPDIR/two.csv' -s centroids --no-names"
}

@test "the calculation written out, and its end" {
	printf "$six" | mlkmeans -N -k 2 --init first --steps >"$BATS_TEST_TMPDIR/steps"
	grep -qx '  c1 = mean of rows 1, 3, 4, 6 = (5.5, 1)' "$BATS_TEST_TMPDIR/steps"
	grep -qx '  inertia 251' "$BATS_TEST_TMPDIR/steps"
	grep -q '    6  (10, 0) .*85 .*97 .*1$' "$BATS_TEST_TMPDIR/steps"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/steps")" = '  Inertia 125.5, a local minimum; another start reaches 16.' ]
	[ "$(printf "$six" | mlkmeans -N -k 2 --steps | tail -n 1)" = '  Inertia 16; ten other starts find nothing better.' ]
	printf "$six" | mlkmeans -N -k 2 --init first --steps --steps-format latex | grep -qF 'd^{2}\left(c_{1}\right)'
}

@test "--trace: a row an iteration, inertia falls" {
	mlkmeans -k 10 --init first -x digit --trace "$BATS_TEST_TMPDIR/t.csv" -s summary "$DATA/digits.csv" >/dev/null
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/t.csv")" = restart,iteration,inertia,moved,shift ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/t.csv")" -eq 15 ]
	near "$(tail -n 1 "$BATS_TEST_TMPDIR/t.csv" | cut -d, -f1-5)" 1,14,1167859.384007,0,0 1e-12
	awk -F, 'NR > 2 && $3 > last { exit 1 } { last = $3 }' "$BATS_TEST_TMPDIR/t.csv"
}

@test "limits: the tool's own is 3 when reached, the user's is not a failure" {
	mlkmeans -q -k 10 -n 2 --init first -x digit "$DATA/digits.csv" >/dev/null
	mlkmeans -k 10 -n 2 --init first -x digit "$DATA/digits.csv" 2>&1 >/dev/null | grep -q 'stopped after 2 iterations'
	near "$(kmeans -k 10 -t 1e300 --init first -x digit -s summary "$DATA/digits.csv" | cut -d, -f2,3)" 1,1 0
	# uniform points on a line, from two at its end: the border creeps
	awk 'BEGIN { srand(4); for (i = 0; i < 30000; i++) print rand() }' | sort -n >"$BATS_TEST_TMPDIR/chain.csv"
	local got=0
	mlkmeans -N -k 12 --init first -s summary "$BATS_TEST_TMPDIR/chain.csv" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
	[ "$got" -eq 3 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out" | cut -d, -f2,3)" = 300,0 ]
}

@test "odd shapes: one row, one column, as many clusters as rows, too many, duplicates, constant columns" {
	gives '5,1' sh -c "echo 5 | mlkmeans -N -k 1 --no-names"
	gives '1,1
2,2
4,3' sh -c "printf '1\n2\n4\n' | mlkmeans -N -k 3 --no-names"
	fails 2 '4 clusters of 3 rows: there cannot be more clusters than rows' sh -c "printf '1\n2\n4\n' | mlkmeans -N -k 4"
	fails 2 'only 2 of the rows are different' sh -c "printf '1\n1\n4\n4\n' | mlkmeans -N -k 3"
	gives '7,1,1
7,9,2' sh -c "printf '7,1\n7,9\n' | mlkmeans -N -k 2 --no-names"
	fails 2 'the inertia is beyond the range of a double' sh -c "printf '1e300\n-1e300\n' | mlkmeans -N -k 2"
	gives '1e150,1
-1e150,2' sh -c "printf '1e150\n-1e150\n' | mlkmeans -N -k 2 --no-names"
	gives '1e-300,1
3e-300,2
1.1e-300,1' sh -c "printf '1e-300\n3e-300\n1.1e-300\n' | mlkmeans -N -k 2 --no-names"
	fails 2 'row 2 is all zeros: it has no direction' sh -c "printf '1,1\n0,0\n' | mlkmeans -N -k 1 --spherical"
	fails 2 'row 2 has the weight -1' sh -c "printf 'x,w\n1,1\n2,-1\n' | mlkmeans -k 1 --weights w"
}

@test "wrong use is refused" {
	fails 2 'say how many clusters: -k K' mlkmeans -x species "$iris"
	fails 2 "-k: 'x' is not a number of clusters" mlkmeans -k x "$iris"
	fails 2 "-k: '0' is not a number of clusters" mlkmeans -k 0 "$iris"
	fails 2 "-k: '5-2' is not" mlkmeans -k 5-2 --choose gap "$iris"
	fails 2 '-k 2-5 is a range: say how to --choose from it' mlkmeans -k 2-5 "$iris"
	fails 2 'a silhouette needs two clusters: let k begin at 2' mlkmeans -x species -k 1-3 --choose silhouette "$iris"
	fails 2 '--batch belongs to -m minibatch' mlkmeans -k 2 --batch 10 "$iris"
	fails 2 '-s choice belongs to --choose' mlkmeans -k 2 -s choice "$iris"
	fails 2 '--references belongs to --choose gap' mlkmeans -k 2 --references 5 "$iris"
	fails 2 'a silhouette needs two clusters or more' mlkmeans -x species -k 1 -s silhouette "$iris"
	fails 2 'silhouettes and the gap statistic do not know --weights' mlkmeans -k 2 --weights petal_width -x species -s silhouette "$iris"
	fails 2 '-m minibatch has no --steps' mlkmeans -k 2 -m minibatch --steps -x species "$iris"
	fails 2 '--apply prints labels or distances' mlkmeans --apply x -s summary "$iris"
}

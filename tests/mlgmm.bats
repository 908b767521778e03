# mlgmm: expected values from tests/ref/gmm.py (scikit-learn) where nothing else is said.
load helper
iris=$BATS_TEST_DIRNAME/../examples/data/iris.csv
faithful=$BATS_TEST_DIRNAME/../examples/data/faithful.csv
gmm() { mlgmm --no-names "$@"; }
hand() {
	printf 'component,weight,row,x,y\n1,0.4,mean,1,2\n1,0.4,x,1,0.5\n1,0.4,y,0.5,2\n2,0.6,mean,7,7\n2,0.6,variance,1,1\n'
}

@test "Old Faithful: log-likelihood, weights, means, information criteria" {
	near "$(gmm -k 2 -t 1e-12 -s summary "$faithful" | cut -d, -f6,8,9)" -1130.26396018,2282.5279204,2322.1917431 1e-10
	near "$(gmm -k 2 -t 1e-12 -s parameters "$faithful" | grep mean)" '1,0.64412714,mean,4.289662,79.968115
2,0.35587286,mean,2.036388,54.478516' 1e-6
	near "$(gmm -k 2 -t 1e-14 -s density "$faithful" | head -n 2 | cut -d, -f1 | paste -sd,)" -4.63681199,-3.67216215 1e-8
	near "$(gmm -k 2 -t 1e-14 -s responsibilities "$faithful" | head -n 1 | cut -d, -f2)" 2.59190675e-09 1e-15
}

@test "the kinds of covariance on Old Faithful and iris" {
	got=$(for kind in full tied diag spherical; do
		gmm -q -k 2 --covariance $kind -t 1e-14 -s summary "$faithful" | cut -d, -f6,8,9
		gmm -q -k 3 --covariance $kind -t 1e-14 --restarts 5 -x species -s summary "$iris" | cut -d, -f6,8,9
	done)
	near "$got" '-1130.2639602,2282.5279204,2322.1917431
-180.18547713,448.37095426,580.8389072
-1140.1867594,2296.3735189,2325.2199354
-256.35404313,560.70808625,632.96333331
-1147.8063525,2313.6127051,2346.0649237
-307.1775716,666.3551432,744.63166084
-1709.5292822,3433.0585644,3458.2991788
-384.31409506,802.62819012,853.80899012' 2e-10
}

@test "the number of components by BIC; agreement with labels" {
	[ "$(gmm -k 1-4 --choose bic -s parameters "$faithful" | grep -c mean)" -eq 2 ]
	near "$(gmm -k 1-3 --choose bic -t 1e-12 -s choice "$faithful" | sed -n 2p | cut -d, -f1,2,4)" 2,-1130.26396018,2322.1917431 1e-10
	near "$(gmm -q -k 3 -t 1e-10 -y species -s summary "$iris" | cut -d, -f11)" 0.9038742317748124 1e-9
}

@test "a mixture written by hand: density, responsibilities, labels, samples, columns in any order" {
	hand >"$BATS_TEST_TMPDIR/p.csv"
	near "$(printf 'y,x\n4,3\n' | gmm --apply "$BATS_TEST_TMPDIR/p.csv" -s density)" -5.319617269233,0.004894626691022 1e-12
	near "$(printf 'y,x\n4,3\n' | gmm --apply "$BATS_TEST_TMPDIR/p.csv" -s responsibilities)" 0.9999272939109,7.270608906047e-05 1e-12
	gives '1,0.9999' sh -c "printf 'y,x\n4,3\n' | mlgmm --apply '$BATS_TEST_TMPDIR/p.csv' -s labels -p 4 --no-names"
	mlgmm --apply "$BATS_TEST_TMPDIR/p.csv" -s sample --draw 40000 >"$BATS_TEST_TMPDIR/s.csv"
	near "$(awk -F, 'NR > 1 { n[$3]++; x[$3] += $1; y[$3] += $2; q[$3] += $1 * $2 }
		END { for (c = 1; c <= 2; c++) print n[c] / 40000 "," x[c] / n[c] "," y[c] / n[c] "," q[c] / n[c] - x[c] / n[c] * y[c] / n[c] }' "$BATS_TEST_TMPDIR/s.csv")" '0.4,1,2,0.5
0.6,7,7,0' 0.03
	mlgmm --apply "$BATS_TEST_TMPDIR/p.csv" -s sample --draw 5 | cmp - <(head -n 6 "$BATS_TEST_TMPDIR/s.csv")
	! mlgmm -S 2 --apply "$BATS_TEST_TMPDIR/p.csv" -s sample --draw 5 | cmp -s - <(head -n 6 "$BATS_TEST_TMPDIR/s.csv")
}

@test "damaged and impossible parameters are refused, with the component" {
	p=$BATS_TEST_TMPDIR/p.csv
	refused() { hand | sed "$1" >"$p"; fails 2 "$2" sh -c "echo 'x,y
1,1' | mlgmm --apply '$p' -s density"; }
	refused 's/0\.6/0.8/' 'the weights have the sum 1.2 and not 1'
	refused 's/,x,1,0.5/,x,1,2.5/; s/,y,0.5,2/,y,2.5,2/' 'component 1: its covariance is not positive definite'
	refused 's/,y,0.5,2/,y,0.4,2/' "component 1: the covariance of 'y' and 'x' stands there as 0.4"
	refused '/,y,0.5/d' "component 1: behind its mean a row called variance, or one for each column, is expected; that of 'y'"
	refused 's/^2,0.6,variance,1,1/2,0.6,variance,1,0/' 'component 2: its covariance is not positive definite'
	refused 's/^2,/3,/' 'component 2 was expected'
	refused '1s/component/part/' 'component'
	hand | sed 's/0\.4/0.33/; s/0\.6/0.67/' | sed 's/,0\.4,/,0.33,/' >"$p"
	echo 'x,y
1,1' | mlgmm --apply "$p" -s density >/dev/null
}

@test "--save and --apply, --init FILE, --init labels" {
	mlgmm -k 2 -t 1e-12 --save "$BATS_TEST_TMPDIR/m.csv" -s density,responsibilities "$faithful" >"$BATS_TEST_TMPDIR/fit"
	mlgmm --apply "$BATS_TEST_TMPDIR/m.csv" -s density,responsibilities "$faithful" | cmp - "$BATS_TEST_TMPDIR/fit"
	mlgmm -k 2 -t 1e-12 -s labels "$faithful" >"$BATS_TEST_TMPDIR/labels"
	mlgmm --apply "$BATS_TEST_TMPDIR/m.csv" -s labels "$faithful" | cmp - "$BATS_TEST_TMPDIR/labels"
	{ head -n 1 "$faithful"; tail -n 3 "$faithful"; } | mlgmm --apply "$BATS_TEST_TMPDIR/m.csv" -s labels --no-names | cmp - <(tail -n 3 "$BATS_TEST_TMPDIR/labels")
	gives 2,1,1 sh -c "mlgmm -t 1e-6 --init '$BATS_TEST_TMPDIR/m.csv' -s summary --no-names '$faithful' | cut -d, -f3-5"
	fails 2 '2 components where -k asks for 3' mlgmm -k 3 --init "$BATS_TEST_TMPDIR/m.csv" "$faithful"
	near "$(gmm -q -y species --init labels -t 1e-14 -s summary "$iris" | cut -d, -f1,6)" 3,-180.18547713 1e-10
	fails 2 '--init labels needs the column of labels: -y COL' mlgmm -k 3 --init labels "$iris"
}

@test "hard assignment with one spherical covariance, and covariances that vanish, are k-means from the same start" {
	first='component,weight,row,sepal_length,sepal_width,petal_length,petal_width'
	sed -n '1p;2p;77p;151p' "$iris" >"$BATS_TEST_TMPDIR/c.csv"
	{ echo "$first"; sed 1d "$BATS_TEST_TMPDIR/c.csv" | awk -F, '{ printf "%d,1/3,mean,%s,%s,%s,%s\n%d,1/3,variance,1,1,1,1\n", NR, $1, $2, $3, $4, NR }'; } >"$BATS_TEST_TMPDIR/p.csv"
	mlkmeans --init "$BATS_TEST_TMPDIR/c.csv" -x species --no-names "$iris" | sed 's/.*,//' >"$BATS_TEST_TMPDIR/kmeans"
	gmm -q --init "$BATS_TEST_TMPDIR/p.csv" --hard --equal-weights --covariance tied-spherical -t 0 -x species -s labels "$iris" | cut -d, -f1 | cmp - "$BATS_TEST_TMPDIR/kmeans"
	gmm -q --init "$BATS_TEST_TMPDIR/p.csv" --fix-covariance 1e-9 -t 0 -x species -s labels "$iris" | cut -d, -f1 | cmp - "$BATS_TEST_TMPDIR/kmeans"
	near "$(gmm -q --init "$BATS_TEST_TMPDIR/p.csv" --fix-covariance 1e-9 -x species -s parameters "$iris" | grep mean | cut -d, -f4 | sort)" "$(mlkmeans --init "$BATS_TEST_TMPDIR/c.csv" -x species -s centroids --no-names "$iris" | cut -d, -f4 | sort)" 1e-12
}

@test "--trace: the log-likelihood does not fall, for every kind and start" {
	for kind in full tied diag spherical tied-spherical; do
		for start in kmeans random; do
			mlgmm -q -k 4 --covariance $kind --init $start -t 1e-12 -x digit -c 3-12 --trace "$BATS_TEST_TMPDIR/t.csv" --restarts 2 -s summary "$DATA/digits.csv" >/dev/null
			awk -F, 'NR > 1 { if ($2 > 1 && $3 < last - 1e-10 * (last < 0 ? -last : last)) { print; exit 1 } last = $3; n++ } END { exit n < 5 }' "$BATS_TEST_TMPDIR/t.csv"
		done
	done
}

@test "far from the origin, weights, jobs" {
	awk -F, 'NR == 1 { print; next } { printf "%.3f,%d\n", $1 + 1e6, $2 + 1e9 }' "$faithful" >"$BATS_TEST_TMPDIR/far.csv"
	near "$(gmm -k 2 -t 1e-12 -s summary "$BATS_TEST_TMPDIR/far.csv" | cut -d, -f6)" -1130.26396018 1e-10
	awk -F, 'NR == 1 { print $0 ",w"; next } { print $0 "," 2 }' "$faithful" >"$BATS_TEST_TMPDIR/twice.csv"
	near "$(gmm -k 2 -t 1e-12 --weights w -s summary "$BATS_TEST_TMPDIR/twice.csv" | cut -d, -f6)" -2260.52792037 1e-10
	gmm -k 5 -q -x digit -s parameters,labels --covariance diag "$DATA/digits.csv" -j 1 >"$BATS_TEST_TMPDIR/a"
	gmm -k 5 -q -x digit -s parameters,labels --covariance diag "$DATA/digits.csv" -j 3 | cmp - "$BATS_TEST_TMPDIR/a"
}

@test "odd shapes, collapse, limits" {
	gives '1,1,mean,3
1,1,x,2.667' sh -c "printf 'x\n1\n3\n5\n' | mlgmm -k 1 --no-names -p 4 --floor 0"
	gives '1,1,mean,3,1' sh -c "printf 'x,y\n1,1\n3,1\n5,1\n' | mlgmm -q -k 1 --no-names | head -n 1"
	fails 2 'component 1' sh -c "printf 'x,y\n1,1\n3,1\n5,1\n' | mlgmm -k 1 --floor 0"
	fails 2 '4 components of 3 rows' sh -c "printf '1\n3\n5\n' | mlgmm -N -k 4"
	mlgmm -q -k 3 -n 1 -x species "$iris" >/dev/null
	local got=0
	mlgmm -k 4 -t 0 -n 1000 --init random --restarts 1 -x species "$iris" >/dev/null 2>&1 || got=$?
	[ "$got" -eq 0 ]
	printf '1\n1\n1\n' | mlgmm -q -N -k 1 >/dev/null
	fails 2 'only 1 of the rows are different' sh -c "printf '1\n1\n1\n' | mlgmm -N -k 2"
	fails 2 'beyond the range of a double' sh -c "printf '1e200\n-1e200\n' | mlgmm -N -k 1"
	printf '1e-100\n2e-100\n5e-100\n' | mlgmm -q -N -k 1 >/dev/null
}

@test "an iteration written out" {
	printf '1\n2\n8\n9\n' | mlgmm -q -N -k 2 -n 1 --steps >"$BATS_TEST_TMPDIR/s"
	grep -qx '  log-likelihood = sum of log(p) = -5.67575' "$BATS_TEST_TMPDIR/s"
	grep -qx '  N1 = sum of r1 = 2' "$BATS_TEST_TMPDIR/s"
	grep -qx '  w1 = 0.5, mu1 = (1.5)' "$BATS_TEST_TMPDIR/s"
	printf '1\n2\n8\n9\n' | mlgmm -q -N -k 2 -n 1 --steps --steps-format latex | grep -qF '\mu'
}

@test "wrong use is refused" {
	fails 2 'say how many components: -k K' mlgmm -x species "$iris"
	fails 2 "-k: '0' is not a number of components" mlgmm -k 0 "$iris"
	fails 2 '-k 1-3 is a range: say how to --choose from it' mlgmm -k 1-3 "$iris"
	fails 2 '-s choice belongs to --choose' mlgmm -k 2 -s choice "$iris"
	fails 2 '--draw belongs to -s sample' mlgmm -k 2 --draw 5 "$iris"
	fails 2 '--fix-covariance leaves no kind' mlgmm -k 2 --fix-covariance 1 --covariance diag "$iris"
	fails 2 '--apply uses kept parameters: -k has no place' mlgmm --apply x -k 2 "$iris"
	fails 2 "--covariance: 'round' is not one of" mlgmm -k 2 --covariance round "$iris"
}

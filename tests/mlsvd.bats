# mlsvd: expected values from tests/ref/tools.py (NumPy) or closed forms.
load helper
svd() { printf -- "$1" | { shift; mlsvd -N --no-names "$@"; }; }
ratings='5,4,1\n5,5,0\n0,0,5\n1,0,4\n'

@test "Strang's 2x2: sqrt(45), sqrt(5)" {
	near "$(svd '3,0\n4,5\n')" "1,6.70820393249936909,0.9,0.9 2,2.23606797749978969,0.1,1" 1e-15
	gives component,value,share,cumulative sh -c "printf '3,0\n4,5\n' | mlsvd | head -n 1"
	near "$(svd '3,0\n4,5\n' -s V)" "0.70710678118654752,0.70710678118654752 0.70710678118654752,-0.70710678118654752" 1e-15
	near "$(svd '3,0\n4,5\n' -s U)" "0.316227766016837933,0.948683298050513799 0.948683298050513799,-0.316227766016837933" 1e-15
}

@test "published matrices: sqrt(6) and 1; movie ratings" {
	near "$(svd '1,0,1\n-2,1,0\n' | cut -d, -f2)" "2.44948974278317810 1" 1e-15
	near "$(svd "$ratings" | cut -d, -f2)" "9.64381090012 6.36389088879 0.705552321494" 1e-11
	near "$(svd "$ratings" -s V)" "0.736748938173,-0.0852072003538,-0.670776218354
0.651463170458,-0.176246869288,0.737924642903
0.181098701372,0.980651198987,0.0743403409159" 1e-11
}

@test "approximation of rank k and of an energy, pinv, norms, cond, rank" {
	near "$(svd "$ratings" -k 2 -s A)" "4.78009126279,4.24192282305,1.02437189937
5.22520783144,4.75224761397,-0.0249591838647
0.249328663753,-0.274287847618,4.97236756856
0.749522195894,0.275552023302,4.0277597876" 1e-11
	[ "$(svd "$ratings" --energy 0.9 -s A)" = "$(svd "$ratings" -k 2 -s A)" ]
	near "$(svd "$ratings" -s pinv)" "0.493333333333,-0.394666666667,-0.504,0.506666666667
-0.44,0.552,0.536,-0.56
-0.04,0.032,0.176,0.04" 1e-11
	near "$(svd "$ratings" -s norms)" 9.64381090012,11.5758369028,16.7132541104 1e-11
	near "$(svd "$ratings" -s cond)" 13.668456054 1e-10
	[ "$(svd "$ratings" -s rank)" = 3 ]
	[ "$(svd "$ratings" -s rank -t 1)" = 2 ]
}

@test "rank-deficient: rank, infinite or huge condition, null space, range" {
	[ "$(svd '1,2\n2,4\n' -s rank)" = 1 ]
	near "$(svd '1,2\n2,4\n' -s null)" "0.894427190999915879 -0.447213595499957939" 1e-14
	near "$(svd '1,2\n2,4\n' -s range)" "0.447213595499957939 0.894427190999915879" 1e-14
	near "$(svd '1,2\n2,4\n' -s pinv)" "0.04,0.08 0.08,0.16" 1e-14
	[ "$(svd '0,0\n0,0\n' -s cond)" = inf ]
}

@test "zero, 1x1, 1xn, nx1" {
	near "$(svd '0,0\n0,0\n0,0\n')" "1,0,0,0 2,0,0,0" 0
	[ "$(svd '0,0\n0,0\n' -s rank)" = 0 ]
	near "$(svd '-3\n')" 1,3,1,1 0
	near "$(svd '-3\n' -s U,S,V -f csv | grep -v '#:')" "$(printf '%s\n\n\n%s\n\n\n%s' -1 3 1)" 0
	near "$(svd '3,4\n')" 1,5,1,1 1e-15
	near "$(svd '3,4\n' -s V)" "0.6 0.8" 1e-15
	near "$(svd '3\n4\n' -s U)" "0.6 0.8" 1e-15
	near "$(svd '3,4\n' -s null)" "0.8 -0.6" 1e-15
	[ "$(svd '3\n4\n' -s null 2>/dev/null)" = "" ]
	svd '3\n4\n' -s null 2>&1 | grep -q 'the space is {0}'
}

# Random matrices of each shape by a fixed congruential generator; DEPENDENT columns repeat earlier ones.
matrix() { # ROWS COLUMNS DEPENDENT SCALE
	awk -v m="$1" -v n="$2" -v d="$3" -v scale="$4" 'BEGIN {
		s = 12345
		for (i = 0; i < m; i++) {
			line = ""
			for (j = 0; j < n; j++) {
				s = (s * 16807) % 2147483647
				v[j] = j < n - d ? (s / 2147483647 - 0.5) * scale : v[j % (n - d)]
				line = line (j ? "," : "") sprintf("%.17g", v[j])
			}
			print line
		}
	}'
}
@test "residual and orthogonality ratios below 30 for every shape, and both methods" {
	for shape in "1 1 0" "1 7 0" "7 1 0" "12 12 0" "5 40 0" "40 5 0" "300 20 0" "2500 6 0" "30 30 4" "90 10 3" "10 12 5" "1100 3 1"; do
		for scale in 1 1e200 1e-200; do
			for method in dc jacobi; do
				set -- $shape
				matrix $shape $scale | mlsvd -N --no-names -q -m $method -s report >"$BATS_TEST_TMPDIR/report"
				awk -F, -v m="$1" -v n="$2" -v d="$3" '{
					r = (m < n ? m : n); if (n - d < r) r = n - d
					exit !($1 == m && $2 == n && $4 == r && $6 < 30 && $7 < 30 && $8 < 30)
				}' "$BATS_TEST_TMPDIR/report" || { echo "$shape $scale $method: $(cat "$BATS_TEST_TMPDIR/report")"; false; }
			done
		done
	done
}

@test "the values are the same whatever else is shown, and by pieces or at once" {
	matrix 2500 6 0 1 >"$BATS_TEST_TMPDIR/a.csv"
	mlsvd -N "$BATS_TEST_TMPDIR/a.csv" >"$BATS_TEST_TMPDIR/values"
	mlsvd -N -s values,U "$BATS_TEST_TMPDIR/a.csv" | sed -n '2,8p' >"$BATS_TEST_TMPDIR/with_u"
	near "$(sed 1d "$BATS_TEST_TMPDIR/with_u")" "$(sed 1d "$BATS_TEST_TMPDIR/values")" 1e-14
}

@test "S is a diagonal matrix, and U S V' is A" {
	printf '#: A\n' >"$BATS_TEST_TMPDIR/b"
	[ "$(svd '3,0\n0,2\n' -s S)" = "$(printf '3,0\n0,2')" ]
	printf "$ratings" | mlsvd -N -s U,S,V >"$BATS_TEST_TMPDIR/usv"
	[ "$(grep -c '^#: ' "$BATS_TEST_TMPDIR/usv")" -eq 3 ]
	got=$(awk -F, '/^#: /{ b = substr($0, 4); r = 0; next } NF { r++; for (j = 1; j <= NF; j++) m[b, r, j] = $j; n[b] = r }
		END { for (i = 1; i <= n["U"]; i++) { line = ""
			for (j = 1; j <= n["V"]; j++) { x = 0
				for (k = 1; k <= n["S"]; k++) x += m["U", i, k] * m["S", k, k] * m["V", j, k]
				line = line (j > 1 ? "," : "") sprintf("%.12f", x) }
			print line } }' "$BATS_TEST_TMPDIR/usv")
	near "$got" "$(printf "$ratings")" 1e-11
}

@test "jacobi gives the small values of a scaled matrix to 10 digits" {
	ref=$BATS_TEST_DIRNAME/ref
	mlsvd -N --no-names -m jacobi -s values "$ref/graded.csv" | cut -d, -f2 >"$BATS_TEST_TMPDIR/got"
	# relative, value by value: `near` is absolute below 1
	paste "$BATS_TEST_TMPDIR/got" "$ref/graded.expected" | awk '
		{ d = $1 / $2 - 1; if (d < 0) d = -d; if (!(d < 1e-10)) { print; bad = 1 } } END { exit bad || NR != 12 }'
}

turned() {
	awk -F, -v OFS=, '{ for (j = 1; j <= NF; j++) row[j] = row[j] (NR > 1 ? OFS : "") $j } END { for (j = 1; j <= NF; j++) print row[j] }'
}
@test "jacobi keeps the small values of long graded matrices, tall and wide" {
	graded=$BATS_TEST_DIRNAME/ref/graded.csv
	cd "$BATS_TEST_TMPDIR"
	for i in $(seq 400); do cat "$graded"; done >columns.csv # every value times 20
	turned <columns.csv >wide.csv
	# graded rows, smallest first, between rows of zeros
	turned <"$graded" | sort -t, -k1,1g | awk '{ print; for (i = 0; i < 300; i++) print "0,0,0,0,0,0,0,0,0,0,0,0" }' >rows.csv
	for matrix in columns wide rows; do
		factor=20
		[ $matrix = rows ] && factor=1
		mlsvd -N --no-names -m jacobi $matrix.csv | cut -d, -f2 >got
		paste got "${graded%.csv}.expected" | awk -v f=$factor '
			{ d = $1 / (f * $2) - 1; if (d < 0) d = -d; if (!(d < 1e-10)) { print; bad = 1 } } END { exit bad || NR != 12 }'
	done
}

@test "jacobi takes time linear in the rows" {
	awk 'BEGIN { for (i = 0; i < 600000; i++) print i % 7 "," i % 11 - 2 }' >"$BATS_TEST_TMPDIR/tall.csv"
	near "$(timeout 20 mlsvd -N --no-names -q -m jacobi "$BATS_TEST_TMPDIR/tall.csv" | cut -d, -f2)" \
		"$(mlsvd -N --no-names -q -m dc "$BATS_TEST_TMPDIR/tall.csv" | cut -d, -f2)" 1e-13
}

@test "values 1e320 and more below the largest are found, not zero" {
	for method in auto jacobi; do
		near "$(svd '1e300,0\n0,1e-20\n' -m $method | cut -d, -f2 | sed 's/e-20$//; s/e-21$/e-1/; s/e300$//')" "1 1" 1e-14
	done
	near "$(svd '1e300,0\n0,1e-100\n' | cut -d, -f2 | sed 's/e-100$//; s/e300$//')" "1 1" 1e-14
	[ "$(svd '1e-300,0\n0,1e-320\n' -m jacobi | cut -d, -f2)" = "$(printf '1e-300\n1e-320')" ]
	fails 2 'use -m dc' sh -c "printf '1e300,0\n0,1e-300\n' | mlsvd -N -m jacobi"
	[ "$(svd '1e300,0\n0,1e-300\n' | cut -d, -f2)" = "$(printf '1e300\n0')" ]
}

@test "a pseudoinverse beyond a double is refused with cause and remedy" {
	fails 2 'the pseudoinverse is too large for a double, for singular value 2 is 1e-311; multiply the matrix by a power of ten' \
		sh -c "printf '1e-310,0\n0,1e-311\n' | mlsvd -N -s pinv"
	near "$(svd '4e300,0\n0,2e300\n' -s pinv | sed 's/e-301//g')" "2.5,0 0,5" 1e-14
}

@test "the condition is infinite just when the rank is deficient" {
	for matrix in '1,2,3\n4,5,6\n7,8,9\n' '1,1e-17\n1,0\n' '0.1,0.2\n0.3,0.6\n'; do
		svd "$matrix" -q -s rank,cond >"$BATS_TEST_TMPDIR/both"
		[ "$(grep -c '^inf$' "$BATS_TEST_TMPDIR/both")" -eq 1 ] || { cat "$BATS_TEST_TMPDIR/both"; false; }
	done
	[ "$(svd '4,0\n0,1\n' -s cond)" = 4 ]
	[ "$(svd '4,0\n0,1\n' -t 2 -s cond)" = inf ]
}

@test "-k: pinv, range and null are those of the nearest matrix of rank k; the rest refuse it" {
	near "$(svd "$ratings" -k 2 -s pinv)" "0.051575728755,0.0577358772753,-0.0031429869924,0.0035012347394
0.0459799940554,0.054309449035,-0.0149955814715,-0.0064649140554
0.0089588181989,-0.0181385684639,0.1204913518424,0.0957644840754" 1e-11
	[ "$(svd "$ratings" --energy 0.9 -s pinv)" = "$(svd "$ratings" -k 2 -s pinv)" ]
	near "$(svd "$ratings" -k 2 -s null)" "-0.670776218354 0.737924642903 0.0743403409159" 1e-11
	[ "$(svd "$ratings" -k 2 -s range)" = "$(svd "$ratings" -k 2 -s U)" ]
	# the rank is no more than k and no more than that of the matrix
	[ "$(svd '1,2\n2,4\n' -k 2 -s pinv)" = "$(svd '1,2\n2,4\n' -s pinv)" ]
	near "$(svd "$ratings" -m randomized -k 2 -s pinv)" "$(svd "$ratings" -k 2 -s pinv)" 1e-11
	near "$(svd "$ratings" -m randomized -k 2 -s null)" "$(svd "$ratings" -k 2 -s null)" 1e-11
	for show in rank cond norms report; do
		fails 2 "$show is of the whole matrix; leave out -k" mlsvd -N -k 2 -s $show "$DATA/iris.csv"
		fails 2 "$show is of the whole matrix; leave out --energy" mlsvd -N --energy 0.5 -s $show "$DATA/iris.csv"
	done
}

@test "-k above the number of values is an error that names it, whatever the method" {
	for method in auto dc jacobi randomized; do
		fails 2 'there are 4 singular values (150 rows of 4 columns), fewer than -k 5' mlsvd -x species -m $method -k 5 "$DATA/iris.csv"
		fails 2 'there is 1 singular value (1 row of 3 columns), fewer than -k 2' sh -c "printf '1,2,3\n' | mlsvd -N -m $method -k 2 -s U"
	done
}

@test "randomized finds the values of a spectrum that hardly falls, with bounds on their errors" {
	matrix 300 300 0 1 >"$BATS_TEST_TMPDIR/flat.csv"
	mlsvd -N --no-names -m randomized -k 5 "$BATS_TEST_TMPDIR/flat.csv" >"$BATS_TEST_TMPDIR/got"
	mlsvd -N --no-names -m dc -k 5 "$BATS_TEST_TMPDIR/flat.csv" >"$BATS_TEST_TMPDIR/want"
	near "$(cut -d, -f2 "$BATS_TEST_TMPDIR/got")" "$(cut -d, -f2 "$BATS_TEST_TMPDIR/want")" 1e-12
	paste -d, "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/want" | awk -F, '
		{ d = $2 - $7; if (d < 0) d = -d; if (!(d <= $5 + 1e-13 && $5 < 1e-7)) { print; bad = 1 } } END { exit bad || NR != 5 }'
	gives component,value,share,cumulative,error sh -c "mlsvd -N -m randomized -k 5 '$BATS_TEST_TMPDIR/flat.csv' | head -n 1"
}

@test "randomized says when close values kept it from its precision, and exits 3" {
	awk -v CONVFMT=%.17g 'BEGIN { for (i = 0; i < 600; i++) { line = ""
		for (j = 0; j < 600; j++) line = line (j ? "," : "") (i == j ? 1 - i * i * 1e-9 : 0)
		print line } }' >"$BATS_TEST_TMPDIR/close.csv"
	status=0
	mlsvd -N --no-names -m randomized -k 1 "$BATS_TEST_TMPDIR/close.csv" >"$BATS_TEST_TMPDIR/got" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ $status -eq 3 ]
	grep -q "(column 'error'), where 1e-9 is its aim" "$BATS_TEST_TMPDIR/err"
	awk -F, '!(NF == 5 && 1 - $2 <= $5 && $5 < 1e-5) { print; exit 1 }' "$BATS_TEST_TMPDIR/got"
}

@test "randomized finds the first values, needs -k, and is seeded" {
	matrix 200 30 27 1 >"$BATS_TEST_TMPDIR/low.csv"
	near "$(mlsvd -N --no-names -q -m randomized -k 3 "$BATS_TEST_TMPDIR/low.csv" | cut -d, -f2)" \
		"$(mlsvd -N --no-names -q -k 3 "$BATS_TEST_TMPDIR/low.csv" | cut -d, -f2)" 1e-12
	[ "$(mlsvd -N -q -m randomized -k 3 -s V "$BATS_TEST_TMPDIR/low.csv")" = "$(mlsvd -N -q -m randomized -k 3 -S 1 -s V "$BATS_TEST_TMPDIR/low.csv")" ]
	fails 2 'needs -k' mlsvd -N -m randomized "$BATS_TEST_TMPDIR/low.csv"
	fails 2 'needs all singular values' mlsvd -N -m randomized -k 3 -s norms "$BATS_TEST_TMPDIR/low.csv"
}

@test "a repeated singular value is pointed out, -q silences it" {
	svd '1,0\n0,1\n' -s V 2>&1 >/dev/null | grep -qF 'singular values 1 to 2 are equal to rounding: their vectors are not unique'
	[ -z "$(svd '1,0\n0,1\n' -s U -q 2>&1 >/dev/null)" ]
	[ -z "$(svd '2,0\n0,1\n' -s U 2>&1 >/dev/null)" ]
}

@test "equal values: to rounding, not to -t, and only where vectors are printed" {
	[ -z "$(svd '1,0\n0,1\n' 2>&1 >/dev/null)" ]
	[ -z "$(svd '1,0\n0,1\n' -s S,norms 2>&1 >/dev/null)" ]
	[ -z "$(svd '3,0,0\n0,2,0\n0,0,1\n' -t 2.5 -s V 2>&1 >/dev/null)" ]
	[ -z "$(svd '3,0,0\n0,2,0\n0,0,2\n' -k 1 -s V 2>&1 >/dev/null)" ]
	svd '3,0,0\n0,2,0\n0,0,2\n' -k 2 -s V 2>&1 >/dev/null | grep -qF 'singular values 2 to 3 are equal'
	svd '3,0,0\n0,2,0\n0,0,2\n' -k 2 -s A 2>&1 >/dev/null | grep -qF 'the nearest matrix of rank 2 is not unique'
	# values of a graded matrix are equal only to their own rounding when they were found to it
	[ -z "$(svd '1,0,0\n0,1e-20,0\n0,0,1e-25\n' -m jacobi -s V 2>&1 >/dev/null)" ]
	svd '1,0,0\n0,1e-20,0\n0,0,1e-25\n' -m dc -s V 2>&1 >/dev/null | grep -q 'values 2 to 3 are equal'
}

@test "id columns stand beside U, and leave values alone" {
	gives "species,U1" sh -c "mlsvd -i species -k 1 -s U '$DATA/iris.csv' | head -n 1"
	[ "$(mlsvd -i species "$DATA/iris.csv")" = "$(mlsvd -x species "$DATA/iris.csv")" ]
}

@test "a norm beyond the largest double is refused, not printed as inf" {
	fails 2 'too large for a double' sh -c "printf '1.7e308,1.7e308\n1.7e308,1.7e308\n' | mlsvd -N"
	fails 2 'too large for a double' sh -c "printf '1.7e308,1.7e308\n1.7e308,1.7e308\n' | mlsvd -N -m dc -s U"
}

@test "--exact --na mean: the exact mean of the other cells" {
	gives "$(printf '1,2\n2,4\n3,7\n' | mlsvd -N --exact -s S)" eval "printf '1,2\n,4\n3,7\n' | mlsvd -q -N --exact --na mean -s S"
}

@test "--steps: entries beyond the range of doubles by their decimals" {
	got=$(printf '1e-200,0\n0,1\n' | mlsvd -N --steps)
	grep -qxF "      1e-400  0" <<<"$got"
	grep -qxF "  x^2 - 1*x + 1e-400 = (x - 1)*(x - 1e-400)" <<<"$got"
	grep -qxF "  s2 = sqrt(1e-400) = 1e-200" <<<"$got"
	printf '2e200,0\n0,1\n' | mlsvd -N --steps | grep -qxF "  s1 = sqrt(4e400) = 2e200"
}

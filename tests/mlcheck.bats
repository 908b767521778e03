# mlcheck: the cases are in mlcheck_cases.txt; expected verdicts by hand, from closed forms and published numbers.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	printf '3,0\n4,5\n' >A.csv
	printf '2,1\n1,2\n' >S.csv
	printf '2,1\n1,1\n' >G.csv
	printf '1,2\n3,4\n' >B.csv
	printf '1,2,3\n2,4,6\n' >N.csv
	printf '2,1,1\n4,3,3\n8,7,9\n' >T.csv
	printf '4,2\n2,3\n' >C.csv
	printf '3,1\n1,2\n' >M.csv
	printf '9\n8\n' >b.csv
	printf '3,5\n4,0\n' >Q.csv
	printf '1,0,1\n-2,1,0\n' >W.csv
	printf '1,2\n1,4\n1,0\n10,2\n10,4\n10,0\n' >points.csv
	printf '2,4,4,4,5,5,7,9\n' | tr , '\n' >sample.csv
	printf '2,1\n3,5\n7,6\n' >data.csv
	printf '1/2,1/4,1/8,1/8\n' >p.csv
	printf '0.5,0.5\n' >half.csv
	printf '0.75,0.25\n' >q.csv
	printf '1/8,1/16,1/32,1/32\n1/16,1/8,1/32,1/32\n1/16,1/16,1/16,1/16\n1/4,0,0,0\n' >J.csv
	printf '0.9,0.1\n0.5,0.5\n' >P.csv
	printf '5/3\n' >var.csv
	printf 'sqrt(45)\n' >root45.csv
	printf '1,1,2,2,3\n' | tr , '\n' >labels.csv
	printf '0\n1\n3\n4\n' >line.csv
}

# run_cases PATTERN: the lines of mlcheck_cases.txt whose first field matches.
run_cases() {
	local want pattern command got bad=0 count=0
	cd "$BATS_FILE_TMPDIR"
	while IFS=$'\t' read -r want pattern command; do
		[[ $want =~ ^($1)$ ]] || continue
		count=$((count + 1)) got=0
		sh -c "$command" >out 2>err </dev/null || got=$?
		case $want in yes) want=0 ;; no) want=1 ;; error) want=2 ;; undecided) want=3 ;; esac
		if [ "$got" -ne "$want" ] || { [ "$pattern" != - ] && ! cat out err | grep -qF -e "$pattern"; }; then
			printf 'exit %s, not %s, or no "%s": %s\n' "$got" "$want" "$pattern" "$command"
			cat out err
			bad=1
		fi
	done < <(grep -v '^#' "$BATS_TEST_DIRNAME/mlcheck_cases.txt" | tr -s '\t')
	[ "$count" -ge "$2" ] || { echo "only $count cases"; return 1; }
	return $bad
}

@test "right answers, in whatever form, are accepted" { run_cases yes 60; }

@test "wrong answers are rejected, with the mistake named where it is known" { run_cases no 60; }

@test "what cannot be decided is undecided, what cannot be judged an error" { run_cases 'undecided|error' 5; }

@test "the session of an answer judged" {
	cd "$BATS_FILE_TMPDIR"
	printf '#: U\n-0.316,-0.949\n-0.949,0.316\n\n\n#: S\n6.71\n2.24\n\n\n#: V\n-0.707,-0.707\n-0.707,0.707\n' >answer
	mlcheck svd A=A.csv <answer | cut -d, -f1,2 | tr -d '"' >got
	grep -qx "U'U == I,yes" got
	grep -qx "V'V == I,yes" got
	grep -qx "A == U\*S\*V',yes" got
	mlcheck -f table svd A=A.csv <answer | grep -q "^S >= 0, descending  *yes "
	run mlcheck -f table same var.csv < <(printf '1.25\n')
	[ "$status" -eq 1 ]
	[ "${lines[1]}" = "X == var.csv  no       1,1       0.416667  0.005    divided by n where n-1 was asked (1.66667 * 3/4)" ]
}

property() { # TEXT NAME: its verdict
	printf -- "$1" | mlcheck -N | awk -F, -v name="$2" '$1 == name { print $2 }'
}

@test "properties: each with a verdict" {
	[ "$(property '2,1\n1,2\n' symmetric)" = yes ]
	[ "$(property '2,1\n1,2\n' 'positive definite')" = yes ]
	[ "$(property '1,2\n2,1\n' indefinite)" = yes ]
	[ "$(property '1,1\n1,1\n' 'positive definite')" = no ]
	[ "$(property '1,1\n1,1\n' 'positive semidefinite')" = yes ]
	[ "$(property '1,1\n1,1\n' invertible)" = no ]
	[ "$(property '-1,0\n0,-2\n' 'negative definite')" = yes ]
	[ "$(property '0.707,-0.707\n0.707,0.707\n' orthogonal)" = yes ]
	[ "$(property '0.72,-0.707\n0.707,0.707\n' orthogonal)" = no ]
	[ "$(property '0,1\n0,0\n' nilpotent)" = yes ]
	[ "$(property '0,1,5\n0,0,2\n0,0,0\n' nilpotent)" = yes ]
	[ "$(property '0,1\n1,0\n' nilpotent)" = no ]
	[ "$(property '0,1\n1,0\n' permutation)" = yes ]
	[ "$(property '0,1\n1,0\n' involutory)" = yes ]
	[ "$(property '1/2,1/2\n1/2,1/2\n' idempotent)" = yes ]
	[ "$(property '0,2\n-2,0\n' skew-symmetric)" = yes ]
	[ "$(property '0,2\n-2,0\n' normal)" = yes ]
	[ "$(property '1,2\n0,1\n' normal)" = no ]
	[ "$(property '0.9,0.1\n0.5,0.5\n' 'row stochastic')" = yes ]
	[ "$(property '0.90,0.20\n0.50,0.50\n' 'row stochastic')" = no ]
	[ "$(property '1,0,0\n0,1,0\n' 'orthonormal rows')" = yes ]
	[ "$(property '1,0,0\n0,1,0\n' square)" = no ]
	[ "$(property '1,2,3\n2,4,6\n' 'full rank')" = no ]
	# a Hilbert matrix of order 12 is invertible, though doubles cannot tell
	awk 'BEGIN { for (i = 1; i <= 12; i++) for (j = 1; j <= 12; j++) printf "1/%d%s", i + j - 1, j < 12 ? "," : "\n" }' >"$BATS_TEST_TMPDIR/h"
	[ "$(property "$(cat "$BATS_TEST_TMPDIR/h")" invertible)" = yes ]
	printf '0,1\n1,0\n' | mlcheck -f table | grep -q 'a reflection'
	printf '0,-1\n1,0\n' | mlcheck -f table | grep -q 'a rotation'
	printf '2,0\n0,3\n' | mlcheck -f table | grep -q 'areas times 6, orientation kept'
}

@test "properties of 500 x 500 in under a second" {
	awk 'BEGIN { srand(1); for (i = 0; i < 500; i++) for (j = 0; j < 500; j++) printf "%.6f%s", rand() - 0.5, j < 499 ? "," : "\n" }' >"$BATS_TEST_TMPDIR/m"
	start=$(date +%s%N)
	mlcheck <"$BATS_TEST_TMPDIR/m" >"$BATS_TEST_TMPDIR/out"
	took=$((($(date +%s%N) - start) / 1000000))
	echo "$took ms"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -ge 25 ]
	[ "$took" -lt "${MLCHECK_MS:-1000}" ] || [[ $MLBIN == *san* ]]
}

@test "what other tools print is judged as it comes" {
	mlsvd -s U,S,V "$DATA/iris.csv" -x species | mlcheck -q svd A="$DATA/iris.csv"
	mlpca -x species -s components,variance,mean "$DATA/iris.csv" | mlcheck -q pca A="$DATA/iris.csv"
	mlkmeans -k 3 -x species -s labels,centroids "$DATA/iris.csv" | mlcheck -q kmeans A="$DATA/iris.csv"
	for form in full tied diag spherical; do
		mlgmm -k 3 -x species -n 2000 -t 1e-13 --covariance $form "$DATA/iris.csv" | mlcheck -q -t 1e-3 gmm A="$DATA/iris.csv"
	done
	mlpca -x species -k 2 "$DATA/iris.csv" | sed '1i #: scores' | mlcheck -q pca A="$DATA/iris.csv"
}

@test "a summary, and bad usage" {
	cd "$BATS_FILE_TMPDIR"
	gives "$(printf 'yes,no,undecided\n1,0,0')" sh -c "printf '1.67\n' | mlcheck -s summary same var.csv"
	fails 2 "same needs one reference" mlcheck same
	fails 2 "'A=L*U': equality is written ==" mlcheck 'A=L*U'
	fails 2 "--up-to: 'sing' is not one of" mlcheck same var.csv --up-to sing
	fails 2 "svd needs the matrix that was decomposed: A=FILE" sh -c 'mlcheck svd <var.csv'
	fails 2 "needs a square matrix, and A is 2 x 3" sh -c 'mlcheck inverse A=W.csv <A.csv'
}

# --exact and --steps of mlsvd and mlpca.  Expected values: tests/ref/svd_exact.txt and pca_exact.txt (SymPy); what
# tables of numbers hold otherwise is checked by definition, or against the same in doubles.
load helper
REF=$BATS_TEST_DIRNAME/ref

setup() { grep -v '^#' "$REF/svd_exact.txt" >"$BATS_TEST_TMPDIR/matrices"; }

# rows MATRIX: its rows separated by ; as CSV.
rows() { echo "$1" | tr '; ' '\n,'; }
pca() { rows "$1" | mlpca -q -N "${@:2}"; }
svd() { rows "$1" | mlsvd -q -N "${@:2}"; }

@test "mlsvd --exact: singular values of 40 matrices, as SymPy has them" {
	local count=0 bad=0 matrix expected got
	while IFS='|' read -r matrix expected; do
		got=$(svd "$matrix" --exact --no-names | cut -d, -f2 | paste -sd,)
		[ "$got" = "$expected" ] || { echo "$matrix: $got, expected $expected"; bad=1; }
		count=$((count + 1))
	done <"$BATS_TEST_TMPDIR/matrices"
	[ $count -ge 40 ] && [ $bad -eq 0 ]
}

@test "mlsvd --exact: U, S and V in 30 decimals multiply to the matrix and are orthonormal" {
	while IFS='|' read -r matrix _; do
		rows "$matrix" >"$BATS_TEST_TMPDIR/A.csv"
		svd "$matrix" --exact --digits 30 -s U,S,V >"$BATS_TEST_TMPDIR/usv"
		mlcheck svd A="$BATS_TEST_TMPDIR/A.csv" <"$BATS_TEST_TMPDIR/usv" >"$BATS_TEST_TMPDIR/verdict" ||
			{ echo "$matrix"; cat "$BATS_TEST_TMPDIR/verdict"; false; }
	done <"$BATS_TEST_TMPDIR/matrices"
}

@test "mlsvd --exact agrees with mlsvd, vectors and signs too" {
	while IFS='|' read -r matrix _; do
		# equal values leave the vectors free
		case $matrix in '0 0;0 0' | '0 1;-1 0' | '5 0 0;0 5 0;0 0 5' | '1 2 0;0 1 2;2 0 1') continue ;; esac
		for show in U V; do
			k=$(svd "$matrix" --no-names -s rank)
			near "$(svd "$matrix" --exact --digits 20 -s $show | cut -d, -f-"$k")" \
				"$(svd "$matrix" -s $show | cut -d, -f-"$k")" 2e-15 || { echo "$matrix $show"; false; }
		done
	done <"$BATS_TEST_TMPDIR/matrices"
}

@test "mlsvd --exact: vectors, pseudoinverse, spaces and norms in closed form" {
	gives '1/2*sqrt(2),1/2*sqrt(2)
1/2*sqrt(2),-1/2*sqrt(2)' svd '3 0;4 5' --exact -s V
	gives '1/10*sqrt(10),3/10*sqrt(10)
3/10*sqrt(10),-1/10*sqrt(10)' svd '3 0;4 5' --exact -s U
	gives '1/3,0
-4/15,1/5' svd '3 0;4 5' --exact -s pinv
	gives '-2/5*sqrt(5)
1/5*sqrt(5)' svd '1 2;2 4;3 6' --exact -s null
	gives '1/14*sqrt(14)
1/7*sqrt(14)
3/14*sqrt(14)' svd '1 2;2 4;3 6' --exact -s range
	gives '#: rank
1


#: cond
inf


#: norms
sqrt(70),sqrt(70),sqrt(70)' svd '1 2;2 4;3 6' --exact --no-names -s rank,cond,norms
	gives '15/2 + 1/2*sqrt(221)' svd '1 2;3 4' --exact --no-names -s cond
	gives '1/2*sqrt(26) + 1/2*sqrt(34),sqrt(30),sqrt(34)' svd '1 2;3 4' --exact --no-names -s norms
	gives '5/2,5/2
5/2,5/2' svd '3 2;2 3' --exact -k 1 -s A
	gives '1/2 + 1/30*sqrt(221)' sh -c "printf '1,2\n3,4\n' | mlsvd -N --exact --no-names -k 1 | cut -d, -f3"
	gives 'column1,U1
a,1/5*sqrt(5)
b,2/5*sqrt(5)' sh -c "printf 'a,1,2\nb,2,4\n' | mlsvd --exact -q -i 1 -k 1 -s U"
}

@test "mlsvd --exact: what has no closed form says so, with a polynomial and any number of digits" {
	cubic='2 -1 0;-1 2 -1;0 -1 1'
	[ "$(svd "$cubic" --exact --no-names | cut -d, -f5 | uniq)" = 'x^3 - 5*x^2 + 6*x - 1' ]
	[ "$(svd '1 2 3;4 5 6;7 8 10' --exact --no-names | cut -d, -f5 | uniq)" = 'x^6 - 304*x^4 + 244*x^2 - 9' ]
	[ "# $(svd "$cubic" --exact --digits 60 --no-names | cut -d, -f2 | paste -sd,)" = "$(tail -n 1 "$REF/svd_exact.txt")" ]
	rows "$cubic" | mlsvd -N --exact 2>&1 >"$BATS_TEST_TMPDIR/out" | grep -q '8 numbers have no closed form in square roots: 20 decimals'
	[ "$(svd "$cubic" --exact --no-names -s A)" = "$(rows "$cubic")" ]
	[ "$(svd "$cubic" --exact --digits 3 --no-names -s pinv)" = '1.000,1.000,1.000
1.000,2.000,2.000
1.000,2.000,3.000' ]
}

@test "mlsvd: decimals are exact, and so are huge and tiny ones" {
	[ "$(svd '0.1 0;0 0.30' --exact --no-names | cut -d, -f2 | paste -sd,)" = 3/10,1/10 ]
	[ "$(svd '1e-300 0;0 1e300' --exact --digits 300 --no-names | cut -d, -f2 | tail -n 1 | tr -d 0)" = .1 ]
	fails 2 'has an exponent beyond 10000' svd '1e-99999 0;0 1' --exact
	[ "$(svd '1 NA;3 4' --exact --na mean 2>/dev/null)" = "$(svd '1 4;3 4' --exact)" ]
}

@test "mlsvd --steps: the session of a decomposition by hand, with fractions, decimals, Markdown, LaTeX" {
	gives "A =
    3  0
    4  5
1. A'A
  A'A =
      25  20
      20  25
2. Characteristic polynomial of A'A
  x^2 - 50*x + 225 = (x - 45)*(x - 5)
3. Singular values: the square roots of its roots
  s1 = sqrt(45) = 3*sqrt(5)
  s2 = sqrt(5)
4. Right singular vectors: unit null vectors of A'A - x*I
  x = 45:  w = (1, 1),  |w| = sqrt(2)
  v1 = (1/2*sqrt(2), 1/2*sqrt(2))
  x = 5:  w = (1, -1),  |w| = sqrt(2)
  v2 = (1/2*sqrt(2), -1/2*sqrt(2))
5. Left singular vectors: u = A*v/s
  u1 = (1/10*sqrt(10), 3/10*sqrt(10))
  u2 = (3/10*sqrt(10), -1/10*sqrt(10))
6. Check
  U*S*V' = A, U'U = I, V'V = I, all exactly." svd '3 0;4 5' --exact --steps
	svd '1 2;3 4' --steps | grep -qx '  s1 = sqrt(29.8661) = 5.46499'
	svd '1 2;3 4' --steps -p 10 | grep -qx '  v1 = (0.57604843, 0.8174155604)' ||
		svd '1 2;3 4' --steps -p 10 | grep -x '  v1 = (0.576048[0-9]*, 0.817415[0-9]*)'
	svd '3 0;4 5' --exact --steps --steps-format latex | grep -qF 's_{1} = \sqrt{45} = 3\,\sqrt{5}'
	svd '3 0;4 5' --exact --steps --steps-format markdown | grep -qx "### 2. Characteristic polynomial of A'A"
	svd '2 0;0 2' --exact --steps | grep -qF 'The eigenvalue has 2 independent vectors, made orthogonal'
	svd '1 1;1 1' --exact --steps | grep -qx '  x^2 - 4\*x = x\*(x - 4)'
	svd '2 -1 0;-1 2 -1;0 -1 1' --exact --steps | grep -qF 's1 has no closed form in square roots: it is a root of x^3 - 5*x^2 + 6*x - 1.'
	while IFS='|' read -r matrix _; do svd "$matrix" --exact --steps | grep -q "V'V = I, all exactly"; done <"$BATS_TEST_TMPDIR/matrices"
}

@test "mlsvd: options that are about rounding do not go with --exact" {
	for option in '-m dc' '--tolerance 0' '--energy 0.5' --partial; do
		# shellcheck disable=SC2086
		fails 2 'does not go with --exact' svd '1 2;3 4' --exact $option
		# shellcheck disable=SC2086
		fails 2 'does not go with --steps' svd '1 2;3 4' --steps $option
	done
	fails 2 'does not go with --exact' mlsvd --exact --merge
	fails 2 'the report is about rounding' svd '1 2;3 4' --exact -s report
	fails 2 '--steps writes the whole calculation; leave out --show' svd '1 2;3 4' --steps -s U
	fails 2 '--steps writes the whole calculation; leave out -k' svd '1 2;3 4' --steps -k 1
	fails 2 '--digits belongs to --exact' svd '1 2;3 4' --digits 4
	fails 2 'there are 2 singular values (2 rows of 2 columns), fewer than -k 3' svd '1 2;3 4' --exact -k 3
}

@test "mlpca --exact: variances of 40 analyses, as SymPy has them" {
	local count=0 bad=0 matrix option expected got
	while IFS='|' read -r matrix option expected; do
		# shellcheck disable=SC2086
		got=$(pca "$matrix" --exact --no-names -s variance $option | cut -d, -f2 | paste -sd,)
		[ "$got" = "$expected" ] || { echo "$matrix $option: $got, expected $expected"; bad=1; }
		count=$((count + 1))
	done <"$REF/pca_exact.txt"
	[ $count -ge 35 ] && [ $bad -eq 0 ]
}

@test "mlpca --exact agrees with mlpca: every result, scaled or not, centred or not, all components or one" {
	while IFS='|' read -r matrix option _; do
		# equal variances leave the vectors free
		[ "$matrix" != '1 0;0 1;-1 0;0 -1' ] || continue
		for k in '' '-k 1'; do
			# shellcheck disable=SC2086
			pca "$matrix" --exact --digits 20 $option $k -s scores,components,mean,reconstruction,t2q >"$BATS_TEST_TMPDIR/exact"
			# shellcheck disable=SC2086
			pca "$matrix" $option $k -s scores,components,mean,reconstruction,t2q >"$BATS_TEST_TMPDIR/doubles"
			near "$(grep -v '^#:' "$BATS_TEST_TMPDIR/exact")" "$(grep -v '^#:' "$BATS_TEST_TMPDIR/doubles")" 1e-12 ||
				{ echo "$matrix $option $k"; false; }
		done
	done <"$REF/pca_exact.txt"
}

@test "mlpca --exact: scores, components, reconstruction and distances in closed form" {
	three='1 1;2 3;3 2'
	gives 'PC1,PC2
-sqrt(2),0
1/2*sqrt(2),-1/2*sqrt(2)
1/2*sqrt(2),1/2*sqrt(2)' pca "$three" --exact
	gives 'column,PC1,PC2
column1,1/2*sqrt(2),1/2*sqrt(2)
column2,1/2*sqrt(2),-1/2*sqrt(2)' pca "$three" --exact -s components
	gives 'component,variance,ratio,cumulative
PC1,3/2,3/4,3/4
PC2,1/2,1/4,1' pca "$three" --exact -s variance
	gives 'column1,column2
1,1
5/2,5/2
5/2,5/2' pca "$three" --exact -s reconstruction -k 1
	gives 't2,q
4/3,0
1/3,1/2
1/3,1/2' pca "$three" --exact -s t2q -k 1
	gives 'column,mean,scale
column1,1/5,1/10*sqrt(2)' pca '0.1;0.3' --exact --scale -s mean
	gives 'id,PC1
a,-1
b,1' sh -c "printf 'id,x\na,1\nb,3\n' | mlpca --exact -i id"
	[ "$(pca '1 2 5;2 1 1;3 5 0;4 4 2' --exact --scale --no-names -s variance | cut -d, -f5 | uniq)" = '28*x^3 - 84*x^2 + 55*x - 9' ]
}

@test "mlpca --steps: an analysis by hand" {
	gives "X =
    1  1
    2  3
    3  2
1. Means of the columns
  column1: 6/3 = 2
  column2: 6/3 = 2
2. Centred rows
  C =
      -1  -1
       0   1
       1   0
3. Covariance matrix S = C'C/2
  S =
        1  1/2
      1/2    1
4. Characteristic polynomial of S
  x^2 - 2*x + 3/4 = (x - 3/2)*(x - 1/2)
5. Variances of the components: its roots, and their shares of the sum
  x1 = 3/2,  share 3/4
  x2 = 1/2,  share 1/4
6. Components: unit null vectors of S - x*I
  x = 3/2:  w = (1, 1),  |w| = sqrt(2)
  v1 = (1/2*sqrt(2), 1/2*sqrt(2))
  x = 1/2:  w = (1, -1),  |w| = sqrt(2)
  v2 = (1/2*sqrt(2), -1/2*sqrt(2))
7. Scores: C*V
  Z =
         -sqrt(2)             0
      1/2*sqrt(2)  -1/2*sqrt(2)
      1/2*sqrt(2)   1/2*sqrt(2)
8. Check
  With all components V'V = I and V*L*V' = S, exactly; L holds the variances." pca '1 1;2 3;3 2' --exact --steps
	pca '1 1;2 3;3 2' --steps | grep -qx '  v1 = (0.707107, 0.707107)'
	pca '1 2;2 1;3 5;4 4' --exact --scale --steps | grep -qx '                1  1/2\*sqrt(2)'
	pca '1/2 1;1 3' --exact --steps | grep -qx '  column1: (3/2)/2 = 3/4'
	pca '1 1;2 3;3 2' --exact --no-center --steps | grep -qx "3. Matrix of mean products S = C'C/2"
	pca '1 2 5;2 1 1;3 5 0;4 4 2' --exact --scale --steps | grep -qx '  x1 has no closed form in square roots: it is a root of 28\*x^3 - 84\*x^2 + 55\*x - 9.'
	pca '1 1;2 3;3 2' --exact --steps --steps-format latex | grep -qF '\frac{3}{4}'
	while IFS='|' read -r matrix option _; do
		# shellcheck disable=SC2086
		pca "$matrix" --exact --steps $option | grep -q "With all components V'V = I"
	done <"$REF/pca_exact.txt"
}

@test "mlpca: what does not go with --exact is refused; what is wrong with the data is said as without it" {
	for option in '--energy 0.5' '--whiten pca' '--probabilistic -k 1' --partial '--save m'; do
		# shellcheck disable=SC2086
		fails 2 'does not go with --exact' pca '1 2;3 4' --exact $option
	done
	fails 2 '--steps writes the whole calculation; leave out --show' pca '1 2;3 4' --steps -s mean
	fails 2 '--digits belongs to --exact' pca '1 2;3 4' --digits 4
	fails 2 'one row has no variance' pca '1 2' --exact
	fails 2 'column column2 is constant: it has no standard deviation' pca '1 2;3 2' --exact --scale
	fails 2 '2 columns have at most 2 components, not 3' pca '1 2;3 4' --exact -k 3
	fails 2 'has an exponent beyond 10000' pca '1e-10001;1' --exact
}

@test "a lack of memory in exact arithmetic is a message and status 2" {
	[ -n "$MLBIN" ] && case $MLBIN in *san*) skip 'the sanitizers need the address space' ;; esac
	awk 'BEGIN { srand(1); for (i = 0; i < 60; i++) { for (j = 0; j < 60; j++) printf "%s%.15f", j ? "," : "", rand(); print "" } }' >"$BATS_TEST_TMPDIR/large.csv"
	fails 2 'out of memory' sh -c "ulimit -v 90000; mlsvd -N --exact -j 1 -s V $BATS_TEST_TMPDIR/large.csv"
}

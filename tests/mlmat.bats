# mlmat: the cases of mlmat_cases.txt are by NumPy, SciPy and SymPy (tests/ref/mat.py); the others are closed forms.
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	printf '1,2\n3,4\n' >A.csv
	printf '5\n6\n' >b.csv
	printf 'name,p,q\na,1,2\nb,3,5\n' >named.csv
}
setup() { cd "$BATS_FILE_TMPDIR"; }

# agrees GOT EXPECTED TOLERANCE: real or complex fields, rows by newline, relative above 1.
agrees() {
	awk -v got="$1" -v expected="$2" -v tolerance="$3" '
	function split_complex(s, part,   k) { # 1+2i into part[1], part[2]
		part[1] = s; part[2] = 0
		if (s !~ /i$/) return
		sub(/i$/, "", s)
		for (k = length(s); k > 1; k--)
			if (substr(s, k, 1) ~ /[-+]/ && substr(s, k - 1, 1) !~ /e/) break
		part[1] = k > 1 ? substr(s, 1, k - 1) : 0
		part[2] = substr(s, k > 1 ? k : 1)
	}
	BEGIN {
		n = split(got, g, /[,\n]/)
		if (n != split(expected, e, /[,\n]/)) { print "got " n " fields: " got; exit 1 }
		for (i = 1; i <= n; i++) {
			if (g[i] !~ /^[-+0-9.ei]+$/) { print g[i] " is no number"; exit 1 }
			split_complex(g[i], x); split_complex(e[i], y)
			size = sqrt(y[1] * y[1] + y[2] * y[2])
			if (sqrt((x[1] - y[1]) ^ 2 + (x[2] - y[2]) ^ 2) > tolerance * (size > 1 ? size : 1)) {
				print g[i] " is not near " e[i]; exit 1
			}
		}
	}'
}

cases() { # MODE: the lines of that mode
	local mode tolerance arguments expected got bad=0 count=0 words
	while IFS=$'\t' read -r mode tolerance arguments expected; do
		[ "$mode" = "$1" ] || continue
		count=$((count + 1))
		read -ra words <<<"$arguments"
		expected=${expected//;/$'\n'}
		if [ "$mode" = exact ]; then
			got=$(mlmat -q --exact "${words[@]}" </dev/null) && [ "$got" = "$expected" ]
		else
			got=$(mlmat -q "${words[@]}" </dev/null) && agrees "$got" "$expected" "$tolerance"
		fi || { echo "mlmat ${words[*]:0:6}"; echo "$got" | head -n 3; bad=$((bad + 1)); }
	done <"$BATS_TEST_DIRNAME/mlmat_cases.txt"
	[ "$bad" -eq 0 ] && [ "$count" -ge "$2" ]
}

@test "values in doubles, real and complex" { cases real 50; }
@test "values in fractions" { cases exact 30; }

@test "numbers as a person expects them: calculated as written, rounded once" {
	gives -2 mlmat 'det([1,2;3,4])'
	gives 0.3 mlmat '0.1+0.2'
	gives '-2,1
1.5,-0.5' mlmat 'inv(A)' A=A.csv
	gives '0.6,-0.8
0.8,0.6' sh -c "mlmat 'qr([3,0;4,5])' | sed -n 2,3p"
	gives 3/10 mlmat --exact '0.1+0.2'
	gives 1e-300 mlmat 'det([1e-150,0;0,1e-150])'
	fails 2 'beyond the range of a double' mlmat 'det([1e200,0;0,1e200])'
	near "$(mlmat 'inv([1e-300,0;0,1e300])')" '1e300,0
0,1e-300' 1e-15
}

@test "tiny and huge entries: squares that would vanish or overflow do neither" {
	gives '#: Q
0.7071067811865476,-0.7071067811865476
0.7071067811865476,0.7071067811865476


#: R
1.414213562373095e-200,7.071067811865475e-201
0,7.071067811865475e-201' mlmat 'qr([1e-200,0;1e-200,1e-200])'
	mlmat 'qr([1e200,0;1e200,1e200])' | grep -qx '1.414213562373095e200,7.071067811865475e199'
	gives 1.414213562373095e-200 mlmat 'norm([1e-200,1e-200])'
	gives 1.414213562373095e200 mlmat 'norm([1e200,1e200])'
	gives 1.414213562373095e-200 mlmat 'dist([1e-200,0],[0,1e-200])'
	gives 1.7320508075688772e-200 mlmat 'norm([1e-200,1e-200;0,1e-200],fro)'
	gives 1.2345405015632335e-160 mlmat 'norm([1.2345e-160,1e-162])' # sqrt(1.2345^2 + 0.01^2)
}

@test "complex numbers are equal or not, and have no order" {
	fails 2 'complex numbers have no order' mlmat 'i<2'
	fails 2 'complex numbers have no order' mlmat 'i<=i'
	fails 2 'complex numbers have no order' mlmat --exact '[1,2]>i'
	gives 1,0 mlmat '[i,1]==i'
	gives 1,1 mlmat --exact '[sqrt(2),1]<2'
}

@test "a name has one value" {
	fails 2 'X=[3,4]: X has a value already' mlmat 'X+1' 'X=[1,2]' 'X=[3,4]'
	fails 2 'stdin: A has a value already' sh -c "printf '#: A\n1\n\n\n#: A\n2\n' | mlmat A"
	gives 9 sh -c "printf '#: A\n1\n\n\n#: B\n2\n' | mlmat A+B A=7"
}

@test "long series: fractions that grow too long give way to doubles" {
	# of powers of a matrix of spectral radius below 1: inv(I-X)
	near "$(timeout 30 mlmat 'sum(k,0,200000,X^k)' 'X=[1/2,1/3;1/5,1/7]')" "$(mlmat 'inv(I-X)' 'X=[1/2,1/3;1/5,1/7]')" 1e-15
	gives '0.3333333333333333,0.6666666666666666
0.3333333333333333,0.6666666666666666' mlmat '[1/3,2/3;1/3,2/3]^1000000'
}

@test "the shapes are said where they do not fit, with the place" {
	fails 2 "A is 2 x 2 and b is 2 x 1; a sum needs equal shapes" mlmat 'A+b' A=A.csv b=b.csv
	fails 2 "b is 2 x 1 and A is 2 x 2; a product needs as many columns on the left as rows on the right; b'*A would fit" mlmat 'b*A' A=A.csv b=b.csv
	fails 2 'inv needs a square matrix, and b is 2 x 1' mlmat 'inv(b)' b=b.csv
	fails 2 'det needs a square matrix' mlmat 'det([1,2,3])'
	fails 2 'a power needs a square matrix, and b is 2 x 1' mlmat 'b^2' b=b.csv
	fails 2 'the divisor is a matrix of 2 x 2' mlmat '1/A' A=A.csv
	fails 2 'a dot product needs as many entries' mlmat 'dot([1,2],[1,2,3])'
	fails 2 'vectors of three entries' mlmat 'cross([1,2],[3,4])'
	fails 2 'a matrix of 2 x 2 takes two indices' mlmat 'A[1]' A=A.csv
	fails 2 'a whole number from 1 to 2 is needed here' mlmat 'A[3,1]' A=A.csv
	fails 2 'this has 1 rows, and what stands before it 2' mlmat 'hstack(A,[1,2])' A=A.csv
	fails 2 'a block of 1 x 2 does not fit here' mlmat '[A,[1,2]]' A=A.csv
	fails 2 'entries 1,2 and 2,1 do not mirror each other' mlmat 'chol(A)' A=A.csv
	fails 2 'what is projected needs as many rows as the matrix' mlmat 'project([1;2;3],A)' A=A.csv
	mlmat 'A+b' A=A.csv b=b.csv 2>&1 | tail -n 1 | grep -qx '    ^^^'
}

@test "singular matrices: exactly, to working precision, and nearly" {
	fails 2 'A is singular: its rank is 1 of 2, its determinant 0, and it has no inverse' mlmat 'inv(A)' 'A=[1,2;2,4]'
	fails 2 'A is singular' mlmat --exact 'A^-1' 'A=[1,2;2,4]'
	fails 2 'singular to working precision' mlmat 'inv(sqrt(2)*A)' 'A=[1,2;2,4]'
	hilbert=$(for i in $(seq 14); do for j in $(seq 14); do printf '%s1/%d' "$([ "$j" -eq 1 ] || echo ,)" $((i + j - 1)); done; echo; done)
	[ "$(echo "$hilbert" | mlmat -q 'inv(X)' | head -n 1 | cut -d, -f1,2)" = 196,-19110 ]
	echo "$hilbert" | mlmat 'inv(X)' 2>&1 >/dev/null | grep -q 'so close to singular'
	gives 2 mlmat -q 'rank([1,2,3;4,5,6;7,8,9])'
	mlmat 'rank([1,2,3;4,5,6;7,8,9])' 2>&1 >/dev/null | grep -q 'singular values up to .* count as zero'
}

@test "decompositions: their parts as blocks that the next process puts together again" {
	for f in 'qr(X) Q*R' "lu(X) P'*L*U" "svd(X) U*S*V'" 'diagonalize(X) P*D*inv_P'; do
		set -- $f
		near "$(mlmat "$1" <A.csv | mlmat "$2")" '1,2
3,4' 1e-14
	done
	for f in "ldl(X) L*D*L'" "spectral(X) Q*D*Q'"; do
		set -- $f
		near "$(printf '4,2,1\n2,3,0\n1,0,2\n' | mlmat "$1" | mlmat "$2")" '4,2,1
2,3,0
1,0,2' 1e-14
	done
	gives '#: L
1,0
1/2,1


#: D
4,0
0,2' mlmat --exact 'ldl([4,2;2,3])'
	gives '#: U
1,-1/2
1,1/2


#: Q
1/2*sqrt(2),-1/2*sqrt(2)
1/2*sqrt(2),1/2*sqrt(2)' mlmat --exact 'gramschmidt([1,2;1,3])'
	gives '#: P
1,0
0,1


#: L
1,0
3,1


#: U
1,2
0,-2' mlmat --exact 'lu(A)' A=A.csv
	fails 2 'qr gives several matrices' mlmat 'qr(A)*2' A=A.csv
}

@test "a decomposition that does not exist: status 1" {
	fails 1 'A is not positive definite: its leading 2 x 2 minor is not positive' mlmat 'chol(A)' 'A=[1,2;2,1]'
	fails 1 'not positive definite' mlmat --exact 'chol(A)' 'A=[1,2;2,1]'
	fails 1 'the leading 1 x 1 minor is 0' mlmat 'ldl([0,1;1,0])'
	fails 1 'A is not diagonalizable' mlmat 'diagonalize(A)' 'A=[1,1;0,1]'
	mlmat 'eig([1,1;0,1])' 2>&1 >/dev/null | grep -q 'fewer independent eigenvectors'
}

@test "operands: files, literals, numbers, standard input and its blocks, definitions" {
	gives 17 mlmat 'sum(A)+n' A=A.csv n=7
	gives 10 sh -c "mlmat 'sum(X)' <A.csv"
	gives 5 sh -c "printf '#: P\n1\n2\n\n\n#: Q\n3\n4\n' | mlmat 'P[1]+Q[2]'"
	gives '1,2
3,5' mlmat -q 'A' A=named.csv
	mlmat 'A' A=named.csv 2>&1 >/dev/null | grep -q 'column 1 (name) is text and is left out'
	gives '#: B
2


#: B*B
4' mlmat --let 'B=2*c' --let 'c2=B' B 'B*B' c=1 2>/dev/null
	gives 3 mlmat -e '-x' x=-3
	gives '1+2i,-1i' mlmat 'A' 'A=[1+2i,-i]'
	gives '0.5-0.75i' sh -c "printf '1/2-3/4i\n' | mlmat X"
	gives '2.23606797749979,0.3333333333333333' sh -c "printf 'sqrt(5),1/3\n' | mlmat -q X"
	fails 2 "row 2, column 1: 'x' is not a number" sh -c "printf '1,2\nx,3\n' | mlmat -N X"
	fails 2 "'nan' is not finite" sh -c "printf '1,nan\n' | mlmat -N X"
	fails 2 "A: 'y' is not a number" mlmat A 'A=[1,y]'
	fails 2 "there is no file 'B*B'" mlmat 'A' 'A=B*B'
	fails 2 "'A.csv' is a file; give it a name: X=A.csv" mlmat A.csv
	fails 2 "'B' has no value; give it as B=VALUE" sh -c "mlmat 'B' <A.csv"
	fails 2 'no expression' mlmat
	fails 2 'the input is empty' sh -c "mlmat 'inv(X)' </dev/null"
	fails 2 'there is no function' mlmat 'invers(X)'
	fails 2 'pi is not rational' mlmat --exact 'pi'
	gives 2*i mlmat --exact '2i'
	fails 2 '--digits belongs to --exact' mlmat --digits 3 '1/3'
	gives 0.333 mlmat --exact --digits 3 '1/3'
}

@test "shapes at the edge: 1 x 1, one row, one column, wide, no column" {
	gives 0.5 mlmat 'inv([2])'
	gives 1 mlmat -q 'rank([0,0,7])'
	gives '' mlmat -q 'kernel([1;2])'
	mlmat 'kernel([1;2])' 2>&1 | grep -q 'the space is {0}'
	fails 2 'this is 2 x 0: it has no entry' mlmat -q 'rank(kernel([1,0;0,1]))'
	gives '0,0
1,0
0,1' mlmat 'kernel([3,0,0])'
	gives '0,0' mlmat 'pinv([0;0])'
	gives 0 mlmat -q 'rank(zeros(2,3))'
	near "$(mlmat 'svd([1,2,2])' | grep -v '^$' | paste -sd' ')" '#: U 1 #: S 3 #: V 0.333333333333333 0.666666666666667 0.666666666666667' 1e-14
	gives 1 mlmat 'det(eye(3))'
	gives inf mlmat 'cond([1,0;0,0])'
	gives inf mlmat 'cond([1,2;2,4])'
	gives inf mlmat 'cond([1,2;2,4],1)'
	gives inf mlmat 'cond([1,i;i,-1])'
	gives inf mlmat --exact 'cond([1,2;2,4])'
	gives '15/2 + 1/2*sqrt(221)' mlmat --exact 'cond([1,2;3,4])'
	# the root of (91 + sqrt(8065))/(91 - sqrt(8065)), as the eigenvalues of A*A' are (91 +- sqrt(8065))/2
	gives '91/36*sqrt(6) + 1/36*sqrt(48390)' mlmat --exact 'cond([1,2,3;4,5,6])'
	gives '91/36*sqrt(6) + 1/36*sqrt(48390)' mlmat --exact 'cond([1,4;2,5;3,6])'
	fails 2 'this condition number has no closed form that is looked for' mlmat --exact 'cond([1,2,3;4,5,6;7,8,10])'
	gives '0,0
0,0' sh -c "printf '0,0\n0,0\n' | mlmat 'qr(X)' | mlmat 'Q*R'"
	gives '0,0,0
0,0,0' sh -c "mlmat --exact 'qr(zeros(2,3))' | mlmat --exact 'Q*R'"
	gives '1,0
0,1' mlmat 'expm(zeros(2))'
	fails 2 'division by zero' mlmat '1/0'
	fails 2 'beyond the range of a double' mlmat 'log(0)'
	fails 2 'beyond the range of a double' mlmat 'expm([1e300])'
}

@test "the language: broadcasting, sums, conditions, comparisons, blocks, I" {
	gives '2,3
4,5' mlmat 'A+1' A=A.csv
	gives '-1,2
3,2' mlmat 'A-2*I' A=A.csv
	gives '8,12
18,26' mlmat 'sum(k,1,2,A^k)' A=A.csv
	gives '1,0
0,1' mlmat 'A == [1,3;2,4]' A=A.csv
	gives 1 mlmat 'if(1<2, 1, 2)'
	gives '1,2,1,2
3,4,3,4' mlmat '[A,A]' A=A.csv
	gives 2i mlmat 'sqrt(-4)'
	gives '3,4' mlmat 'row(A,2)' A=A.csv
	gives '2' sh -c "mlmat 'column(A,2)' A=A.csv | head -n 1"
	gives '1,4' mlmat "diag(A)'" A=A.csv
	gives 'value,rows,columns
A,2,2
b,2,1' mlmat -s shape A b A=A.csv b=b.csv
	gives '{"name":"A","rows":[[1,2],[3,4]]}
{"name":"B","rows":[["1+1i","2"]]}' mlmat -f json A 'B' A=A.csv 'B=[1+i,2]'
}

steps() { mlmat --steps --exact "$@"; }

@test "steps: each as books write it" {
	gives 'det(A)
  A =
      2  1  1
      4  3  3
      8  7  9
  Cofactors of the first row:
  det(A) = 2*(3*9 - 3*7) - 1*(4*9 - 3*8) + 1*(4*7 - 3*8)
  = 2*6 - 1*12 + 1*4
  = 4' steps 'det(A)' 'A=[2,1,1;4,3,3;8,7,9]'
	gives 'det(A)
  A =
      1  2
      3  4
  det(A) = 1*4 - 2*3 = -2' steps 'det(A)' A=A.csv
	steps 'det(A)' 'A=[0,1,1,0;4,3,3,1;8,7,9,5;6,7,9,8]' | grep -qx '  swap R1, R2'
	steps 'det(A)' 'A=[0,1,1,0;4,3,3,1;8,7,9,5;6,7,9,8]' | tail -n 1 | grep -qF 'det(A) = -(4*1*2*'
	gives 'inv(A)
  [A|I] =
      2  1 | 1  0
      1  3 | 0  1
  R1 <- 1/2*R1
      1  1/2 | 1/2  0
      1    3 |   0  1
  R2 <- R2 - R1
      1  1/2 |  1/2  0
      0  5/2 | -1/2  1
  R2 <- 2/5*R2
      1  1/2 |  1/2    0
      0    1 | -1/5  2/5
  R1 <- R1 - 1/2*R2
      1  0 |  3/5  -1/5
      0  1 | -1/5   2/5
  inv(A) =
       3/5  -1/5
      -1/5   2/5' steps 'inv(A)' 'A=[2,1;1,3]'
	gives 'chol(A)
  A =
        4   12  -16
       12   37  -43
      -16  -43   98
  l11 = sqrt(a11) = sqrt(4) = 2
  l21 = a21/l11 = 6
  l31 = a31/l11 = -8
  l22 = sqrt(a22 - l21^2) = sqrt(37 - 6^2) = sqrt(1) = 1
  l32 = (a32 - l31*l21)/l22 = 5
  l33 = sqrt(a33 - l31^2 - l32^2) = sqrt(98 - (-8)^2 - 5^2) = sqrt(9) = 3
  chol(A) =
       2  0  0
       6  1  0
      -8  5  3' steps 'chol(A)' 'A=[4,12,-16;12,37,-43;-16,-43,98]'
	gives 'ldl(A)
  A =
      4  2
      2  3
  d1 = a11 = 4
  l21 = a21/d1 = 2/4 = 1/2
  d2 = a22 - l21^2*d1 = 3 - (1/2)^2*4 = 2
  L =
        1  0
      1/2  1
  D =
      4  0
      0  2' steps 'ldl(A)' 'A=[4,2;2,3]'
}

@test "steps: Gram-Schmidt, QR, eigenvectors, products, angles; decimals without --exact" {
	gives 'qr(A)
  A =
      3  0
      4  5
  u1 = a1 = (3, 4)
  u1.u1 = 25
  (a2.u1)/(u1.u1) = 20/25 = 4/5
  u2 = a2 - 4/5*u1 = (-12/5, 9/5)
  u2.u2 = 9
  norm(u1) = sqrt(25) = 5
  q1 = u1/norm(u1)
  norm(u2) = sqrt(9) = 3
  q2 = u2/norm(u2)
  R holds norm(u_j) on its diagonal and q_i.a_j above it.
  Q =
      3/5  -4/5
      4/5   3/5
  R =
      5  4
      0  3' steps 'qr(A)' 'A=[3,0;4,5]'
	gives 'eig(A)
  A =
      2  1
      1  2
  tr(A) = 4
  det(A) = 3
  The characteristic polynomial is x^2 - tr*x + det.
  det(x*I - A) = x^2 - 4*x + 3 = (x - 3)*(x - 1)
  x1 = 3
  A - 3*I =
      -1   1
       1  -1
  R2 <- R2 + R1
      -1  1
       0  0
  R1 <- -1*R1
      1  -1
      0   0
  v = (1, 1)
  x2 = 1
  A - I =
      1  1
      1  1
  R2 <- R2 - R1
      1  1
      0  0
  v = (-1, 1)
  values =
      3
      1
  vectors =
      1  -1
      1   1' steps 'eig(A)' 'A=[2,1;1,2]'
	gives 'A*b
  c11 = 1*5 + 2*6 = 17
  c21 = 3*5 + 4*6 = 39
      17
      39' steps 'A*b' A=A.csv b=b.csv
	gives 'angle(u, v)
  u.v = 1*2 + 2*0 + 2*1 = 4
  norm(u) = sqrt(9) = 3
  norm(v) = sqrt(5)
  cos(angle) = u.v/(norm(u)*norm(v)) = 4/15*sqrt(5)
  angle = acos(4/15*sqrt(5))' steps 'angle(u,v)' 'u=[1,2,2]' 'v=[2,0,1]'
	for e in 'svd([3,0;4,5])' 'spectral([2,1;1,2])'; do
		mlmat --steps "$e" | grep -A1 -xF '  v = (-1, 1)' | grep -qF 'The sign is changed, so that the first of the greatest entries is positive: (1, -1)'
		[ "$(mlmat --steps "$e" | grep -c 'sign is changed')" -eq 1 ]
	done
	mlmat --steps 'eigvals([1.5,2;2,1])' | grep -qF 'x1 = 5/4 + 1/4*sqrt(65) = 3.26556'
	mlmat --steps 'diagonalize([2,1;1,2])' | grep -qx '  The inverse of P:'
	mlmat --steps 'expm([0,1;0,0])' | grep -qF 'A power is 0: the series'
	mlmat --steps 'kernel([1,2;2,4])' | grep -qF '1 free variable'
	mlmat --steps 'rank([1,2;2,4])' | grep -qx '  1 pivot: the rank is 1.'
	steps --steps-format latex 'inv([2,1;1,3])' | grep -qF '\frac{1}{2}'
	steps --steps-format markdown 'det([1,2;3,4])' | grep -qF '### det'
	fails 2 'is singular' mlmat --steps 'inv([1,2;2,4])'
}

@test "exact eigenvalues: fractions, square roots, complex; without closed form decimals; multiplicities" {
	gives '#: values
3
2
2


#: vectors
0,0
0,1
1,0


#: multiplicity
value,algebraic,geometric
3,1,1
2,2,1' mlmat --exact 'eig([2,0,0;1,2,0;0,0,3])'
	gives 'i
-i' mlmat --exact 'eigvals([0,1;-1,0])'
	# the real root of x^3 - x - 1, the plastic number (OEIS A060006)
	[ "$(mlmat -q --exact --digits 40 'eigvals([0,1,0;0,0,1;1,1,0])' | head -n 1)" = 1.3247179572447460259609088544780973407344 ]
	mlmat --exact 'eigvals([0,1,0;0,0,1;1,1,0])' 2>&1 >/dev/null | grep -qF 'the roots of x^3 - x - 1 as decimals: closed forms are looked for up to degree 2, and this has degree 3'
	gives '#: coefficients
1,-7,16,-12


#: factors
factor,multiplicity
x - 3,1
x - 2,2' mlmat --exact 'charpoly([2,0,0;1,2,0;0,0,3])'
	gives '#: P
1,-1
1,1


#: D
3,0
0,1


#: inv_P
1/2,1/2
-1/2,1/2' mlmat --exact 'diagonalize([2,1;1,2])'
	gives '#: U
1/10*sqrt(10),3/10*sqrt(10)
3/10*sqrt(10),-1/10*sqrt(10)


#: S
3*sqrt(5),0
0,sqrt(5)


#: V
1/2*sqrt(2),1/2*sqrt(2)
1/2*sqrt(2),-1/2*sqrt(2)' mlmat --exact 'svd([3,0;4,5])'
	gives '1,2
2,4
0,0' sh -c "mlmat --exact 'svd([1,2;2,4;0,0])' | mlmat --exact \"U*S*V'\""
	gives '2,1
1,2' sh -c "mlmat --exact 'spectral([2,1;1,2])' | mlmat --exact \"Q*D*Q'\""
	fails 1 'not diagonalizable' mlmat --exact 'diagonalize([1,1;0,1])'
	fails 2 'roots of polynomials of a degree above 2, of which no closed form is looked for' mlmat --exact 'diagonalize([0,1,0;0,0,1;1,1,0])'
	gives '5
2' mlmat 'eigvals([4,1;2,3])'
	gives '1
1' mlmat 'eigvals([1,1;0,1])'
}

@test "exact: what is not calculated is said" {
	fails 2 'exp is rational only of special numbers, such as 0 or 1: leave --exact out' mlmat --exact 'exp(1)'
	gives 1,1,0,0,0 mlmat --exact '[exp(0),cos(0),sin(0),log(1),acos(1)]'
	fails 2 'only the exponential of a nilpotent matrix is rational' mlmat --exact 'expm([1,0;0,1])'
	fails 2 'takes rational numbers, and the matrix has roots in it' mlmat --exact 'lu([sqrt(2),1;1,1])'
	fails 2 'calculates no further with it' mlmat --exact '2*angle([1,2],[1,1])'
	fails 2 'digits' mlmat --exact '2^(10^12)'
	fails 2 'this norm is not calculated exactly' mlmat --exact 'norm([1,2;3,4],nuc)'
	fails 2 'takes rational numbers, and the matrix is complex' mlmat --exact 'eigvals([1,i;-i,1])'
	fails 2 'powers of sums of roots up to the 1000th' mlmat --exact '(1+sqrt(2))^1000000'
	gives 0 mlmat --exact 'norm([1,2],1)-3'
	gives '1/3*pi' mlmat --exact 'angle([1,0,1],[0,1,1])'
}

# mldiff: expected values from closed forms, from tests/ref/taylor.py (mpmath) and from the tape's unit test.
load helper
REF=$BATS_TEST_DIRNAME/ref

@test "value and gradient at a point, by all variables or some" {
	gives 'x,y,value,d/dx,d/dy
2,3,12,12,4' mldiff 'x^2*y' x=2 y=3
	gives 'x,y,value,d/dy
2,3,12,4' mldiff --by y 'x^2*y' x=2 y=3
	gives 'y,x,value,d/dx,d/dy
3,2,12,12,4' mldiff --by x,y 'y*x^2' x=2 y=3
	gives 'x,value
2,4' mldiff -s value 'x^2' x=2
	gives 'v[1],v[2],value,d/dv[2]
1,2,5,4' mldiff --by 'v[2]' 'dot(v,v)' v=1,2
	gives 'x,value,d/dx
0.5,0.25,1' mldiff 'x^2' x=1/2
	near "$(mldiff --no-names 'sin(x)' x=pi/3)" '1.0471975511965976,0.8660254037844386,0.5' 1e-15
}

@test "rows on standard input are points, whatever the order of their columns" {
	gives 'id,x,y,value,d/dx,d/dy
a,2,1,4,4,4
b,3,2,18,12,9' sh -c "printf 'y,id,x\n1,a,2\n2,b,3\n' | mldiff -i id 'x^2*y'"
	gives 'a,x,value,d/dx
2,1,2,2
2,5,10,2' sh -c "printf 'x\n1\n5\n' | mldiff --by x 'a*x' a=2"
	gives 'x,value,d/dx
1,1,2
2,4,4' sh -c "printf '1\n2\n' | mldiff 'x^2'"
	gives 'v[1],v[2],value,d/dv[1],d/dv[2]
3,4,5,0.6,0.8' sh -c "printf 'v1,v2\n3,4\n' | mldiff 'norm(v)'"
	seq 1 5000 | sed '1i x' >"$BATS_TEST_TMPDIR/x.csv"
	mldiff -j 1 'log(x)' <"$BATS_TEST_TMPDIR/x.csv" >"$BATS_TEST_TMPDIR/1"
	mldiff -j 2 'log(x)' <"$BATS_TEST_TMPDIR/x.csv" | cmp - "$BATS_TEST_TMPDIR/1"
	[ "$(sed -n 5001p "$BATS_TEST_TMPDIR/1")" = 5000,8.517193191416238,0.0002 ]
}

@test "a column called e or pi is that column; digamma has derivatives below 0" {
	gives 'x,e,value,d/dx,d/de
1,5,5,5,1' sh -c "printf 'x,e\n1,5\n' | mldiff 'x*e'"
	near "$(mldiff -s hessian --no-names 'digamma(x)' x=-0.5)" -0.8287966442343200 1e-12
	near "$(mldiff -s taylor --order 3 --no-names 'lgamma(x)' x=-0.5 | cut -d, -f3 | paste -sd' ')" \
		'1.2655121234846454 0.03648997397857652 4.4674011002723395 -0.13813277403905333' 1e-13 # mpmath
}

@test "Jacobian, Hessian, directional and total derivatives" {
	gives 'r,t
1,0
0,2' mldiff 'r*cos(t)' 'r*sin(t)' r=2 t=0
	gives 'row,x,y
1,1,1
1,2,1
2,1,1
2,4,3' sh -c "printf 'x,y\n1,2\n3,4\n' | mldiff 'x+y' 'x*y'"
	gives 'x,y
1330,480
480,200' mldiff -s hessian '(1-x)^2+100*(y-x^2)^2' x=-1.2 y=1
	gives 'x,y,value,directional
1,2,2,11' mldiff -s directional --direction 4,3 'x*y' x=1 y=2
	gives 'x,y,value,directional
1,2,2,2' mldiff -s directional --direction 3,4 --unit 'x*y' x=1 y=2
	# d/dt of x^2 y along x = cos t, y = sin t is cos^3 t - 2 sin^2 t cos t
	near "$(mldiff --no-names --let 'x=cos(t)' --let 'y=sin(t)' 'x^2*y' t=1 | cut -d, -f3)" -0.607418795983299 1e-14
}

@test "symbolic derivatives, simplified" {
	gives 'x^2*cos(x) + 2*x*sin(x)' mldiff --symbolic 'x^2*sin(x)'
	gives 'variable,derivative
x,400*x^3 - 400*x*y + 2*x - 2
y,-200*x^2 + 200*y' mldiff --symbolic '(1-x)^2+100*(y-x^2)^2'
	gives 'x,y
1200*x^2 - 400*y + 2,-400*x
-400*x,200' mldiff --symbolic -s hessian '(1-x)^2+100*(y-x^2)^2'
	gives 'r,t
cos(t),-r*sin(t)
sin(t),r*cos(t)' mldiff --symbolic -s jacobian 'r*cos(t)' 'r*sin(t)'
	gives 'variable,derivative
v[1],2*v[1]*v[2]
v[2],v[1]^2' mldiff --symbolic 'v[1]^2*v[2]'
	gives 'variable,derivative
x[1],2*x[1]
x[2],2*x[2]' mldiff --symbolic 'dot(x,x)' x=1,2
	gives 'x[1],x[2]
6*x[1],2*x[2]
2*x[2],2*x[1]' mldiff --symbolic -s hessian 'dot(x,x)*x[1]' x=1,2
	gives '"-3*A[2, 1]"' mldiff --symbolic --by 'A[1,2]' '3*(A[1,1]*A[2,2]-A[1,2]*A[2,1])' 'A=[1,2;3,4]'
	# each printed derivative, read back, has the value of the tape's
	for f in 'sin(x^2)/x' 'exp(-x)*log(x)' 'atan(x)^3' 'sqrt(1+x^2)' 'sigmoid(2*x)' 'x^x'; do
		d=$(mldiff --symbolic "$f")
		near "$(mldiff -s value --no-names -e "$d" x=0.7 | cut -d, -f2)" "$(mldiff --no-names "$f" x=0.7 | cut -d, -f3)" 1e-14
	done
}

@test "Taylor coefficients equal mpmath's to 14 digits" {
	while read -r f x coefficients; do
		got=$(mldiff -s taylor --order 6 --no-names "$f" "x=$x" | cut -d, -f3 | paste -sd' ')
		near "$got" "$coefficients" 1e-14 || { echo "$f at $x"; return 1; }
	done <"$REF/taylor.expected"
	[ "$(wc -l <"$REF/taylor.expected")" -eq 70 ]
}

@test "Taylor tables in several variables, and the polynomial as an expression" {
	gives 'power of x,power of y,derivative,coefficient,times
0,0,2,2,1
1,0,2,2,(x-1)
0,1,1,1,(y-2)
2,0,0,0,(x-1)^2
1,1,1,1,(x-1)*(y-2)
0,2,0,0,(y-2)^2' mldiff -s taylor 'x*y' x=1 y=2
	gives '1+x+0.5*x^2' mldiff -s polynomial 'exp(x)' x=0
	gives '2+2*(x-1)+(y-2)+(x-1)*(y-2)' mldiff -s polynomial --order 5 'x*y' x=1 y=2
	gives 'row,power of x,derivative,coefficient,times
1,0,1,1,1
1,1,-1,-1,(x-1)
2,0,0.5,0.5,1
2,1,-0.25,-0.25,(x-2)' sh -c "printf 'x\n1\n2\n' | mldiff -s taylor --order 1 '1/x'"
	fails 2 'the derivatives of order 1 and above do not exist' mldiff -s taylor 'sqrt(x)' x=0
	fails 2 'more than 3000 terms' mldiff -s taylor --order 100 'x*y*z' x=1 y=1 z=1
}

@test "differences fall with the step, central ones with its square" {
	table=$(mldiff -s check --no-names 'exp(x)' x=1)
	[ "$(echo "$table" | wc -l)" -eq 12 ]
	echo "$table" | awk -F, '
		NR == 1 { one = $6; both = $7 }
		NR == 3 { if ($6 / one > 0.02 || $6 / one < 0.005 || $7 / both > 2e-4 || $7 / both < 5e-5) exit 1 }'
}

@test "--steps: the tape, in reverse and forward" {
	gives 'Forward: each operation with its value
  node  operation  value
  v1    x              2
  v2    y              3
  v3    v1*v2          6
  v4    v1^2           4
  v5    v3+v4         10
In reverse: adjoints w(v) = d(x*y + x^2)/dv, from w(v5) = 1 down
  node  adjoint w  passes on
  v5            1  w(v3) += w(v5) = 1, w(v4) += w(v5) = 1
  v4            1  w(v1) += 2*v1*w(v4) = 4
  v3            1  w(v1) += v2*w(v3) = 3, w(v2) += v1*w(v3) = 2
  v2            2  d(x*y + x^2)/dy
  v1            7  d(x*y + x^2)/dx
  d(x*y + x^2)/dx = 7
  d(x*y + x^2)/dy = 2' mldiff --reverse --steps 'x*y+x^2' x=2 y=3
	gives 'Forward: each operation with its value and its tangent t
  node  operation  value  t = d/dx  rule
  v1    x              4         1  seed
  v2    sqrt(v1)       2      0.25  1/(2*v2)*t(v1)
  v3    3*v2           6      0.75  3*t(v2)
  3*sqrt(x) = 6
  d(3*sqrt(x))/dx = 0.75' mldiff --forward --steps '3*sqrt(x)' x=4
	mldiff --steps --steps-format latex 'x^2' x=1 | grep -qF '$v_{1}^{2}$'
}

@test "a branch that is not taken does not count; kinks as the manual says" {
	gives 'x,value,d/dx
-1,0,0' mldiff 'if(x>0,x*log(x),0)' x=-1
	gives 'x
0
0
1' mldiff 'abs(x)' 'relu(x)' 'max(x,-x)' x=0
}

@test "a value without a derivative: inf or nan, as the manual says" {
	[ "$(mldiff --no-names 'sqrt(x)' x=0)" = 0,0,inf ]
	[ "$(mldiff --no-names 'x^y' x=-2 y=2)" = -2,2,4,-4,nan ]
	[ "$(mldiff --no-names 'atan2(x,y)' x=0 y=0)" = 0,0,0,nan,nan ]
}

@test "errors: no expression, no value, wrong names, domain with its row" {
	fails 2 'there is no expression' mldiff
	fails 2 'there is no expression' mldiff x=1
	fails 2 "'z' has no value: give z=VALUE or a column z on standard input" sh -c "mldiff 'x+z' x=1 </dev/null"
	fails 2 "'z' has no value" sh -c "printf 'x\n1\n' | mldiff 'x+z'"
	fails 2 "'y' has a value and is in no expression" mldiff 'x' x=1 y=2
	fails 2 'x has two values' mldiff 'x' x=1 x=2
	fails 2 'row 2: no finite value: log of -3' sh -c "printf 'x\n1\n-3\n' | mldiff 'log(x)'"
	fails 2 'no finite value: 1 divided by 0' mldiff '1/(x-1)' x=1
	fails 2 "diff(f, x): x is a number, and 'x' is 2 x 1" mldiff 'diff(sum(x),x)' x=1,2
	fails 2 'two columns are called x' sh -c "printf 'x,x\n1,2\n' | mldiff 'x^2'"
	fails 2 'do not exist at this point' sh -c "printf 'x\n0\n2\n' | mldiff -s gradient,taylor 'sqrt(x)'"
	fails 2 'no finite value: 1e308 * 10' mldiff '1e308*x' x=10
	fails 2 '^^^^^^' mldiff '1+log(x)' x=-1
	fails 2 'ends where a number' mldiff 'x+' x=1
	fails 2 '2 columns for 1 variable' sh -c "printf '1,2\n' | mldiff 'x'"
	fails 2 "--by: there is no variable 'q'" mldiff --by q 'x' x=1
	fails 2 "--by: 'y' stands twice in the list" mldiff --by y,y 'x*y' x=1 y=2
	fails 2 "--by: 'x[2]' stands twice in the list" mldiff --by 'x[2],x' 'sum(x)' x=1,2
	fails 2 '--forward and --reverse are two ways' mldiff --forward --reverse --steps 'x' x=1
	fails 2 '-s gradient is of one expression' mldiff -s gradient 'x' 'x^2' x=1
	fails 2 '--direction has 1 numbers for 2 variables' mldiff -s directional --direction 1 'x*y' x=1 y=1
	fails 2 '-s directional needs --direction' mldiff -s directional 'x' x=1
	fails 2 'the direction is zero' mldiff -s directional --direction 0 --unit 'x' x=1
	fails 2 '--forward belongs to --steps' mldiff --forward 'x' x=1
	fails 2 '--symbolic prints' mldiff --symbolic -s taylor 'x'
	fails 2 '3 x 1 and 2 x 1' mldiff 'v+w' v=1,2,3 w=1,2
	fails 2 "'x' is defined by --let" mldiff --let 'x=t' 'x+t' x=1 t=1
	fails 2 'No space left on device' sh -c "mldiff 'x' x=1 >/dev/full"
}

@test "nothing waits for standard input that does not need it" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	timeout 5 mldiff 'x^2' x=1 >"$BATS_TEST_TMPDIR/out" 0<>"$BATS_TEST_TMPDIR/fifo"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = 'x,value,d/dx
1,1,2' ]
}

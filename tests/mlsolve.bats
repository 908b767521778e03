# mlsolve: expected values from tests/ref/solve.py (SymPy, NumPy); eliminations as the named textbooks print them.
load helper
REF=$BATS_TEST_DIRNAME/ref

solve() { printf "$1" | mlsolve "${@:2}"; }
# The operations that --steps writes, joined by semicolons.
operations() { solve "$@" --exact --steps | grep -E '^(R[0-9]+ <-|swap)' | paste -sd';'; }
last() { solve "$@" --exact --steps | tail -n 1; }

@test "one solution, with the unknowns' names or x1, x2, ..." {
	gives 'unknown,value
x,2
y,1' solve 'x,y,b\n2,1,5\n1,-3,-1\n'
	gives 'unknown,value
x1,2
x2,1' solve '2,1,5\n1,-3,-1\n'
	gives 'x1,3' solve '2,6\n' --no-names
	gives 'unknown,value
x1,1/2
x2,1/3' solve '1,0,0.5\n0,3,1\n' --exact
	gives 'x1,0.3333' solve '3,1\n' --exact --digits 4 --no-names
}

@test "infinitely many solutions: free unknowns are 0, the directions are a basis of the null space" {
	gives 'unknown,value,t1
x1,0,1
x2,3,-2
x3,0,1' solve '1,2,3,6\n2,4,6,12\n1,1,1,3\n'
	six='1,3,-2,0,2,0,0\n2,6,-5,-2,4,-3,-1\n0,0,5,10,0,15,5\n2,6,0,8,4,18,6\n'
	gives 'x1,0,-3,-4,-2
x2,0,1,0,0
x3,0,0,-2,0
x4,0,0,1,0
x5,0,0,0,1
x6,1/3,0,0,0' solve "$six" --exact --no-names
	near "$(solve "$six" --no-names)" 'x1,0,-3,-4,-2
x2,0,1,0,0
x3,0,0,-2,0
x4,0,0,1,0
x5,0,0,0,1
x6,0.333333333333333333,0,0,0' 1e-15
	gives 'x1,1
x2,-2
x3,1' solve '1,2,3,6\n2,4,6,12\n1,1,1,3\n' -s nullspace --no-names
	gives 'x1,0,1,0
x2,0,0,1' solve '0,0,0\n' --no-names
}

@test "no solution: status 1, nothing on standard output, the remedy on standard error" {
	fails 1 'no solution: the equations contradict one another; -m least-squares finds' solve '1,1,1\n1,1,2\n'
	fails 1 'no solution' solve '1,1,1\n1,1,2\n' --exact
	fails 1 'no solution' solve '0,1\n'
	fails 1 'no solution for b2' solve '1,1,1,1\n1,1,1,2\n' -k 2
	[ "$(solve '1,1,1\n1,1,2\n' -q -s summary --no-names | cut -d, -f1-4)" = value,none,1,1 ]
}

@test "least squares, of least norm where columns depend; ridge; several right sides" {
	near "$(mlsolve -m least-squares -N --no-names "$REF/solve.csv" | cut -d, -f2 | paste -sd,)" \
		-0.331561227083568,-0.190601591277005,-0.157652362325609,-0.170970493119177,0.026762776870443 1e-14
	near "$(mlsolve -s summary -m least-squares -N --no-names "$REF/solve.csv" | cut -d, -f7)" 1.77080726521 1e-11
	gives 'x1,-1/18
x2,1/9
x3,5/18' solve '1,2,3,1\n4,5,6,2\n' -m least-squares --exact --no-names
	near "$(solve '1,2,3,1\n4,5,6,2\n' -m least-squares --no-names | cut -d, -f2 | paste -sd,)" \
		-0.0555555555555555556,0.111111111111111111,0.277777777777777778 1e-15
	gives 'x1,17/70
x2,17/35' solve '1,2,1\n2,4,2\n3,6,4\n' -m least-squares --exact --no-names
	near "$(solve '1,2,1\n2,4,2\n3,6,4\n' -m least-squares --no-names | cut -d, -f2 | paste -sd,)" 0.242857142857142857,0.485714285714285714 1e-15
	gives 'x1,26/59
x2,34/59' solve '1,1,1\n1,2,2\n1,3,2\n' -m ridge --lambda 1/2 --exact --no-names
	near "$(solve '1,1,1\n1,2,2\n1,3,2\n' -m ridge --lambda 0.5 --no-names | cut -d, -f2 | paste -sd,)" 0.440677966101695,0.576271186440678 1e-14
	gives 'unknown,b1,b2
x1,1,-1
x2,-1,2' solve '2,1,1,0\n1,1,0,1\n' -k 2
	gives 'unknown,p,q
x,1,-1
y,-1,2' solve 'x,y,p,q\n2,1,1,0\n1,1,0,1\n' -k 2
}

@test "ill-conditioned: Hilbert 8, exactly and as far as doubles go; scales from 1e-300 to 1e300" {
	hilbert=$(awk 'BEGIN { for (i = 1; i <= 8; i++) { for (j = 1; j <= 8; j++) printf "1/%d,", i + j - 1; print 1 } }')
	[ "$(echo "$hilbert" | mlsolve -q --exact --no-names | cut -d, -f2 | paste -sd,)" = -8,504,-7560,46200,-138600,216216,-168168,51480 ]
	near "$(echo "$hilbert" | mlsolve -q --no-names | cut -d, -f2 | paste -sd,)" -8,504,-7560,46200,-138600,216216,-168168,51480 1e-6
	# 1e-300 is rounded to a double that is a little larger
	gives 'x1,9.999999999999999e299
x2,1e-300' solve '1e-300,0,1\n0,1e300,1\n' --no-names
	fails 2 'beyond the range of a double' solve '1e-300,1e300\n'
}

@test "steps: Strang's first elimination, and back up" {
	strang='2,4,-2,2\n4,9,-3,8\n-2,-3,7,10\n'
	[ "$(operations "$strang")" = 'R2 <- R2 - 2*R1;R3 <- R3 + R1;R3 <- R3 - R2;R3 <- 1/4*R3;R1 <- R1 + 2*R3;R2 <- R2 - R3;R1 <- R1 - 4*R2;R1 <- 1/2*R1' ]
	[ "$(last "$strang")" = 'x = (-1, 2, 2)' ]
}

@test "steps: Lay's inconsistent system needs a swap and ends with 0 = 5/2" {
	lay='0,1,-4,8\n2,-3,2,1\n5,-8,7,1\n'
	output=$(solve "$lay" -q --exact --steps) || [ $? -eq 1 ]
	[ "$(echo "$output" | grep -E '^(R[0-9]+ <-|swap)' | paste -sd';')" = 'swap R1, R2;R3 <- R3 - 5/2*R1;R3 <- R3 + 1/2*R2' ]
	[ "$(echo "$output" | tail -n 2 | head -n 1)" = '    0   0   0 | 5/2' ]
	[[ "$output" == *'No solution: R3 says 0 = 5/2.'* ]]
}

@test "steps: Anton's Gauss-Jordan elimination, three unknowns and six with three free" {
	anton='1,1,2,9\n2,4,-3,1\n3,6,-5,0\n'
	[ "$(operations "$anton" --elimination gauss-jordan)" = 'R2 <- R2 - 2*R1;R3 <- R3 - 3*R1;R2 <- 1/2*R2;R1 <- R1 - R2;R3 <- R3 - 3*R2;R3 <- -2*R3;R1 <- R1 - 11/2*R3;R2 <- R2 + 7/2*R3' ]
	[ "$(last "$anton")" = 'x = (1, 2, 3)' ]
	six='1,3,-2,0,2,0,0\n2,6,-5,-2,4,-3,-1\n0,0,5,10,0,15,5\n2,6,0,8,4,18,6\n'
	[ "$(last "$six")" = 'x = (0, 0, 0, 0, 0, 1/3) + t1*(-3, 1, 0, 0, 0, 0) + t2*(-4, 0, -2, 1, 0, 0) + t3*(-2, 0, 0, 0, 1, 0)' ]
}

@test "steps: the system of Wikipedia's article on Gaussian elimination" {
	wiki='2,1,-1,8\n-3,-1,2,-11\n-2,1,2,-3\n'
	[ "$(operations "$wiki" | cut -d';' -f1-3)" = 'R2 <- R2 + 3/2*R1;R3 <- R3 + R1;R3 <- R3 - 4*R2' ]
	[ "$(last "$wiki")" = 'x = (2, 3, -1)' ]
}

@test "steps: pivots by size or by ones, decimals without --exact, Markdown and LaTeX, rectangular" {
	[ "$(operations '1,2,3\n4,5,6\n' --pivot partial)" = 'swap R1, R2;R2 <- R2 - 1/4*R1;R2 <- 4/3*R2;R1 <- R1 - 5*R2;R1 <- 1/4*R1' ]
	[ "$(operations '3,2,3\n1,5,6\n' --pivot one | cut -d';' -f1-2)" = 'swap R1, R2;R2 <- R2 - 3*R1' ]
	solve '3,1\n' --steps | grep -qx 'R1 <- 0.333333\*R1'
	solve '3,1\n' --steps --exact --steps-format latex | grep -qF '\frac{1}{3}'
	solve '1,2,3\n4,5,6\n' --steps --exact --steps-format markdown | grep -qF 'R_{2} - 4\,R_{1}'
	[ "$(last '1,2,3\n2,4,6\n1,3,4\n3,7,10\n')" = 'x = (1, 1)' ]
	[ "$(last 'p,q,r,b\n1,2,3,4\n')" = '(p, q, r) = (4, 0, 0) + t1*(-2, 1, 0) + t2*(-3, 0, 1)' ]
	solve '1,1,1\n1,2,2\n1,3,2\n' -m least-squares --steps --exact | grep -qF "The normal equations A'A x = A'b:"
	[ "$(last '1,1,1\n1,2,2\n1,3,2\n' -m least-squares)" = 'x = (2/3, 1/2)' ]
}

@test "the geometry in words" {
	words() { solve "$1" -q -s geometry --no-names | sed 's/^value,//; s/"//g'; }
	[ "$(words '1,1,1\n1,1,2\n')" = 'R1 and R2 are parallel lines that do not meet.' ]
	[ "$(words '1,2,3\n2,4,6\n')" = 'R1 and R2 are the same line. The solutions are the points of that line.' ]
	[ "$(words '1,0,1\n0,1,1\n')" = 'The two lines meet in one point.' ]
	[ "$(words '1,0,1\n0,1,1\n1,1,3\n')" = 'No two of the lines are parallel, but no point is on all of them.' ]
	[ "$(words '1,0,0,1\n0,1,0,2\n1,1,0,9\n')" = 'Each two planes meet in a line, but the three lines are parallel: no point is on all three.' ]
	[ "$(words '0,0,0\n1,1,2\n')" = 'R1 says 0 = 0, which always holds. The solutions are the points of that line.' ]
	[ "$(words '0,0,3\n1,1,2\n')" = 'R1 cannot hold: 0 = a number that is not 0.' ]
	[ "$(words '1,0,0,0,1\n0,1,0,0,1\n')" = 'The two hyperplanes meet in a plane.' ]
}

@test "wrong use is refused" {
	fails 2 '2 columns, of which the last 2 are right sides' solve '1,2\n' -k 2
	fails 2 '-m ridge needs --lambda' solve '1,2\n' -m ridge
	fails 2 "--lambda: '-1' is not a number above 0" solve '1,2\n' -m ridge --lambda -1
	fails 2 "--lambda: '0' is not a number above 0" solve '1,2\n' -m ridge --lambda=0 --exact
	fails 2 '--lambda belongs to -m ridge' solve '1,2\n' --lambda 1
	fails 2 '--digits belongs to --exact' solve '1,2\n' --digits 3
	fails 2 "'1e999' is too large for a double" solve '1,1e999\n' --exact
}

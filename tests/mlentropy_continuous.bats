# mlentropy --continuous: numbers with a density.
load helper

# The values of the line that begins with NAME in what tests/ref/continuous.py found independently.
expected() {
	awk -v name="$1" 'index($0, name " ") == 1 { $0 = substr($0, length(name) + 2); gsub(" ", "\n"); print; n++ } END { exit n != 1 }' \
		"$BATS_TEST_DIRNAME/ref/continuous.expected" || { echo "no single value '$1'"; return 1; }
}

# first OPTIONS...: the first value of each row of a result for USArrests in nats.
first() {
	mlentropy -x state -b e --no-names "$@" "$DATA/usarrests.csv" | cut -d, -f1
}

@test "gaussian: H, joint, MI, TC and conditional entropy of the covariance matrix" {
	near "$(first --continuous gaussian)" "$(expected 'gaussian H')" 1e-13
	near "$(first --continuous gaussian -s joint)" "$(expected 'gaussian joint')" 1e-13
	near "$(first --continuous gaussian -s MI)" "$(expected 'gaussian MI')" 1e-13
	near "$(first --continuous gaussian -s TC)" "$(expected 'gaussian TC')" 1e-13
	near "$(first --continuous gaussian -s conditional -c murder,assault | head -n 1)" \
		"$(expected 'gaussian conditional murder,assault')" 1e-13
}

@test "kl, ksg, ksg2: the values of a program that computes every distance" {
	near "$(first --continuous kl --neighbours 5)" "$(expected 'kl H k=5')" 1e-13
	near "$(first --continuous kl --neighbours 5 --norm max -s joint)" "$(expected 'kl joint k=5 max')" 1e-13
	near "$(first --continuous ksg --neighbours 4 -s MI)" "$(expected 'ksg MI k=4')" 1e-12
	near "$(first --continuous ksg2 --neighbours 4 -s MI)" "$(expected 'ksg2 MI k=4')" 1e-12
	near "$(first --continuous ksg --neighbours 4 -s TC)" "$(expected 'ksg TC k=4')" 1e-12
}

@test "histogram: NumPy's bins under the rules" {
	for rule in sturges fd 6; do
		near "$(first --continuous histogram --bins $rule)" "$(expected "histogram H $rule")" 1e-13
		near "$(first --continuous histogram --bins $rule -s MI)" "$(expected "histogram MI $rule")" 1e-13
	done
	[ "$(first --continuous histogram)" = "$(first --continuous histogram --bins sturges)" ]
}

@test "closed forms: the standard normal has 1.41894 nats, correlation 0.9 tells 0.830366" {
	# two points at +-sqrt(1/2) have mean 0 and variance 1; four points with correlation 0.9 by construction
	near "$(printf '%s\n' 0.7071067811865476 -0.7071067811865476 | mlentropy -N --continuous gaussian -b e --no-names | cut -d, -f1)" \
		1.4189385332046727 1e-14
	near "$(printf '1,0.9\n-1,-0.9\n0,0.4358898943540674\n0,-0.4358898943540674\n' |
		mlentropy -N --continuous gaussian -b e -s MI --no-names | cut -d, -f1)" 0.8303656034108255 1e-14
	# KL of N(0,1) from N(1,4): log 2 + (1 + 1)/8 - 1/2
	near "$(printf '%s\n' 0.7071067811865476,2.414213562373095 -0.7071067811865476,-0.414213562373095 |
		mlentropy -N --continuous gaussian -b e -s KL --no-names | head -n 1 | cut -d, -f1)" 0.4431471805599453 1e-14
}

# 4000 rows of a normal distribution: correlation 0.9, standard deviation 3.
sample() {
	awk 'BEGIN {
		srand(5)
		for (i = 0; i < 4000; i++) {
			r = sqrt(-2 * log(1 - rand())); t = 6.283185307179586 * rand()
			a = r * cos(t); b = r * sin(t)
			printf "%.17g,%.17g\n", 3 * a, 3 * (0.9 * a + 0.4358898943540674 * b)
		}
	}' >"$BATS_TEST_TMPDIR/sample.csv"
}

# within TRUTH FACTOR: is the value on standard input (value,error) within FACTOR standard errors of TRUTH?
within() {
	awk -F, -v truth="$1" -v factor="$2" '{ d = $1 - truth; if (d < 0) d = -d; if (!(NF > 1 && d <= factor * $2)) { print "off: " $0; exit 1 } }'
}

@test "samples: each estimator is within four of its standard errors of the closed form" {
	sample
	for how in "gaussian" "kl" "kl --neighbours 10 --norm max" ksg "histogram --bins scott"; do
		mlentropy -N -b e --no-names --continuous $how "$BATS_TEST_TMPDIR/sample.csv" | within 2.5175508218727822 4
	done
	for how in gaussian kl ksg ksg2; do
		mlentropy -N -b e -s MI --no-names --continuous $how "$BATS_TEST_TMPDIR/sample.csv" | within 0.8303656034108255 4
		mlentropy -N -b e -s joint --no-names --continuous $how "$BATS_TEST_TMPDIR/sample.csv" | within 4.2047360403347 4
	done
}

@test "the bytes do not depend on -j, and the seed alone decides jitter and permutations" {
	sample
	for how in "kl -s H,joint,KL" "ksg -s MI,TC --permutations 19" "ksg2 -s MI,conditional" "histogram -s MI --permutations 19"; do
		mlentropy -N -j 1 --jitter 0.01 --continuous $how "$BATS_TEST_TMPDIR/sample.csv" >"$BATS_TEST_TMPDIR/one"
		mlentropy -N -j 3 --jitter 0.01 --continuous $how "$BATS_TEST_TMPDIR/sample.csv" | cmp - "$BATS_TEST_TMPDIR/one"
	done
	! mlentropy -N -S 2 --jitter 0.01 --continuous kl "$BATS_TEST_TMPDIR/sample.csv" |
		cmp -s - <(mlentropy -N --jitter 0.01 --continuous kl "$BATS_TEST_TMPDIR/sample.csv")
}

@test "another base divides by a logarithm, errors too; -y picks the pairs" {
	nats=$(first --continuous ksg -s MI -c murder,rape)
	near "$(mlentropy --continuous ksg -s MI --no-names -c murder,rape "$DATA/usarrests.csv" | cut -d, -f1)" \
		"$(awk -v x="$nats" 'BEGIN { printf "%.17g", x / log(2) }')" 1e-14
	gives 'first,second
murder,rape
assault,rape' sh -c 'mlentropy --continuous gaussian -s MI -y rape -c murder,assault "$1" | cut -d, -f1,2' - "$DATA/usarrests.csv"
	gives 'of,given
murder,rape
rape,murder' sh -c 'mlentropy --continuous gaussian -s conditional -y rape -c murder "$1" | cut -d, -f1,2' - "$DATA/usarrests.csv"
}

@test "permutations: p of dependent columns is 1/(N + 1), of independent ones it is not" {
	gives 'murder,assault,0.01' sh -c \
		'mlentropy --continuous ksg -s MI --permutations 99 -c murder,assault "$1" | tail -n 1 | cut -d, -f1,2,5' - "$DATA/usarrests.csv"
	p=$(mlentropy --continuous gaussian -s MI --permutations 99 --no-names -c murder,urban_pop "$DATA/usarrests.csv" | cut -d, -f3)
	awk -v p="$p" 'BEGIN { exit !(p > 0.3 && p <= 1) }'
}

@test "repeated numbers: an error with the remedies, and each remedy works" {
	fails 2 'eruptions: 111 of 272 rows, row 1 the first, equal their 3 nearest neighbours' mlentropy --continuous kl "$DATA/faithful.csv"
	fails 2 'jitter auto' mlentropy --continuous ksg -s MI -x species "$DATA/iris.csv"
	fails 2 'jitter auto' mlentropy --continuous ksg -s TC,H -x species "$DATA/iris.csv"
	mlentropy --continuous ksg -s MI --jitter auto -x species "$DATA/iris.csv"
	mlentropy --continuous ksg -s MI --neighbours 8 -x species "$DATA/iris.csv"
	mlentropy --continuous histogram -s MI -x species "$DATA/iris.csv"
	# jitter stays within half a unit of the last digit: 0.1 and 1 here
	near "$(printf '0\n1\n' | mlentropy -N --continuous gaussian --jitter 1e-9 --no-names | cut -d, -f1)" \
		"$(printf '0\n1\n' | mlentropy -N --continuous gaussian --no-names | cut -d, -f1)" 1e-8
}

@test "constant and dependent columns: -inf and inf with a note, no information of a constant" {
	printf 'x,y,c\n1,2,7\n2,4,7\n4,8,7\n7,14,7\n' >"$BATS_TEST_TMPDIR/d.csv"
	gives 'column,H,error
c,-inf,NA' mlentropy --continuous gaussian -c c "$BATS_TEST_TMPDIR/d.csv"
	grep -q 'c is constant or determined by the others' "$BATS_TEST_TMPDIR/err"
	gives 'first,second,MI,error
x,y,inf,NA
x,c,0,0
y,c,0,0' mlentropy --continuous gaussian -s MI "$BATS_TEST_TMPDIR/d.csv"
	grep -q 'y is determined by the others' "$BATS_TEST_TMPDIR/err"
	gives 'joint,error
-inf,NA' mlentropy -q --continuous gaussian -s joint "$BATS_TEST_TMPDIR/d.csv"
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	gives 'p,q,KL,error
x,y,inf,NA
y,x,inf,NA' mlentropy --continuous histogram --bins 4 -s KL -c x,y "$BATS_TEST_TMPDIR/d.csv"
	grep -q 'the divergence of x from y is infinite: a bin of the first is empty in the second' "$BATS_TEST_TMPDIR/err"
	gives 'p,q,KL,error
column1,column2,inf,NA' sh -c 'printf "1e300,1\n2e300,5\n4e300,2\n" | mlentropy -N --continuous gaussian -s KL | head -n 2'
	grep -q 'it is beyond the range of a double' "$BATS_TEST_TMPDIR/err"
	gives '{"name":"H","rows":[{"column":"c","H":null,"error":null}]}' mlentropy -q -f json --continuous gaussian -c c "$BATS_TEST_TMPDIR/d.csv"
}

@test "--steps: the closed forms and histograms written out" {
	printf 'x,y\n1,2\n2,1\n3,4\n4,3\n' >"$BATS_TEST_TMPDIR/s.csv"
	cd "$BATS_TEST_TMPDIR"
	gives 'Entropy of x, taken for normal
  n = 4
  mean of x = 2.5
  variance of x = sum of (x - mean)^2/(n - 1) = 5/3 = 1.66667
  h = log2(2*pi*e*variance)/2 = log2(17.0795*1.66667)/2 = 2.41558 bits' mlentropy --continuous gaussian --steps -c x s.csv
	gives 'Mutual information of x and y, taken for normal
  n = 4
  mean of x = 2.5
  variance of x = sum of (x - mean)^2/(n - 1) = 5/3 = 1.66667
  mean of y = 2.5
  variance of y = sum of (y - mean)^2/(n - 1) = 5/3 = 1.66667
  covariance = sum of (x - mean)*(y - mean)/(n - 1) = 3/3 = 1
  correlation r = covariance/sqrt(variance*variance) = 1/sqrt(1.66667*1.66667) = 0.6
  I = -log(1 - r^2)/2 = -log(0.64)/2 = 0.223144 nats' mlentropy --continuous gaussian --steps -s MI -b e s.csv
	gives 'Joint entropy of x and y, taken for normal
  n = 4
  covariance matrix, divisor (n - 1):
  S =
      1.66667        1
            1  1.66667
  det(S) = 1.77778
  h = (2*log2(2*pi*e) + log2(det(S)))/2 = (2*4.09419 + 0.830075)/2 = 4.50923 bits' mlentropy --continuous gaussian --steps -s joint s.csv
	gives 'Divergence of x from y, by a histogram
  x and y together: 2 bins (as given) from 1 to 4, width 1.5
  bin         p    q  p*log2(p/q)
  [1, 2.5)  2/4  2/4            0
  [2.5, 4]  2/4  2/4            0
  D(p||q) = sum of p*log2(p/q) = 0 bits
Divergence of y from x, by a histogram
  y and x together: 2 bins (as given) from 1 to 4, width 1.5
  bin         p    q  p*log2(p/q)
  [1, 2.5)  2/4  2/4            0
  [2.5, 4]  2/4  2/4            0
  D(p||q) = sum of p*log2(p/q) = 0 bits' mlentropy --continuous histogram --bins 2 --steps -s KL s.csv
	gives 'Entropy of x, by a histogram
  x: 2 bins (as given) from 1 to 4, width 1.5
  bin       count    p  -p*log2(p/w)
  [1, 2.5)      2  2/4      0.792481
  [2.5, 4]      2  2/4      0.792481
  h = sum of -p*log2(p/w) = 1.58496 bits
Mutual information of x and y, by a histogram
  x: 2 bins (as given) from 1 to 4, width 1.5
  y: 2 bins (as given) from 1 to 4, width 1.5
  x         y           p  p_x  p_y  p*log2(p/(p_x*p_y))
  [1, 2.5)  [1, 2.5)  2/4  2/4  2/4                  0.5
  [2.5, 4]  [2.5, 4]  2/4  2/4  2/4                  0.5
  I = sum of p*log2(p/(p_x*p_y)) = 1 bits' sh -c 'mlentropy --continuous histogram --bins 2 --steps -c x s.csv && mlentropy --continuous histogram --bins 2 --steps -s MI s.csv'
	gives 'x: 3 bins (Sturges: log2(n) + 1, rounded up) from 1 to 4, width 1' \
		sh -c 'mlentropy --continuous histogram --steps -c x s.csv | sed -n "s/^  x:/x:/p"'
	fails 2 'take another rule' sh -c 'printf "1\n1\n1\n1\n2\n" | mlentropy -N --continuous histogram --bins fd --steps'
	mlentropy --continuous gaussian --steps -s KL -b 10 s.csv | grep -q '= (1 + 0 - 1 - log(1))/2/2.30259 = 0$'
}

@test "usage: what does not belong together is refused" {
	f=$DATA/usarrests.csv
	fails 2 'is not one of' mlentropy --continuous normal "$f"
	fails 2 '--neighbours belongs to --continuous kl, ksg and ksg2' mlentropy --continuous gaussian --neighbours 3 "$f"
	fails 2 '--norm belongs to --continuous kl' mlentropy --continuous ksg --norm max "$f"
	fails 2 '--raw belongs' mlentropy --continuous histogram --raw "$f"
	fails 2 '--bins belongs to --continuous histogram' mlentropy --continuous kl --bins 3 "$f"
	fails 2 "--bins: 'many' is not" mlentropy --continuous histogram --bins many "$f"
	fails 2 "--bins: '2.5' is not" mlentropy --continuous histogram --bins 2.5 "$f"
	fails 2 "--jitter: '0' is not auto or a width above 0" mlentropy --continuous kl --jitter 0 "$f"
	fails 2 '--permutations belongs to -s MI' mlentropy --continuous kl --permutations 9 "$f"
	fails 2 '-s KL takes gaussian, kl or histogram' mlentropy --continuous ksg -s KL "$f"
	fails 2 '-s gain is of symbols' mlentropy --continuous kl -s gain -y rape "$f"
	fails 2 '--na keep is of symbols' mlentropy --continuous kl --na keep "$f"
	for option in --counts --probabilities --joint-table --exact '-m laplace' '--weights rape'; do
		fails 2 'is of symbols, and --continuous of numbers with a density' mlentropy --continuous kl $option "$f"
	done
	fails 2 'estimates of densities need all rows' mlentropy --continuous kl --partial -N "$f"
	fails 2 'estimates of densities need all rows' mlentropy --continuous kl --merge "$f"
	fails 2 '--steps writes --continuous gaussian and histogram out' mlentropy --continuous kl --steps "$f"
	fails 2 '--steps writes H, joint, MI and KL' mlentropy --continuous gaussian --steps -s TC "$f"
	fails 2 '--steps writes a joint histogram of two columns out, and these are 4' \
		mlentropy --continuous histogram --steps -s joint -x state "$f"
	for option in '--neighbours 3' '--norm max' --raw '--bins 3' '--jitter auto'; do
		fails 2 'belongs to --continuous' mlentropy $option "$f"
	done
	fails 2 "'Alabama' is not a number" mlentropy --continuous kl "$f"
	fails 2 '-s MI needs two columns, and this is one' mlentropy --continuous kl -s MI -c rape "$f"
	fails 2 'take fewer' mlentropy --continuous kl --neighbours 50 -x state "$f"
	fails 2 '1 row: a variance needs more' sh -c 'echo 1 | mlentropy -N --continuous gaussian'
	fails 2 'beyond the range of a double' sh -c 'printf "1e308\n-1e308\n3\n4\n5\n" | mlentropy -N --continuous kl'
	fails 2 'too small to divide by; scale them up' sh -c 'printf "1e-310,1\n2e-310,5\n3e-310,2\n5e-310,3\n" | mlentropy -N --continuous kl -s MI'
	fails 2 '1000000 bins are too many to write out; --steps takes up to 1000' mlentropy --continuous histogram --bins 1000000 --steps -c rape "$f"
	fails 2 "missing value ''; drop such rows with --na drop" sh -c 'printf "1,\n2,3\n" | mlentropy -N --continuous gaussian'
	! grep -q -- '--na mean' "$BATS_TEST_TMPDIR/err"
	fails 2 'another rule or a number of bins' sh -c 'printf "1\n1\n1\n1\n2\n" | mlentropy -N --continuous histogram --bins fd'
}

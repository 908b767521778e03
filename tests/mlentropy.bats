# mlentropy: information in discrete data.
load helper
SAMPLE=$BATS_TEST_DIRNAME/ref/entropy_sample.csv

# expected NAME...: values that tests/ref/entropy.py found independently.
expected() {
	for name; do
		awk -v name="$name" 'index($0, name " ") == 1 { print substr($0, length(name) + 2); n++ } END { exit n != 1 }' \
			"$BATS_TEST_DIRNAME/ref/entropy.expected" || { echo "no single value '$name'"; return 1; }
	done
}

# measures NAME TOLERANCE OPTION...: the values alone are those that NAME has.
measures() {
	local name=$1 tolerance=$2
	shift 2
	near "$(mlentropy -q --no-names "$@" | paste -sd,)" "$(expected "$name" | paste -sd,)" "$tolerance"
}

joint_table() {
	printf '1/8,1/16,1/32,1/32\n1/16,1/8,1/32,1/32\n1/16,1/16,1/16,1/16\n1/4,0,0,0\n'
}

@test "symbols: H, joint and MI of the weather table" {
	near "$(mlentropy -q --no-names "$DATA/weather.csv")" \
		"$(expected 'weather H '{outlook,temperature,humidity,windy,play})" 1e-15
	near "$(mlentropy -q --no-names -s joint -c outlook,play "$DATA/weather.csv")" "$(expected 'weather joint outlook,play')" 1e-15
	near "$(mlentropy -q --no-names -s joint "$DATA/weather.csv")" "$(expected 'weather joint all')" 1e-15
	near "$(mlentropy -q --no-names -s MI -y play "$DATA/weather.csv")" \
		"$(expected 'weather MI '{outlook,temperature,humidity,windy}' play')" 1e-15
	[ "$(mlentropy -H --no-names -s MI -c humidity,windy "$DATA/weather.csv")" = 0 ]
}

@test "gain, split information, gain ratio and Gini of the weather table" {
	for column in outlook temperature humidity windy; do
		measures "weather gain $column" 1e-15 -c "$column,play" -y play -s gain "$DATA/weather.csv"
	done
	gives "column,target,gain,split,ratio,gini
humidity,play,2 - 9/14*log2(3) - 5/14*log2(5),1,2 - 9/14*log2(3) - 5/14*log2(5),9/98" \
		mlentropy -H -c humidity,play -y play -s gain --exact "$DATA/weather.csv"
	fails 2 '-s gain needs to know what to predict: -y COL' mlentropy -s gain "$DATA/weather.csv"
	printf 'a,b\nx,1\nx,2\n' | gives 'column,target,gain,split,ratio,gini
a,b,0,0,NA,0' mlentropy -y b -s gain
}

@test "eight states of 1/2 1/4 1/8 1/16 and four 1/64: 2 bits" {
	printf '1/2\n1/4\n1/8\n1/16\n1/64\n1/64\n1/64\n1/64\n' >"$BATS_TEST_TMPDIR/states.csv"
	gives 2 mlentropy -q --probabilities --no-names "$BATS_TEST_TMPDIR/states.csv"
	gives 2 mlentropy -q --probabilities --no-names --exact "$BATS_TEST_TMPDIR/states.csv"
	printf '32\n16\n8\n4\n1\n1\n1\n1\n' | gives 2 mlentropy --counts --no-names
}

@test "the joint table: marginals 2 and 7/4, joint 27/8, information 3/8, exactly and in doubles" {
	joint_table >"$BATS_TEST_TMPDIR/joint.csv"
	cd "$BATS_TEST_TMPDIR"
	gives "2
7/4" mlentropy -q --joint-table --exact --no-names joint.csv
	gives "2
1.75" mlentropy -q --joint-table --no-names joint.csv
	gives 27/8 mlentropy -q --joint-table --exact --no-names -s joint joint.csv
	gives 3.375 mlentropy -q --joint-table --no-names -s joint joint.csv
	for show in MI TC coinformation; do
		gives 3/8 mlentropy -q --joint-table --exact --no-names -s $show joint.csv
		gives 0.375 mlentropy -q --joint-table --no-names -s $show joint.csv
	done
	gives "13/8
11/8" mlentropy -q --joint-table --exact --no-names -s conditional joint.csv
	gives "3/14,3/16,3/8/sqrt(7/2),1/5,1/9" mlentropy -q --joint-table --exact --no-names -s normalized joint.csv
	near "$(mlentropy -q --joint-table --no-names -s normalized joint.csv)" "$(expected 'joint table normalized')" 1e-15
	gives "4
2^(7/4)" mlentropy -q --joint-table --exact --no-names -s perplexity joint.csv
	gives 0.375000 mlentropy -q --joint-table --exact --digits 6 --no-names -s MI joint.csv
	sed 's/$/,0/' joint.csv | gives 3/8 mlentropy -q --joint-table --exact --no-names -s MI
	printf '4,2,1,1\n2,4,1,1\n2,2,2,2\n8,0,0,0\n' | gives 3/8 mlentropy --joint-table --counts --exact --no-names -s MI
}

@test "KL, JS and cross entropy of two distributions; a q of zero makes KL infinite and a note says why" {
	printf 'p,q\n1/2,3/4\n1/2,1/4\n' >"$BATS_TEST_TMPDIR/pq.csv"
	cd "$BATS_TEST_TMPDIR"
	measures 'halves KL' 1e-15 --probabilities -s KL pq.csv
	measures 'halves JS' 1e-15 --probabilities -s JS pq.csv
	measures 'halves cross' 1e-15 --probabilities -s cross pq.csv
	[ "$(mlentropy -q --probabilities -s KL --no-names -p 10 pq.csv)" = "0.2075187496
0.1887218755" ]
	gives "p,q,KL
p,q,1 - 1/2*log2(3)
q,p,3/4*log2(3) - 1" mlentropy -q --probabilities -s KL --exact pq.csv
	printf 'p,q\n.5,1\n.5,0\n' >zero.csv
	for exact in '' --exact; do
		[ "$(mlentropy --probabilities -s KL --no-names $exact zero.csv 2>err)" = "inf
1" ]
		grep -q "KL of p from q is infinite: '2' has no probability in q and some in p" err
	done
	gives '{"name":"KL","rows":[{"p":"p","q":"q","KL":null},{"p":"q","q":"p","KL":1}]}' mlentropy -q --probabilities -s KL -f json zero.csv
	# of columns of symbols, over the symbols of both
	printf 'a,b\nx,x\nx,y\ny,y\ny,y\n' | gives "p,q,KL
a,b,1 - 1/2*log2(3)
b,a,3/4*log2(3) - 1" mlentropy -H --exact -s KL
}

@test "two clusterings: MI, EMI, AMI, normalized forms, and the exact chance of as much" {
	cd "$BATS_TEST_TMPDIR"
	paste -d, <(fold -w 1 <<<11111122222233333) <(fold -w 1 <<<11112122223133322) >labels.csv
	near "$(mlentropy -N -b e --no-names -s AMI labels.csv)" \
		"$(expected 'clusterings '{'MI nats','EMI nats',AMI} | paste -sd,)" 1e-12
	near "$(mlentropy -N --no-names -s normalized labels.csv | cut -d, -f1-4)" \
		"$(expected 'clusterings NMI '{min,max,geometric,arithmetic} | paste -sd,)" 1e-14
	near "$(mlentropy -N --no-names -s MI --permutations 50000 labels.csv | cut -d, -f2)" "$(expected 'clusterings p')" 0.002
	p=$(mlentropy -N --no-names -s MI --permutations 2000 labels.csv | cut -d, -f2)
	for j in 1 2 5; do
		[ "$(mlentropy -N --no-names -s MI --permutations 2000 -j $j labels.csv | cut -d, -f2)" = "$p" ]
	done
	[ "$(mlentropy -N --no-names -s MI --permutations 2000 -S 2 labels.csv | cut -d, -f2)" != "$p" ]
	[ "$(printf '1,1\n2,2\n3,3\n' | mlentropy -N --no-names -s AMI | cut -d, -f3)" = 1 ]
	printf '1,1\n1,1\n' | gives "0,0,1" mlentropy -N --no-names -s AMI
	printf '1,1\n1,1\n' | gives "1,1,1,1,1" mlentropy -N --no-names -s normalized
	printf '1,1\n1,2\n' | gives "0,0,0,0,0" mlentropy -N --no-names -s normalized
}

@test "estimators agree with the formulas of their papers" {
	for how in plugin miller-madow chao-shen grassberger shrink laplace jeffreys; do
		for show in H joint MI TC coinformation; do
			measures "sample $show $how" 2e-15 -m $how -s $show "$SAMPLE"
		done
	done
	for how in plugin miller-madow chao-shen grassberger; do
		mlentropy --no-names -m $how -s conditional "$SAMPLE" >"$BATS_TEST_TMPDIR/got"
		near "$(paste -sd, "$BATS_TEST_TMPDIR/got")" "$(expected "sample conditional $how")" 2e-15
	done
	for how in shrink laplace jeffreys; do
		for show in KL JS cross; do measures "sample $show $how" 2e-15 -m $how -c x,y -s $show "$SAMPLE"; done
		measures "sample renyi 3 $how" 2e-15 -m $how -s renyi --order 3 "$SAMPLE"
		near "$(mlentropy --no-names -m $how -y z -s gain "$SAMPLE" | cut -d, -f4 | paste -sd,)" "$(expected "sample gini $how")" 2e-15
	done
}

@test "orders and bases: Renyi, Tsallis, perplexity, nats, dits, base 2.5" {
	for order in 0 0.5 2 3; do
		measures "sample renyi ${order/%[0-9]/${order: -1}}$([ ${#order} = 1 ] && echo .0)" 2e-15 -s renyi --order $order "$SAMPLE"
		measures "sample tsallis $order$([ ${#order} = 1 ] && echo .0)" 2e-15 -s tsallis --order $order "$SAMPLE"
	done
	measures 'sample renyi inf' 2e-15 -s renyi --order inf "$SAMPLE"
	measures 'sample H plugin' 2e-15 -s renyi --order 1 "$SAMPLE"
	measures 'sample H base e' 2e-15 -s tsallis --order 1 "$SAMPLE"
	measures 'sample perplexity' 2e-15 -s perplexity "$SAMPLE"
	for base in e 10 2.5; do measures "sample H base $base" 2e-15 -b $base "$SAMPLE"; done
	near "$(mlentropy --no-names -s AMI "$SAMPLE" | cut -d, -f3 | paste -sd,)" "$(expected 'sample AMI '{'x y','x z','y z'} | paste -sd,)" 1e-12
	fails 2 "--base: '1' is not 2, e, 10 or another number above 1" mlentropy -b 1 "$SAMPLE"
	fails 2 "--base: 'x' is not" mlentropy -b x "$SAMPLE"
	fails 2 "--order: '-1' is not a number of at least 0, or inf" mlentropy -s renyi --order -1 "$SAMPLE"
	fails 2 '--order belongs to -s renyi and -s tsallis' mlentropy --order 2 "$SAMPLE"
	fails 2 'the Tsallis entropy would be 0' mlentropy -s tsallis --order inf "$SAMPLE"
}

@test "exact: closed forms in any base, decimals to any place" {
	cd "$BATS_TEST_TMPDIR"
	printf '1/3\n2/3\n' >thirds.csv
	gives 'log2(3) - 2/3' mlentropy -q --probabilities --exact --no-names thirds.csv
	gives 'log(3) - 2/3*log(2)' mlentropy -q --probabilities --exact --no-names -b e thirds.csv
	gives 'log10(3) - 2/3*log10(2)' mlentropy -q --probabilities --exact --no-names -b 10 thirds.csv
	gives '1 - 2/3*log(2)/log(3)' mlentropy -q --probabilities --exact --no-names -b 3 thirds.csv
	printf '.1\n.1\n.1\n.1\n.1\n.1\n.1\n.1\n.1\n.1\n' | gives 1 mlentropy --probabilities --exact --no-names -b 10
	gives "$(expected 'thirds H 50 decimals')" mlentropy -q --probabilities --exact --digits 50 --no-names thirds.csv
	printf 'a\na\nb\n' | gives 'log2(3) - 2/3' mlentropy -N --exact --no-names
	printf '1/3\n2/3\n' | gives '3/2^(2/3)' mlentropy -q --probabilities --exact --no-names -s perplexity
	printf '1/3\n2/3\n' | gives '2*log2(3) - log2(5)' mlentropy -q --probabilities --exact --no-names -s renyi
	printf '1/3\n2/3\n' | gives 'log2(3) - 1' mlentropy -q --probabilities --exact --no-names -s renyi --order inf
	printf '1/3\n2/3\n' | gives 4/9 mlentropy -q --probabilities --exact --no-names -s tsallis
	printf 'x,y,z,w\n0,0,0,1/4\n0,1,1,1/4\n1,0,1,1/4\n1,1,0,1/4\n' >xor.csv
	gives -1 mlentropy -q --weights w --exact --no-names -s coinformation xor.csv
	gives 1 mlentropy -q --weights w --no-names -s TC xor.csv
	# a large prime, a square of one, and a product of two beyond trial division
	printf '1/1000003\n1000002/1000003\n' | mlentropy -q --probabilities --exact --no-names | grep -q '^log2(1000003)'
	printf '1/1000006000009\n1000006000008/1000006000009\n' | mlentropy -q --probabilities --exact --no-names | grep -q '^2\*log2(1000003)'
	fails 2 '--digits belongs to --exact' mlentropy --digits 5 "$SAMPLE"
	fails 2 'others have no closed form' mlentropy --exact -s renyi --order 0.5 "$SAMPLE"
	fails 2 'AMI has no short closed form' mlentropy --exact -s AMI "$SAMPLE"
	fails 2 '--exact measures the frequencies as they are' mlentropy --exact -m shrink "$SAMPLE"
}

@test "exact answers and doubles agree" {
	for show in H joint conditional MI normalized TC coinformation cross JS perplexity renyi tsallis gain; do
		exact=$(mlentropy -q -y y --no-names --exact --digits 16 -s $show "$SAMPLE" | paste -sd,)
		near "$(mlentropy -q -y y --no-names -s $show "$SAMPLE" | paste -sd,)" "$exact" 3e-15
	done
}

@test "probabilities that do not sum to 1 are refused, and how far they are off is said" {
	cd "$BATS_TEST_TMPDIR"
	# half a unit of each digit: .6 and .3 may be .65 and .35
	printf 'p,q\n.5,.6\n.5,.3\n' | mlentropy --probabilities >/dev/null
	printf 'p,q\n.5,.65\n.5,.30\n' >pq.csv
	fails 2 'pq.csv: column 2 (q): the probabilities sum to 0.95, 0.05 below 1 where the written digits allow 0.01; correct them, divide by the sum with --normalize, or say --counts' mlentropy --probabilities pq.csv
	mlentropy --probabilities --normalize pq.csv >normalized
	printf 'p,q\n10,13\n10,6\n' | mlentropy --counts | cmp - normalized
	printf '.333\n.333\n.333\n' >thirds.csv
	near "$(mlentropy --probabilities --no-names thirds.csv)" 1.584962500721156 1e-15
	fails 2 'sum to 999/1000 and not to 1, taken as exact' mlentropy --probabilities --exact thirds.csv
	gives 'log2(3)' mlentropy --probabilities --exact --normalize --no-names thirds.csv
	printf '33.3%%\n33.3%%\n33.4%%\n' | mlentropy -q --probabilities --no-names >/dev/null
	printf '1/3\n1/3\n1/4\n' >off.csv
	fails 2 'the probabilities sum to 0.916666666667, 0.0833333 below 1' mlentropy -q --probabilities off.csv
	printf '25,25\n25,25\n' >counts.csv
	fails 2 'counts.csv: the table: the probabilities sum to 100, 99 above 1' mlentropy --joint-table counts.csv
	gives 0 mlentropy --joint-table --counts --no-names -s MI counts.csv
	fails 2 '--normalize belongs to --probabilities' mlentropy --normalize "$SAMPLE"
}

@test "cells that no distribution has are refused with their place" {
	cd "$BATS_TEST_TMPDIR"
	printf 'p,q\n.5,1.5\n.5,-.5\n' >pq.csv
	fails 2 'pq.csv: column 2 (q), row 2: -0.5 is negative, which no probability can be' mlentropy --probabilities pq.csv
	fails 2 'pq.csv: column 1 (p), row 1: 0.5 is not a count, a whole number; if these are probabilities, say --probabilities' mlentropy --counts pq.csv
	printf '1\n-1\n' >n.csv
	fails 2 'n.csv: column 1 (column1), row 2: -1 is negative, which no count can be' mlentropy --counts n.csv
	printf '1\n9007199254740993\n' | fails 2 'row 2: 9007199254740992 is above 2^53 - 1, the largest count there is' mlentropy --counts
	printf '1\n1e-5000\n' | fails 2 "row 2: '1e-5000' is below the range of doubles" mlentropy --probabilities --normalize --exact
	printf '1\n1e-50000\n' | fails 2 "row 2: '1e-50000' is too long for exact arithmetic" mlentropy --probabilities --normalize --exact
	printf 'a,w\nx,1\ny,1e-5000\n' | fails 2 "column 'w': '1e-5000' is below the range of doubles" mlentropy --weights w --exact
	printf '0,1\n0,1\n' >zero.csv
	fails 2 'zero.csv: column 1 (column1): every cell is 0, which is no distribution' mlentropy --counts zero.csv
	fails 2 "'x' is not a number" sh -c "printf 'p\n1\nx\n' | mlentropy --counts"
	printf '1e308\n1e308\n' | fails 2 '1e308 is above 2^53 - 1' mlentropy --counts
	printf '1e308\n1e308\n' | fails 2 'leaves the range of doubles' mlentropy --probabilities --normalize
	fails 2 '-s MI needs a joint distribution, and these columns are separate ones; if the table is the joint one' mlentropy --counts -s MI zero.csv
	fails 2 '-s KL compares distributions over the same symbols' mlentropy --joint-table --counts -s KL zero.csv
	fails 2 '-y names a column of symbols' mlentropy --counts -y 1 zero.csv
	fails 2 '--na keep takes a missing cell for a symbol' mlentropy --counts --na keep zero.csv
	fails 2 '-m needs counts, and these are probabilities' mlentropy --probabilities -m shrink zero.csv
	fails 2 '--permutations needs counts' mlentropy --joint-table --permutations 9 -s MI zero.csv
	fails 2 'say one of them' mlentropy --counts --probabilities zero.csv
}

@test "options that contradict one another, or have nothing to do" {
	fails 2 '-m chao-shen corrects entropies, and KL is none; shrink, laplace and jeffreys change' mlentropy -m chao-shen -s KL "$SAMPLE"
	fails 2 'AMI adjusts the frequencies as they are; leave out -m' mlentropy -m shrink -s AMI "$SAMPLE"
	fails 2 '--permutations belongs to -s MI and -s gain' mlentropy --permutations 9 "$SAMPLE"
	fails 2 '-s MI is of two columns, and this is one' mlentropy -s MI -c x "$SAMPLE"
	fails 2 '-s KL is of two columns, and this is one' mlentropy -s KL -c x "$SAMPLE"
	fails 2 '--steps does not write AMI out' mlentropy --steps -s AMI "$SAMPLE"
	fails 2 '--steps writes the frequencies as they are; leave out -m' mlentropy --steps -m shrink "$SAMPLE"
	fails 2 'co-information is a sum over all sets of variables: at most 20, and these are 64' mlentropy -x digit -s coinformation "$DATA/digits.csv"
}

@test "missing cells: an error, dropped, or a symbol of their own" {
	cd "$BATS_TEST_TMPDIR"
	printf 'a,b\nx,1\n,1\nNA,2\ny,2\n' >gaps.csv
	fails 2 "gaps.csv:3: column 1 (a): missing value ''; drop such rows with --na drop or take it for a symbol with --na keep" mlentropy gaps.csv
	[ "$(mlentropy --na drop --no-names gaps.csv 2>err)" = "1
1" ]
	grep -q 'gaps.csv: 2 rows dropped: missing cells' err
	gives "a,b,count,probability
x,1,1,0.25
y,2,1,0.25
NA,1,1,0.25
NA,2,1,0.25" mlentropy --na keep -s distribution gaps.csv
	gives "1.5
1" mlentropy --na keep --no-names gaps.csv
	# a symbol of a dropped row is no level: shrink and laplace count the levels
	[ "$(printf 'a,b\nx,1\nz,\ny,2\nx,2\n' | mlentropy -q --na drop -m laplace --no-names)" = "$(printf 'a,b\nx,1\ny,2\nx,2\n' | mlentropy -m laplace --no-names)" ]
	printf 'a\n?\nNA\n?\nb\n' | gives "a,count,probability
NA,1,0.25
b,1,0.25
NA,2,0.5" mlentropy -H --na keep --na-values '?' -s distribution
}

@test "cells are compared as trimmed texts: quotes, blanks, long cells, CRLF, many columns" {
	cd "$BATS_TEST_TMPDIR"
	printf 'a,b\nx, u\n "x",u\n' | fails 2 'a quote inside' mlentropy -H
	printf 'a,b\r\nx, u\r\n"x",u \r\n x ,"u"\r\n' | gives "a,b,count,probability
x,u,3,1" mlentropy -H -s distribution
	printf 'a\n1\n1.0\n01\n' | gives "a,count,probability
01,1,0.3333333333333333
1,1,0.3333333333333333
1.0,1,0.3333333333333333" mlentropy -s distribution
	printf 'a\n10\n9\n-1\nz\nB\n1e1\n' | gives '-1 9 10 1e1 B z' sh -c "mlentropy --no-names -s distribution | cut -d, -f1 | paste -sd' '"
	printf 'a;b\n"x;y";"say ""no"""\n' | gives 'a,b,count,probability
x;y,"say ""no""",1,1' mlentropy -H -d ';' -s distribution
	printf 'a  b\nlong-text-cell 1\nlong-text-cell  2\nother-long-cell 1\n' >space.txt
	gives "a,b,count,probability
long-text-cell,1,1,0.3333333333333333
long-text-cell,2,1,0.3333333333333333
other-long-cell,1,1,0.3333333333333333" mlentropy -d space -s distribution space.txt
	awk 'BEGIN { for (i = 0; i < 300; i++) { for (j = 0; j < 40; j++) printf "%s%d", j ? "," : "", (i * (j + 1)) % 7; print "" } }' >wide.csv
	[ "$(mlentropy -N -s MI wide.csv | wc -l)" -eq 781 ]
	[ "$(mlentropy -N -s MI -y 40 wide.csv | wc -l)" -eq 40 ]
	near "$(mlentropy -N -s MI --no-names wide.csv | sed -n 1p)" "$(mlentropy -N -c 1,2 -s MI --no-names wide.csv)" 1e-15
}

# The counts of a large table, by awk.
@test "a large table: H, joint and MI as awk counts them, the same for any -j, file and pipe" {
	cd "$BATS_TEST_TMPDIR"
	awk 'BEGIN { srand(3); for (i = 0; i < 200000; i++) { a = int(50 * rand() * rand()); b = (a + int(9 * rand())) % 20
		printf "%d,%s,%s\n", a, b % 3 ? b : "level-number-" b, int(400 * rand()) } }' >big.csv
	awk -F, '{ a[$1]++; b[$2]++; both[$1 "," $2]++; all[$0]++ }
		END { for (k in a) ha -= a[k] / NR * log(a[k] / NR); for (k in b) hb -= b[k] / NR * log(b[k] / NR)
			for (k in both) h2 -= both[k] / NR * log(both[k] / NR); for (k in all) h3 -= all[k] / NR * log(all[k] / NR)
			printf "%.15g,%.15g\n", (ha + hb - h2) / log(2), h3 / log(2) }' big.csv >wanted
	mi=$(mlentropy -N -c 1,2 -s MI --no-names big.csv)
	near "$mi,$(mlentropy -N -s joint --no-names big.csv)" "$(cat wanted)" 1e-11
	for j in 1 2 7; do [ "$(mlentropy -N -j $j -c 1,2 -s MI --no-names big.csv)" = "$mi" ]; done
	[ "$(cat big.csv | mlentropy -N -c 1,2 -s MI --no-names)" = "$mi" ]
	[ "$(sort big.csv | mlentropy -N -c 1,2 -s MI --no-names)" = "$mi" ]
	mlentropy -N -j 1 -s H,joint,distribution big.csv | cmp - <(mlentropy -N -j 7 -s H,joint,distribution big.csv)
}

@test "a stream of symbols takes no more memory than its symbols need" {
	[ -r /proc/self/status ] || skip "needs /proc"
	! grep -q __asan_init "$MLBIN/mlentropy" || skip "sanitizers take memory of their own"
	cd "$BATS_TEST_TMPDIR"
	awk 'BEGIN { srand(1); for (i = 0; i < 400000; i++) printf "%d,%d,level %d\n", 50 * rand(), 20 * rand(), 9 * rand() }' >part.csv
	mkfifo fifo
	mlentropy -N -j 2 -s joint,MI <fifo >out &
	pid=$!
	exec 4>fifo
	for i in $(seq 10); do cat part.csv; done >&4
	sleep 0.1
	used=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
	exec 4>&-
	wait $pid
	near "$(sed 1,2d out)" "$(mlentropy -N -s joint,MI part.csv | sed 1,2d)" 1e-12
	echo "$used KiB for $(($(wc -c <part.csv) / 100000)) MB"
	[ "$used" -lt 32768 ]
}

@test "a column of numbers that hardly repeat is pointed out" {
	seq 2000 >"$BATS_TEST_TMPDIR/n.csv"
	mlentropy -N "$BATS_TEST_TMPDIR/n.csv" 2>&1 >/dev/null | grep -q 'n.csv: column1 has 2000 different symbols in 2000 rows, and counts of so few each say little; numbers that hardly repeat are for --continuous'
	[ -z "$(mlentropy -q -N "$BATS_TEST_TMPDIR/n.csv" 2>&1 >/dev/null)" ]
	[ -z "$(seq 2000 | awk '{ print $1 % 200 }' | mlentropy -N 2>&1 >/dev/null)" ]
}

@test "--weights: rows that count for several, or for a probability" {
	cd "$BATS_TEST_TMPDIR"
	printf 'a,b,n\nx,1,2\ny,2,1\nx,2,1\nz,1,0\n' >weighed.csv
	printf 'a,b\nx,1\nx,1\ny,2\nx,2\n' >plain.csv
	gives "$(mlentropy -s H,joint,MI plain.csv)" mlentropy --weights n -s H,joint,MI weighed.csv
	gives "$(mlentropy -y b -s gain,MI --exact plain.csv)" mlentropy --weights n -y b -s gain,MI --exact weighed.csv
	gives "$(mlentropy -m chao-shen plain.csv)" mlentropy --weights n -m chao-shen weighed.csv
	printf 'a,p\nx,0.5\ny,1/2\n' | gives 1 mlentropy --weights p --exact --no-names
	printf 'a,p\nx,0.5\ny,-1\n' | fails 2 "stdin: column 'p': the weight '-1' is negative" mlentropy --weights p
	printf 'a,p\nx,0.5\ny,q\n' | fails 2 "stdin: column 'p': 'q' is not a number, and it is the weights" mlentropy --weights p
	printf 'x,w\na,1e308\nb,1e308\n' | fails 2 "stdin: column 'w': the sum of the weights is beyond the range of doubles" mlentropy -H --weights w
	printf 'x,w\na,1e308\nb,1e308\n' | gives 1 mlentropy -H --weights w --exact --no-names
	printf 'a,p\nx,0\ny,0\n' | fails 2 "stdin: column 'p': every weight is 0" mlentropy --weights p
	printf 'a,p\nx,.5\ny,.5\n' | fails 2 'the weights are not all whole numbers, and -m needs counts' mlentropy --weights p -m shrink
}

@test "--steps: the gain of the weather table, term by term" {
	gives "Before any split
  play     p  -p*log2(p)
  no    5/14     0.53051
  yes   9/14    0.409776
  H(play) = 0.53051 + 0.409776 = 0.940286 bits
Split on windy
  H(play | false) = -2/8*log2(2/8) - 6/8*log2(6/8) = 0.811278
  H(play | true) = -3/6*log2(3/6) - 3/6*log2(3/6) = 1
  H(play | windy) = 8/14*0.811278 + 6/14*1 = 0.892159 bits
  gain = 0.940286 - 0.892159 = 0.048127 bits
  windy     p  -p*log2(p)
  false  8/14    0.461346
  true   6/14    0.523882
  H(windy) = 0.461346 + 0.523882 = 0.985228 bits
  gain ratio = 0.048127/0.985228 = 0.0488486
  Gini(play) = 1 - (5/14)^2 - (9/14)^2 = 0.459184
  decrease of Gini = 0.459184 - 8/14*0.375 - 6/14*0.5 = 0.0306122
  The most is gained by windy: 0.048127 bits." mlentropy -H -c windy,play -s gain -y play --steps "$DATA/weather.csv"
	joint_table | mlentropy -q --joint-table --exact --steps -s MI | grep -qx '  I(row; column) = 0 + 0 + 0 + 0 - 1/16 + 1/8 + 0 + 0 - 1/16 + 0 + 1/16 + 1/16 + 1/4 = 3/8 = 0.375 bits'
	joint_table | mlentropy -q --joint-table --exact --steps -s H | grep -qx '  H(column) = 1/2 + 1/2 + 3/8 + 3/8 = 7/4 = 1.75 bits'
	printf 'p,q\n.5,.75\n.5,.25\n' >"$BATS_TEST_TMPDIR/pq.csv"
	mlentropy --probabilities --steps -s KL "$BATS_TEST_TMPDIR/pq.csv" | grep -qx '  KL(p || q) = -0.292481 + 0.5 = 0.207519 bits'
	mlentropy --probabilities --steps --exact -s JS "$BATS_TEST_TMPDIR/pq.csv" | grep -q ' = 3/2 - 5/8\*log2(5) = 0.0487949 bits$'
	mlentropy --steps --steps-format latex -H -s H -c play "$DATA/weather.csv" | grep -qF '\[H\left(\mathrm{play}\right) = 0.53051 + 0.409776 = 0.940286\ \mathrm{bits}\]'
	for show in H joint conditional MI normalized TC coinformation cross KL JS perplexity renyi tsallis gain; do
		for exact in '' --exact; do
			mlentropy -q -H --steps $exact -c outlook,windy,play -y play -s $show "$DATA/weather.csv" >"$BATS_TEST_TMPDIR/steps"
			[ -s "$BATS_TEST_TMPDIR/steps" ]
		done
	done
	fails 2 '--steps writes tables of at most 1000 cells out' mlentropy --steps -s joint "$DATA/digits.csv"
}

@test "the names of results in a table of values alone, as JSON, aligned" {
	printf 'a\nx\ny\n' | gives 1 mlentropy -H --no-names
	printf 'a\nx\ny\n' | gives '{"name":"H","rows":[{"column":"a","H":1}]}' mlentropy -H -f json
	gives 'first     second  MI
humidity  play    0.151836
windy     play    0.048127' mlentropy -H -f table -s MI -y play -c humidity,windy "$DATA/weather.csv"
}

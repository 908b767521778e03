# --partial and --merge of the iterations: mlkmeans and mlgmm.  What one process prints is the expected value, and that is
# held against scikit-learn in mlkmeans.bats and mlgmm.bats.
load helper
iris=$BATS_TEST_DIRNAME/../examples/data/iris.csv
digits=$BATS_TEST_DIRNAME/../examples/data/digits.csv

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# shards COUNT FILE: FILE without its first line in COUNT parts, in the folder `parts`.
shards() {
	rm -rf parts
	mkdir parts
	sed 1d "$2" >whole
	split -a 4 -n "l/$1" whole parts/
}

# rounds TOOL NAMES COUNT 'OPTIONS OF PARTIAL' 'OPTIONS OF MERGE': from the model m0, over the parts, until --merge says
# that it has converged; what the last one printed is in `merged`, the number of rounds in `rounds`.
rounds() {
	local status=3 tool=$1 names=$2 of_partial=$3 of_merge=$4
	cp m0 model
	rounds=0
	while [ $status -eq 3 ]; do
		rounds=$((rounds + 1))
		[ $rounds -lt 400 ]
		for part in parts/*; do "$tool" -q --names "$names" --partial --model model $of_partial "$part"; done | shuf --random-source="$digits" >states
		status=0
		"$tool" -q --merge --model model --save next $of_merge states >merged || status=$?
		mv next model
	done
	[ $status -eq 0 ]
}

@test "k-means over 1, 8 and 40 shards: the centroids, the inertia and the iterations of one process" {
	names=$(head -n 1 "$digits" | cut -d, -f2-)
	cut -d, -f2- "$digits" >d.csv
	head -n 301 d.csv | mlkmeans -k 10 --restarts 1 --save m0 >/dev/null
	mlkmeans --init m0 -s summary,centroids d.csv >single
	for count in 1 8 40; do
		shards $count d.csv
		rounds mlkmeans "$names" '' '-s summary,centroids'
		near "$(cat merged)" "$(cat single)" 1e-12
		[ "$rounds" = "$(sed -n 3p single | cut -d, -f2)" ]
	done
	# the model kept last labels the rows as the fit did
	mlkmeans --init m0 d.csv | cmp - <(mlkmeans --apply model d.csv)
	# and another round from it changes nothing
	cp model m0
	rounds mlkmeans "$names" '' '-s centroids'
	[ $rounds -eq 1 ]
	near "$(cat merged)" "$(sed -n '/^cluster,/,$p' single)" 1e-14
}

@test "k-means over shards: weights, directions, a tolerance, any number of threads" {
	awk -F, 'BEGIN { OFS = "," } NR == 1 { print $1, $2, $3, $4, "w"; next } { print $1, $2, $3, $4, (NR - 2) % 3 }' "$iris" >w.csv
	names=$(head -n 1 w.csv)
	sed -n '1p;2p;77p;151p' "$iris" | cut -d, -f1-4 >c.csv
	shards 7 w.csv
	mlkmeans -q --init c.csv --save m0 c.csv >/dev/null
	mlkmeans --init c.csv --weights w -s centroids w.csv >single
	rounds mlkmeans "$names" '--weights w' '-s centroids'
	near "$(cat merged)" "$(cat single)" 1e-13
	mlkmeans -q --init c.csv -x w -t 0.01 -s centroids,summary w.csv >single
	rounds mlkmeans "$names" '-q' '-t 0.01 -s centroids,summary'
	[ "$(sed -n '/summary/,$p' merged | cut -d, -f1-3)" = "$(sed -n '/summary/,$p' single | cut -d, -f1-3)" ]
	near "$(sed '/summary/,$d' merged | cut -d, -f4-)" "$(sed '/summary/,$d' single | cut -d, -f4-)" 1e-13
	mlkmeans -q --init c.csv --spherical --save m0 c.csv >/dev/null
	mlkmeans -q --init c.csv --spherical -x w -s centroids,summary w.csv >single
	rounds mlkmeans "$names" '' '-s centroids,summary'
	near "$(cat merged)" "$(cat single)" 1e-12
	for more in '-j 1' '-j 2' '-j 7'; do
		mlkmeans -q -H --partial --model m0 $more w.csv | cmp - <(mlkmeans -q -H --partial --model m0 <w.csv)
	done
}

@test "k-means over shards: emptied clusters get the row that one process gives them" {
	printf 'x,y\n' >p.csv
	awk 'BEGIN { for (i = 0; i < 200; i++) { s = (s * 16807 + 7) % 2147483647; printf "%g,%g\n", s % 97 / 10, int(s / 97) % 89 / 10 + i % 4 * 30 } }' >>p.csv
	# three centroids far from all rows, and two of one place: all become empty
	printf 'x,y\n0,0\n500,1\n-900,3\n0,40\n0,40\n70,-4000\n' >c.csv
	# a kept model of just these centroids
	mlkmeans -q --init c.csv -n 1 --save m p.csv >/dev/null
	{ sed '/^#: centroids/q' m; cat c.csv; printf '\n\n#: end\nmodel\ncomplete\n'; } >m0
	mlkmeans --init c.csv -s centroids,summary p.csv >single 2>err
	grep -q 'a cluster became empty' err
	for count in 1 3 50; do
		shards $count p.csv
		rounds mlkmeans x,y '' '-s centroids,summary'
		near "$(cat merged)" "$(cat single)" 1e-12
	done
	fails 2 'no row can be spared for it' sh -c 'printf "1,1\n1,1\n" | mlkmeans --names x,y --partial --model m0 | mlkmeans --merge --model m0'
}

@test "a total that is lost in sums about centroids far from all rows is missing, not wrong" {
	printf 'x\n0\n' >c.csv
	printf 'x\n99999999\n100000000\n100000001\n100000002\n' >far.csv
	mlkmeans --init c.csv -n 1 --save m0 c.csv >/dev/null
	mlkmeans -H --partial --model m0 far.csv >states
	mlkmeans -q --merge --model m0 --save m1 -s summary states >first || [ $? -eq 3 ]
	[ "$(tail -n 1 first | cut -d, -f6-8)" = NA,NA,NA ]
	mlkmeans -H --partial --model m1 far.csv >states
	mlkmeans -q --merge --model m1 -s summary states >second || [ $? -eq 3 ]
	[ "$(tail -n 1 second | cut -d, -f5-8)" = 5,0,5,0 ]
}

@test "rounds of k-means: identity, other models, damage, wrong use" {
	cut -d, -f1-4 "$iris" >i.csv
	mlkmeans -k 3 -n 1 --restarts 1 --save m0 -s centroids i.csv >/dev/null
	mlkmeans -k 3 --restarts 1 -S 3 --save m1 i.csv >/dev/null
	mlkmeans -H --partial --model m0 i.csv >whole
	for nothing in '' 'sepal_length,sepal_width,petal_length,petal_width\n'; do
		printf "$nothing" | mlkmeans -H --partial --model m0 >none
		[ "$(wc -l <none)" -eq 1 ]
		cmp <(cat none whole none | mlkmeans -q --merge --model m0 || true) <(mlkmeans -q --merge --model m0 whole || true)
	done
	fails 2 'the states are of no rows' mlkmeans --merge --model m0 none
	fails 2 'the input is empty' mlkmeans --merge --model m0 /dev/null
	fails 2 'whole:1: the state was made with another model than that of --model' mlkmeans --merge --model m1 whole
	fails 2 "stdin:2: the state is damaged or cut off" sh -c '{ cat whole; head -c 300 whole; } | mlkmeans --merge --model m0'
	awk -F, 'NR == 1 { print $0 ",w"; next } { print $0 ",1" }' i.csv | mlkmeans -H --weights w --partial --model m0 >weighted
	fails 2 "'weighted' is 1 here and 0 in the states before" sh -c 'cat whole weighted | mlkmeans --merge --model m0'
	fails 2 "column 'petal_width' of the model is missing" sh -c 'cut -d, -f1-3 i.csv | mlkmeans -H --partial --model m0'
	fails 2 'does not guess' mlkmeans --partial --model m0 i.csv
	fails 2 'give --partial the --model' mlkmeans -H --partial i.csv
	fails 2 'give --merge the --model' mlkmeans --merge whole
	fails 2 '--model belongs to a round' mlkmeans -k 3 --model m0 i.csv
	fails 2 '-k has no place there' mlkmeans -H -k 3 --partial --model m0 i.csv
	fails 2 '--tolerance belongs to --merge' mlkmeans -H -t 1 --partial --model m0 i.csv
	fails 2 '--weights belongs to --partial' mlkmeans --weights w --merge --model m0 whole
	fails 2 '--merge has states and no rows' mlkmeans -s labels --merge --model m0 whole
	fails 2 'not a whole model' sh -c 'head -n 20 m0 >cut; mlkmeans -H --partial --model cut i.csv'
	fails 2 'give one of them' mlkmeans --merge --apply m0 --model m0 whole
}

@test "Gaussian mixtures over 1, 8 and 30 shards, every kind of covariance: parameters, likelihood, iterations of one process" {
	cut -d, -f1-4 "$iris" >i.csv
	names=$(head -n 1 i.csv)
	awk 'NR % 3 == 1' i.csv >sample.csv
	for count in 1 8 30; do
		shards $count i.csv
		kinds='full tied diag spherical tied-spherical'
		[ $count -eq 8 ] || kinds='full tied-spherical'
		for kind in $kinds; do
			mlgmm -k 3 --covariance $kind --save m0 sample.csv >/dev/null
			mlgmm --init m0 --trace trace i.csv >single
			rounds mlgmm "$names" '' '-s parameters,summary'
			near "$(sed '1d;/^$/,$d' merged)" "$(cat single)" 1e-10
			[ "$rounds" = "$(sed 1d trace | wc -l)" ]
			# the summary is of the mixture of the last round: the last row of the trace
			near "$(tail -n 1 merged | cut -d, -f6)" "$(tail -n 1 trace | cut -d, -f3)" 1e-11
		done
	done
	# the model kept last is one that scores rows
	near "$(mlgmm --apply model -s labels i.csv)" "$(mlgmm --init m0 -s labels i.csv)" 1e-9
}

@test "Gaussian mixtures over shards: weights, hard, equal weights, fixed covariances, floor, tolerance" {
	awk -F, 'BEGIN { OFS = "," } NR == 1 { print $1, $2, $3, $4, "w"; next } { print $1, $2, $3, $4, (NR - 2) % 3 }' "$iris" >w.csv
	names=$(head -n 1 w.csv)
	cut -d, -f1-4 w.csv | awk 'NR % 4 == 1' >sample.csv
	shards 9 w.csv
	for options in "--weights w::" "--hard::-q" "::--equal-weights" "::--fix-covariance 0.1" "::--floor 0.1" "::-t 1e-3" "--weights w --hard::--covariance diag --equal-weights"; do
		of_partial=${options%%::*} of_merge=${options#*::}
		mlgmm -q -k 3 ${of_partial#--weights w} $of_merge --save m0 sample.csv >/dev/null
		[[ $of_partial = *w* ]] && whole=w.csv || { whole=i.csv; cut -d, -f1-4 w.csv >i.csv; }
		mlgmm -q --init m0 $of_partial $of_merge --trace trace $whole >single
		rounds mlgmm "$names" "$of_partial" "$of_merge -s parameters,summary"
		near "$(sed '1d;/^$/,$d' merged)" "$(cat single)" 1e-10
		[ "$rounds" = "$(sed 1d trace | wc -l)" ]
	done
	for more in '-j 1' '-j 2' '-j 7'; do
		mlgmm -q -H --partial --model m0 $more w.csv | cmp - <(mlgmm -q -H --partial --model m0 <w.csv)
	done
}

@test "rounds of Gaussian mixtures: far from the origin, identity, other models, damage, collapse, wrong use" {
	cut -d, -f1-4 "$iris" >i.csv
	awk -F, 'BEGIN { OFS = "," } NR > 1 { for (j = 1; j <= 4; j++) $j += 1e8 } { print }' i.csv >far.csv
	shards 8 far.csv
	awk 'NR % 3 == 1' far.csv | mlgmm -k 3 --save m0 >/dev/null
	mlgmm --init m0 far.csv >single
	rounds mlgmm a,b,c,d '' '' 2>err || grep -q 'of the model is missing' err
	rounds mlgmm "$(head -n 1 i.csv)" '' ''
	near "$(cut -d, -f2- merged)" "$(cut -d, -f2- single)" 1e-7

	mlgmm -k 2 -n 1 --save m0 i.csv >/dev/null
	mlgmm -q -H --partial --model m0 i.csv >whole
	for nothing in '' 'sepal_length,sepal_width,petal_length,petal_width\n'; do
		printf "$nothing" | mlgmm -H --partial --model m0 >none
		[ "$(wc -l <none)" -eq 1 ]
		cmp <(cat none whole none | mlgmm -q --merge --model m0 || true) <(mlgmm -q --merge --model m0 whole || true)
	done
	fails 2 'the states are of no rows' mlgmm --merge --model m0 none
	mlgmm -k 2 -n 2 --save m1 i.csv >/dev/null
	fails 2 'whole:1: the state was made with another model than that of --model' mlgmm --merge --model m1 whole
	fails 2 'stdin:1: the state is damaged or cut off' sh -c 'head -c 300 whole | mlgmm --merge --model m0'
	mlgmm -q -H --hard --partial --model m0 i.csv >hard
	fails 2 "'hard' is 1 here and 0 in the states before" sh -c 'cat whole hard | mlgmm --merge --model m0'
	fails 2 'this is a state of mlkmeans, not of mlgmm' sh -c 'mlkmeans -k 2 --save k i.csv >/dev/null; mlkmeans -H --partial --model k i.csv | mlgmm --merge --model m0'
	fails 2 'give --partial the --model' mlgmm -H --partial i.csv
	fails 2 '--tolerance belongs to --merge' mlgmm -H -t 1 --partial --model m0 i.csv
	fails 2 '--hard belongs to --partial' mlgmm --hard --merge --model m0 whole
	fails 2 '-k has no place there' mlgmm -H -k 3 --partial --model m0 i.csv
	fails 2 '--merge has states and no rows' mlgmm -s labels --merge --model m0 whole
	# a table without names
	sed 1d i.csv >n.csv
	mlgmm -N -k 2 -n 1 --save m n.csv >/dev/null
	for option in '-q -s parameters' '-q -s summary' '-s sample --draw 3'; do
		cmp <(mlgmm -N --partial --model m n.csv | mlgmm -q --merge --model m $option || true) <(mlgmm -N --partial --model m <n.csv | cat - <(mlgmm -N --partial --model m /dev/null) | mlgmm -q --merge --model m $option || true)
	done
	# rounds that were cut off
	{ mlgmm -N --partial --model m n.csv | mlgmm -q --merge --model m --save m2 >/dev/null; } || [ $? -eq 3 ]
	grep -q '^rounds,1$' m2
	head -n 19 m2 >cut
	fails 2 '2 blocks (parameters, model) in the input where one table is taken' mlgmm -N --partial --model cut n.csv
}

@test "GNU parallel over 8 blocks: k-means and Gaussian mixtures are those of one process, all rows labelled in their order" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	examples=$BATS_TEST_DIRNAME/../examples
	block=$(($(wc -c <"$digits") / 8 + 1))
	head -n 401 "$digits" | mlkmeans -k 10 -x digit --save m0 >/dev/null
	SAMPLE=400 sh "$examples/parallel-kmeans.sh" "$digits" digit 10 $block >labels 2>log
	near "$(grep -v '^mlkmeans: round' log)" "$(mlkmeans -x digit --init m0 -s centroids "$digits")" 1e-13
	mlkmeans -i digit --init m0 "$digits" | cmp - labels
	[ "$(grep -c '^mlkmeans: round .* another round is due' log)" -gt 3 ]
	# lines that end as DOS ends them
	awk '{ printf "%s\r\n", $0 }' "$iris" >dos.csv
	sh "$examples/parallel-kmeans.sh" dos.csv species 3 2000 >labels 2>log
	[ "$(head -n 1 labels)" = "$(head -n 1 "$iris"),cluster" ]

	block=$(($(wc -c <"$iris") / 8 + 1))
	{ head -n 1 "$iris"; sed 1d "$iris" | shuf --random-source="$digits"; } >shuffled.csv
	head -n 61 shuffled.csv | mlgmm -k 3 -x species --save m0 >/dev/null
	SAMPLE=60 sh "$examples/parallel-gmm.sh" shuffled.csv species 3 $block >labels 2>log
	near "$(grep -v '^mlgmm: round' log)" "$(mlgmm -x species --init m0 shuffled.csv)" 1e-10
	near "$(cat labels)" "$(mlgmm -i species --init m0 -s labels shuffled.csv)" 1e-10

	# a process that fails ends the loop with an error, not with a result
	printf 'x,y,id\n1,2,a\n3,oops,b\n' >bad.csv
	! SAMPLE=1 sh "$examples/parallel-kmeans.sh" bad.csv id 1 10 >out 2>log
	[ ! -s out ]
}

@test "the loop of mlparallel(7), copied from the page as it is shown, ends with the centroids of one process" {
	command -v parallel >/dev/null || skip "needs GNU parallel"
	sed 1d "$iris" | cut -d, -f1-4 | shuf --random-source="$digits" >big.csv
	mandoc -T ascii "$BATS_TEST_DIRNAME/../man/mlparallel.7" | col -b | sed -n '/head -n 10000/,/^[[:space:]]*done$/p' |
		sed 's/-n 10000/-n 60/;s/-k 8/-k 3/;s/1G/1k/;s/parallel/& --will-cite/' >loop
	[ "$(wc -l <loop)" -eq 9 ]
	head -n 60 big.csv | mlkmeans -k 3 --save start >/dev/null
	sh -eu loop >out 2>log
	[ "$(grep -c 'another round is due' log)" -gt 1 ]
	near "$(cat centroids)" "$(mlkmeans -N --init start -s centroids big.csv)" 1e-13
}

@test "sums of states that leave the range of a double are an error that names the state, not nan" {
	printf 'x\n0\n1\n' >x.csv
	mlkmeans -q --init x.csv -n 1 --save k x.csv >/dev/null
	echo 1.2e154 | mlkmeans --names x --partial --model k >far
	fails 2 'stdin:2: sums of the rows leave the range of a double' sh -c 'cat far far | mlkmeans --merge --model k'
	printf 'x\n0\n1\n-1\n2\n' | mlgmm -q -k 1 --save g >/dev/null
	echo 5e153 | mlgmm --names x --partial --model g >far
	mlgmm -q --merge --model g far >/dev/null || [ $? -eq 3 ]
	fails 2 'stdin:8: sums of the rows leave the range of a double' sh -c 'for i in 1 2 3 4 5 6 7 8 9; do cat far; done | mlgmm --merge --model g'
}

@test "states of a round that were weighed by different columns are refused" {
	printf 'x,w,v\n1,1,5\n2,1,1\n9,2,7\n10,3,1\n' >wv.csv
	printf 'x\n1\n9\n4\n' >x.csv
	for tool in mlkmeans mlgmm; do
		"$tool" -q -k 1 -n 1 --save m x.csv >/dev/null
		for weights in w v; do "$tool" -q -H --weights $weights --partial --model m wv.csv; done >states
		fails 2 "states:2: 'weights' is v here and w in the states before" "$tool" --merge --model m states
		"$tool" -N -q -k 1 -n 1 --save m <(sed 1d x.csv) >/dev/null
		for weights in 2 3; do sed 1d wv.csv | "$tool" -q -N -c 1 --weights $weights --partial --model m; done >states
		fails 2 "states:2: 'weights' is 3 here and 2 in the states before" "$tool" --merge --model m states
		head -n 1 states >one
		"$tool" -q --merge --model m one >/dev/null || [ $? -eq 3 ]
	done
}

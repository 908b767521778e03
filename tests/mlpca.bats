# mlpca: expected values from tests/ref/tools.py (NumPy) where nothing else is said.
load helper
iris=$BATS_TEST_DIRNAME/../examples/data/iris.csv
pca() { mlpca --no-names -i species "$@" "$iris"; }
column_of() { cut -d, -f"$1" | paste -sd, -; }

@test "iris: variances to 10 digits, their shares" {
	near "$(pca -s variance | column_of 2)" 4.2282417060,0.2426707479,0.0782095000,0.0238350930 1e-10
	near "$(pca -s variance | column_of 3)" 0.92461872320173,0.05306648311706784,0.01710260980792976,0.005212183873275368 1e-11
	[ "$(pca -s variance | column_of 1)" = PC1,PC2,PC3,PC4 ]
	[ "$(pca -s variance | tail -n 1 | cut -d, -f4)" = 1 ]
}

@test "iris: means, components with the sign rule, scores with species carried" {
	near "$(pca -s mean | column_of 2)" 5.84333333333,3.05733333333,3.758,1.19933333333 1e-11
	near "$(pca -s components | column_of 2)" 0.361386591785,-0.0845225140646,0.85667060595,0.358289197152 1e-11
	near "$(pca -s components | column_of 5)" 0.315487192904,-0.319723103666,-0.479838986995,0.753657425264 1e-10
	near "$(pca | sed -n '1p;150p')" "setosa,-2.68412562597,0.319397246585,-0.0279148275894,0.00226243707132
virginica,1.39018886195,-0.282660937991,0.362909648085,-0.15503862823" 1e-11
	gives species,PC1,PC2,PC3,PC4 sh -c "mlpca -i species '$iris' | head -n 1"
	[ "$(pca | wc -l)" -eq 150 ]
}

@test "other data: USArrests and wine by correlation, Old Faithful, digits" {
	near "$(mlpca --no-names -i state --scale -s variance "$DATA/usarrests.csv" | column_of 2)" \
		2.48024157915,0.98976515254,0.356563180581,0.17343008773 1e-11
	near "$(mlpca --no-names -i state --scale -s components "$DATA/usarrests.csv" | column_of 2)" \
		0.535899474938,0.58318363491,0.278190874619,0.543432091446 1e-11
	near "$(mlpca --no-names -x class --scale -s variance "$DATA/wine.csv" | column_of 2 | cut -d, -f1-3)" \
		4.70585025299,2.49697373341,1.44607196971 1e-11
	near "$(mlpca --no-names -s variance "$DATA/faithful.csv" | column_of 2)" 185.881823942,0.244216741621 1e-11
	near "$(mlpca --no-names -x digit -k 3 -s variance "$DATA/digits.csv" | column_of 2)" \
		179.006930098,163.717746882,141.788439092 1e-11
}

@test "--ddof 0, --no-center, --scale" {
	near "$(pca --ddof 0 -s variance | column_of 2)" 4.20005342799,0.241052942942,0.077688103376,0.0236761923536 1e-11
	near "$(pca --no-center -s variance | column_of 2)" 61.8007051699,2.11714306427,0.0803895496974,0.0238427530435 1e-11
	near "$(pca --scale -s variance | column_of 2)" 2.91849781653,0.914030471468,0.146756875571,0.0207148364286 1e-11
	fails 2 "--ddof: '2' is not a whole number from 0 to 1" mlpca --ddof 2 -i species "$iris"
}

@test "--scale --no-center divides by root mean squares over n - ddof; PPCA divides by n" {
	near "$(printf 'a,b\n1,2\n2,5\n3,4\n' | mlpca --scale --no-center --no-names -s mean)" "a,0,2.64575131106459059 b,0,4.74341649025256901" 1e-15
	fails 2 'leave out --ddof 1' mlpca --probabilistic -k 2 --ddof 1 -i species "$iris"
	[ "$(pca --probabilistic -k 2 --ddof 0)" = "$(pca --probabilistic -k 2)" ]
}

@test "-k and --energy choose the number of components" {
	[ "$(pca -k 2 -s variance | wc -l)" -eq 2 ]
	[ "$(pca --energy 0.95 -s variance | wc -l)" -eq 2 ]
	[ "$(pca --energy 0.9 -s variance | wc -l)" -eq 1 ]
	[ "$(pca --energy 1 -s variance | wc -l)" -eq 4 ]
	near "$(pca -k 2 -s variance | column_of 3)" 0.92461872320173,0.05306648311706784 1e-12
	fails 2 '' mlpca -k 2 --energy 0.9 -i species "$iris"
	fails 2 '4' mlpca -k 5 -i species "$iris"
}

@test "reconstruction and t2q" {
	near "$(pca -k 2 -s reconstruction | head -n 1)" setosa,5.08303896713,3.51741393114,1.40321372243,0.21353168782 1e-11
	near "$(pca -k 2 -s t2q | head -n 1)" setosa,2.12428970706,0.000784356220848 1e-9
	near "$(pca -s reconstruction | sed -n 150p)" virginica,5.9,3,5.1,1.8 1e-13
}

@test "whitening: pca and zca" {
	near "$(pca --whiten pca | head -n 1)" setosa,-1.30533786332,0.64836931578,-0.099817156755,0.0146544014005 1e-9
	near "$(pca --whiten zca | head -n 1)" setosa,0.0167002517001,0.51937759804,-1.24529551455,-0.560066975482 1e-9
	gives sepal_length,sepal_width,petal_length,petal_width sh -c "mlpca -x species --whiten zca '$iris' | head -n 1"
}

@test "probabilistic: noise, log-likelihood, W, posterior means" {
	near "$(pca --probabilistic -k 2 -s likelihood)" 0.0506821478648,-404.962780156 1e-10
	near "$(pca --probabilistic -k 2 -s components | column_of 2)" 0.736144689727,-0.172172408455,1.74503850378,0.729835295124 1e-10
	near "$(pca --probabilistic -k 2 | head -n 1)" setosa,-1.30178472633,0.578121195058 1e-10
	fails 2 'add --probabilistic' mlpca -s likelihood -i species "$iris"
	fails 2 '' mlpca --probabilistic -i species "$iris"
}

@test "--save, then --apply: the same bytes on the same rows, and on a part of them those rows' bytes" {
	cd "$BATS_TEST_TMPDIR"
	for options in "" "-k 2" "--scale" "--whiten pca" "--whiten zca" "--probabilistic -k 2" "--no-center"; do
		mlpca $options -i species --save m.csv "$iris" >fit.csv
		mlpca -i species --apply m.csv "$iris" | cmp - fit.csv
		sed -n '1p;50,60p;151p' "$iris" | mlpca -i species --apply m.csv | cmp - <(sed -n '1p;50,60p;151p' fit.csv)
		sed -n '1p;99p' "$iris" | mlpca -i species --apply m.csv -j 1 | cmp - <(sed -n '1p;99p' fit.csv)
		for show in variance,mean components reconstruction t2q; do
			mlpca $options -i species -s $show "$iris" | cmp - <(mlpca -i species -s $show --apply m.csv "$iris")
		done
	done
}

@test "--apply matches columns by name, in any order, and says what is missing or ignored" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x species --save m.csv "$iris" >fit.csv
	awk -F, -v OFS=, '{ print $4, $5, $2, $1, $3 }' "$iris" >turned.csv
	mlpca --apply m.csv turned.csv 2>err | cmp - fit.csv
	grep -q species err
	cut -d, -f1-3 "$iris" >less.csv
	fails 2 petal_width mlpca --apply m.csv less.csv
	sed 1d "$iris" | cut -d, -f1-4 >bare.csv
	mlpca -N --save n.csv bare.csv | cmp - fit.csv
	mlpca -N --apply n.csv bare.csv | cmp - fit.csv
	cut -d, -f1-3 bare.csv >bare3.csv
	fails 2 4 mlpca -N --apply n.csv bare3.csv
}

@test "--inverse: from scores back to the data" {
	cd "$BATS_TEST_TMPDIR"
	for options in "" "--scale" "--whiten pca" "--whiten zca" "--probabilistic -k 3"; do
		mlpca $options -x species --save m.csv "$iris" >scores.csv
		mlpca --inverse --apply m.csv scores.csv >back.csv
		[ "$(head -n 1 back.csv)" = sepal_length,sepal_width,petal_length,petal_width ]
		if [ "$options" = "--probabilistic -k 3" ]; then mlpca -x species -k 3 -s reconstruction "$iris" >want.csv
		else cut -d, -f1-4 "$iris" >want.csv; fi
		near "$(sed 1d back.csv)" "$(sed 1d want.csv)" 1e-12
	done
	fails 2 '--apply FILE' mlpca --inverse "$iris"
}

@test "a damaged or foreign model is refused" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x species --save m.csv "$iris" >/dev/null
	sed 's/^tool,mlpca/tool,mlgmm/' m.csv >a.csv
	fails 2 'a.csv: a model of mlgmm, not of mlpca' mlpca --apply a.csv "$iris"
	sed 's/^version,.*/version,9.9.9/' m.csv >a.csv
	fails 2 'a.csv: a model of version 9.9.9' mlpca --apply a.csv "$iris"
	head -n 20 m.csv >a.csv
	fails 2 'a.csv: ' mlpca --apply a.csv "$iris"
	sed 's/^petal_width,1.19[0-9.]*/petal_width,x/' m.csv >a.csv
	fails 2 "'x' is not a finite number" mlpca --apply a.csv "$iris"
	head -c -8 m.csv >a.csv
	fails 2 'a.csv: not a whole model' mlpca --apply a.csv "$iris"
	sed 's/^\(petal_width,1.19[0-9.]*\),1$/\1,0/' m.csv >a.csv
	fails 2 'the scale of column petal_width must be above 0' mlpca --apply a.csv "$iris"
	sed 's/^PC2,0.24[0-9]*$/PC2,-1/' m.csv >a.csv
	fails 2 'the variance of component 2 must be above 0' mlpca --apply a.csv "$iris"
	sed 's/^components,4/components,3/' m.csv >a.csv
	fails 2 "key 'components'" mlpca --apply a.csv "$iris"
	fails 2 'iris.csv: not a model' mlpca --apply "$iris" "$iris"
	changed() { sed "$1" m.csv >a.csv; ! cmp -s a.csv m.csv && fails 2 "a.csv: not a model that mlpca wrote: $2" mlpca --apply a.csv "$iris"; }
	changed 's/^centered,1/centered,0/' "'centered' is 0, but a mean is not"
	changed 's/^probabilistic,0/probabilistic,1/' "'probabilistic' does not go with"
	changed 's/^noise_variance,0/noise_variance,0.1/' "'probabilistic' is 0, but there is a noise"
	changed 's/^rows,150/rows,1/' '1 rows of 4 columns do not make 4 components'
	changed 's/^total_variance,4.*/total_variance,4/' 'the variances of the components exceed the total'
	changed 's/^PC2,0.24/PC2,5.24/' 'the variance of component 2 is above that of the one before'
	changed 's/^petal_length,0.85/petal_length,0.75/' 'component 1 has length'
	changed 's/^petal_length,\(0.85[0-9]*\),\(-0.17[0-9]*\)/petal_length,\1,0.17337/' 'components 1 and 2 are not orthogonal'
	mlpca --scale -x species --save m.csv "$iris" >/dev/null
	changed 's/^scaled,1/scaled,0/' "'scaled' is 0, but a scale is not 1"
	mlpca --probabilistic -k 2 -x species --save m.csv "$iris" >/dev/null
	changed 's/^whiten,0/whiten,1/' "'probabilistic' does not go with whitening"
	changed 's/^noise_variance,0.05/noise_variance,0.06/' 'component 1 has length'
	fails 2 'No such file' mlpca --apply none.csv "$iris"
	fails 2 'with --apply the model decides' mlpca -k 2 --apply m.csv "$iris"
}

@test "--save is whole or not at all, and a failed fit leaves the old file" {
	mkdir "$BATS_TEST_TMPDIR/d"
	cd "$BATS_TEST_TMPDIR/d"
	echo old >m.csv
	fails 2 "'setosa' is not a number" mlpca --save m.csv "$iris"
	[ "$(cat m.csv)" = old ]
	fails 2 'No space left' mlpca -x species --save /dev/full "$iris"
	fails 2 none/m.csv mlpca -x species --save none/m.csv "$iris"
	mlpca -x species --save m.csv "$iris" >/dev/null
	head -n 1 m.csv | grep -qx '#: model'
	[ "$(ls)" = m.csv ]
}

@test "--save: the model appears only when all was printed" {
	cd "$BATS_TEST_TMPDIR"
	echo old >m.csv
	fails 2 'cannot write to standard output' sh -c "mlpca -x species --save m.csv '$iris' >/dev/full"
	[ "$(cat m.csv)" = old ]
	mlpca -x species -k 1 --save k.csv "$iris" >/dev/null
	printf 'sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n1.7e308,1,1.7e308,1\n' >huge.csv
	fails 2 'row 2: a result is too large for a double' mlpca --apply k.csv huge.csv
	fails 2 'row 2: a result is too large for a double' mlpca --apply k.csv -s t2q huge.csv
	printf 'PC1\n1e308\n' | mlpca --inverse --apply k.csv >back.csv
	printf 'a\n1e10\n3e10\n' | mlpca --scale --save s.csv >/dev/null
	fails 2 'row 1: a result is too large for a double' sh -c "printf 'PC1\n1.7e308\n' | mlpca --inverse --apply s.csv"
	! ls | grep -F csv.
}

@test "--save refuses columns of one name, for --apply could not tell them apart" {
	fails 2 "stdin: two columns are called 'a', and a model finds its columns by name" sh -c "printf 'a,b,a\n1,2,3\n2,5,4\n3,1,1\n' | mlpca --save '$BATS_TEST_TMPDIR/m.csv'"
	[ ! -e "$BATS_TEST_TMPDIR/m.csv" ]
	printf 'a,b,a\n1,2,3\n2,5,4\n3,1,1\n' | mlpca -x 3 --save "$BATS_TEST_TMPDIR/m.csv"
	printf 'a,b,a\n1,2,3\n2,5,4\n3,1,1\n' | mlpca -H --names a,b,c --save "$BATS_TEST_TMPDIR/m.csv"
}

@test "the error for a text column is the one promised" {
	cd "$BATS_TEST_DIRNAME/.."
	fails 2 "mlpca: examples/data/iris.csv:2: column 5 (species): 'setosa' is not a number; leave it out with -x species or carry it with -i species" mlpca examples/data/iris.csv
}

@test "wide, one row, one column, constant columns, duplicates, huge and tiny scales" {
	# two points: all the variance, half the squared distance, on the line between them
	near "$(printf '1,2,3\n4,6,3\n' | mlpca -N --no-names -s variance)" PC1,12.5,1,1 1e-14
	near "$(printf '1,2,3\n4,6,3\n' | mlpca -N --no-names)" "-2.5 2.5" 1e-14
	fails 2 'row' sh -c "printf '1,2,3\n' | mlpca -N"
	near "$(printf '1\n2\n3\n' | mlpca -N --no-names -s variance)" PC1,1,1,1 1e-14
	near "$(printf '1,7\n2,7\n3,7\n' | mlpca -N --no-names -s variance | head -n 1)" PC1,1,1,1 1e-14
	[ "$(printf '1,.1\n2,.1\n3,.1\n' | mlpca -N --no-names -s variance | sed -n 2p)" = PC2,0,0,1 ]
	fails 2 'constant' sh -c "printf 'a,b\n1,7\n2,7\n' | mlpca --scale"
	fails 2 'column column2 is constant: it has no standard deviation to divide by; leave it out with -x column2' sh -c "printf '1,7\n2,7\n' | mlpca --scale"
	near "$(printf '1,7\n2,7\n' | mlpca --scale -x column2 --no-names -s variance)" PC1,1,1,1 1e-15
	[ "$(printf '5,5\n5,5\n5,5\n' | mlpca -N --no-names)" = "$(printf '0,0\n0,0\n0,0')" ]
	fails 2 'too large for a double' sh -c "printf '1e200\n3e200\n' | mlpca -N"
	near "$(printf '1e150,0\n3e150,0\n' | mlpca -N --no-names -s variance | head -n 1 | sed 's/e300//')" PC1,2,1,1 1e-12
	near "$(printf '1e-150\n3e-150\n' | mlpca -N --no-names -s variance | sed 's/e-300//')" PC1,2,1,1 1e-12
	near "$(awk 'BEGIN { for (i = 0; i < 9000; i++) print 1e9 + i % 2 * 2 - 1 }' | mlpca -N --ddof 0 --no-names -s variance)" PC1,1,1,1 1e-13
}

@test "--na mean and drop" {
	near "$(printf 'a,b\n1,2\n,4\n3,6\n' | mlpca -q --no-names --na mean -s mean)" "a,2,1 b,4,1" 1e-15
	near "$(printf 'a,b\n1,2\n,4\n3,6\n5,5\n' | mlpca -q --no-names --na drop -s mean)" "a,3,1 b,4.33333333333333,1" 1e-14
	printf 'a,b\n1,2\n,4\n3,6\n' | mlpca --na mean -s mean 2>&1 >/dev/null | grep -q '1 cell'
	gives "$(printf 'a,b\n1,2\n3/2,4\n2,7\n' | mlpca -q --exact -s mean,variance)" \
		eval "printf 'a,b\n1,2\n,4\n2,7\n' | mlpca -q --exact --na mean -s mean,variance"
}

@test "formats: tsv, json, table, precision, several results as blocks" {
	[ "$(pca -f tsv -s mean -p 3 | head -n 1)" = "$(printf 'sepal_length\t5.84\t1')" ]
	[ "$(mlpca -i species -s mean -p 3 -f json "$iris" | cut -c1-71)" = '{"name":"mean","rows":[{"column":"sepal_length","mean":5.84,"scale":1},' ]
	[ "$(mlpca -i species -s variance -f table "$iris" | sed -n 2p)" = 'PC1        4.22824    0.924619    0.924619' ]
	[ "$(pca -s variance,mean -p 2 | sed -n '1p;6,8p')" = "$(printf '#: variance\n\n\n#: mean')" ]
}

@test "what has no finite answer is refused: variances that vanish, no variance left for the noise" {
	fails 2 'too small for a double' sh -c "printf '1e-200\n3e-200\n' | mlpca -N"
	fails 2 'no variance is left for the noise' sh -c "printf '1,2\n2,4\n3,6\n' | mlpca -N --probabilistic -k 1"
	fails 2 'no variance is left for the noise' sh -c "printf '1,2\n1,2\n1,2\n' | mlpca -N --probabilistic -k 1"
}

# NIST's Statistical Reference Datasets (tests/ref/nist.py made tests/nist from NIST's files).
load helper
NIST=$BATS_TEST_DIRNAME/nist

# compare GOT: lines "set,what,value" against certified.csv.  Prints digits reached and attainable as a table; fails when a
# value is further from what the data rounded to doubles have than LIMIT (relative).
compare() {
	awk -F, -v limit="$2" '
		function lre(a, b) { d = (a - b) / b; d = d < 0 ? -d : d; d = d == 0 ? 15 : -log(d) / log(10); return d > 15 ? 15 : d }
		FNR == NR { if (FNR > 1) { certified[$1, $2] = $3; doubles[$1, $2] = $4; attainable[$1, $2] = $5 } next }
		!(($1, $2) in certified) { print "no certified value for " $0; bad = 1; next }
		{
			printf "# %-9s %-5s reached %4.1f of %4.1f digits\n", $1, $2, lre($3, certified[$1, $2]), attainable[$1, $2]
			d = ($3 - doubles[$1, $2]) / doubles[$1, $2]
			if ($3 == "" || (d < 0 ? -d : d) > limit) { print "off: " $0 " against " doubles[$1, $2]; bad = 1 }
			count++
		}
		END { exit bad || !count }' "$NIST/certified.csv" "$1" >"$BATS_TEST_TMPDIR/table" || { cat "$BATS_TEST_TMPDIR/table"; return 1; }
	cat "$BATS_TEST_TMPDIR/table" >&3
}

# certified GOT: every line agrees with all certified digits; of 15, half a unit of the last is at most 5e-15 of the value.
certified() {
	awk -F, 'FNR == NR { if (FNR > 1) certified[$1, $2] = $3; next }
		{ d = ($3 - certified[$1, $2]) / certified[$1, $2] }
		$3 == "" || (d < 0 ? -d : d) > 5.01e-15 { print $0 " is not " certified[$1, $2]; bad = 1 }
		END { exit bad }' "$NIST/certified.csv" "$1"
}

sets() { cut -d, -f1 "$NIST/certified.csv" | sed 1d | uniq; }

@test "univariate sets: mean and standard deviation to every digit that doubles have" {
	for set in $(sets); do
		grep -q "^$set,mean," "$NIST/certified.csv" || continue
		echo "$set,mean,$(mlpca -H --no-names -s mean "$NIST/$set.csv" | cut -d, -f2)"
		echo "$set,sd,$(mlpca -H --no-names -s variance "$NIST/$set.csv" | awk -F, '{ printf "%.17g", sqrt($2) }')"
	done >"$BATS_TEST_TMPDIR/got"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/got")" -eq 16 ]
	compare "$BATS_TEST_TMPDIR/got" 5e-15
}

@test "univariate sets, --exact: all certified digits of mean and standard deviation" {
	for set in $(sets); do
		grep -q "^$set,mean," "$NIST/certified.csv" || continue
		mlpca -H --exact --scale --digits 40 --no-names -s mean "$NIST/$set.csv" | sed "s/^y,\(.*\),\(.*\)/$set,mean,\1\n$set,sd,\2/"
	done >"$BATS_TEST_TMPDIR/got"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/got")" -eq 16 ]
	certified "$BATS_TEST_TMPDIR/got"
	# what the digits stand for: the variance of NumAcc3 is exactly 1/100, far beyond the digits that doubles keep
	[ "$(mlpca -H --exact --no-names -s variance "$NIST/NumAcc3.csv")" = PC1,1/100,1,1 ]
}

@test "linear regression sets: every coefficient to the digits that doubles have, Filip's too" {
	for set in $(sets); do
		grep -q "^$set,B1," "$NIST/certified.csv" || continue
		mlsolve -m least-squares --no-names "$NIST/$set.csv" | sed "s/^/$set,/"
	done >"$BATS_TEST_TMPDIR/got"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/got")" -eq 55 ]
	compare "$BATS_TEST_TMPDIR/got" 5e-15
}

@test "linear regression sets, --exact: all certified digits" {
	for set in $(sets); do
		grep -q "^$set,B1," "$NIST/certified.csv" || continue
		mlsolve -m least-squares --exact --digits 40 --no-names "$NIST/$set.csv" | sed "s/^/$set,/"
	done >"$BATS_TEST_TMPDIR/got"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/got")" -eq 55 ]
	certified "$BATS_TEST_TMPDIR/got"
}

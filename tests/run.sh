#!/bin/sh
# run.sh BIN OUT: run the unit tests in OUT/unit and every bats file; the last line says how many passed.
bin=$(cd "$1" && pwd) out=$2
cd "$(dirname "$0")/.." || exit 2
PATH=$bin:$PATH MLBIN=$bin
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export PATH MLBIN ASAN_OPTIONS UBSAN_OPTIONS
log=$out/check.log
: >"$log"
for unit in "$out"/unit/test_*; do
	[ -x "$unit" ] || continue
	echo "# ${unit##*/}" | tee -a "$log"
	"$unit" >"$log.unit" 2>&1
	status=$?
	cat "$log.unit" >>"$log"
	grep -v '^ok' "$log.unit"
	# a program that died says nothing more: count that as one failure
	if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.unit"; then
		echo "not ok - ${unit##*/} ended with status $status" | tee -a "$log"
	fi
done
for suite in tests/*.bats; do
	echo "# $suite" | tee -a "$log"
	bats --tap "$suite" >"$log.suite" 2>&1
	status=$?
	cat "$log.suite" >>"$log"
	grep -v '^ok' "$log.suite"
	if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.suite"; then
		echo "not ok - $suite ended with status $status" | tee -a "$log"
	fi
done
rm -f "$log.unit" "$log.suite"
awk '/^ok/ { if (/# skip/) skipped++; else passed++ }
	/^not ok/ { failed++ }
	END {
		printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
		exit failed > 0 || passed == 0
	}' "$log"

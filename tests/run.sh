#!/bin/sh
# run.sh BIN OUT: run the unit tests in OUT/unit, every bats file and, where FAULTS is set, the forced failures, and where
# VALGRIND is a folder of plain tools, those under valgrind; the last line says how many passed.
bin=$(cd "$1" && pwd) out=$2
cd "$(dirname "$0")/.." || exit 2
PATH=$bin:$PATH MLBIN=$bin
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export PATH MLBIN ASAN_OPTIONS UBSAN_OPTIONS
log=$out/check.log
: >"$log"

# suite NAME COMMAND...: run a program that prints TAP; what is not "ok" is shown.
suite() {
	echo "# $1" | tee -a "$log"
	name=$1
	shift
	"$@" >"$log.suite" 2>&1
	status=$?
	cat "$log.suite" >>"$log"
	grep -v '^ok' "$log.suite"
	# a program that died says nothing more: count that as one failure
	if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.suite"; then
		echo "not ok - $name ended with status $status" | tee -a "$log"
	fi
}

for unit in "$out"/unit/test_*; do
	[ -x "$unit" ] && suite "${unit##*/}" "$unit"
done
for bats in tests/*.bats; do
	suite "$bats" bats --tap "$bats"
done
if [ "${FAULTS:-}" ]; then suite 'forced failures' "$out/fault/run" tests/fault/cases "$out/fault/bin" examples/data; fi
if [ "${VALGRIND:-}" ]; then suite valgrind sh tests/valgrind.sh "$VALGRIND"; fi
rm -f "$log.suite"
awk '/^ok/ { if (/# skip/) skipped++; else passed++ }
	/^not ok/ { failed++ }
	END {
		printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
		exit failed > 0 || passed == 0
	}' "$log"

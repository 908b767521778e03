#!/bin/sh
# run.sh BIN [TOOL...]: run each line of `cases` for the tools in BIN (built by `make faults`) with every single call
# of every group failing in turn, and again with that call and all after it failing.  A run must end with status 2 and
# one clear message, with nothing on standard output but a beginning of what is printed otherwise, leave no
# half-written file, lose no memory (LeakSanitizer), and neither crash nor hang; or not mind, and print the same.
bin=$(cd "$1" && pwd) || exit 2
shift
only=" $* "
cd "$(dirname "$0")" || exit 2
space=$(mktemp -d) || exit 2
trap 'rm -rf "$space"' EXIT
data=$(cd ../../examples/data && pwd)
PATH=$bin:$PATH
export LSAN_OPTIONS=exitcode=99:print_suppressions=0 ASAN_OPTIONS=exitcode=99:allocator_may_return_null=1 data space
passed=0 failed=0

# run COMMAND: standard output in $space/out, errors in $space/err, the status returned.
run() {
	rm -f "$space/saved"
	(cd "$space" && timeout 20 sh -c "$1" >"$space/out" 2>"$space/err" </dev/null)
}

# is_beginning: is `out` the first lines of `good`?
is_beginning() {
	head -c "$(wc -c <"$space/out")" "$space/good" | cmp -s - "$space/out"
}

# complaint STATUS: what is wrong with the run, or nothing.
complaint() {
	case $1 in
	2) ;;
	"$good_status")
		cmp -s "$space/out" "$space/good" || echo "another result"
		return
		;;
	*)
		echo "status $1"
		return
		;;
	esac
	grep -q "^ml[a-z]*: ." "$space/err" || echo "no message"
	is_beginning || echo "other output"
	[ ! -e "$space/saved" ] || cmp -s "$space/saved" "$space/saved.good" || echo "a half-written file"
	[ "$(find "$space" -name '*saved*' ! -name saved.good ! -name saved | wc -l)" -eq 0 ] || echo "a file left behind"
}

# try GROUP:N COMMAND
try() {
	FAULT=$1
	export FAULT
	run "$2"
	why=$(complaint $?)
	unset FAULT
	if [ -n "$why" ]; then
		failed=$((failed + 1))
		printf '%s\n' "FAULT=$1 $2"
		echo "# $why" && sed 's/^/# /' "$space/err" | head -n 12
	fi
}

while IFS= read -r command; do
	case $command in
	'' | '#'*) continue ;;
	esac
	tool=ml${command#*ml} tool=${tool%% *}
	[ "$only" = "  " ] || case $only in *" $tool "*) ;; *) continue ;; esac
	[ -x "$bin/$tool" ] || continue
	before=$failed
	export FAULT_COUNT="$space/count"
	run "$command"
	good_status=$?
	unset FAULT_COUNT
	cp "$space/out" "$space/good"
	if [ -e "$space/saved" ]; then mv "$space/saved" "$space/saved.good"; else rm -f "$space/saved.good"; fi
	case $good_status in
	0 | 1 | 3) ;;
	*)
		printf '%s\n' "not ok - $command"
		sed 's/^/# /' "$space/err"
		failed=$((failed + 1))
		continue
		;;
	esac
	while read -r group calls; do
		n=1
		while [ $n -le "$calls" ]; do
			try "$group:$n" "$command"
			[ "$group" = file ] || try "$group:$n+" "$command"
			n=$((n + 1))
		done
	done <"$space/count"
	if [ $failed -eq $before ]; then
		printf '%s\n' "ok - every call of: $command ($(awk '{ printf("%s%s %s", NR == 1 ? "" : ", ", $1, $2) }' "$space/count"))"
		passed=$((passed + 1))
	else
		printf '%s\n' "not ok - $command"
	fi
done <cases
[ $failed -eq 0 ] && [ $passed -gt 0 ]

#!/bin/sh
# valgrind.sh BIN: run each line of tests/fault/cases with every tool under valgrind's memcheck, which sees the use of
# what was never set, as the sanitizers do not.  TAP; not ok where it finds something, or the status differs from that of
# the plain tool.  (Results may differ in the last digit, because OpenBLAS takes other kernels on the processor that
# valgrind plays; the whole suite this way would take hours.)
bin=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")/fault" || exit 2
command -v valgrind >/dev/null || { printf 'ok 1 - valgrind # skip valgrind is missing: make setup-fuzz\n1..1\n'; exit; }
space=$(mktemp -d) || exit 2
trap 'rm -rf "$space"' EXIT
data=$(cd ../../examples/data && pwd) count=0 bad=0
export data space

mkdir "$space/bin" "$space/plain" "$space/checked"
for tool in "$bin"/ml*; do
	case $tool in *.c) continue ;; esac
	cat >"$space/bin/${tool##*/}" <<-END
		#!/bin/sh
		exec valgrind -q --leak-check=full --show-leak-kinds=definite --log-file="$space/log.%p" "$tool" "\$@"
	END
	chmod +x "$space/bin/${tool##*/}"
done

# run FOLDER PATH COMMAND: its status in FOLDER.status.
run() {
	(cd "$space/$1" && PATH=$2:$PATH && timeout 600 sh -c "$3" </dev/null >/dev/null 2>&1; echo $? >"$space/$1.status")
}

while read -r line; do
	case $line in '' | '#'*) continue ;; esac
	count=$((count + 1))
	rm -f "$space"/log.*
	run plain "$bin" "$line"
	run checked "$space/bin" "$line"
	if [ -n "$(cat "$space"/log.*)" ] || ! cmp -s "$space/plain.status" "$space/checked.status"; then
		bad=$((bad + 1))
		printf 'not ok %d - valgrind: %s\n' $count "$line"
		cat "$space"/*.status "$space"/log.* | head -n 40 | sed 's/^/# /'
	else
		printf 'ok %d - valgrind: %s\n' $count "$line"
	fi
done <cases
echo "1..$count"
[ $bad -eq 0 ]

#!/bin/sh
# lint.sh BIN OUT: what a compiler does not see.  Formatting; arrows between the layers; what the objects of
# the pure layers call; generated files; man pages; shell scripts.  Prints each finding; 1 if there is one.
bin=$1 out=$2 bad=0
cd "$(dirname "$0")/.." || exit 2
found() {
	echo "lint: $*"
	bad=1
}

for needed in clang-format mandoc shellcheck; do
	command -v $needed >/dev/null || found "$needed is missing: make setup-lint"
done

find bin lib tests -name '*.[ch]' ! -name powers.c -exec clang-format --dry-run -Werror {} + || found "clang-format -i those files"

# An include may stay in its layer or point down.
allowed() {
	case $1/$2 in
	base/base | table/table | table/base | math/math | math/base | ml/ml | ml/math | ml/base) return 0 ;;
	esac
	return 1
}
for layer in base table math ml; do
	for target in base table math ml tool; do
		allowed $layer $target && continue
		hits=$(grep -ln "#include \"$target/" lib/$layer/*.[ch] 2>/dev/null)
		[ -z "$hits" ] || found "lib/$layer must not include $target/: $hits"
	done
done

# base, math and ml never print, exit, open a file or read the environment.
forbidden='^(v?f?printf|__v?f?printf_chk|f?puts|putc|putchar|fputc|fwrite|perror|stdout|stderr|stdin|_?exit|abort|fopen|fdopen|open|openat|read|write|getenv|secure_getenv)(64)?$'
for object in "$out"/lib/base/*.o "$out"/lib/math/*.o "$out"/lib/ml/*.o; do
	calls=$(nm -u "$object" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -E "$forbidden")
	[ -z "$calls" ] || found "$object calls $calls"
done

for page in man/*.[0-9]; do
	mandoc -T lint -W warning "$page" || found "$page"
done
for tool in bin/*.c; do
	tool=${tool#bin/} tool=${tool%.c}
	sh man/update.sh "$bin" "man/$tool.1" | cmp -s - "man/$tool.1" || found "man/$tool.1: run make man"
done

find . -path ./.build -prune -o \( -name '*.sh' -o -path './.ci/*' \) -type f -exec shellcheck {} + || found "shell scripts"

python=$(command -v /usr/bin/python3 || command -v python3)
if [ -n "$python" ]; then
	$python tests/ref/powers.py | cmp -s - lib/base/powers.c || found "lib/base/powers.c is not what tests/ref/powers.py makes"
fi
[ $bad -eq 0 ] && echo "lint: nothing found"
exit $bad

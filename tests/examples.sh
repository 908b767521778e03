#!/bin/sh
# examples.sh DOCUMENT: run each example of a man page or of a Markdown file and compare what it prints.
# An example is a line "$ command" in a literal block (.Bd -literal or ```console); the lines below it, up to
# the next "$ " or the end of the block, are what it prints on standard output and standard error; a last
# line "..." stands for the rest.
# Examples run in the current directory; 1 if one differs.
document=$1
space=$(mktemp -d) || exit 2
trap 'rm -rf "$space"' EXIT
case $document in
*.md) open='^```console' close='^```' ;;
*) open='^\.Bd -literal' close='^\.Ed' ;;
esac
awk -v space="$space" -v open="$open" -v close_="$close" '
	function literal(line) {
		gsub(/\\&/, "", line)
		gsub(/\\-/, "-", line)
		gsub(/\\e/, "\\", line)
		return line
	}
	$0 ~ open { inside = 1; n = n; next }
	$0 ~ close_ { inside = 0; file = "" }
	inside && /^\$ / {
		file = sprintf("%s/%03d", space, ++n)
		print substr(literal($0), 3) > (file ".sh")
		printf "" > (file ".expected")
		next
	}
	inside && file != "" { print literal($0) > (file ".expected") }
' "$document"
bad=0 count=0
for example in "$space"/*.sh; do
	[ -e "$example" ] || break
	base=${example%.sh} count=$((count + 1))
	sh "$example" >"$base.got" 2>&1 </dev/null
	if [ "$(tail -n 1 "$base.expected")" = ... ]; then
		lines=$(($(wc -l <"$base.expected") - 1))
		sed '$d' "$base.expected" >"$base.wanted"
		head -n $lines "$base.got" >"$base.head"
		mv "$base.wanted" "$base.expected"
		mv "$base.head" "$base.got"
	fi
	if ! diff -u "$base.expected" "$base.got" >"$base.diff"; then
		echo "$document: $(cat "$example")"
		cat "$base.diff"
		bad=1
	fi
done
[ $count -gt 0 ] || { echo "$document: no examples"; bad=1; }
exit $bad

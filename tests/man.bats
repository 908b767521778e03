# The documents: valid, complete, true.
load helper
ROOT=$BATS_TEST_DIRNAME/..

@test "every tool has a page, and its OPTIONS block is what the tool's table says" {
	for tool in $(tools); do
		sh "$ROOT/man/update.sh" "$MLBIN" "$ROOT/man/$tool.1" | diff - "$ROOT/man/$tool.1"
	done
}

@test "the pages are clean mdoc with EXIT STATUS and EXAMPLES" {
	for page in "$ROOT"/man/*.[0-9]; do
		mandoc -T lint -W warning "$page"
		grep -q '^\.Sh EXAMPLES' "$page"
	done
	for page in "$ROOT"/man/*.1; do grep -q '^\.Sh EXIT STATUS' "$page"; done
}

@test "every example of the pages prints what the page says" {
	cp "$DATA"/*.csv "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	for page in "$ROOT"/man/*.[0-9]; do sh "$ROOT/tests/examples.sh" "$page"; done
}

@test "every example of README.md prints what it says" {
	cd "$BATS_TEST_TMPDIR"
	mkdir .build
	ln -s "$MLBIN" bin
	ln -s "$(cd "$ROOT" && pwd)/examples" examples
	sh "$ROOT/tests/examples.sh" "$ROOT/README.md"
}

@test "the demo runs and shows the variances of iris" {
	sh "$ROOT/examples/demo.sh" >"$BATS_TEST_TMPDIR/demo"
	grep -q '^PC1  *4.22824 ' "$BATS_TEST_TMPDIR/demo"
	grep -q 'Try next' "$BATS_TEST_TMPDIR/demo"
}

@test "install puts tools, pages and completions under DESTDIR, and uninstall takes them away" {
	make -s -C "$ROOT" install DESTDIR="$BATS_TEST_TMPDIR/d" PREFIX=/usr
	for tool in $(tools); do
		[ -x "$BATS_TEST_TMPDIR/d/usr/bin/$tool" ]
		[ -s "$BATS_TEST_TMPDIR/d/usr/share/man/man1/$tool.1" ]
		[ -s "$BATS_TEST_TMPDIR/d/usr/share/bash-completion/completions/$tool" ]
	done
	make -s -C "$ROOT" uninstall DESTDIR="$BATS_TEST_TMPDIR/d" PREFIX=/usr
	[ -z "$(find "$BATS_TEST_TMPDIR/d" -type f)" ]
}

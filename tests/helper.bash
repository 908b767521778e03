# helper.bash: what the suites share.  Tools are found in $MLBIN (set by run.sh) or bin/.
MLBIN=${MLBIN:-$BATS_TEST_DIRNAME/../bin}
PATH=$MLBIN:$PATH
DATA=$BATS_TEST_DIRNAME/../examples/data

tools() {
	for main in "$BATS_TEST_DIRNAME"/../bin/*.c; do
		main=${main##*/}
		echo "${main%.c}"
	done
}

# The tools that read a table.
readers() {
	for name in $(tools); do
		"$name" --help | grep -q '\[FILE\]' && echo "$name"
	done
}

# Of these, the ones that take every column for numbers (the others compare cells as text).
numeric_readers() {
	readers | grep -vx mlentropy
}

# The options that a reader cannot run without: common.bats gives them to it.
needs() {
	case $1 in
	mlkmeans | mlgmm) echo -k 1 ;;
	mlsolve) echo -m least-squares ;;
	esac
}

# Each number of GOT within TOLERANCE (relative, absolute below 1) of that of EXPECTED; commas and blanks separate.
near() {
	awk -v got="$1" -v expected="$2" -v tolerance="$3" 'BEGIN {
		n = split(got, g, /[ ,\n]+/)
		if (n != split(expected, e, /[ ,\n]+/)) { print "got " n " fields: " got; exit 1 }
		for (i = 1; i <= n; i++) {
			if (e[i] !~ /^[-+]?[0-9.]/) { if (g[i] != e[i]) { print g[i] " is not " e[i]; exit 1 }; continue }
			d = g[i] - e[i]; size = e[i] < 0 ? -e[i] : +e[i]
			if (d < 0) d = -d
			if (g[i] !~ /^-?[0-9.]+(e-?[0-9]+)?$/ || d > tolerance * (size > 1 ? size : 1)) {
				print g[i] " is not near " e[i]; exit 1
			}
		}
	}'
}

# fails STATUS PATTERN COMMAND...: exits with STATUS, nothing on stdout, PATTERN (fixed text) on stderr.
fails() {
	local want=$1 pattern=$2 got=0
	shift 2
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
	[ "$got" -eq "$want" ] || { echo "exit $got, not $want: $*"; cat "$BATS_TEST_TMPDIR/err"; return 1; }
	[ ! -s "$BATS_TEST_TMPDIR/out" ] || { echo "on stdout: $(head -c 200 "$BATS_TEST_TMPDIR/out")"; return 1; }
	grep -qF -e "$pattern" "$BATS_TEST_TMPDIR/err" || { echo "no '$pattern' in:"; cat "$BATS_TEST_TMPDIR/err"; return 1; }
}

# gives EXPECTED COMMAND...: exits 0 and prints just EXPECTED.
gives() {
	local expected=$1 got
	shift
	got=$("$@" 2>"$BATS_TEST_TMPDIR/err") || { echo "exit $?: $*"; cat "$BATS_TEST_TMPDIR/err"; return 1; }
	[ "$got" = "$expected" ] || { printf 'got\n%s\nexpected\n%s\n' "$got" "$expected"; return 1; }
}

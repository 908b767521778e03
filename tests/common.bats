# Every tool, the same behaviour (man/mltools.7).
load helper

# each_of "TOOLS" COMMAND...: COMMAND for each of them, as $tool; one that fails is named, with what it said.
each_of() {
	list=$1
	shift
	for tool in $list; do "$@" || { echo "$tool"; cat "$BATS_TEST_TMPDIR/err" 2>/dev/null; return 1; }; done
}
each() { each_of "$(tools)" "$@"; }
each_numeric() { each_of "$(numeric_readers)" "$@"; }
each_reader() { each_of "$(readers)" "$@"; }

help_is_whole() {
	"$tool" --help >"$BATS_TEST_TMPDIR/help" 2>"$BATS_TEST_TMPDIR/err" || return 1
	[ ! -s "$BATS_TEST_TMPDIR/err" ] || return 1
	head -n 1 "$BATS_TEST_TMPDIR/help" | grep -q "^$tool - " || return 1
	grep -q '^examples:' "$BATS_TEST_TMPDIR/help" && "$tool" -h | cmp - "$BATS_TEST_TMPDIR/help" || return 1
	[ "$(awk 'length > 100' "$BATS_TEST_TMPDIR/help")" = "" ]
}
@test "--help prints examples and options on stdout and exits 0" { each help_is_whole; }

version_is_one() { gives "$tool (mltools) 0.1.0" "$tool" --version && gives "$tool (mltools) 0.1.0" "$tool" -V; }
@test "--version names the tool, the toolkit and the version" { each version_is_one; }

full_help() { fails 2 'No space left on device' sh -c "$tool --help >/dev/full"; }
@test "--help on a full disk is an error" { each full_help; }

unknown() {
	fails 2 "unknown option '--versoin'; did you mean '--version'?" "$tool" --versoin &&
		fails 2 "unknown option '--zzzzzzzz'" "$tool" --zzzzzzzz && fails 2 "unknown option '-Z'" "$tool" -Z
}
@test "an unknown option is refused, with the nearest" { each unknown; }

abbreviated() { fails 2 "unknown option '--vers'" "$tool" --vers && fails 2 "unknown option '--qui'" "$tool" --qui; }
@test "an abbreviated long option is refused" { each abbreviated; }

arguments() {
	fails 2 '--precision needs an argument: N' "$tool" --precision &&
		fails 2 '--quiet takes no argument' "$tool" --quiet=1 &&
		fails 2 "--precision: '18' is not a whole number from 1 to 17" "$tool" -p 18 &&
		fails 2 "--precision: '2.5' is not a whole number" "$tool" --precision=2.5 &&
		fails 2 "--jobs: '0' is not a whole number from 1 to 1024" "$tool" -j 0 &&
		fails 2 "--format: 'xml' is not one of auto, csv, tsv, json, table" "$tool" -f xml &&
		fails 2 "--show: there is no result 'nothing'" "$tool" -s nothing &&
		fails 2 "--delimiter: '3' is not a cell separator" "$tool" -d 3
}
contradictions() {
	fails 2 'give one of them' "$tool" -H -N "$DATA/iris.csv" &&
		show=$("$tool" --help | sed -n '/^results/,/^$/s/^  *\([A-Za-z0-9]*\) .*/\1/p' | head -n 1) && [ -n "$show" ] &&
		fails 2 "--show: '$show' stands twice" "$tool" -s "$show,$show" "$DATA/iris.csv"
}
@test "-H with -N, and a result asked for twice, are refused" { each_reader contradictions; }

@test "option arguments are checked" { each_reader arguments; }

@test "letters keep their meaning across tools" {
	for tool in $(tools); do
		"$tool" --generate mdoc | sed -n 's/^\.It Fl \(.\) , Fl \\-\([a-z-]*\).*/\1 \2/p'
	done | sort -u | awk '{ if (seen[$1]++) { print "-" $1 " has two meanings"; bad = 1 } } END { exit bad || NR < 10 }'
}

completes() {
	"$tool" --generate bash >"$BATS_TEST_TMPDIR/c.bash" && bash -n "$BATS_TEST_TMPDIR/c.bash" || return 1
	bash -c ". '$BATS_TEST_TMPDIR/c.bash'; COMP_WORDS=($tool --form); COMP_CWORD=1; _$tool; echo \${COMPREPLY[0]}" |
		grep -qx -- --format &&
		bash -c ". '$BATS_TEST_TMPDIR/c.bash'; COMP_WORDS=($tool -f js); COMP_CWORD=2; _$tool; echo \${COMPREPLY[0]}" |
		grep -qx json &&
		"$tool" --generate zsh | head -n 1 | grep -qx "#compdef $tool"
}
@test "bash completions are valid and complete options and values" { each_reader completes; }

bad_input() { # TEXT MESSAGE [OPTION...]
	local text=$1 message=$2
	shift 2
	printf "$text" >"$BATS_TEST_TMPDIR/in.csv"
	fails 2 "$message" "$tool" $(needs "$tool") "$@" "$BATS_TEST_TMPDIR/in.csv" &&
		fails 2 "${message/in.csv:/stdin:}" sh -c "\"\$@\" <'$BATS_TEST_TMPDIR/in.csv'" sh "$tool" $(needs "$tool") "$@"
}
bad_inputs() {
	bad_input '' 'empty' &&
		bad_input 'a,b\n' 'names but no rows' &&
		bad_input 'a,b\n1,2\n3\n' 'in.csv:3: ' &&
		bad_input 'a,b\n1,2\n3,4,5\n' 'in.csv:3: ' &&
		bad_input 'a,b\n1,2\n3,"4\n' 'in.csv:3: ' &&
		bad_input 'a,b\n1,2\n3,\0\n' 'in.csv:3: ' &&
		bad_input 'a,b\n1,2\n\n3,4\n' 'in.csv:3: ' &&
		bad_input 'a,b\n1,\n3,4\n' 'in.csv:2: column 2 (b): missing' &&
		bad_input 'a,b\n1,2\n' "'c'" -c c && bad_input 'a,b\n1,2\n' 'there is no column 3' -c 3
}
bad_numbers() {
	bad_input 'a,b\n1,2\n3,x\n' "in.csv:3: column 2 (b): 'x' is not a number; leave it out with -x b or carry it with -i b" &&
		bad_input '1,2\n3,x\n' "in.csv:2: column 2: 'x' is not a number; leave it out with -x 2 or carry it with -i 2" &&
		bad_input 'a,b\n1,nan\n' "in.csv:2: column 2 (b): 'nan' is not finite" &&
		bad_input 'a,b\n1,-inf\n' "in.csv:2: column 2 (b): '-inf' is not finite" &&
		bad_input 'a,b\n1,1e999\n' "in.csv:2: column 2 (b): '1e999'" &&
		bad_input 'a,b\n1,1/0\n' "in.csv:2: column 2 (b): '1/0'" &&
		bad_input 'a,b\n1,0x10\n' "in.csv:2: column 2 (b): '0x10' is not a number"
}
@test "bad input: a clear error with file, line and column, exit 2, nothing on stdout" {
	each_reader bad_inputs
	each_numeric bad_numbers
}

bad_files() {
	fails 2 'No such file or directory' "$tool" $(needs "$tool") "$BATS_TEST_TMPDIR/none.csv" &&
		fails 2 'irectory' "$tool" $(needs "$tool") "$BATS_TEST_TMPDIR" &&
		fails 2 'one FILE at most' "$tool" a.csv b.csv &&
		fails 2 'stdin' sh -c "$tool $(needs "$tool") <&-"
}
@test "a missing file, a directory, two files, a closed stdin" { each_reader bad_files; }

@test "a cell of a million characters is a short error, or carried whole" {
	for tool in $(numeric_readers); do
		{ printf 'a,b\n1,'; head -c 1000000 /dev/zero | tr '\0' x; printf '\n2,3\n'; } >"$BATS_TEST_TMPDIR/in.csv"
		fails 2 "in.csv:2: column 2 (b): 'xxx" "$tool" $(needs "$tool") "$BATS_TEST_TMPDIR/in.csv"
		[ "$(wc -c <"$BATS_TEST_TMPDIR/err")" -lt 1000 ]
	done
	{ printf 'a,b\n1,'; head -c 1000000 /dev/zero | tr '\0' x; printf '\n2,3\n'; } |
		mlpca -i b >"$BATS_TEST_TMPDIR/out"
	[ "$(awk -F, 'NR == 2 { print length($1) }' "$BATS_TEST_TMPDIR/out")" -eq 1000000 ]
}

full_disk() {
	fails 2 "$tool: cannot write to standard output: No space left on device" sh -c "$tool $(needs "$tool") -x 5 '$DATA/iris.csv' >/dev/full" &&
		fails 2 "$tool: cannot write to standard output" sh -c "$tool $(needs "$tool") -x 5 '$DATA/iris.csv' >&-"
}
@test "a full disk and a closed stdout are errors" { each_reader full_disk; }

broken_pipe() {
	err=$({ "$tool" $(needs "$tool") -q -x digit "$DATA/digits.csv" | head -n 1 >/dev/null; } 2>&1)
	[ -z "$err" ] || { echo "$err"; return 1; }
}
@test "a reader that goes away is quiet" { each_reader broken_pipe; }

german() {
	"$tool" $(needs "$tool") -x 5 "$DATA/iris.csv" >"$BATS_TEST_TMPDIR/c" &&
		LOCPATH=$BATS_TEST_TMPDIR LC_ALL=de_DE.UTF-8 "$tool" $(needs "$tool") -x 5 "$DATA/iris.csv" | cmp - "$BATS_TEST_TMPDIR/c"
}
@test "LC_ALL=de_DE.UTF-8 changes nothing" {
	localedef -i de_DE -f UTF-8 "$BATS_TEST_TMPDIR/de_DE.UTF-8" 2>/dev/null || [ -d "$BATS_TEST_TMPDIR/de_DE.UTF-8" ]
	[ "$(LOCPATH=$BATS_TEST_TMPDIR LC_ALL=de_DE.UTF-8 bash -c 'printf %.1f 0,5' 2>/dev/null)" = 0,5 ]
	each_reader german
}

jobs_agree() {
	"$tool" $(needs "$tool") -j 1 -x digit "$DATA/digits.csv" >"$BATS_TEST_TMPDIR/j1" || return 1
	for j in 2 3 8; do
		"$tool" $(needs "$tool") -j $j -x digit "$DATA/digits.csv" | cmp - "$BATS_TEST_TMPDIR/j1" || return 1
	done
	"$tool" $(needs "$tool") -x digit <"$DATA/digits.csv" | cmp - "$BATS_TEST_TMPDIR/j1" || return 1
	cat "$DATA/digits.csv" | "$tool" $(needs "$tool") -x digit - | cmp - "$BATS_TEST_TMPDIR/j1"
}
@test "any -j, a file and a pipe give the same bytes" { each_reader jobs_agree; }

# Enough rows for many pieces, stretches and blocks.
many_jobs_agree() {
	"$tool" $(needs "$tool") -j 1 "$BATS_FILE_TMPDIR/many.csv" >"$BATS_TEST_TMPDIR/j1" || return 1
	for j in 2 7; do "$tool" $(needs "$tool") -j $j "$BATS_FILE_TMPDIR/many.csv" | cmp - "$BATS_TEST_TMPDIR/j1" || return 1; done
	"$tool" $(needs "$tool") <"$BATS_FILE_TMPDIR/many.csv" | cmp - "$BATS_TEST_TMPDIR/j1" || return 1
	cat "$BATS_FILE_TMPDIR/many.csv" | "$tool" $(needs "$tool") -j 2 | cmp - "$BATS_TEST_TMPDIR/j1"
}
@test "the same on 40,000 rows" {
	awk 'BEGIN { srand(1); print "a,b,c"; for (i = 0; i < 40000; i++) printf "%.12g,%.3f,%d\n", 1e6 + rand(), rand() - .5, 9 * rand() }' >"$BATS_FILE_TMPDIR/many.csv"
	each_reader many_jobs_agree
}

on_terminal() { # SECONDS: what the tool says on a terminal about an input that takes so long to come
	script -qec "{ head -n 50 '$DATA/faithful.csv'; sleep $1; tail -n 50 '$DATA/faithful.csv'; } | $tool $(needs "${tool%% *}") >/dev/null" /dev/null </dev/null
}
progresses() {
	[ -z "$(on_terminal 0)" ] && on_terminal 1.4 | grep -q "$tool: reading, .*1 s" &&
		[ -z "$(tool="$tool -q" on_terminal 1.4)" ]
}
@test "progress on a terminal after a second, and nowhere else" {
	command -v script >/dev/null || skip "needs script(1)"
	each_reader progresses
}

same_table() { # TEXT [OPTION...]: the same result as the plain form
	local text=$1
	shift
	printf "$text" | "$tool" $(needs "$tool") "$@" >"$BATS_TEST_TMPDIR/got" 2>"$BATS_TEST_TMPDIR/err" || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
	cmp "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/plain" || { echo "$text"; return 1; }
}
forms() {
	printf 'a,b\n1,2\n3,5\n4,7\n' | "$tool" $(needs "$tool") >"$BATS_TEST_TMPDIR/plain" || return 1
	same_table 'a,b\r\n1,2\r\n3,5\r\n4,7\r\n' && same_table '\357\273\277a,b\n1,2\n3,5\n4,7' &&
		same_table 'a;b\n1;2\n3;5\n4;7\n' -d ';' && same_table 'a\tb\n1\t2\n3\t5\n4\t7\n' -d tab &&
		same_table 'a\tb\n1\t2\n3\t5\n4\t7\n' -d '\t' &&
		same_table ' a  b\n1 2 \n  3\t5\n4  7\n\n' -d space &&
		same_table '# said first\n#\na,b\n1,2\n3,5\n4,7\n\n' && same_table '#: t\n# said\na,b\n1,2\n3,5\n4,7\n' &&
		same_table '"a","b"\n"1",2\n 3 ,"5"\n+4,7.0\n' && same_table 'a,b\n100%%,2\n9/3,5\n.4e1,700%%\n' &&
		same_table 'a,t,b\n1,x,2\n3,"y ""z"",\n",5\n4,,7\n' -x t && same_table 'b,a\n2,1\n5,3\n7,4\n' -c a,b &&
		same_table 'b,a\n2,1\n5,3\n7,4\n' -c 2,1 && same_table '1,2\n3,5\n4,7\n' --names a,b &&
		same_table 'q,a,b\n0,1,2\n0,3,5\n0,4,7\n' -c 2-3 && same_table 'q,a,b\n0,1,2\n0,3,5\n0,4,7\n' -c a:b &&
		same_table 'a,b\n1,2\n,9\n3,5\n4,7\nNA,1\n' --na drop && same_table 'a,b\n1,2\n?,9\n3,5\n4,7\n' --na drop --na-values '?'
}
@test "the forms of a table: CRLF, BOM, delimiters, comments, quotes, percent, selection, drops" { each_numeric forms; }

@test "notes: guessed names, fractions, dropped rows; -q silences them" {
	for tool in $(numeric_readers); do
		printf 'a,b\n1/2,2\n3,5\n,7\n4,7\n' >"$BATS_TEST_TMPDIR/in.csv"
		"$tool" $(needs "$tool") --na drop "$BATS_TEST_TMPDIR/in.csv" >/dev/null 2>"$BATS_TEST_TMPDIR/err"
		grep -q "in.csv:2: column 1 (a): '1/2' read as a fraction" "$BATS_TEST_TMPDIR/err"
		grep -q '1 row' "$BATS_TEST_TMPDIR/err"
		"$tool" $(needs "$tool") -q --na drop "$BATS_TEST_TMPDIR/in.csv" 2>&1 >/dev/null | cmp - /dev/null
	done
}

fifo() {
	rm -f "$BATS_TEST_TMPDIR/f"
	mkfifo "$BATS_TEST_TMPDIR/f"
	cat "$DATA/iris.csv" >"$BATS_TEST_TMPDIR/f" &
	"$tool" $(needs "$tool") -x 5 "$BATS_TEST_TMPDIR/f" >"$BATS_TEST_TMPDIR/got" 2>"$BATS_TEST_TMPDIR/err" &&
		"$tool" $(needs "$tool") -x 5 "$DATA/iris.csv" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/got"
}
@test "a FIFO is read as a file is" { each_reader fifo; }

# interrupted COMMAND...: waits for standard input, gets SIGINT, is ended by it and has printed nothing.
interrupted() {
	local got=0
	rm -f "$BATS_TEST_TMPDIR/f"
	mkfifo "$BATS_TEST_TMPDIR/f"
	exec 7<>"$BATS_TEST_TMPDIR/f"
	printf 'a,b\n1,2\n' >&7
	timeout --foreground --preserve-status -s INT 0.1 "$@" <"$BATS_TEST_TMPDIR/f" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
	exec 7>&-
	[ "$got" -eq 130 ] && [ ! -s "$BATS_TEST_TMPDIR/out" ] && [ ! -s "$BATS_TEST_TMPDIR/err" ] ||
		{ echo "exit $got: $*"; cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"; return 1; }
}
interrupted_reader() {
	interrupted "$tool" $(needs "$tool") -H || return 1
	"$tool" --help | grep -q -- --save || return 0
	mkdir -p "$BATS_TEST_TMPDIR/d"
	interrupted "$tool" $(needs "$tool") -H --save "$BATS_TEST_TMPDIR/d/model" && [ -z "$(ls -A "$BATS_TEST_TMPDIR/d")" ]
}
@test "SIGINT ends a tool that reads; it prints nothing and leaves no file" {
	each_reader interrupted_reader
	interrupted mlmat 'inv(X)'
	interrupted mlcheck
	interrupted mldiff 'a^2*b'
	interrupted mlopt '(a-3)^2*b^2'
	interrupted mlopt --data - '(b-w*a)^2'
}

@test "SIGINT ends a long run of mlopt and of mldiff; it prints nothing and leaves no file" {
	long="mlopt -q -m gd --rate 1e-12 -n 1000000000000 -t 0 a^2 a=1"
	mkdir "$BATS_TEST_TMPDIR/d"
	interrupted $long
	interrupted $long --trace "$BATS_TEST_TMPDIR/d/trace" && [ -z "$(ls -A "$BATS_TEST_TMPDIR/d")" ]
	echo old >"$BATS_TEST_TMPDIR/d/trace"
	interrupted $long --trace "$BATS_TEST_TMPDIR/d/trace"
	[ "$(ls -A "$BATS_TEST_TMPDIR/d")" = trace ] && [ "$(cat "$BATS_TEST_TMPDIR/d/trace")" = old ]
	interrupted mldiff 'sum(i,1,100000,sin(i*a))' -s taylor --order 1000 a=1
}

@test "a signal while results are printed, or a reader that goes away, leaves no half-saved model" {
	cd "$BATS_TEST_TMPDIR"
	mkdir d
	awk 'BEGIN { print "a,b"; for (i = 0; i < 200000; i++) print i "," i * i % 7 }' >big.csv
	for signal in INT TERM HUP; do
		{ timeout --foreground -s $signal 0.5 mlpca --save d/model big.csv || echo $? >status; } | { sleep 1; head -c 10 >/dev/null; }
		[ "$(cat status)" = 124 ] && [ -z "$(ls -A d)" ]
	done
	echo old >d/model
	mlpca --save d/model big.csv | head -n 1 >/dev/null
	[ "$(ls -A d)" = model ] && [ "$(cat d/model)" = old ]
	(trap '' HUP; { mlpca --save d/model big.csv & sleep 0.5; kill -HUP $!; wait; } | { sleep 1; cat >/dev/null; })
	[ "$(ls -A d)" = model ] && [ "$(cat d/model)" != old ]
}

# mlopt and mldiff take a table on standard input or from --data.
@test "mlopt and mldiff: a directory, a FIFO, a full disk, a closed stdin and stdout" {
	cd "$BATS_TEST_TMPDIR"
	printf 'x,y\n0,1\n1,3\n2,4\n3,4\n' >points.csv
	mkfifo f
	fails 2 'mlopt: .: Is a directory' mlopt --data . '(y-a*x)^2'
	for tool in "mlopt (x-y)^2+x^2" "mldiff x^2*y" "mlopt -q --data - (y-(a+b*x))^2"; do
		name=${tool%% *}
		fails 2 "$name: stdin: Is a directory" sh -c '"$@" <.' sh $tool
		fails 2 "$name: stdin: Bad file descriptor" sh -c '"$@" <&-' sh $tool
		fails 2 "$name: cannot write to standard output: No space left on device" \
			sh -c '"$@" <points.csv >/dev/full' sh $tool
		fails 2 "$name: cannot write to standard output: Bad file descriptor" sh -c '"$@" <points.csv >&-' sh $tool
		$tool <points.csv >expected
		cat points.csv >f &
		$tool <f | cmp - expected
	done
	cat points.csv >f &
	mlopt -q --data f '(y-(a+b*x))^2' | cmp - expected
	for tool in mlopt mldiff; do
		fails 2 "$tool: cannot write to standard output: No space left on device" sh -c "$tool --steps 'x^2' x=1 >/dev/full"
		# with all values given standard input is not missed
		$tool 'x^2' x=1 <&- | grep -q '^[01],'
	done
	fails 2 'mlopt: cannot write to /dev/full: No space left on device' mlopt 'x^2' x=1 --trace /dev/full
}

# With no operand that is a directory or a FIFO, what takes operands reads them as files.
@test "operands: a directory is an error, a FIFO is read" {
	cd "$BATS_TEST_TMPDIR"
	printf '1,2\n3,5\n' >m.csv
	mkfifo f
	fails 2 'irectory' mlmat 'inv(A)' A=@.
	fails 2 'irectory' mlcheck 'A == A' A=@.
	for tool in "mlmat inv(A)" "mlcheck A*A==A^2"; do
		$tool A=m.csv >expected
		cat m.csv >f &
		$tool A=@f | cmp - expected
	done
}

@test "a file that shrinks while it streams is an error" {
	cd "$BATS_TEST_TMPDIR"
	mlpca -x 5 --save model "$DATA/iris.csv" >/dev/null
	awk 'BEGIN { print "sepal_length,sepal_width,petal_length,petal_width"; for (i = 0; i < 1000000; i++) print "5.1,3.5,1.4,0.2" }' >big.csv
	{ mlpca --apply model big.csv 2>err || echo $? >status; } | { head -c 1000 >/dev/null; truncate -s 15000001 big.csv; cat >/dev/null; }
	[ "$(cat status)" = 2 ]
	grep -q '^mlpca: big.csv: it shrank from 16000050 to 15000001 bytes while it was read$' err
}

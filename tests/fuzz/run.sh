#!/bin/sh
# run.sh PROGRAMS SECONDS: every fuzz target for SECONDS in all, from its seeds and from what earlier runs found
# (kept in PROGRAMS/corpus).  What crashes is kept beside it, and the run ends with 1.
[ $# -eq 2 ] || { echo 'usage: run.sh PROGRAMS SECONDS' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd) programs=$1 count=0 bad=0
for target in "$programs"/fuzz_*; do
	[ -x "$target" ] && count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "no targets in $programs" >&2; exit 2; }
each=$(($2 / count))
[ "$each" -gt 0 ] || each=1
for target in "$programs"/fuzz_*; do
	name=${target##*/fuzz_}
	mkdir -p "$programs/corpus/$name"
	echo "$name: $each s"
	if ! "$target" -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 -close_fd_mask=1 \
		-artifact_prefix="$programs/$name-" "$programs/corpus/$name" "$here/corpus/$name" >"$programs/$name.log" 2>&1; then
		tail -n 40 "$programs/$name.log"
		bad=$((bad + 1))
	fi
	grep -E 'number_of_executed_units' "$programs/$name.log"
done
echo "$count targets, $bad with findings"
[ "$bad" -eq 0 ]

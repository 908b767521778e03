#!/bin/sh
# late.sh LIBFLINT LIBMPFR LIBGMP OBJECT...: assembly on standard output in which every function that the objects want of
# the three libraries is a jump through a table.  The table leads to late_bind (late.c) at first, which loads FLINT, and
# from then on to the function.  So a tool with exact arithmetic starts without FLINT, whose loading takes longer than all
# the rest of a small job.  Nothing is printed, and the status is 1, where that cannot be done: then link the libraries.
set -eu
[ "$(uname -sm)" = 'Linux x86_64' ] || exit 1
for needed in nm objdump; do command -v $needed >/dev/null || exit 1; done
soname=$(objdump -p "$1" | awk '$1 == "SONAME" { print $2 }')
[ -n "$soname" ] || exit 1
space=$(mktemp)
trap 'rm -f "$space"' EXIT
nm -D --defined-only "$1" "$2" "$3" | awk 'NF == 3 { sub(/@.*/, "", $3); print $3, $2 }' >"$space"
shift 3
nm -u "$@" | awk -v soname="$soname" '
	FNR == NR { kind[$1] = $2; next }
	NF == 2 && $1 == "U" && ($2 in kind) && !seen[$2]++ {
		if (kind[$2] !~ /^[TWi]$/) { print "late.sh: " $2 " is no function" | "cat >&2"; bad = 1 }
		name[count++] = $2
	}
	END {
		if (bad || !count) exit 1
		print "\t.section .note.GNU-stack,\"\",@progbits\n\t.text"
		for (i = 0; i < count; i++) {
			printf "\t.globl %s\n\t.hidden %s\n\t.type %s, @function\n%s:\n", name[i], name[i], name[i], name[i]
			printf "\tendbr64\n\tjmp *late_table+%d(%%rip)\n.Lfirst%d:\n\tendbr64\n\tpushq $%d\n\tjmp .Lbind\n", 8 * i, i, i
		}
		# The arguments of the call, in registers, are kept over late_bind.
		print ".Lbind:"
		split("rax rdi rsi rdx rcx r8 r9", r, " ")
		for (i = 1; i <= 7; i++) print "\tpushq %" r[i]
		print "\tsubq $136, %rsp"
		for (i = 0; i < 8; i++) printf "\tmovups %%xmm%d, %d(%%rsp)\n", i, 16 * i
		print "\tmovq 192(%rsp), %rdi\n\tcall late_bind\n\tmovq %rax, %r11"
		for (i = 0; i < 8; i++) printf "\tmovups %d(%%rsp), %%xmm%d\n", 16 * i, i
		print "\taddq $136, %rsp"
		for (i = 7; i >= 1; i--) print "\tpopq %" r[i]
		print "\taddq $8, %rsp\n\tjmp *%r11"
		print "\t.data\n\t.balign 8\n\t.globl late_table\n\t.hidden late_table\nlate_table:"
		for (i = 0; i < count; i++) printf "\t.quad .Lfirst%d\n", i
		print "\t.section .data.rel.ro,\"aw\"\n\t.balign 8\n\t.globl late_names\n\t.hidden late_names\nlate_names:"
		for (i = 0; i < count; i++) printf "\t.quad .Lname%d\n", i
		print "\t.section .rodata"
		for (i = 0; i < count; i++) printf ".Lname%d:\n\t.asciz \"%s\"\n", i, name[i]
		printf "\t.globl late_library\n\t.hidden late_library\nlate_library:\n\t.asciz \"%s\"\n", soname
	}' "$space" -

# Build the tools: `make`.  First time on a machine: `make setup demo`.  Adding a tool means adding a file.
#
#   make [all]      build bin/ml*                     make check      every test; SAN=1: with ASan, UBSan, valgrind
#   make setup      what building and testing need    make lint       style, layers, man pages (after make setup-lint)
#   make demo       PCA of the iris data              make bench      speed against peers (after make setup-bench)
#   make check-large  tables of LARGE_MIB=4096 MiB, piped and as a file in TMPDIR, in 64 MiB of memory
#   make faults     every tool with each of its calls for memory, reading and writing failing in turn
#   make fuzz       every fuzz target, FUZZ_S=60 seconds in all (after make setup-fuzz)
#   make man        rewrite the OPTIONS blocks of the man pages
#   make install    PREFIX=/usr/local DESTDIR=        make uninstall, make clean
#
# CC=clang works.  STATIC=no links shared GSL and OpenBLAS (the default links their static archives
# where the system has them: a tool then starts twice as fast, which is what a shell loop feels).

VERSION = 0.1.0
PREFIX ?= /usr/local
SAN ?=
STATIC ?= yes
ifeq ($(origin CC),default)
CC = gcc
endif
CFLAGS ?= -O3 -g
# HAVE_INLINE: gsl_matrix_get and its like, with their checks, without a call.
CPPFLAGS += -Ilib -DML_VERSION='"$(VERSION)"' -D_GNU_SOURCE -DHAVE_INLINE
# No contraction to fused operations: results then do not depend on the processor's instruction set.
ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-fno-math-errno -fno-trapping-math -ffp-contract=off -pthread $(CFLAGS)
OUT = .build/main
BIN = bin
ifneq ($(SAN),)
OUT = .build/san
BIN = $(OUT)/bin
CFLAGS = -O1 -g
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# archive NAME: -l:libNAME.a where the compiler finds one and STATIC is yes.
archive = $(if $(filter yes,$(STATIC)),$(filter /%,$(shell $(CC) -print-file-name=$(1))))
GSL_LIBS := $(or $(call archive,libgsl.a),-lgsl)
BLAS_LIBS := $(or $(call archive,openblas-serial/libopenblas.a),$(call archive,libopenblas.a),-lopenblas)
ifneq ($(filter %.a,$(BLAS_LIBS)),)
BLAS_LIBS += $(or $(call archive,libgfortran.a),-lgfortran) $(or $(call archive,libquadmath.a),-lquadmath)
endif
# Exact arithmetic; a tool that calls none of it is not linked with it (--as-needed).  Where the system is known
# (lib/tool/flint/late.sh) it is loaded when it is needed: 1.3 ms to start against 4.1.
LATE = $(if $(filter yes,$(STATIC)),$(if $(SAN),,$(OUT)/liblate.a))
EXACT_LIBS = $(LATE) -lflint -lmpfr -lgmp
# mlentropy's exact numbers are GMP's and MPFR's alone, which as archives cost no time at the start.
LOGARITHM_LIBS := $(or $(call archive,libmpfr.a),-lmpfr) $(or $(call archive,libgmp.a),-lgmp)
LIBS = $(EXACT_LIBS) $(GSL_LIBS) $(BLAS_LIBS) -lm

TOOLS := $(patsubst bin/%.c,%,$(wildcard bin/*.c))
LIB_OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(wildcard lib/*/*.c))
UNITS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c))
LIBRARY = $(OUT)/libmltools.a
FAULT_BIN = $(OUT)/fault/bin

all: $(TOOLS:%=$(BIN)/%)

# Rebuild everything when the compiler or its flags change.
CONFIG = $(OUT)/config
$(shell mkdir -p $(OUT); printf '%s\n' '$(CC) $(subst ','\'',$(CPPFLAGS)) $(ALL_CFLAGS) $(LIBS)' >$(CONFIG).new; \
	cmp -s $(CONFIG).new $(CONFIG) && rm $(CONFIG).new || mv $(CONFIG).new $(CONFIG))

$(OUT)/%.o: %.c $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What forced failures (make faults) leave alone: FLINT asks for memory thousands of times.
UNCOUNTED = $(OUT)/lib/tool/flint/memory.o

$(LIBRARY): $(LIB_OBJECTS) $(UNCOUNTED)
	@rm -f $@
	$(AR) rcs $@ $^

so = $(shell $(CC) -print-file-name=$(1))
# Left as it is when the same functions are wanted as before: then no other tool is linked anew.
$(OUT)/liblate.a: lib/tool/flint/late.sh $(OUT)/lib/tool/flint/late.o $(LIB_OBJECTS) $(UNCOUNTED) $(TOOLS:%=$(OUT)/bin/%.o)
	@sh $< $(call so,libflint.so) $(call so,libmpfr.so) $(call so,libgmp.so) $(filter %.o,$^) >$(OUT)/late.new || >$(OUT)/late.new
	@if cmp -s $(OUT)/late.new $(OUT)/late.s && test $@ -nt $(OUT)/lib/tool/flint/late.o -a $@ -nt $(UNCOUNTED); then rm $(OUT)/late.new; else rm -f $@; \
		mv $(OUT)/late.new $(OUT)/late.s && $(CC) -c -o $(OUT)/late_table.o $(OUT)/late.s && \
		$(AR) rcs $@ $$(test ! -s $(OUT)/late.s || echo $(OUT)/late_table.o $(OUT)/lib/tool/flint/late.o $(UNCOUNTED)); fi

$(BIN)/mlentropy: EXACT_LIBS = $(LOGARITHM_LIBS)

$(BIN)/%: $(OUT)/bin/%.o $(LIBRARY) $(LATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--as-needed,--gc-sections -o $@ $< $(LIBRARY) $(LIBS)

$(OUT)/unit/%: $(OUT)/tests/unit/%.o $(LIBRARY) $(LATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $< $(LIBRARY) $(LIBS)

units: $(UNITS)

setup:
	sh .ci/setup build

setup-lint:
	sh .ci/setup lint

setup-bench:
	sh .ci/setup bench

setup-fuzz:
	sh .ci/setup fuzz

demo: all
	PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

# Under SAN=1 the forced failures are part of it, and the plain tools under valgrind.
check: all units $(if $(SAN),$(TOOLS:%=$(FAULT_BIN)/%) $(OUT)/fault/run)
	$(if $(SAN),$(MAKE) SAN= all)
	$(if $(SAN),FAULTS=yes VALGRIND=bin) sh tests/run.sh $(BIN) $(OUT)

# Minutes, and room for the file: not part of `make check`.
LARGE_MIB ?= 4096
check-large: all
	sh tests/large.sh $(BIN) $(LARGE_MIB)

lint: all
	CC='$(CC)' sh tests/lint.sh $(BIN) $(OUT)

man: all
	for tool in $(TOOLS); do sh man/update.sh $(BIN) man/$$tool.1 >man/$$tool.new && mv man/$$tool.new man/$$tool.1; done

bench: all $(OUT)/bench/print
	POLARS=$${POLARS:-.build/polars} sh tests/bench/run.sh $(BIN) $(OUT)/bench .build/bench

$(OUT)/bench/%: $(OUT)/tests/bench/%.o $(LIBRARY) $(LATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $< $(LIBRARY) $(LIBS)

# The tools with copies of our own objects whose malloc, read, write, ... can be made to fail.
$(OUT)/fault/%.o: $(OUT)/%.o tests/fault/symbols
	@mkdir -p $(@D)
	objcopy --redefine-syms=tests/fault/symbols $< $@

$(FAULT_BIN)/%: $(OUT)/fault/bin/%.o $(LIB_OBJECTS:$(OUT)/%=$(OUT)/fault/%) $(UNCOUNTED) $(OUT)/tests/fault/fault.o $(LATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(SAN),,-fsanitize=leak) $(LDFLAGS) -Wl,--as-needed -o $@ $(filter %.o,$^) $(LIBS)

FAULT_RUN = $(OUT)/fault/run
$(FAULT_RUN): tests/fault/run.c $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -o $@ $<

# FAULT_TOOLS: of these tools alone.
FAULT_TOOLS ?=
faults: $(TOOLS:%=$(FAULT_BIN)/%) $(FAULT_RUN)
	$(FAULT_RUN) tests/fault/cases $(FAULT_BIN) examples/data $(FAULT_TOOLS)

# libFuzzer is clang's.  The library is built anew with its instrumentation.
FUZZ_S ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	$(MAKE) CC=clang OUT=.build/fuzz CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzzers
	sh tests/fuzz/run.sh .build/fuzz/fuzz $(FUZZ_S)

fuzzers: $(FUZZERS)

$(OUT)/fuzz/%: $(OUT)/tests/fuzz/%.o $(LIBRARY) $(LATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -Wl,--as-needed -o $@ $< $(LIBRARY) $(LIBS)

share = $(DESTDIR)$(PREFIX)/share
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(share)/man/man1 $(share)/man/man5 $(share)/man/man7 \
		$(share)/bash-completion/completions $(share)/zsh/site-functions
	install $(TOOLS:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	for n in 1 5 7; do install -m 644 man/*.$$n $(share)/man/man$$n; done
	for tool in $(TOOLS); do \
		$(BIN)/$$tool --generate bash >$(share)/bash-completion/completions/$$tool && \
		$(BIN)/$$tool --generate zsh >$(share)/zsh/site-functions/_$$tool || exit 2; done

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%) $(TOOLS:%=$(share)/bash-completion/completions/%) \
		$(TOOLS:%=$(share)/zsh/site-functions/_%)
	for n in 1 5 7; do for page in man/*.$$n; do rm -f $(share)/man/man$$n/$${page#man/}; done; done

clean:
	rm -rf .build $(TOOLS:%=bin/%)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

.PHONY: all units check-large faults fuzz fuzzers setup setup-lint setup-bench setup-fuzz demo check lint man bench install uninstall clean
.SECONDARY:

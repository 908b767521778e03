/* cli_internal.h: what the parts of the command line share. */
#ifndef TABLE_CLI_INTERNAL_H
#define TABLE_CLI_INTERNAL_H

#include "table/cli.h"

/* cli_options.c: the tool's own options come last in the table and first in the help. */
void cli_build_table(cli *c);
size_t cli_table_size(const cli *c);

/* cli_streams.c: write TEXT to standard output; a failure is reported.  Returns the exit status. */
int cli_write_text(const cli *c, const char *text, size_t size);

#endif

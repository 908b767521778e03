/* memory.h: what happens when FLINT or GMP get no memory: a message, and the end with status 2.  Left alone
 * they would print on standard output and abort. */
#ifndef TOOL_FLINT_MEMORY_H
#define TOOL_FLINT_MEMORY_H

/* To be called before exact arithmetic begins; PROGRAM is named in the message and outlives it. */
void flint_guard_memory(const char *program);

#endif

/* entropy_numbers.h: what mlentropy --continuous prints of columns of numbers. */
#ifndef TOOL_ENTROPY_NUMBERS_H
#define TOOL_ENTROPY_NUMBERS_H

#include "ml/continuous.h"
#include "table/cli.h"

typedef struct entropy_numbers_options {
    continuous_params estimate;
    const char *rule;    /* of --bins: a word or a number; NULL: the default */
    const char *jitter;  /* "auto", a width, or NULL */
    double base;         /* of the logarithms */
    size_t permutations; /* 0: no p values */
} entropy_numbers_options;

/* The words of --continuous, in the order of continuous_method, with "none" before them. */
extern const char *const entropy_numbers_methods[];
/* The words of --norm, in the order of neighbours_norm. */
extern const char *const entropy_numbers_norms[];

/* Read the input of C, print the results asked for or, with --steps, how they come about; the exit status. */
int entropy_numbers_run(const cli *c, const entropy_numbers_options *options);

#endif

/* surd_matrix.h: matrices of surds (math/exact_surd): sums of rational multiples of square roots, complex
 * ones too. Nothing is rounded.
 *
 * A product of many different roots is a sum of very many terms: what grows beyond SURD_MATRIX_TERMS terms an
 * entry is given up, with `false`. */
#ifndef MATH_SURD_MATRIX_H
#define MATH_SURD_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "math/exact_surd.h"

enum { SURD_MATRIX_TERMS = 64 };

/* ROWS x COLUMNS surds, row by row. */
typedef struct surd_matrix {
    size_t rows, columns;
    surd *at;
} surd_matrix;

/* Zeros; false when memory is out. */
bool surd_matrix_init(surd_matrix *m, size_t rows, size_t columns);
void surd_matrix_clear(surd_matrix *m);
surd *surd_matrix_entry(const surd_matrix *m, size_t i, size_t j);
void surd_matrix_set(surd_matrix *m, const surd_matrix *a);

/* OUT, of the right shape and zero, gets A B. */
bool surd_matrix_multiply(surd_matrix *out, const surd_matrix *a, const surd_matrix *b);

/* Bring M to reduced row echelon form, pivots looked for in its first UNKNOWNS columns; PIVOTS has room for
 * them, and *RANK are filled.  DETERMINANT (NULL: not wanted) gets the product of the pivots with the sign of
 * the exchanges: of a square M of full rank its determinant. */
bool surd_matrix_reduce(surd_matrix *m, size_t unknowns, size_t *pivots, size_t *rank, surd *determinant);

/* The double nearest to X but perhaps one. */
double surd_real(const surd *x);
/* The parts of X: OUT = (x + conj x)/2, or (x - conj x)/2i. */
void surd_part(surd *out, const surd *x, bool imaginary);

#endif

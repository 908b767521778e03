/* reflect.h: the kernel of blocked QR: Householder reflections that fold a block of rows into a triangle.
 *
 * [R; block] = Q [R1; 0].  Four reflections I - V T V' at a time (compact WY), V =
 * [L; W], L unit lower triangular: the identity once R is full.  W' is stored, one reflector a row.  It calls
 * no BLAS: OpenBLAS without threads must not be called by two threads at a time, and this is what runs in
 * parallel.
 *
 * R is row-major.  A block is tiled: eight columns by HEIGHT rows at a time, each tile row-major, so that a
 * pass over a tile is a pass over consecutive memory. */
#ifndef MATH_REFLECT_H
#define MATH_REFLECT_H

#include <stdbool.h>
#include <stddef.h>

enum { REFLECT_TILE = 8 };

/* Sizes are padded so that vector loops need no ends: padding is zero and stays zero. */
size_t reflect_rows(size_t columns);   /* rows to allocate for R: columns rounded up to a multiple of 4 */
size_t reflect_stride(size_t columns); /* doubles from row to row of R: a multiple of 8 */
size_t reflect_stored(size_t rows);    /* doubles of a stored reflector over ROWS rows */

/* Doubles of reflectors and of their T factors for a block of ROWS rows. */
size_t reflect_vectors_size(size_t columns, size_t rows);
size_t reflect_factors_size(size_t columns);

/* What the reflections of one block are; both arrays are the caller's. */
typedef struct reflectors {
    size_t columns, rows;
    size_t filled;   /* set by reflect_fold */
    double *vectors; /* reflect_vectors_size: reflector j at j * reflect_stored(rows) */
    double *factors; /* reflect_factors_size: T and L, 4 x 4 each, of four reflectors */
} reflectors;

/* Doubles of scratch for reflect_fold. */
size_t reflect_scratch_size(size_t rows);

/* Fold BLOCK (ROWS of HEIGHT rows, reflect_stride(columns) * HEIGHT doubles; destroyed but for its padding)
 * into R, whose first FILLED rows stand for something and whose others are zero; the new number of filled
 * rows is returned.  While it is less than COLUMNS, rows of the block become rows of R, so that Q is
 * orthonormal whatever the rank.  STAIRS: row i + 1 of the block is zero left of column i, as when row 0 is
 * full and the others are a triangle.  KEPT, if not NULL, receives the reflectors. */
size_t reflect_fold(double *r, size_t filled, double *block, size_t height, size_t rows, size_t columns,
                    bool stairs, reflectors *kept, double *scratch);

/* [TOP; BLOCK] = Q [TOP; BLOCK] for K columns, rounded up to a multiple of 8: TOP has reflect_rows(columns)
 * rows STRIDE apart, BLOCK is tiled and HEIGHT rows high.  Rows of TOP behind those filled
 * before the fold become zero. */
void reflect_apply(const reflectors *q, double *top, size_t stride, double *block, size_t height, size_t k);

#endif

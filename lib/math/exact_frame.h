/* exact_frame.h: orthonormal bases of rational subspaces by Gram and Schmidt, exactly: orthogonal vectors
 * with rational coordinates, whose lengths are square roots of rational numbers. */
#ifndef MATH_EXACT_FRAME_H
#define MATH_EXACT_FRAME_H

#include <flint/fmpq_mat.h>
#include <stddef.h>

#include "math/exact_number.h"

typedef struct exact_frame {
    fmpq_mat_t vectors; /* orthogonal, in columns, whole numbers without a common factor; there may be none */
    fmpq *squares;      /* their squared lengths */
} exact_frame;

/* Of the space {x: A x = 0}, from the basis that elimination gives; of the column space of A, from the first
 * columns that are independent. */
void exact_frame_null(exact_frame *f, const fmpq_mat_t a);
void exact_frame_columns(exact_frame *f, const fmpq_mat_t a);
void exact_frame_clear(exact_frame *f);

/* OUT = coordinate I of unit vector K. */
void exact_frame_coordinate(exact_number *out, const exact_frame *f, size_t i, size_t k);

#endif

/* exact_field.h: linear algebra over the field Q[x]/(p) that a root of an irreducible polynomial p generates.
 *
 * An element is a fmpq_poly of lower degree than p: that polynomial in the root.  What is computed holds for
 * each root of p at once; which root is meant is decided when a value is printed (math/exact_value).  For p
 * of degree 1 the field is that of the rationals, and elements are constants. */
#ifndef MATH_EXACT_FIELD_H
#define MATH_EXACT_FIELD_H

#include <flint/fmpq_mat.h>
#include <flint/fmpq_poly.h>
#include <flint/fmpz_poly.h>
#include <stdbool.h>

#include "base/status.h"

typedef struct exact_field {
    fmpq_poly_t modulus;
    slong degree;
    fmpq_poly_t x; /* the root itself, as an element */
} exact_field;

void exact_field_init(exact_field *k, const fmpz_poly_t p);
void exact_field_clear(exact_field *k);

/* OUT may be one of the operands.  The inverse of 0 is not defined. */
void exact_field_mul(const exact_field *k, fmpq_poly_t out, const fmpq_poly_t a, const fmpq_poly_t b);
void exact_field_inv(const exact_field *k, fmpq_poly_t out, const fmpq_poly_t a);

/* The sum of A over all roots of p: a rational number, by Newton's identities. */
void exact_field_trace(const exact_field *k, fmpq_t out, const fmpq_poly_t a);

/* A matrix of elements, row-major. */
typedef struct exact_matrix {
    slong rows, columns;
    fmpq_poly_struct *at;
} exact_matrix;

void exact_matrix_init(exact_matrix *m, slong rows, slong columns);
void exact_matrix_clear(exact_matrix *m);
fmpq_poly_struct *exact_matrix_entry(const exact_matrix *m, slong i, slong j);

/* BASIS (initialized here): in its columns a basis of the solutions v of (A - x I) v = 0, A square: by
 * elimination; each vector multiplied by a rational number so that its coefficients are whole and have no
 * common factor.  When the root is an eigenvalue there is at least one. */
void exact_field_eigenvectors(const exact_field *k, exact_matrix *basis, const fmpq_mat_t a);

/* The columns of B made orthogonal in the inner product u'v (of real roots), or with WEIGHTS (NULL: 1, ...,
 * 1; else one for each row) the sum of w_i u_i v_i: Gram and Schmidt, without lengths; scaled as above. */
void exact_field_orthogonalize(const exact_field *k, exact_matrix *b, const fmpq *weights);

/* OUT = sum over i of w_i u_i v_i, for columns I of U and J of V. */
void exact_field_inner(const exact_field *k, fmpq_poly_t out, const exact_matrix *u, slong i,
                       const exact_matrix *v, slong j, const fmpq *weights);

/* OUT (initialized here) = A B. */
void exact_field_multiply_rational(exact_matrix *out, const fmpq_mat_t a, const exact_matrix *b);

#endif

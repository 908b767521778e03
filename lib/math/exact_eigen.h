/* exact_eigen.h: the characteristic polynomial of a rational matrix, its factors over the rationals, and its
 * eigenvalues as their roots.  Nothing is rounded: each eigenvalue is an element of the field of its factor
 * (math/exact_field, math/exact_value).
 *
 * Eigenvectors of value V: exact_field_eigenvectors(&spectrum.factors[v.factor].field, &basis, a), whose
 * entries print with exact_value_print(out, entry, &v.root). */
#ifndef MATH_EXACT_EIGEN_H
#define MATH_EXACT_EIGEN_H

#include <flint/fmpq_mat.h>
#include <flint/fmpq_poly.h>
#include <flint/fmpz_poly.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "math/exact_field.h"
#include "math/exact_root.h"
#include "math/exact_value.h"

/* A factor of the characteristic polynomial: irreducible, whole coefficients without a common factor, the
 * leading one positive. */
typedef struct exact_factor {
    fmpz_poly_t p;
    size_t multiplicity;
    exact_field field;
} exact_factor;

typedef struct exact_eigenvalue {
    size_t factor; /* its place among the factors */
    exact_root root;
} exact_eigenvalue;

typedef struct exact_spectrum {
    fmpq_poly_t polynomial; /* det(x I - A), monic */
    size_t factor_count;
    exact_factor *factors; /* by ascending degree */
    size_t count;
    exact_eigenvalue
        *values; /* the different ones: real ones from the greatest on, then pairs of conjugates */
} exact_spectrum;

/* A is square, n >= 1.  Free with exact_spectrum_clear, also after a failure.  ML_FAIL: memory. */
ml_status exact_spectrum_find(exact_spectrum *s, const fmpq_mat_t a, ml_message *why);
void exact_spectrum_clear(exact_spectrum *s);

/* How often value I is an eigenvalue, by its factor's power. */
size_t exact_spectrum_multiplicity(const exact_spectrum *s, size_t i);

/* Append value I: `3/2 + 1/2*sqrt(5)`; false, and nothing appended, without a closed form. */
bool exact_eigenvalue_print(buffer *out, const exact_spectrum *s, size_t i);
/* Append value I rounded to PLACES decimals. */
void exact_eigenvalue_decimals(buffer *out, exact_spectrum *s, size_t i, size_t places);

/* Append `x^2 - 50*x + 225`, and `(x - 45)*(x - 5)^2`: linear factors with fractions as `(x - 1/2)`, the
 * others monic too. */
void exact_spectrum_print_polynomial(buffer *out, const exact_spectrum *s);
void exact_spectrum_print_factors(buffer *out, const exact_spectrum *s);

#endif

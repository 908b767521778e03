#include "math/surd_matrix.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

bool surd_matrix_init(surd_matrix *m, size_t rows, size_t columns)
{
    size_t count;
    *m = (surd_matrix){.rows = rows, .columns = columns};
    if (__builtin_mul_overflow(rows, columns, &count) || (m->at = memory_zeros(count, sizeof *m->at)) == NULL)
        return false;
    for (size_t k = 0; k < count; k++)
        surd_init(&m->at[k]);
    return true;
}

void surd_matrix_clear(surd_matrix *m)
{
    for (size_t k = 0; m->at != NULL && k < m->rows * m->columns; k++)
        surd_clear(&m->at[k]);
    free(m->at);
    m->at = NULL;
}

surd *surd_matrix_entry(const surd_matrix *m, size_t i, size_t j)
{
    return &m->at[i * m->columns + j];
}

void surd_matrix_set(surd_matrix *m, const surd_matrix *a)
{
    for (size_t k = 0; k < a->rows * a->columns; k++)
        surd_set(&m->at[k], &a->at[k]);
}

bool surd_matrix_multiply(surd_matrix *out, const surd_matrix *a, const surd_matrix *b)
{
    surd term;
    bool good = true;
    surd_init(&term);
    for (size_t i = 0; good && i < a->rows; i++)
        for (size_t j = 0; good && j < b->columns; j++) {
            surd *sum = surd_matrix_entry(out, i, j);
            for (size_t k = 0; k < a->columns; k++) {
                surd_mul(&term, surd_matrix_entry(a, i, k), surd_matrix_entry(b, k, j));
                surd_add(sum, sum, &term);
            }
            good = sum->count <= SURD_MATRIX_TERMS;
        }
    surd_clear(&term);
    return good;
}

/* Row I minus FACTOR times row R, from column J on. */
static bool subtract_row(surd_matrix *m, size_t i, size_t r, size_t j, const surd *factor)
{
    surd term;
    bool good = true;
    surd_init(&term);
    for (size_t k = j; good && k < m->columns; k++) {
        surd *x = surd_matrix_entry(m, i, k);
        surd_mul(&term, factor, surd_matrix_entry(m, r, k));
        surd_sub(x, x, &term);
        good = x->count <= SURD_MATRIX_TERMS;
    }
    surd_clear(&term);
    return good;
}

static bool divide_row(surd_matrix *m, size_t r, size_t j)
{
    surd inverse;
    bool good = true;
    surd_init(&inverse);
    surd_inverse(&inverse, surd_matrix_entry(m, r, j));
    for (size_t k = j; good && k < m->columns; k++) {
        surd *x = surd_matrix_entry(m, r, k);
        surd_mul(x, x, &inverse);
        good = x->count <= SURD_MATRIX_TERMS;
    }
    surd_clear(&inverse);
    return good;
}

/* The row with the shortest entry in column J, at or below FROM. */
static size_t pivot_row(const surd_matrix *m, size_t from, size_t j)
{
    size_t found = m->rows;
    for (size_t i = from; i < m->rows; i++) {
        slong count = surd_matrix_entry(m, i, j)->count;
        if (count > 0 && (found == m->rows || count < surd_matrix_entry(m, found, j)->count))
            found = i;
    }
    return found;
}

static bool use_pivot(surd_matrix *m, size_t row, size_t rank, size_t j, surd *determinant)
{
    for (size_t k = 0; row != rank && k < m->columns; k++)
        surd_swap(surd_matrix_entry(m, row, k), surd_matrix_entry(m, rank, k));
    if (determinant != NULL) {
        surd_mul(determinant, determinant, surd_matrix_entry(m, rank, j));
        if (row != rank)
            surd_neg(determinant);
    }
    bool good = divide_row(m, rank, j);
    surd factor;
    surd_init(&factor);
    for (size_t i = 0; good && i < m->rows; i++) {
        surd_set(&factor, surd_matrix_entry(m, i, j));
        if (i != rank && !surd_is_zero(&factor))
            good = subtract_row(m, i, rank, j, &factor);
    }
    surd_clear(&factor);
    return good && (determinant == NULL || determinant->count <= SURD_MATRIX_TERMS);
}

bool surd_matrix_reduce(surd_matrix *m, size_t unknowns, size_t *pivots, size_t *rank, surd *determinant)
{
    *rank = 0;
    if (determinant != NULL) {
        fmpq_t one;
        fmpq_init(one);
        fmpq_one(one);
        surd_set_rational(determinant, one);
        fmpq_clear(one);
    }
    for (size_t j = 0; j < unknowns && *rank < m->rows; j++) {
        size_t row = pivot_row(m, *rank, j);
        if (row == m->rows)
            continue;
        if (!use_pivot(m, row, *rank, j, determinant))
            return false;
        pivots[(*rank)++] = j;
    }
    return true;
}

double surd_real(const surd *x)
{
    fmpz_t centre, radius;
    slong bits = 1100;
    fmpz_init(centre);
    fmpz_init(radius);
    surd_bounds(centre, radius, x, bits);
    slong exponent;
    double mantissa = fmpz_get_d_2exp(&exponent, centre);
    fmpz_clear(centre);
    fmpz_clear(radius);
    return ldexp(mantissa, (int)(exponent - bits));
}

void surd_part(surd *out, const surd *x, bool imaginary)
{
    surd mirrored;
    fmpq_t half;
    fmpq_init(half);
    fmpq_set_si(half, 1, 2);
    surd_init(&mirrored);
    surd_set(&mirrored, x);
    surd_conjugate(&mirrored);
    if (imaginary)
        surd_sub(out, x, &mirrored);
    else
        surd_add(out, x, &mirrored);
    surd_scale(out, half);
    if (imaginary) { /* divided by i */
        fmpq_set_si(half, -1, 1);
        surd_set_root(&mirrored, half);
        surd_neg(&mirrored);
        surd_mul(out, out, &mirrored);
    }
    surd_clear(&mirrored);
    fmpq_clear(half);
}

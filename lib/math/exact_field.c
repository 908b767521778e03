#include "math/exact_field.h"

#include <flint/fmpz_vec.h>

void exact_field_init(exact_field *k, const fmpz_poly_t p)
{
    fmpq_poly_init(k->modulus);
    fmpq_poly_set_fmpz_poly(k->modulus, p);
    fmpq_poly_make_monic(k->modulus, k->modulus);
    k->degree = fmpz_poly_degree(p);
    fmpq_poly_init(k->x);
    fmpq_poly_set_coeff_si(k->x, 1, 1);
    fmpq_poly_rem(k->x, k->x, k->modulus);
}

void exact_field_clear(exact_field *k)
{
    fmpq_poly_clear(k->modulus);
    fmpq_poly_clear(k->x);
}

void exact_field_mul(const exact_field *k, fmpq_poly_t out, const fmpq_poly_t a, const fmpq_poly_t b)
{
    fmpq_poly_mul(out, a, b);
    if (fmpq_poly_length(out) > k->degree)
        fmpq_poly_rem(out, out, k->modulus);
}

void exact_field_inv(const exact_field *k, fmpq_poly_t out, const fmpq_poly_t a)
{
    fmpq_poly_t one, cofactor, unused;
    if (fmpq_poly_length(a) == 1) {
        fmpq_poly_inv(out, a);
        return;
    }
    fmpq_poly_init(one);
    fmpq_poly_init(cofactor);
    fmpq_poly_init(unused);
    fmpq_poly_xgcd(one, cofactor, unused, a, k->modulus); /* one is monic: 1 */
    fmpq_poly_swap(out, cofactor);
    fmpq_poly_clear(one);
    fmpq_poly_clear(cofactor);
    fmpq_poly_clear(unused);
}

/* POWERS[j] = the sum of the j-th powers of the roots of the monic x^n + a_1 x^(n-1) + ... + a_n:
 * s_j = -(a_1 s_(j-1) + ... + a_(j-1) s_1 + j a_j). */
static void power_sum(const exact_field *k, fmpq *powers, slong j)
{
    fmpq_t a, term;
    fmpq_init(a);
    fmpq_init(term);
    fmpq_set_si(powers + j, j == 0 ? k->degree : 0, 1);
    for (slong i = 1; i <= j; i++) {
        fmpq_poly_get_coeff_fmpq(a, k->modulus, k->degree - i);
        if (i == j) {
            fmpq_set_si(term, j, 1);
            fmpq_mul(term, term, a);
        } else {
            fmpq_mul(term, a, powers + j - i);
        }
        fmpq_sub(powers + j, powers + j, term);
    }
    fmpq_clear(a);
    fmpq_clear(term);
}

void exact_field_trace(const exact_field *k, fmpq_t out, const fmpq_poly_t a)
{
    fmpq *powers = flint_calloc((size_t)k->degree, sizeof *powers);
    fmpq_t coefficient;
    fmpq_init(coefficient);
    fmpq_zero(out);
    for (slong j = 0; j < k->degree; j++) {
        fmpq_init(powers + j);
        power_sum(k, powers, j);
        fmpq_poly_get_coeff_fmpq(coefficient, a, j);
        fmpq_addmul(out, coefficient, powers + j);
    }
    for (slong j = 0; j < k->degree; j++)
        fmpq_clear(powers + j);
    flint_free(powers);
    fmpq_clear(coefficient);
}

/* --- matrices --- */

void exact_matrix_init(exact_matrix *m, slong rows, slong columns)
{
    m->rows = rows;
    m->columns = columns;
    m->at = flint_malloc((size_t)(rows * columns + 1) * sizeof *m->at);
    for (slong i = 0; i < rows * columns; i++)
        fmpq_poly_init(m->at + i);
}

void exact_matrix_clear(exact_matrix *m)
{
    if (m->at == NULL)
        return;
    for (slong i = 0; i < m->rows * m->columns; i++)
        fmpq_poly_clear(m->at + i);
    flint_free(m->at);
    m->at = NULL;
}

fmpq_poly_struct *exact_matrix_entry(const exact_matrix *m, slong i, slong j)
{
    return m->at + i * m->columns + j;
}

static void set_rational(exact_matrix *m, const fmpq_mat_t a)
{
    for (slong i = 0; i < m->rows; i++)
        for (slong j = 0; j < m->columns; j++)
            fmpq_poly_set_fmpq(exact_matrix_entry(m, i, j), fmpq_mat_entry(a, i, j));
}

static void swap_rows(exact_matrix *m, slong a, slong b)
{
    for (slong j = 0; a != b && j < m->columns; j++)
        fmpq_poly_swap(exact_matrix_entry(m, a, j), exact_matrix_entry(m, b, j));
}

/* Row A minus FACTOR times row B, from column FROM on. */
static void subtract_row(const exact_field *k, exact_matrix *m, slong a, slong b, const fmpq_poly_t factor,
                         slong from)
{
    fmpq_poly_t term;
    fmpq_poly_init(term);
    for (slong j = from; j < m->columns; j++) {
        if (fmpq_poly_is_zero(exact_matrix_entry(m, b, j)))
            continue;
        exact_field_mul(k, term, factor, exact_matrix_entry(m, b, j));
        fmpq_poly_sub(exact_matrix_entry(m, a, j), exact_matrix_entry(m, a, j), term);
    }
    fmpq_poly_clear(term);
}

/* Row AT divided by its entry in column J, which is then cleared in all other rows. */
static void use_pivot(const exact_field *k, exact_matrix *m, slong at, slong j)
{
    fmpq_poly_t factor;
    fmpq_poly_init(factor);
    exact_field_inv(k, factor, exact_matrix_entry(m, at, j));
    for (slong c = j; c < m->columns; c++)
        exact_field_mul(k, exact_matrix_entry(m, at, c), exact_matrix_entry(m, at, c), factor);
    for (slong i = 0; i < m->rows; i++) {
        if (i == at || fmpq_poly_is_zero(exact_matrix_entry(m, i, j)))
            continue;
        fmpq_poly_set(factor, exact_matrix_entry(m, i, j));
        subtract_row(k, m, i, at, factor, j);
    }
    fmpq_poly_clear(factor);
}

/* Reduced row echelon form in place.  PIVOTS has room for the columns; the rank. */
static slong reduce(const exact_field *k, exact_matrix *m, slong *pivots)
{
    slong rank = 0;
    for (slong j = 0; j < m->columns && rank < m->rows; j++) {
        slong i = rank;
        while (i < m->rows && fmpq_poly_is_zero(exact_matrix_entry(m, i, j)))
            i++;
        if (i == m->rows)
            continue;
        swap_rows(m, rank, i);
        use_pivot(k, m, rank, j);
        pivots[rank++] = j;
    }
    return rank;
}

/* The vector of column J of B with whole coefficients without a common factor. */
static void make_primitive(exact_matrix *b, slong j)
{
    fmpz_t top, below;
    fmpq_t factor;
    fmpz_init(top);
    fmpz_init_set_ui(below, 1);
    fmpq_init(factor);
    for (slong i = 0; i < b->rows; i++) {
        fmpq_poly_struct *e = exact_matrix_entry(b, i, j);
        fmpz_lcm(below, below, fmpq_poly_denref(e));
    }
    for (slong i = 0; i < b->rows; i++) {
        fmpq_poly_struct *e = exact_matrix_entry(b, i, j);
        fmpq_poly_scalar_mul_fmpz(e, e, below);
        for (slong c = 0; c < fmpq_poly_length(e); c++)
            fmpz_gcd(top, top, e->coeffs + c);
    }
    for (slong i = 0; i < b->rows && !fmpz_is_zero(top); i++) {
        fmpq_poly_struct *e = exact_matrix_entry(b, i, j);
        fmpq_poly_scalar_div_fmpz(e, e, top);
    }
    fmpz_clear(top);
    fmpz_clear(below);
    fmpq_clear(factor);
}

/* In column AT of BASIS the solution whose free unknown is the column FREE of the reduced M. */
static void read_null(exact_matrix *basis, slong at, const exact_matrix *m, slong rank, const slong *pivots,
                      slong free_at)
{
    for (slong r = 0; r < rank; r++)
        fmpq_poly_neg(exact_matrix_entry(basis, pivots[r], at), exact_matrix_entry(m, r, free_at));
    fmpq_poly_one(exact_matrix_entry(basis, free_at, at));
    make_primitive(basis, at);
}

void exact_field_eigenvectors(const exact_field *k, exact_matrix *basis, const fmpq_mat_t a)
{
    exact_matrix m;
    slong n = fmpq_mat_nrows(a), at = 0;
    slong *pivots = flint_malloc((size_t)(n + 1) * sizeof *pivots);
    exact_matrix_init(&m, n, n);
    set_rational(&m, a);
    for (slong i = 0; i < n; i++)
        fmpq_poly_sub(exact_matrix_entry(&m, i, i), exact_matrix_entry(&m, i, i), k->x);
    slong rank = reduce(k, &m, pivots);
    exact_matrix_init(basis, n, n - rank);
    for (slong j = 0, r = 0; j < n; j++)
        if (r < rank && pivots[r] == j)
            r++;
        else
            read_null(basis, at++, &m, rank, pivots, j);
    exact_matrix_clear(&m);
    flint_free(pivots);
}

void exact_field_inner(const exact_field *k, fmpq_poly_t out, const exact_matrix *u, slong i,
                       const exact_matrix *v, slong j, const fmpq *weights)
{
    fmpq_poly_t term, sum;
    fmpq_poly_init(term);
    fmpq_poly_init(sum);
    for (slong r = 0; r < u->rows; r++) {
        exact_field_mul(k, term, exact_matrix_entry(u, r, i), exact_matrix_entry(v, r, j));
        if (weights != NULL)
            fmpq_poly_scalar_mul_fmpq(term, term, weights + r);
        fmpq_poly_add(sum, sum, term);
    }
    fmpq_poly_swap(out, sum);
    fmpq_poly_clear(term);
    fmpq_poly_clear(sum);
}

/* Column J minus its part along column I. */
static void take_part(const exact_field *k, exact_matrix *b, slong j, slong i, const fmpq *weights)
{
    fmpq_poly_t factor, length, term;
    fmpq_poly_init(factor);
    fmpq_poly_init(length);
    fmpq_poly_init(term);
    exact_field_inner(k, factor, b, i, b, j, weights);
    exact_field_inner(k, length, b, i, b, i, weights);
    exact_field_inv(k, length, length);
    exact_field_mul(k, factor, factor, length);
    for (slong r = 0; r < b->rows; r++) {
        exact_field_mul(k, term, factor, exact_matrix_entry(b, r, i));
        fmpq_poly_sub(exact_matrix_entry(b, r, j), exact_matrix_entry(b, r, j), term);
    }
    fmpq_poly_clear(factor);
    fmpq_poly_clear(length);
    fmpq_poly_clear(term);
}

void exact_field_orthogonalize(const exact_field *k, exact_matrix *b, const fmpq *weights)
{
    for (slong j = 0; j < b->columns; j++) {
        for (slong i = 0; i < j; i++)
            take_part(k, b, j, i, weights);
        make_primitive(b, j);
    }
}

void exact_field_multiply_rational(exact_matrix *out, const fmpq_mat_t a, const exact_matrix *b)
{
    fmpq_poly_t term;
    fmpq_poly_init(term);
    exact_matrix_init(out, fmpq_mat_nrows(a), b->columns);
    for (slong i = 0; i < out->rows; i++)
        for (slong j = 0; j < out->columns; j++)
            for (slong c = 0; c < b->rows; c++) {
                fmpq_poly_scalar_mul_fmpq(term, exact_matrix_entry(b, c, j), fmpq_mat_entry(a, i, c));
                fmpq_poly_add(exact_matrix_entry(out, i, j), exact_matrix_entry(out, i, j), term);
            }
    fmpq_poly_clear(term);
}

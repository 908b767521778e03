#include "ml/pca_exact.h"

#include <flint/fmpq_vec.h>
#include <stdlib.h>

#include "base/memory.h"

/* --- the fit --- */

static fmpq *entry(const fmpq_mat_t m, size_t i, size_t j)
{
    return fmpq_mat_entry(m, (slong)i, (slong)j);
}

static void find_means(pca_exact *p, const fmpq_mat_t x, bool center)
{
    fmpq_t rows;
    fmpq_init(rows);
    fmpq_set_si(rows, (slong)p->rows, 1);
    for (size_t j = 0; j < p->columns; j++) {
        for (size_t i = 0; i < p->rows; i++)
            fmpq_add(p->sums + j, p->sums + j, entry(x, i, j));
        if (center)
            fmpq_div(p->means + j, p->sums + j, rows);
        for (size_t i = 0; i < p->rows; i++)
            fmpq_sub(entry(p->centred, i, j), entry(x, i, j), p->means + j);
    }
    fmpq_clear(rows);
}

static void find_covariance(pca_exact *p)
{
    fmpq_mat_t turned;
    fmpq_t inverse;
    fmpq_init(inverse);
    fmpq_set_si(inverse, 1, p->divisor);
    fmpq_mat_init(turned, (slong)p->columns, (slong)p->rows);
    fmpq_mat_transpose(turned, p->centred);
    fmpq_mat_mul(p->covariance, turned, p->centred);
    for (size_t i = 0; i < p->columns; i++)
        for (size_t j = 0; j < p->columns; j++)
            fmpq_mul(entry(p->covariance, i, j), entry(p->covariance, i, j), inverse);
    for (size_t j = 0; j < p->columns; j++)
        fmpq_set(p->variances + j, entry(p->covariance, j, j));
    fmpq_mat_clear(turned);
    fmpq_clear(inverse);
}

/* G = D^-1 S. */
static ml_status scale_rows(pca_exact *p, const pca_params *params, ml_message *why)
{
    for (size_t i = 0; i < p->columns; i++) {
        if (fmpq_is_zero(p->variances + i))
            return ml_fail(
                why,
                "column %s is constant: it has no standard deviation to divide by; leave it out with "
                "-x %s",
                params->names[i], params->names[i]);
        for (size_t j = 0; j < p->columns; j++)
            fmpq_div(entry(p->g, i, j), entry(p->g, i, j), p->variances + i);
    }
    return ML_OK;
}

static ml_status find_images(pca_exact *p, ml_message *why)
{
    size_t factors = p->axes.spectrum.factor_count;
    p->images = memory_zeros(factors, sizeof *p->images);
    p->inverses = memory_zeros(factors, sizeof *p->inverses);
    if (p->images == NULL || p->inverses == NULL)
        return ml_fail_memory(why, "the scores", factors * sizeof *p->images);
    for (size_t f = 0; f < factors; f++) {
        const exact_field *k = &p->axes.spectrum.factors[f].field;
        exact_field_multiply_rational(&p->images[f], p->centred, &p->axes.bases[f]);
        fmpq_poly_init(&p->inverses[f]);
        if (!fmpq_poly_is_zero(k->x))
            exact_field_inv(k, &p->inverses[f], k->x);
    }
    return ML_OK;
}

/* Centring takes one dimension from the rows. */
static size_t most_components(const pca_exact *p)
{
    size_t dimensions = p->centered && p->rows > 1 ? p->rows - 1 : p->rows;
    return p->columns < dimensions ? p->columns : dimensions;
}

ml_status pca_exact_fit(pca_exact *p, const fmpq_mat_t x, const pca_params *params, bool vectors,
                        ml_message *why)
{
    *p = (pca_exact){0};
    p->rows = (size_t)fmpq_mat_nrows(x);
    p->columns = (size_t)fmpq_mat_ncols(x);
    p->centered = params->center;
    p->scaled = params->scale;
    slong n = fmpq_mat_ncols(x);
    fmpq_mat_init(p->centred, fmpq_mat_nrows(x), n);
    fmpq_mat_init(p->covariance, n, n);
    fmpq_mat_init(p->g, n, n);
    p->sums = _fmpq_vec_init(n);
    p->means = _fmpq_vec_init(n);
    p->variances = _fmpq_vec_init(n);
    p->total = _fmpq_vec_init(1);
    ml_status status = pca_check(params, p->rows, p->columns, why);
    if (status != ML_OK)
        return status;
    p->kept = params->components > 0 ? params->components : most_components(p);
    p->divisor = p->rows - (size_t)params->ddof;
    find_means(p, x, params->center);
    find_covariance(p);
    fmpq_mat_set(p->g, p->covariance);
    if (params->scale)
        status = scale_rows(p, params, why);
    fmpq_mat_trace(p->total, p->g);
    if (status == ML_OK)
        status = exact_axes_find(&p->axes, p->g, params->scale ? p->variances : NULL, vectors, why);
    return status == ML_OK && vectors ? find_images(p, why) : status;
}

void pca_exact_free(pca_exact *p)
{
    slong n = (slong)p->columns;
    for (size_t f = 0; p->images != NULL && f < p->axes.spectrum.factor_count; f++)
        exact_matrix_clear(&p->images[f]);
    for (size_t f = 0; p->inverses != NULL && f < p->axes.spectrum.factor_count; f++)
        fmpq_poly_clear(&p->inverses[f]);
    free(p->images);
    free(p->inverses);
    exact_axes_clear(&p->axes);
    fmpq_mat_clear(p->centred);
    fmpq_mat_clear(p->covariance);
    fmpq_mat_clear(p->g);
    _fmpq_vec_clear(p->sums, n);
    _fmpq_vec_clear(p->means, n);
    _fmpq_vec_clear(p->variances, n);
    _fmpq_vec_clear(p->total, p->total != NULL);
}

/* --- numbers --- */

void pca_exact_variance(exact_number *out, const pca_exact *p, size_t k)
{
    exact_number_zero(out);
    exact_number_add(out, exact_axes_field(&p->axes, k)->x, exact_axes_root(&p->axes, k));
}

/* OUT += the share of axis K in a sum over the first USED. */
static void add_share(exact_number *out, const pca_exact *p, size_t k, size_t used)
{
    fmpq_poly_t share;
    fmpq_poly_init(share);
    if (!fmpq_is_zero(p->total))
        fmpq_poly_scalar_div_fmpq(share, exact_axes_field(&p->axes, k)->x, p->total);
    exact_axes_add(out, &p->axes, k, share, used);
    fmpq_poly_clear(share);
}

void pca_exact_ratio(exact_number *out, const pca_exact *p, size_t k)
{
    exact_number_zero(out);
    add_share(out, p, k, 0);
}

void pca_exact_cumulative(exact_number *out, const pca_exact *p, size_t k)
{
    exact_number_zero(out);
    for (size_t i = 0; i <= k; i++)
        add_share(out, p, i, k + 1);
}

void pca_exact_component(exact_number *out, const pca_exact *p, size_t j, size_t k)
{
    exact_axes_coordinate(out, &p->axes, k, j);
}

/* OUT = SIGN sqrt(SQUARE) */
static void set_root(exact_number *out, int sign, const fmpq_t square)
{
    exact_number_zero(out);
    exact_number_add_rational(out, square);
    out->sign = sign;
}

void pca_exact_scale(exact_number *out, const pca_exact *p, size_t j)
{
    fmpq_t one;
    fmpq_init(one);
    fmpq_one(one);
    set_root(out, 1, p->scaled ? p->variances + j : one);
    fmpq_clear(one);
}

void pca_exact_correlation(exact_number *out, const pca_exact *p, size_t i, size_t j)
{
    const fmpq *s = entry(p->covariance, i, j);
    fmpq_t square;
    fmpq_init(square);
    fmpq_mul(square, s, s);
    fmpq_div(square, square, p->variances + i);
    fmpq_div(square, square, p->variances + j);
    set_root(out, fmpq_sgn(s), square);
    fmpq_clear(square);
}

static const fmpq_poly_struct *image_entry(const pca_exact *p, size_t i, size_t k)
{
    return exact_matrix_entry(&p->images[exact_axes_factor(&p->axes, k)], (slong)i, p->axes.axes[k].column);
}

void pca_exact_score(exact_number *out, const pca_exact *p, size_t i, size_t k)
{
    exact_axes_normalized(out, &p->axes, k, image_entry(p, i, k), NULL, NULL);
}

/* w'D^(1/2) (C w)_i / w'Dw times D^(1/2), which turns the scaled column back: (C w)_i d_j w_j / w'Dw. */
void pca_exact_reconstruction(exact_number *out, const pca_exact *p, size_t i, size_t j)
{
    fmpq_poly_t e;
    fmpq_poly_init(e);
    exact_number_zero(out);
    for (size_t k = 0; k < p->kept; k++) {
        const exact_field *field = exact_axes_field(&p->axes, k);
        const exact_matrix *b = exact_axes_basis(&p->axes, k);
        exact_field_mul(field, e, image_entry(p, i, k),
                        exact_matrix_entry(b, (slong)j, p->axes.axes[k].column));
        exact_field_mul(field, e, e, exact_axes_inverse(&p->axes, k));
        if (p->scaled)
            fmpq_poly_scalar_mul_fmpq(e, e, p->variances + j);
        exact_axes_add(out, &p->axes, k, e, p->kept);
    }
    exact_number_add_rational(out, p->means + j);
    fmpq_poly_clear(e);
}

/* OUT += FACTOR times the squares of the kept scores of row I, with INVERSE each over its variance;
 * components without variance have no score. */
static void add_squares(exact_number *out, const pca_exact *p, size_t i, slong factor, bool inverse)
{
    fmpq_poly_t e;
    fmpq_poly_init(e);
    for (size_t k = 0; k < p->kept; k++) {
        const exact_field *field = exact_axes_field(&p->axes, k);
        exact_field_mul(field, e, image_entry(p, i, k), image_entry(p, i, k));
        exact_field_mul(field, e, e, exact_axes_inverse(&p->axes, k));
        if (inverse)
            exact_field_mul(field, e, e, &p->inverses[exact_axes_factor(&p->axes, k)]);
        fmpq_poly_scalar_mul_si(e, e, factor);
        exact_axes_add(out, &p->axes, k, e, p->kept);
    }
    fmpq_poly_clear(e);
}

void pca_exact_t2(exact_number *out, const pca_exact *p, size_t i)
{
    exact_number_zero(out);
    add_squares(out, p, i, 1, true);
}

void pca_exact_q(exact_number *out, const pca_exact *p, size_t i)
{
    fmpq_t square;
    fmpq_init(square);
    exact_number_zero(out);
    for (size_t j = 0; j < p->columns; j++) {
        fmpq_mul(square, entry(p->centred, i, j), entry(p->centred, i, j));
        if (p->scaled)
            fmpq_div(square, square, p->variances + j);
        exact_number_add_rational(out, square);
    }
    add_squares(out, p, i, -1, false);
    fmpq_clear(square);
}

#include "ml/svd_leading.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/random.h"
#include "math/linalg.h"

/* Blocks in the Krylov space, restarts, and the error bound, in parts of the largest value, that ends them.
 */
enum { BLOCKS = 6, CYCLES = 40 };
static const double ENOUGH = 1e-9;

typedef struct krylov {
    const gsl_matrix *a;
    const svd_params *params;
    size_t block, width; /* columns of Z, and of the space */
    gsl_matrix *z;       /* columns of A x block: where the next space starts */
    gsl_matrix *space;   /* rows of A x width, orthonormal */
    gsl_matrix *turned;  /* columns of A x width: A' space */
    gsl_matrix *overlap; /* width x block */
    gsl_matrix *inner;   /* width x block: left vectors within the space */
    gsl_matrix *left;    /* rows of A x rank */
    gsl_vector *values;  /* width */
} krylov;

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool draw_normal(gsl_matrix *m, unsigned long seed)
{
    gsl_rng *generator = random_stream(seed, 0);
    if (generator == NULL)
        return false;
    for (size_t i = 0; i < m->size1; i++)
        for (size_t j = 0; j < m->size2; j++)
            gsl_matrix_set(m, i, j, gsl_ran_gaussian_ziggurat(generator, 1));
    gsl_rng_free(generator);
    return true;
}

static ml_status make(krylov *k, const gsl_matrix *a, const svd_params *params, ml_message *why)
{
    size_t most = least(a->size1, a->size2);
    *k = (krylov){.a = a, .params = params, .block = least(params->rank + params->oversampling, most)};
    k->width = least(BLOCKS * k->block, most);
    k->z = gsl_matrix_alloc(a->size2, k->block);
    k->space = gsl_matrix_alloc(a->size1, k->width);
    k->turned = gsl_matrix_alloc(a->size2, k->width);
    k->overlap = gsl_matrix_alloc(k->width, k->block);
    k->inner = gsl_matrix_alloc(k->width, k->block);
    k->left = gsl_matrix_alloc(a->size1, params->rank);
    k->values = gsl_vector_alloc(k->width);
    if (k->z && k->space && k->turned && k->overlap && k->inner && k->left && k->values &&
        draw_normal(k->z, params->seed))
        return ML_OK;
    return ml_fail_memory(why, "the randomized method", (a->size1 + a->size2) * k->width * sizeof(double));
}

static void release(krylov *k)
{
    gsl_matrix_free(k->z);
    gsl_matrix_free(k->space);
    gsl_matrix_free(k->turned);
    gsl_matrix_free(k->overlap);
    gsl_matrix_free(k->inner);
    gsl_matrix_free(k->left);
    gsl_vector_free(k->values);
}

/* One block of the space, from column FROM on: A Z less its part in the blocks before. */
static ml_status add_block(krylov *k, size_t from, size_t wide, ml_message *why)
{
    gsl_matrix_view z = gsl_matrix_submatrix(k->z, 0, 0, k->a->size2, wide);
    gsl_matrix_view block = gsl_matrix_submatrix(k->space, 0, from, k->a->size1, wide);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, k->a, &z.matrix, 0, &block.matrix);
    ml_status status = linalg_orthonormalize(&block.matrix, k->params->jobs, why);
    if (from > 0 && status == ML_OK) {
        gsl_matrix_view before = gsl_matrix_submatrix(k->space, 0, 0, k->a->size1, from);
        gsl_matrix_view overlap = gsl_matrix_submatrix(k->overlap, 0, 0, from, wide);
        gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, &before.matrix, &block.matrix, 0, &overlap.matrix);
        gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, -1, &before.matrix, &overlap.matrix, 1, &block.matrix);
        status = linalg_orthonormalize(&block.matrix, k->params->jobs, why);
    }
    return status;
}

static ml_status build_space(krylov *k, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t from = 0; status == ML_OK && from < k->width; from += k->block) {
        size_t wide = least(k->block, k->width - from);
        if (from > 0) { /* the next Z is A' times the last block */
            gsl_matrix_view last = gsl_matrix_submatrix(k->space, 0, from - k->block, k->a->size1, k->block);
            gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, k->a, &last.matrix, 0, k->z);
            status = linalg_orthonormalize(k->z, k->params->jobs, why);
        }
        if (status == ML_OK)
            status = add_block(k, from, wide, why);
    }
    /* Blocks of a space that is exhausted need not be orthogonal to those before. */
    return status == ML_OK ? linalg_orthonormalize(k->space, k->params->jobs, why) : status;
}

/* A' space = V S W': the values, their right vectors V (the first BLOCK of them in Z) and left ones. */
static ml_status project(krylov *k, ml_message *why)
{
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, k->a, k->space, 0, k->turned);
    ml_status status = linalg_svd(k->turned, k->values, k->z, k->inner, k->params->jobs, why);
    if (status != ML_OK)
        return status;
    gsl_matrix_view first = gsl_matrix_submatrix(k->inner, 0, 0, k->width, k->params->rank);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, k->space, &first.matrix, 0, k->left);
    return ML_OK;
}

/* |A v - s u| of each triple: A'u = s v holds exactly, so a singular value of A lies within this of s. */
static ml_status measure(const krylov *k, gsl_vector *errors, ml_message *why)
{
    size_t rank = k->params->rank;
    gsl_matrix *rest = gsl_matrix_alloc(k->a->size1, rank);
    if (rest == NULL)
        return ml_fail_memory(why, "the error bounds", k->a->size1 * rank * sizeof(double));
    gsl_matrix_view v = gsl_matrix_submatrix(k->z, 0, 0, k->a->size2, rank);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, k->a, &v.matrix, 0, rest);
    for (size_t j = 0; j < rank; j++) {
        gsl_vector_view r = gsl_matrix_column(rest, j), u = gsl_matrix_column(k->left, j);
        gsl_blas_daxpy(-gsl_vector_get(k->values, j), &u.vector, &r.vector);
        gsl_vector_set(errors, j, gsl_blas_dnrm2(&r.vector));
    }
    gsl_matrix_free(rest);
    return ML_OK;
}

static void keep(const krylov *k, svd_result *result)
{
    size_t rank = k->params->rank;
    gsl_vector_const_view values = gsl_vector_const_subvector(k->values, 0, rank);
    gsl_matrix_const_view v = gsl_matrix_const_submatrix(k->z, 0, 0, k->a->size2, rank);
    gsl_vector_memcpy(result->values, &values.vector);
    if (result->V != NULL)
        gsl_matrix_memcpy(result->V, &v.matrix);
    if (result->U != NULL)
        gsl_matrix_memcpy(result->U, k->left);
}

ml_status svd_leading(const gsl_matrix *a, const svd_params *params, svd_result *result, ml_message *why)
{
    krylov k;
    ml_status status = make(&k, a, params, why);
    result->converged = false;
    for (int cycle = 0; status == ML_OK && cycle < CYCLES && !result->converged; cycle++) {
        status = build_space(&k, why);
        if (status == ML_OK)
            status = project(&k, why);
        if (status == ML_OK)
            status = measure(&k, result->errors, why);
        if (status == ML_OK)
            result->converged = gsl_vector_max(result->errors) <= ENOUGH * gsl_vector_get(k.values, 0);
    }
    if (status == ML_OK)
        keep(&k, result);
    release(&k);
    return status;
}

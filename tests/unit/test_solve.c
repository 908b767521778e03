/* Linear systems: residuals, random systems of known rank, and the answers of integer systems to the last
 * bit. */
#include "math/solve.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/least_squares.h"
#include "unit.h"

static ml_message why;

static gsl_matrix *random_integers(size_t rows, size_t columns, uint64_t stream)
{
    gsl_rng *g = random_stream(7, stream);
    gsl_matrix *a = gsl_matrix_alloc(rows, columns);
    for (size_t i = 0; i < rows * columns; i++)
        a->data[i] = (double)gsl_rng_uniform_int(g, 19) - 9;
    gsl_rng_free(g);
    return a;
}

static gsl_matrix *product(const gsl_matrix *a, const gsl_matrix *b)
{
    gsl_matrix *c = gsl_matrix_alloc(a->size1, b->size2);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, a, b, 0, c);
    return c;
}

static void consistent(void)
{
    unit_case("A X = B with integers of rank r: the rank, and A (x + N t) = B, for every shape");
    solve_params how;
    solve_defaults(&how);
    for (size_t m = 1; m <= 7; m++)
        for (size_t n = 1; n <= 7; n++)
            for (size_t r = 1; r <= (m < n ? m : n); r++) {
                gsl_matrix *left = random_integers(m, r, 10 * m + n),
                           *right = random_integers(r, n, 100 * m + n);
                gsl_matrix *a = product(left, right), *x = random_integers(n, 2, n), *b = product(a, x);
                solve_result s;
                CHECK(solve_fit(a, b, &how, &s, &why) == ML_OK);
                CHECK(s.rank <= r);
                CHECK(s.kinds[0] == (s.rank < n ? SOLVE_MANY : SOLVE_ONE));
                gsl_matrix *back = product(a, s.x);
                for (size_t i = 0; i < m * 2; i++)
                    CHECK_NEAR(back->data[i], b->data[i], 1e-11);
                if (s.null != NULL) {
                    gsl_matrix *zero = product(a, s.null);
                    for (size_t i = 0; i < zero->size1 * zero->size2; i++)
                        CHECK_NEAR(zero->data[i], 0, 1e-10);
                    gsl_matrix_free(zero);
                }
                if (s.rank == n)
                    for (size_t i = 0; i < n * 2; i++)
                        CHECK_NEAR(s.x->data[i], x->data[i], 1e-9);
                solve_free(&s);
                gsl_matrix_free(left);
                gsl_matrix_free(right);
                gsl_matrix_free(a);
                gsl_matrix_free(x);
                gsl_matrix_free(b);
                gsl_matrix_free(back);
            }
}

static void residual_is_orthogonal(void)
{
    unit_case("least squares: the residual is orthogonal to the columns, and b = r + A x to the last digits");
    gsl_matrix *a = random_integers(40, 6, 1), *b = random_integers(40, 1, 2);
    gsl_vector_view right = gsl_matrix_column(b, 0);
    gsl_vector *x = gsl_vector_alloc(6), *r = gsl_vector_alloc(40), *turned = gsl_vector_alloc(6);
    least_squares *q;
    CHECK(least_squares_new(&q, a, &why) == ML_OK);
    CHECK(least_squares_solve(q, &right.vector, x, r, &why) == ML_OK);
    gsl_blas_dgemv(CblasTrans, 1, a, r, 0, turned);
    CHECK(gsl_blas_dnrm2(turned) < 1e-12 * gsl_blas_dnrm2(r));
    gsl_blas_dgemv(CblasNoTrans, 1, a, x, 1, r);
    gsl_vector_sub(r, &right.vector);
    CHECK(gsl_blas_dnrm2(r) < 1e-13);
    least_squares_free(q);
    unit_case("a zero column and a wide matrix are refused");
    for (size_t i = 0; i < 40; i++)
        gsl_matrix_set(a, i, 2, 0);
    CHECK(least_squares_new(&q, a, &why) == ML_NO && q == NULL);
    CHECK_TEXT(why.text, "a column of the matrix is zero");
    gsl_matrix_view wide = gsl_matrix_submatrix(a, 0, 0, 3, 5);
    CHECK(least_squares_new(&q, &wide.matrix, &why) == ML_FAIL && strstr(why.text, "3 x 5") != NULL);
    gsl_vector_free(x);
    gsl_vector_free(r);
    gsl_vector_free(turned);
    gsl_matrix_free(a);
    gsl_matrix_free(b);
}

/* The inverse of the Hilbert matrix times e1 is its first column, integers with a closed form (Choi, American
 * Mathematical Monthly 90 (1983) 301); scaled by the least common multiple of its entries' denominators the
 * matrix has integer entries, so the doubles are exact and so must the answer be, at a condition number of
 * 1e13. */
static void hilbert(void)
{
    unit_case(
        "the Hilbert matrix of order 10 with exact entries: each digit of the solution, condition 1e13");
    enum { N = 10 };
    const double lcm = 232792560; /* of 1 ... 19 */
    gsl_matrix *a = gsl_matrix_alloc(N, N), *b = gsl_matrix_calloc(N, 1);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            gsl_matrix_set(a, i, j, lcm / (double)(i + j + 1));
    gsl_matrix_set(b, 0, 0, lcm);
    static const double column[N] = {100,      -4950,   79200,    -600600, 2522520,
                                     -6306300, 9609600, -8751600, 4375800, -923780};
    solve_params how;
    solve_defaults(&how);
    solve_result s;
    CHECK(solve_fit(a, b, &how, &s, &why) == ML_OK && s.rank == N);
    for (size_t i = 0; i < N; i++)
        CHECK(gsl_matrix_get(s.x, i, 0) == column[i]);
    solve_free(&s);
    gsl_matrix_free(a);
    gsl_matrix_free(b);
}

int main(void)
{
    gsl_set_error_handler_off();
    consistent();
    residual_is_orthogonal();
    hilbert();
    return unit_end();
}

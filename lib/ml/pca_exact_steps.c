/* pca_exact_steps.c: principal component analysis written out, and its check. */
#include <stdlib.h>

#include "base/memory.h"
#include "math/exact_steps.h"
#include "ml/pca_exact.h"

/* An entry of a matrix of exact numbers. */
typedef void number_at(exact_number *out, const pca_exact *p, size_t i, size_t j);

static void write_numbers(const pca_exact *p, steps *out, const char *name, size_t rows, size_t columns,
                          number_at *at, const exact_style *style)
{
    exact_number x;
    const char **cells = memory_array(rows * columns, sizeof *cells);
    if (cells == NULL) {
        steps_fail(out);
        return;
    }
    exact_number_init(&x);
    for (size_t i = 0; i < rows * columns; i++) {
        at(&x, p, i / columns, i % columns);
        cells[i] = exact_steps_number(out, &x, style);
    }
    steps_matrix(out, name, rows, columns, 0, cells);
    exact_number_clear(&x);
    free(cells);
}

/* mean of x = 10/4 = 5/2 */
static void write_means(const pca_exact *p, const char *const *names, steps *out, const exact_style *style)
{
    steps_heading(out, "1. Means of the columns");
    for (size_t j = 0; j < p->columns; j++) {
        const char *sum = exact_steps_rational(out, p->sums + j, style);
        const char *mean = exact_steps_rational(out, p->means + j, style);
        bool bracket =
            !fmpz_is_one(fmpq_denref(p->sums + j)) && style->significant == 0 && style->places == 0;
        steps_text(out, "%s: %s%s%s/%zu = %s", names[j], bracket ? "(" : "", sum, bracket ? ")" : "", p->rows,
                   mean);
    }
}

static void write_covariance(const pca_exact *p, steps *out, const exact_style *style)
{
    if (p->centered) {
        steps_heading(out, "2. Centred rows");
        exact_steps_matrix(out, "C", p->centred, style);
    } else {
        steps_heading(out, "2. The rows as they are, not centred");
        steps_formula(out, "C = X");
    }
    steps_heading(out,
                  p->centered ? "3. Covariance matrix S = C'C/%zu" : "3. Matrix of mean products S = C'C/%zu",
                  p->divisor);
    exact_steps_matrix(out, "S", p->covariance, style);
    if (!p->scaled)
        return;
    steps_text(out, "Each column divided by the square root of its entry on the diagonal: correlations.");
    write_numbers(p, out, "R", p->columns, p->columns, pca_exact_correlation, style);
    steps_text(out, "With D = diag(S), R has the eigenvalues of D^-1*S:");
    exact_steps_matrix(out, "D^-1*S", p->g, style);
}

/* The polynomial of variance K when it has no closed form. */
static void write_open(const pca_exact *p, steps *out, size_t k, const exact_number *variance)
{
    surd unused;
    buffer b = {0};
    surd_init(&unused);
    if (!exact_number_surd(&unused, variance)) {
        exact_print_integer_polynomial(&b, exact_axes_root(&p->axes, k)->polynomial);
        if (b.failed)
            steps_fail(out);
        steps_text(out, "x%zu has no closed form in square roots: it is a root of %s.", k + 1,
                   buffer_text(&b));
    }
    surd_clear(&unused);
    buffer_free(&b);
}

static void write_variances(pca_exact *p, steps *out, const exact_style *style)
{
    exact_number x;
    exact_number_init(&x);
    steps_heading(out, "4. Characteristic polynomial of %s", p->scaled ? "D^-1*S" : "S");
    exact_steps_polynomial(out, &p->axes.spectrum, style);
    steps_heading(out, "5. Variances of the components: its roots, and their shares of the sum");
    for (size_t k = 0; k < p->kept; k++) {
        pca_exact_variance(&x, p, k);
        const char *variance = exact_steps_number(out, &x, style);
        pca_exact_ratio(&x, p, k);
        steps_formula(out, "x%zu = %s,  share %s", k + 1, variance, exact_steps_number(out, &x, style));
    }
    for (size_t k = 0; k < p->kept; k++) {
        pca_exact_variance(&x, p, k);
        write_open(p, out, k, &x);
    }
    exact_number_clear(&x);
}

static void write_vectors(const pca_exact *p, steps *out, const exact_style *style)
{
    if (p->scaled)
        steps_heading(out,
                      "6. Components: null vectors w of D^-1*S - x*I; v = D^(1/2)*w divided by its length, "
                      "|w| being that");
    else
        steps_heading(out, "6. Components: unit null vectors of S - x*I");
    exact_steps_vectors(out, &p->axes, "v", p->kept, style);
    steps_heading(out, p->scaled ? "7. Scores: C*D^(-1/2)*V" : "7. Scores: C*V");
    write_numbers(p, out, "Z", p->rows, p->kept, pca_exact_score, style);
}

ml_status pca_exact_steps(pca_exact *p, const fmpq_mat_t x, const char *const *names, steps *out,
                          const exact_style *style, ml_message *why)
{
    exact_steps_matrix(out, "X", x, style);
    write_means(p, names, out, style);
    write_covariance(p, out, style);
    write_variances(p, out, style);
    write_vectors(p, out, style);
    steps_heading(out, "8. Check");
    if (!exact_axes_check(&p->axes, p->g))
        return ml_fail(why, "the components do not multiply to the matrix again");
    steps_text(out, p->scaled
                        ? "With all components V'V = I and V*L*V' = R, exactly; L holds the variances."
                        : "With all components V'V = I and V*L*V' = S, exactly; L holds the variances.");
    return ML_OK;
}

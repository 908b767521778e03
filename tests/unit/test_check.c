/* The judging arithmetic: balls, assignment, dense, verdicts, diagnoses. */
#include <stdlib.h>

#include "math/assignment.h"
#include "math/ball.h"
#include "math/dense.h"
#include "ml/check.h"
#include "ml/check_cells.h"
#include "ml/check_diagnose.h"
#include "ml/check_same.h"
#include "unit.h"

static ball_space space;

/* "1.5,2;3,4" as an answer */
typedef struct literal {
    const char *text;
    size_t columns;
} literal;

static const char *entry(void *context, size_t i, size_t j, size_t *length)
{
    const literal *l = context;
    const char *p = l->text;
    for (size_t k = i * l->columns + j; k > 0; k--)
        p += strcspn(p, ",;") + 1;
    *length = strcspn(p, ",;");
    return p;
}

static const ball *made(const char *text, bool answer)
{
    literal l = {.text = text};
    size_t rows = 1, cells = 1, bad;
    for (const char *p = text; *p != '\0'; p++) {
        rows += *p == ';';
        cells += *p == ';' || *p == ',';
    }
    l.columns = cells / rows;
    return check_cells_ball(&space, rows, l.columns, entry, &l, answer, false, &bad);
}

static double value(const ball *b, size_t i, size_t j)
{
    return gsl_matrix_get(b->x, i, j);
}

static void test_cells(void)
{
    unit_case("cells carry their written precision and their rational value");
    const ball *b = made("0.50,1/3;2,25%", true);
    CHECK(value(b, 0, 0) == 0.5 && ball_radius(b, 0, 0) == 0.005);
    CHECK(value(b, 0, 1) == 1. / 3 && ball_radius(b, 0, 1) == 0);
    CHECK(ball_radius(b, 1, 0) == 0 && ball_radius(b, 1, 1) == 0);
    CHECK(b->q != NULL && fmpq_equal_si(fmpq_mat_entry(b->q, 1, 0), 2));
    CHECK(ball_is_exact(made("0.50,1/3;2,25%", false)));
    CHECK(made("x", true) == NULL);
    CHECK(check_cell_is_number("1e3", 3) && !check_cell_is_number("name", 4));
}

static void test_balls(void)
{
    unit_case("radii propagate to first order");
    const ball *u = made("0.6,0.8", true), *p = ball_product(&space, u, ball_transpose(&space, u));
    CHECK_NEAR(value(p, 0, 0), 1, 1e-15);
    CHECK_NEAR(ball_radius(p, 0, 0), 2 * (0.6 + 0.8) * 0.05, 1e-15);
    const ball *d = ball_difference(&space, p, ball_identity(&space, 1));
    CHECK_NEAR(ball_radius(d, 0, 0), 0.14, 1e-14);
    CHECK(d->q != NULL && fmpq_is_zero(fmpq_mat_entry(d->q, 0, 0)));
    CHECK(ball_product(&space, NULL, u) == NULL && ball_transpose(&space, NULL) == NULL);
    CHECK(value(ball_diagonal(&space, made("1,2", false), 2, 3), 1, 1) == 2);
    CHECK(value(ball_row_sums(&space, made("1,2;3,4", false)), 1, 0) == 7);
    CHECK(value(ball_rows(&space, made("1,2;3,4", false), 1, 1), 0, 1) == 4);
    CHECK(value(ball_columns(&space, made("1,2;3,4", false), 1, 1), 0, 0) == 2);
    /* what cancelled stays in the scale: (1e8 + 1) - 1e8 is known to 1e8 eps */
    const ball *big = ball_difference(&space, made("100000001", false), made("100000000", false));
    CHECK(ball_slack(big) > 1e-7 && ball_slack(ball_product(&space, big, made("1", false))) > 1e-7);
}

static void test_assignment(void)
{
    unit_case("the Hungarian method finds the cheapest assignment: all permutations of 6 by trial");
    unsigned state = 7;
    for (int trial = 0; trial < 50; trial++) {
        gsl_matrix *cost = gsl_matrix_alloc(6, 6);
        for (size_t i = 0; i < 36; i++) {
            state = state * 1664525u + 1013904223u;
            cost->data[i] = (double)(state >> 24);
        }
        size_t to[6], p[6] = {0, 1, 2, 3, 4, 5}, c[6] = {0};
        CHECK(assignment_solve(cost, to, NULL) == ML_OK);
        double least = 1e9, found = 0;
        for (size_t i = 0; i < 6; i++)
            found += gsl_matrix_get(cost, i, to[i]);
        for (size_t i = 0; i < 6;) { /* Heap's method */
            double sum = 0;
            for (size_t k = 0; k < 6; k++)
                sum += gsl_matrix_get(cost, k, p[k]);
            least = fmin(least, sum);
            while (i < 6 && c[i] >= i)
                c[i++] = 0;
            if (i == 6)
                break;
            size_t with = i % 2 ? c[i] : 0, keep = p[with];
            p[with] = p[i];
            p[i] = keep;
            c[i]++;
            i = 1;
        }
        CHECK(found == least);
        gsl_matrix_free(cost);
    }
    ml_message why;
    gsl_matrix *tall = gsl_matrix_calloc(3, 2);
    size_t to[3];
    CHECK(assignment_solve(tall, to, &why) == ML_FAIL);
    gsl_matrix_free(tall);
}

static void test_dense(void)
{
    unit_case("determinant, solution, eigenvalues, least squares");
    const ball *a = made("2,1,1;4,3,3;8,7,9", false), *b = made("4;10;24", false),
               *s = made("2,1;1,2", false);
    int sign;
    double size;
    ml_message why;
    CHECK(dense_determinant(a->x, &sign, &size, &why) == ML_OK && sign == 1);
    CHECK_NEAR(exp(size), 4, 1e-14);
    gsl_matrix *x = gsl_matrix_alloc(3, 1);
    CHECK(dense_solve(a->x, b->x, x, &why) == ML_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(gsl_matrix_get(x, i, 0), 1, 1e-14);
    gsl_vector *values = gsl_vector_alloc(2), *imaginary = gsl_vector_alloc(2);
    CHECK(dense_symmetric(s->x, values, NULL, &why) == ML_OK);
    CHECK_NEAR(gsl_vector_get(values, 0), 1, 1e-14);
    CHECK_NEAR(gsl_vector_get(values, 1), 3, 1e-14);
    CHECK(dense_eigenvalues(made("0,-1;1,0", false)->x, values, imaginary, &why) == ML_OK);
    CHECK_NEAR(fabs(gsl_vector_get(imaginary, 0)), 1, 1e-14);
    CHECK(dense_solve(made("1,2;2,4", false)->x, made("1;1", false)->x, x, &why) == ML_NO);
    CHECK(dense_determinant(made("1,2", false)->x, &sign, &size, &why) == ML_FAIL);
    size_t rank;
    gsl_matrix *y = gsl_matrix_alloc(2, 1);
    CHECK(dense_least_squares(made("1,1;2,2", false)->x, made("2;4", false)->x, y, &rank, &why) == ML_OK);
    CHECK(rank == 1);
    CHECK_NEAR(gsl_matrix_get(y, 0, 0), 1, 1e-14);
    gsl_matrix_free(x);
    gsl_matrix_free(y);
    gsl_vector_free(values);
    gsl_vector_free(imaginary);
}

static const char *mistake(const char *expected, const char *mine, size_t n)
{
    static char text[256];
    buffer b = {0};
    diagnose_options options = {.tolerance = -1, .observations = n};
    if (!diagnose(made(expected, false)->x, made(mine, true), &options, &b))
        buffer_string(&b, "none");
    snprintf(text, sizeof text, "%s", buffer_text(&b));
    buffer_free(&b);
    return text;
}

static void test_diagnoses(void)
{
    unit_case("mistakes are told apart");
    CHECK_TEXT(mistake("1,2;3,4", "1,2;3,4", 0), "none");
    CHECK_TEXT(mistake("1,2;3,4", "1,3;2,4", 0), "transposed");
    CHECK_TEXT(mistake("5/3", "1.25", 0), "divided by n where n-1 was asked (1.66667 * 3/4)");
    CHECK_TEXT(mistake("2.0", "1.9", 20), "divided by n where n-1 was asked (2 * 19/20)");
    CHECK_TEXT(mistake("2.0", "38.0", 20), "not divided by n-1 (n = 20)");
    CHECK_TEXT(mistake("1.0,2.0", "0.866,1.732", 4),
               "divided by n where n-1 was asked, under the root (n = 4: every entry * sqrt(3/4))");
    CHECK_TEXT(mistake("1.75", "1.213", 0), "ln where log2 was asked: nats given as bits (times ln 2)");
    CHECK_TEXT(mistake("1,2,3;4,5,6", "1,2,3;4,5,-6", 0), "the sign at 2,3");
    CHECK_TEXT(mistake("2/3", "0.66", 0), "cut off instead of rounded (0.66 for 0.666667)");
    CHECK_TEXT(mistake("17", "18.", 0), "none");
    CHECK_TEXT(mistake("17,5", "18,5", 0), "only 1,1 is wrong: 18 for 17");
}

static check_verdict verdict(const char *expected, const char *mine, unsigned what)
{
    check_report report;
    ml_message why;
    check_defaults(&report);
    check_verdict v = CHECK_UNDECIDED;
    if (check_same(&report, made(expected, false), made(mine, true), what, 0, "claim", &why) == ML_OK)
        v = report.rows[0].verdict;
    else
        UNIT_FAIL("%s", why.text);
    check_free(&report);
    return v;
}

static void test_verdicts(void)
{
    unit_case("verdicts up to sign, scale, order, span and labels");
    CHECK(verdict("0.7071067811865476", "0.71", 0) == CHECK_YES);
    CHECK(verdict("0.7071067811865476", "0.72", 0) == CHECK_NO);
    CHECK(verdict("6.708203932499369", "7", 0) == CHECK_NO);
    CHECK(verdict("1", "0e5", 0) == CHECK_UNDECIDED);
    CHECK(verdict("1,2;3,4", "-1,2;-3,4", SAME_UP_TO_SIGN) == CHECK_YES);
    CHECK(verdict("1,2;3,4", "-1,2;3,4", SAME_UP_TO_SIGN) == CHECK_NO);
    CHECK(verdict("1,2;3,4", "4,-3;8,-9", SAME_UP_TO_SCALE | SAME_UP_TO_ORDER) == CHECK_YES);
    CHECK(verdict("1;2;3", "3;1;2", SAME_UP_TO_ORDER) == CHECK_YES);
    CHECK(verdict("1,0;0,1;0,0", "1,1;1,-1;0,0", SAME_UP_TO_SPAN) == CHECK_YES);
    CHECK(verdict("1,0;0,1;0,0", "1,1;1,1;0,0", SAME_UP_TO_SPAN) == CHECK_NO);
    CHECK(verdict("1;1;2", "5;5;0", SAME_UP_TO_LABELS) == CHECK_YES);
    CHECK(verdict("1;1;2", "5;0;0", SAME_UP_TO_LABELS) == CHECK_NO);
}

int main(void)
{
    test_cells();
    test_balls();
    test_assignment();
    test_dense();
    test_diagnoses();
    test_verdicts();
    ball_free_all(&space);
    return unit_end();
}

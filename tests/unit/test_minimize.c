/* The minimizers: update formulas, statuses, bounds, classes.  Problem sets: test_minimize_mgh.c. */
#include "math/minimize.h"

#include <stdlib.h>

#include "first_order.h"
#include "unit.h"

static ml_message why;

typedef void gradient_function(const double *x, double *f, double *g);

static void square(const double *x, double *f, double *g)
{
    *f = x[0] * x[0];
    g[0] = 2 * x[0];
}

static void bowl(const double *x, double *f, double *g)
{
    *f = x[0] * x[0] / 2 + 5 * x[1] * x[1] + x[0] * x[1];
    g[0] = x[0] + x[1];
    g[1] = 10 * x[1] + x[0];
}

static void rosenbrock(const double *x, double *f, double *g)
{
    double a = x[1] - x[0] * x[0], b = 1 - x[0];
    *f = 100 * a * a + b * b;
    g[0] = -400 * x[0] * a - 2 * b;
    g[1] = 200 * a;
}

static void logistic(const double *x, double *f, double *g)
{
    double s = 1 / (1 + exp(x[0] - 2 * x[1]));
    *f = log1p(exp(2 * x[1] - x[0])) + (x[0] * x[0] + x[1] * x[1]) / 10;
    g[0] = -s + x[0] / 5;
    g[1] = 2 * s + x[1] / 5;
}

static ml_status gradient_callback(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    (void)reason;
    (*(gradient_function **)context)(x, f, g);
    return ML_OK;
}

static ml_status value_callback(void *context, const double *x, double *f, ml_message *reason)
{
    double g[8];
    return gradient_callback(context, x, f, g, reason);
}

static minimize_objective objective(size_t n, gradient_function **f)
{
    return (minimize_objective){.n = n, .context = f, .value = value_callback, .gradient = gradient_callback};
}

static const struct {
    const char *name;
    size_t n;
    gradient_function *f;
    double start[2];
} first_problems[] = {{"square", 1, square, {1}},
                      {"bowl", 2, bowl, {2, -1}},
                      {"rosenbrock", 2, rosenbrock, {-1.2, 1}},
                      {"logistic", 2, logistic, {0.5, 1}}};

static void check_first_order(const struct first_order_row *row)
{
    size_t i = 0;
    while (strcmp(first_problems[i].name, row->problem) != 0)
        i++;
    gradient_function *f = first_problems[i].f;
    minimize_objective o = objective(first_problems[i].n, &f);
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, row->method);
    p.rate = row->rate;
    p.weight_decay = row->weight_decay;
    p.max_iterations = row->updates;
    p.gradient_tolerance = 0;
    if (minimize(&o, first_problems[i].start, &p, &r, &why) != ML_OK) {
        UNIT_FAIL("%s", why.text);
        return;
    }
    CHECK(r.iterations == row->updates && r.status == MINIMIZE_ITERATION_LIMIT);
    CHECK(r.gradients == row->updates + 1 && r.values == 0);
    for (size_t k = 0; k < o.n; k++)
        if (!(fabs(r.x[k] - row->x[k]) <= 1e-12 * fmax(fabs(row->x[k]), 1e-2)))
            UNIT_FAIL("%s, %s, update %zu: x[%zu] is %.17g, expected %.17g", row->problem,
                      minimize_method_name(row->method), row->updates, k, r.x[k], row->x[k]);
    minimize_free(&r);
}

static void test_first_order(void)
{
    unit_case("first-order methods are those of PyTorch to 12 digits over 50 updates");
    for (size_t i = 0; i < sizeof first_order_rows / sizeof *first_order_rows; i++)
        check_first_order(&first_order_rows[i]);
}

int main(void)
{
    test_first_order();
    return unit_end();
}

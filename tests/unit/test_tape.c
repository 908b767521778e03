/* The tape: derivatives against complex steps, against symbolic ones, against differences; kinks; rows. */
#include <complex.h>
#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/symbolic.h"
#include "math/tape.h"
#include "math/tape_rows.h"
#include "unit.h"

static const tape_variable XYZ[] = {{.name = "x", .rows = 1, .columns = 1},
                                    {.name = "y", .rows = 1, .columns = 1},
                                    {.name = "z", .rows = 1, .columns = 1},
                                    {.name = "v", .rows = 3, .columns = 1}};
enum { VARIABLES = 4, N = 6 };

static tape *compile(expression_space *s, const char *text, const expression **e)
{
    ml_message why = {""};
    tape *t = NULL;
    const expression *parsed;
    if (expression_parse(s, NULL, text, &parsed, &why) != ML_OK ||
        tape_new(s, &parsed, 1, XYZ, VARIABLES, &t, &why) != ML_OK)
        UNIT_FAIL("%s: %s", text, why.text);
    if (e != NULL)
        *e = parsed;
    return t;
}

static bool close_to(double a, double b, double tolerance)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

/* --- one function of one number, against the complex step Im f(x + ih) / h (Squire & Trapp, SIAM Review 40,
 * 1998, 110), which is exact to rounding --- */

typedef double complex complex_function(double complex);
static const struct {
    const char *text;
    complex_function *f;
    double points[3];
} FUNCTIONS[] = {
    {"exp(x)", cexp, {-3, 0.1, 20}},        {"log(x)", clog, {0.01, 1, 1e10}},
    {"sqrt(x)", csqrt, {1e-8, 2, 1e8}},     {"sin(x)", csin, {-2, 0.3, 100}},
    {"cos(x)", ccos, {-2, 0.3, 100}},       {"tan(x)", ctan, {-1, 0.3, 1.5}},
    {"asin(x)", casin, {-0.9, 0.1, 0.5}},   {"acos(x)", cacos, {-0.9, 0.1, 0.5}},
    {"atan(x)", catan, {-5, 0.1, 50}},      {"sinh(x)", csinh, {-3, 0.1, 10}},
    {"cosh(x)", ccosh, {-3, 0.1, 10}},      {"tanh(x)", ctanh, {-3, 0.1, 10}},
    {"asinh(x)", casinh, {-3, 0.1, 10}},    {"acosh(x)", cacosh, {1.1, 2, 10}},
    {"atanh(x)", catanh, {-0.9, 0.1, 0.9}},
};

static void complex_step(void)
{
    unit_case("first derivatives equal complex steps");
    for (size_t k = 0; k < sizeof FUNCTIONS / sizeof *FUNCTIONS; k++) {
        expression_space *s = expression_space_new();
        tape *t = compile(s, FUNCTIONS[k].text, NULL);
        tape_run *r = tape_run_new(t);
        for (size_t p = 0; p < 3; p++) {
            double x[N] = {FUNCTIONS[k].points[p]}, value, gradient[N];
            double step = cimag(FUNCTIONS[k].f(x[0] + 1e-30 * I)) / 1e-30;
            tape_value(r, x, &value);
            tape_gradient(r, NULL, gradient);
            CHECK(close_to(value, creal(FUNCTIONS[k].f(x[0])), 1e-15));
            if (fabs(gradient[0] - step) > 4e-15 * fabs(step))
                UNIT_FAIL("%s at %g: %.17g, complex step %.17g", FUNCTIONS[k].text, x[0], gradient[0], step);
        }
        tape_run_free(r);
        tape_free(t);
        expression_space_free(s);
    }
}

/* --- whole expressions --- */

static const char *const EXPRESSIONS[] = {
    "x*y+z",
    "(1-x)^2+100*(y-x^2)^2",
    "x^3*y^4-z^-1",
    "x^2.5+y^0.5+3^z",
    "x^y+y^z",
    "exp(x*y)/(1+z^2)",
    "log(x)*log2(y)*log10(z)",
    "log1p(x)+expm1(y)*cbrt(z)",
    "sin(x)*cos(y)*tan(z)",
    "asin(x/3)+acos(y/3)-atan(x*z)",
    "sinh(x)*cosh(y)*tanh(z)",
    "asinh(x*y)+acosh(1+z)+atanh(x/4)",
    "erf(x)*erfc(y)+gamma(z)",
    "lgamma(x+y)*digamma(z+1)",
    "sigmoid(x*y)+softplus(z-x)+relu(y)*z",
    "atan2(x,y)*hypot(y,z)+pow(x,z)",
    "min(x,y,z)^2+max(x*y,z)^3",
    "abs(x-y)*sign(x)+floor(z)*x",
    "if(x<y,x^2*z,y^3)",
    "sum(i,1,3,i*x^i)*prod(i,1,3,y+i)",
    "dot(v,[x,y,z])^2+norm(v)*x",
    "norm([x,y,z],3)+norm(v,1)*mean([x,y,z])",
    "sum(v)*prod([x,y,z])+v[2]^3",
    "([x,y;y,z]*[1;2])'*[z;x]",
    "(-x^2-+y)*-z",
    "log(sum(i,1,3,exp(v[i]*x)))",
};

/* The symbolic derivative by NAME of parameter J, run on a tape of its own. */
static double symbolic_value(expression_space *s, const expression *e, const char *a, const char *b,
                             const double *x)
{
    ml_message why;
    const expression *d = e;
    double value = NAN;
    ml_status status = symbolic_derivative(s, e, a, &d, &why);
    if (status == ML_OK && b != NULL)
        status = symbolic_derivative(s, d, b, &d, &why);
    tape *t = NULL;
    if (status == ML_OK && tape_new(s, &d, 1, XYZ, VARIABLES, &t, &why) == ML_OK) {
        tape_run *r = tape_run_new(t);
        tape_value(r, x, &value);
        tape_run_free(r);
        tape_free(t);
    } else {
        UNIT_FAIL("%s", why.text);
    }
    return value;
}

static double value_at(tape_run *r, const double *x)
{
    double value;
    tape_value(r, x, &value);
    return value;
}

/* Richardson-extrapolated central differences of first derivatives: an error of about 1e-10. */
static double difference(tape_run *r, double *x, size_t i, size_t j)
{
    double g[N], d[2];
    for (int k = 0; k < 2; k++) {
        double h = k ? 1e-4 : 2e-4, keep = x[j], up;
        x[j] = keep + h;
        value_at(r, x);
        tape_gradient(r, NULL, g);
        up = g[i];
        x[j] = keep - h;
        value_at(r, x);
        tape_gradient(r, NULL, g);
        d[k] = (up - g[i]) / (2 * h);
        x[j] = keep;
    }
    return (4 * d[1] - d[0]) / 3;
}

static void check_gradient(tape_run *r, const char *text, expression_space *s, const expression *e, double *x)
{
    static const char *const NAMES[] = {"x", "y", "z"};
    double gradient[N], tangent, direction[N];
    value_at(r, x);
    tape_gradient(r, NULL, gradient);
    for (size_t j = 0; j < N; j++) {
        memset(direction, 0, sizeof direction);
        direction[j] = 1;
        tape_tangent(r, direction, &tangent);
        if (!close_to(tangent, gradient[j], 1e-14))
            UNIT_FAIL("%s: forward %.17g, reverse %.17g by parameter %zu", text, tangent, gradient[j], j);
        double symbolic = j < 3 ? symbolic_value(s, e, NAMES[j], NULL, x) : NAN;
        if (j < 3 && !close_to(gradient[j], symbolic, 1e-13))
            UNIT_FAIL("%s: %.17g, symbolic %.17g by %s", text, gradient[j], symbolic, NAMES[j]);
    }
}

static void check_hessian(tape_run *r, const char *text, expression_space *s, const expression *e, double *x)
{
    static const char *const NAMES[] = {"x", "y", "z"};
    double gradient[N];
    gsl_matrix *h = gsl_matrix_alloc(N, N);
    value_at(r, x);
    tape_gradient(r, NULL, gradient);
    tape_hessian(r, h);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            double d = difference(r, x, i, j), entry = gsl_matrix_get(h, i, j);
            if (!close_to(entry, d, 2e-8))
                UNIT_FAIL("%s: H(%zu,%zu) = %.17g, differences %.17g", text, i, j, entry, d);
            double symbolic = i < 3 && j < 3 ? symbolic_value(s, e, NAMES[i], NAMES[j], x) : NAN;
            if (i < 3 && j < 3 && !close_to(entry, symbolic, 1e-12))
                UNIT_FAIL("%s: H(%zu,%zu) = %.17g, symbolic %.17g", text, i, j, entry, symbolic);
        }
    gsl_matrix_free(h);
}

static void whole(bool second)
{
    for (size_t k = 0; k < sizeof EXPRESSIONS / sizeof *EXPRESSIONS; k++) {
        expression_space *s = expression_space_new();
        const expression *e;
        tape *t = compile(s, EXPRESSIONS[k], &e);
        tape_run *r = tape_run_new(t);
        double points[][N] = {{0.3, 1.7, 0.9, 1, -2, 0.5}, {1.25, 0.4, 2.2, -0.3, 0.7, 3}};
        /* digamma and products over a name have no symbolic derivative */
        bool known = strstr(EXPRESSIONS[k], "digamma") == NULL && strstr(EXPRESSIONS[k], "prod(") == NULL &&
                     strstr(EXPRESSIONS[k], ",3)+norm") == NULL && strstr(EXPRESSIONS[k], "gamma") == NULL;
        for (size_t p = 0; p < 2 && known; p++)
            (second ? check_hessian : check_gradient)(r, EXPRESSIONS[k], s, e, points[p]);
        for (size_t p = 0; p < 2 && !known && second; p++) {
            gsl_matrix *h = gsl_matrix_alloc(N, N);
            double gradient[N];
            value_at(r, points[p]);
            tape_gradient(r, NULL, gradient);
            tape_hessian(r, h);
            for (size_t i = 0; i < N * N; i++)
                CHECK(close_to(h->data[i], difference(r, points[p], i / N, i % N), 2e-8));
            gsl_matrix_free(h);
        }
        tape_run_free(r);
        tape_free(t);
        expression_space_free(s);
    }
}

static void kinks(void)
{
    static const struct {
        const char *text;
        double x, y, value, by_x, by_y;
    } CASES[] = {
        {"abs(x)", 0, 0, 0, 0, 0},
        {"relu(x)", 0, 0, 0, 0, 0},
        {"hypot(x,y)", 0, 0, 0, 0, 0},
        {"norm([x,y])", 0, 0, 0, 0, 0},
        {"min(x,y)", 1, 1, 1, 1, 0},
        {"max(x,y)", 1, 1, 1, 1, 0},
        {"if(x>0,x*log(x),0)", -1, 0, 0, 0, 0},
        {"if(x>0,sqrt(x),y)", -1, 3, 3, 0, 1},
        {"floor(x)*y", 2.5, 1, 2, 0, 2},
        {"(x>y)*x", 3, 1, 3, 1, 0},
        {"x^0", 0, 0, 1, 0, 0},
        {"x^y", 0, 2, 0, 0, 0},
        {"x^2", 0, 0, 0, 0, 0},
        {"softplus(x)", 800, 0, 800, 1, 0},
        {"softplus(x)", -800, 0, 0, 0, 0},
        {"sigmoid(x)", -800, 0, 0, 0, 0},
    };
    unit_case("kinks have the derivative that is said; what is not chosen does not count");
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        expression_space *s = expression_space_new();
        tape *t = compile(s, CASES[k].text, NULL);
        tape_run *r = tape_run_new(t);
        double x[N] = {CASES[k].x, CASES[k].y}, gradient[N], value = value_at(r, x);
        gsl_matrix *h = gsl_matrix_alloc(N, N);
        tape_gradient(r, NULL, gradient);
        if (value != CASES[k].value || gradient[0] != CASES[k].by_x || gradient[1] != CASES[k].by_y)
            UNIT_FAIL("%s at (%g,%g): %g, %g, %g", CASES[k].text, x[0], x[1], value, gradient[0],
                      gradient[1]);
        tape_hessian(r, h);
        CHECK(isfinite(gsl_matrix_get(h, 0, 0)) && isfinite(gsl_matrix_get(h, 0, 1)));
        gsl_matrix_free(h);
        tape_run_free(r);
        tape_free(t);
        expression_space_free(s);
    }
}

static void jacobians(void)
{
    unit_case("Jacobians, wide and tall");
    expression_space *s = expression_space_new();
    const expression *e[2];
    ml_message why;
    tape *t = NULL;
    CHECK(expression_parse(s, NULL, "x*y^2", &e[0], &why) == ML_OK);
    CHECK(expression_parse(s, NULL, "[x,y,z,x*z,7,v[3],x/y]'", &e[1], &why) == ML_OK);
    CHECK(tape_new(s, e, 2, XYZ, VARIABLES, &t, &why) == ML_OK);
    CHECK(t->output_count == 8 && t->roots[1].rows == 7 && t->roots[1].columns == 1);
    tape_run *r = tape_run_new(t);
    double x[N] = {2, 4, 5, 1, 1, 1}, values[8];
    static const double expected[8][N] = {{16, 16, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0},
                                          {0, 0, 1, 0, 0, 0},   {5, 0, 2, 0, 0, 0}, {0, 0, 0, 0, 0, 0},
                                          {0, 0, 0, 0, 0, 1},   {0.25, -0.125}};
    gsl_matrix *j = gsl_matrix_alloc(8, N);
    tape_value(r, x, values);
    tape_jacobian(r, j);
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < N; k++)
            CHECK(gsl_matrix_get(j, i, k) == expected[i][k]);
    tape *one;
    CHECK(tape_of_nodes(t, t->outputs + 4, 2, &one, &why) == ML_OK);
    tape_run *q = tape_run_new(one);
    gsl_matrix_view top = gsl_matrix_submatrix(j, 0, 0, 2, N);
    tape_value(q, x, values);
    tape_jacobian(q, &top.matrix);
    CHECK(values[0] == 10 && values[1] == 7 && gsl_matrix_get(j, 0, 0) == 5 && gsl_matrix_get(j, 0, 2) == 2);
    tape_run_free(q);
    tape_free(one);
    gsl_matrix_free(j);
    tape_run_free(r);
    tape_free(t);
    expression_space_free(s);
}

static void refused(void)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"x+unknown", "'unknown' has no value"},
        {"v+[1,2,3]", "3 x 1 and 1 x 3"},
        {"v*v", "3 x 1 and 3 x 1"},
        {"v[4]", "a whole number from 1 to 3"},
        {"v[x]", "a constant is needed"},
        {"sum(i,1,x,i)", "a constant is needed"},
        {"sum(i,1,1e9,i)", "at most"},
        {"norm(v,x)", "order of a norm"},
        {"if(v,1,2)", "a condition is a number"},
        {"2i*x", "only real numbers"},
    };
    unit_case("what cannot be compiled is refused");
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        expression_space *s = expression_space_new();
        const expression *e;
        ml_message why = {""};
        tape *t = NULL;
        CHECK(expression_parse(s, NULL, CASES[k].text, &e, &why) == ML_OK);
        if (tape_new(s, &e, 1, XYZ, VARIABLES, &t, &why) != ML_FAIL || !strstr(why.text, CASES[k].says))
            UNIT_FAIL("%s: %s", CASES[k].text, why.text);
        CHECK(t == NULL);
        expression_space_free(s);
    }
}

static void culprits(void)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"2+3*log(x-1)", "log of -0.5"},
        {"x/(y-y)+z", "0.5 divided by 0"},
        {"if(x>0,sqrt(-x),1)", "sqrt of -0.5"},
        {"(x-1)^0.5", "sqrt of -0.5"},
        {"exp(exp(x*100))", "exp of 5.184705528587072e21"},
        {"log(-1)*x", "log of -1"},
    };
    unit_case("what makes a value that is not finite is named");
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        expression_space *s = expression_space_new();
        tape *t = compile(s, CASES[k].text, NULL);
        tape_run *r = tape_run_new(t);
        double x[N] = {0.5, 2, 3};
        char text[200] = "";
        value_at(r, x);
        size_t node = tape_culprit(t, tape_values(r), 0);
        CHECK(node < t->count);
        if (node < t->count)
            tape_describe(t, tape_values(r), node, text, sizeof text);
        if (strcmp(text, CASES[k].says) != 0)
            UNIT_FAIL("%s: '%s'", CASES[k].text, text);
        tape_run_free(r);
        tape_free(t);
        expression_space_free(s);
    }
}

static void sums_of_squares(void)
{
    static const struct {
        const char *text;
        size_t count;
        double first_scale;
    } CASES[] = {
        {"x^2", 1, 1},
        {"(1-x)^2+100*(y-x^2)^2", 2, 100},
        {"sum(i,1,40,(x-i)^2)/2", 40, 0.5},
        {"dot(v,v)", 3, 1},
        {"x^2-y^2", 0, 0},
        {"x^2+y", 0, 0},
        {"(x-y)*(x-y)", 1, 1},
    };
    unit_case("sums of squares are recognized");
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        expression_space *s = expression_space_new();
        tape *t = compile(s, CASES[k].text, NULL);
        uint32_t *terms;
        double *scales;
        size_t count;
        CHECK(tape_squares(t, &terms, &scales, &count, NULL) == ML_OK);
        if (count != CASES[k].count || (count > 0 && scales[0] != CASES[k].first_scale))
            UNIT_FAIL("%s: %zu terms, scale %g", CASES[k].text, count, count ? scales[0] : 0);
        free(terms);
        free(scales);
        tape_free(t);
        expression_space_free(s);
    }
}

/* --- rows --- */

enum { ROWS = 20011, COLUMNS = 3 };
static const size_t CHOSEN[] = {0, 1, 2};
static const char *const LOSSES[] = {
    "log(1+exp(-(2*c-1)*(w0+w1*a+w2*b)))+0.1*(w1^2+w2^2)",
    "(c-exp(w0)*a-sin(w1*w2)*b)^2",
    "if(a>0.5,w0^2*a,w1*b)+abs(w2-c)",
    "softplus(-(2*c-1)*(w0+w1*a))*w2",
    "w0^2+w1*w2",
};

/* The sum over rows as one tape: each row's numbers put in place of its names. */
static void by_hand(const char *loss, const double *data, const double *w, double *value, double *gradient,
                    gsl_matrix *hessian)
{
    /* mean over rows of a tape in (a,b,c,w0,w1,w2) as parameters */
    static const tape_variable names[] = {
        {.name = "w0", .rows = 1, .columns = 1}, {.name = "w1", .rows = 1, .columns = 1},
        {.name = "w2", .rows = 1, .columns = 1}, {.name = "a", .rows = 1, .columns = 1},
        {.name = "b", .rows = 1, .columns = 1},  {.name = "c", .rows = 1, .columns = 1}};
    expression_space *s = expression_space_new();
    const expression *e;
    ml_message why;
    tape *t;
    CHECK(expression_parse(s, NULL, loss, &e, &why) == ML_OK);
    CHECK(tape_new(s, &e, 1, names, 6, &t, &why) == ML_OK);
    tape_run *r = tape_run_new(t);
    gsl_matrix *h = gsl_matrix_alloc(6, 6);
    long double sums[13] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        double x[6] = {w[0], w[1], w[2], data[i * COLUMNS], data[i * COLUMNS + 1], data[i * COLUMNS + 2]}, y,
               g[6];
        tape_value(r, x, &y);
        tape_gradient(r, NULL, g);
        tape_hessian(r, h);
        sums[0] += y;
        for (size_t j = 0; j < 3; j++)
            sums[1 + j] += g[j];
        for (size_t j = 0; j < 9; j++)
            sums[4 + j] += gsl_matrix_get(h, j / 3, j % 3);
    }
    *value = (double)(sums[0] / ROWS);
    for (size_t j = 0; j < 3; j++)
        gradient[j] = (double)(sums[1 + j] / ROWS);
    for (size_t j = 0; j < 9; j++)
        hessian->data[j] = (double)(sums[4 + j] / ROWS);
    gsl_matrix_free(h);
    tape_run_free(r);
    tape_free(t);
    expression_space_free(s);
}

static tape *compile_loss(expression_space *s, const char *loss)
{
    static const tape_variable names[] = {
        {.name = "w0", .rows = 1, .columns = 1},
        {.name = "w1", .rows = 1, .columns = 1},
        {.name = "w2", .rows = 1, .columns = 1},
        {.name = "a", .rows = 1, .columns = 1, .data = true, .column = CHOSEN},
        {.name = "b", .rows = 1, .columns = 1, .data = true, .column = CHOSEN + 1},
        {.name = "c", .rows = 1, .columns = 1, .data = true, .column = CHOSEN + 2}};
    const expression *e;
    ml_message why;
    tape *t = NULL;
    if (expression_parse(s, NULL, loss, &e, &why) != ML_OK || tape_new(s, &e, 1, names, 6, &t, &why) != ML_OK)
        UNIT_FAIL("%s: %s", loss, why.text);
    return t;
}

static void rows(void)
{
    static double data[ROWS * COLUMNS];
    static double values[ROWS];
    static size_t every[ROWS];
    gsl_rng *g = random_stream(1, 1);
    ml_message why;
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        data[i] = i % COLUMNS == 2 ? (double)(gsl_rng_uniform(g) < 0.5) : gsl_rng_uniform(g);
    for (size_t i = 0; i < ROWS; i++)
        every[i] = i;
    gsl_rng_free(g);
    tape_rows *r = tape_rows_new(COLUMNS);
    CHECK(tape_rows_append(r, data, 5000, COLUMNS, CHOSEN, &why) == ML_OK);
    CHECK(tape_rows_append(r, data + 5000 * COLUMNS, ROWS - 5000, COLUMNS, CHOSEN, &why) == ML_OK);
    CHECK(tape_rows_count(r) == ROWS);
    for (size_t k = 0; k < sizeof LOSSES / sizeof *LOSSES; k++) {
        unit_case(LOSSES[k]);
        expression_space *s = expression_space_new();
        tape *t = compile_loss(s, LOSSES[k]);
        double w[3] = {0.3, -0.7, 1.1}, value, gradient[3], expected, slopes[3], first = 0;
        gsl_matrix *h = gsl_matrix_alloc(3, 3), *curvatures = gsl_matrix_alloc(3, 3),
                   *j = gsl_matrix_alloc(ROWS, 3);
        by_hand(LOSSES[k], data, w, &expected, slopes, curvatures);
        for (int jobs = 1; jobs <= 3; jobs++) {
            tape_mean *m;
            CHECK(tape_mean_new(t, r, jobs, &m, &why) == ML_OK);
            tape_mean_at(m, w, &value, gradient);
            CHECK(jobs == 1 || value == first);
            first = value;
            CHECK_NEAR(value, expected, 1e-13);
            for (size_t i = 0; i < 3; i++)
                CHECK_NEAR(gradient[i], slopes[i], 1e-13);
            CHECK(tape_mean_hessian(m, w, h, &why) == ML_OK);
            for (size_t i = 0; i < 9; i++)
                CHECK_NEAR(h->data[i], curvatures->data[i], 1e-12);
            tape_mean_batch(m, w, every, ROWS, &value, gradient);
            CHECK_NEAR(value, expected, 1e-13);
            CHECK_NEAR(gradient[1], slopes[1], 1e-12);
            CHECK(tape_mean_outputs(m, w, values, j, &why) == ML_OK);
            double sum = 0, slope = 0;
            for (size_t i = 0; i < ROWS; i++) {
                sum += values[i] / ROWS;
                slope += gsl_matrix_get(j, i, 2) / ROWS;
            }
            CHECK_NEAR(sum, expected, 1e-12);
            CHECK_NEAR(slope, slopes[2], 1e-12);
            CHECK(tape_mean_culprit(m, w, values) == ROWS);
            tape_mean_free(m);
        }
        gsl_matrix_free(h);
        gsl_matrix_free(curvatures);
        gsl_matrix_free(j);
        tape_free(t);
        expression_space_free(s);
    }
    tape_rows_free(r);
}

int main(void)
{
    gsl_set_error_handler_off();
    complex_step();
    unit_case("gradients, forward and in reverse, equal symbolic ones");
    whole(false);
    unit_case("Hessians equal symbolic ones and differences of gradients");
    whole(true);
    kinks();
    jacobians();
    refused();
    culprits();
    sums_of_squares();
    rows();
    return unit_end();
}

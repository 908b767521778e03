/* Exact eigenvalues; the expected values are printed by tests/ref/exact.py (SymPy). */
#include "math/exact_eigen.h"

#include <stdlib.h>

#include "math/rational.h"
#include "unit.h"

/* Rows separated by ;, cells by blanks. */
static void read_matrix(fmpq_mat_t m, slong rows, slong columns, const char *text)
{
    fmpq_mat_init(m, rows, columns);
    for (slong i = 0; i < rows * columns; i++) {
        size_t length = strcspn(text, " ;");
        CHECK(rational_read(text, length, fmpq_mat_entry(m, i / columns, i % columns)) == NUMBER_OK);
        text += length;
        text += strspn(text, " ;");
    }
}

/* The factors, a colon, and the values: closed forms or PLACES decimals. */
static const char *spectrum(slong n, const char *text, size_t places)
{
    static buffer out;
    fmpq_mat_t a;
    exact_spectrum s;
    ml_message why;
    buffer_free(&out);
    read_matrix(a, n, n, text);
    CHECK(exact_spectrum_find(&s, a, &why) == ML_OK);
    exact_spectrum_print_factors(&out, &s);
    buffer_char(&out, ':');
    for (size_t i = 0; i < s.count; i++) {
        buffer_string(&out, i == 0 ? " " : ", ");
        if (!exact_eigenvalue_print(&out, &s, i))
            exact_eigenvalue_decimals(&out, &s, i, places);
    }
    exact_spectrum_clear(&s);
    fmpq_mat_clear(a);
    return buffer_text(&out);
}

/* The eigenvectors of each value, in its closed form. */
static const char *vectors(slong n, const char *text)
{
    static buffer out;
    fmpq_mat_t a;
    exact_spectrum s;
    ml_message why;
    buffer_free(&out);
    read_matrix(a, n, n, text);
    CHECK(exact_spectrum_find(&s, a, &why) == ML_OK);
    for (size_t i = 0; i < s.count; i++) {
        exact_matrix basis;
        exact_field_eigenvectors(&s.factors[s.values[i].factor].field, &basis, a);
        for (slong j = 0; j < basis.columns; j++) {
            buffer_string(&out, i + (size_t)j == 0 ? "(" : " (");
            for (slong r = 0; r < n; r++) {
                buffer_string(&out, r == 0 ? "" : ", ");
                CHECK(exact_value_print(&out, exact_matrix_entry(&basis, r, j), &s.values[i].root));
            }
            buffer_string(&out, ")");
        }
        exact_matrix_clear(&basis);
    }
    exact_spectrum_clear(&s);
    fmpq_mat_clear(a);
    return buffer_text(&out);
}

static void eigenvalues(void)
{
    unit_case("eigenvalues that are rational or in square roots, real and complex");
    CHECK_TEXT(spectrum(2, "2 1; 1 1", 0), "x^2 - 3*x + 1: 3/2 + 1/2*sqrt(5), 3/2 - 1/2*sqrt(5)");
    CHECK_TEXT(spectrum(2, "25 20; 20 25", 0), "(x - 45)*(x - 5): 45, 5");
    CHECK_TEXT(spectrum(2, "0 -1; 1 0", 0), "x^2 + 1: i, -i");
    CHECK_TEXT(spectrum(2, "1 -3; 1 2", 0), "x^2 - 3*x + 5: 3/2 + 1/2*i*sqrt(11), 3/2 - 1/2*i*sqrt(11)");
    CHECK_TEXT(spectrum(2, "0.5 0; 0 1/3", 0), "(x - 1/2)*(x - 1/3): 1/2, 1/3");
    CHECK_TEXT(spectrum(3, "2 0 0; 0 2 0; 0 0 0", 0), "x*(x - 2)^2: 2, 0");
    CHECK_TEXT(spectrum(1, "-7", 0), "x + 7: -7");
    unit_case("without a closed form: decimals, all certain");
    CHECK_TEXT(spectrum(3, "2 -1 0; -1 2 -1; 0 -1 1", 30),
               "x^3 - 5*x^2 + 6*x - 1: 3.246979603717467061050009768008, 1.554958132087371191422194871006, "
               "0.198062264195161747527795360985");
    CHECK_TEXT(spectrum(3, "0 0 2; 1 0 0; 0 1 0", 20),
               "x^3 - 2: 1.25992104989487316477, -0.62996052494743658238 + 1.09112363597172140356*i, "
               "-0.62996052494743658238 - 1.09112363597172140356*i");
    unit_case("eigenvectors in the field of the eigenvalue");
    CHECK_TEXT(vectors(2, "2 1; 1 1"), "(1/2 + 1/2*sqrt(5), 1) (1/2 - 1/2*sqrt(5), 1)");
    CHECK_TEXT(vectors(2, "0 -1; 1 0"), "(i, 1) (-i, 1)");
    CHECK_TEXT(vectors(3, "2 0 0; 0 2 0; 0 0 0"), "(1, 0, 0) (0, 1, 0) (0, 0, 1)");
}

static const char *inverse_of(const char *const *squares, size_t count)
{
    static buffer out;
    surd sum, root, product;
    fmpq_t x;
    buffer_free(&out);
    surd_init(&sum);
    surd_init(&root);
    surd_init(&product);
    fmpq_init(x);
    for (size_t i = 0; i < count; i++) {
        CHECK(rational_read(squares[i], strlen(squares[i]), x) == NUMBER_OK && surd_set_root(&root, x));
        surd_add(&sum, &sum, &root);
    }
    CHECK(surd_inverse(&root, &sum));
    surd_print(&out, &root);
    surd_mul(&product, &root, &sum);
    CHECK(surd_is_rational(&product, x) && fmpq_is_one(x));
    surd_clear(&sum);
    surd_clear(&root);
    surd_clear(&product);
    fmpq_clear(x);
    return buffer_text(&out);
}

/* sqrt(P + Q sqrt(C)) */
static const char *nested(const char *p, const char *q, slong c)
{
    static buffer out;
    surd sum, root;
    fmpq_t x;
    buffer_free(&out);
    surd_init(&sum);
    surd_init(&root);
    fmpq_init(x);
    fmpq_set_si(x, c, 1);
    CHECK(surd_set_root(&root, x) && rational_read(q, strlen(q), x) == NUMBER_OK);
    surd_scale(&root, x);
    CHECK(rational_read(p, strlen(p), x) == NUMBER_OK);
    surd_set_rational(&sum, x);
    surd_add(&sum, &sum, &root);
    surd_print_root(&out, &sum);
    surd_clear(&sum);
    surd_clear(&root);
    fmpq_clear(x);
    return buffer_text(&out);
}

static void surds(void)
{
    unit_case("surds: 1/x is x's inverse, with several roots and i among them");
    CHECK_TEXT(inverse_of((const char *[]){"12"}, 1), "1/6*sqrt(3)");
    CHECK_TEXT(inverse_of((const char *[]){"2", "3"}, 2), "-sqrt(2) + sqrt(3)");
    CHECK_TEXT(inverse_of((const char *[]){"1", "2", "3"}, 3), "1/2 + 1/4*sqrt(2) - 1/4*sqrt(6)");
    CHECK_TEXT(inverse_of((const char *[]){"1", "-1"}, 2), "1/2 - 1/2*i");
    CHECK_TEXT(inverse_of((const char *[]){"1", "-3"}, 2), "1/4 - 1/4*i*sqrt(3)");
    unit_case("roots of surds: sums of roots where they are, nested else");
    CHECK_TEXT(nested("5", "2", 6), "sqrt(2) + sqrt(3)");
    CHECK_TEXT(nested("5", "-2", 6), "-sqrt(2) + sqrt(3)");
    CHECK_TEXT(nested("15", "1", 221), "1/2*sqrt(26) + 1/2*sqrt(34)");
    CHECK_TEXT(nested("2", "1", 2), "sqrt(2 + sqrt(2))");
    CHECK_TEXT(nested("1/2", "-5/442", 221), "sqrt(1/2 - 5/442*sqrt(221))");
    CHECK_TEXT(nested("8", "4", 2), "2*sqrt(2 + sqrt(2))");
    CHECK_TEXT(nested("9", "0", 2), "3");
}

/* The real roots of the polynomial with these COEFFICIENTS, the constant first, to PLACES decimals. */
static const char *real_roots(const char *coefficients, size_t places)
{
    static buffer out;
    fmpz_poly_t p;
    fmpq_poly_t x;
    exact_root *roots;
    size_t count;
    ml_message why;
    buffer_free(&out);
    fmpz_poly_init(p);
    fmpq_poly_init(x);
    fmpq_poly_set_coeff_si(x, 1, 1);
    CHECK(fmpz_poly_set_str(p, coefficients) == 0);
    CHECK(exact_roots(&roots, &count, p, &why) == ML_OK);
    CHECK(count == (size_t)fmpz_poly_degree(p));
    for (size_t i = 0; i < count && roots[i].real; i++) {
        buffer_string(&out, i == 0 ? "" : ", ");
        exact_value_decimals(&out, x, &roots[i], places);
    }
    exact_roots_free(roots, count);
    fmpz_poly_clear(p);
    fmpq_poly_clear(x);
    return buffer_text(&out);
}

/* (x - 1) (x - 2) ... (x - 20): ROOTS hold these numbers. */
static void wilkinson(void)
{
    fmpz_poly_t p, factor;
    exact_root *roots;
    size_t count;
    ml_message why;
    fmpz_t off;
    fmpz_init(off);
    fmpz_poly_init(p);
    fmpz_poly_init(factor);
    fmpz_poly_one(p);
    fmpz_poly_set_coeff_si(factor, 1, 1);
    for (slong k = 1; k <= 20; k++) {
        fmpz_poly_set_coeff_si(factor, 0, -k);
        fmpz_poly_mul(p, p, factor);
    }
    CHECK(exact_roots(&roots, &count, p, &why) == ML_OK && count == 20);
    for (size_t i = 0; i < count; i++) {
        CHECK(roots[i].real);
        exact_root_refine(&roots[i], 300);
        fmpz_one(off);
        fmpz_mul_2exp(off, off, (ulong)roots[i].bits);
        fmpz_mul_ui(off, off, 20 - i);
        fmpz_sub(off, off, roots[i].re);
        CHECK(fmpz_cmpabs(off, roots[i].radius) <= 0 && fmpz_bits(roots[i].radius) < 10);
    }
    exact_roots_free(roots, count);
    fmpz_poly_clear(p);
    fmpz_poly_clear(factor);
    fmpz_clear(off);
}

static void hard_roots(void)
{
    unit_case("roots close together and far apart: Mignotte's, Wilkinson's, scales of 10^44");
    CHECK_TEXT(real_roots("6  -2 4000 -2000000 0 0 1", 40),
               "125.9914383184111480016096944526418186694825, 0.0010000000223606810249979878043608226169, "
               "0.0009999999776393214750020121956541773831");
    CHECK_TEXT(
        real_roots("3  1 -100000000000000000000000000000000000000000000 1", 50),
        "99999999999999999999999999999999999999999999.99999999999999999999999999999999999999999999000000, "
        "0.00000000000000000000000000000000000000000001000000");
    CHECK_TEXT(real_roots("5  1 0 0 0 1", 3), "");
    wilkinson();
}

int main(void)
{
    eigenvalues();
    hard_roots();
    surds();
    flint_cleanup_master();
    return unit_end();
}

/* Principal components, k-means and Gaussian mixtures of given rows. */
#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/assignment.h"
#include "math/dense.h"
#include "ml/check_named.h"
#include "ml/check_same.h"

static double at(const ball *b, size_t i, size_t j)
{
    return gsl_matrix_get(b->x, i, j);
}

static ml_status out_of_memory(ml_message *why)
{
    return ml_fail_memory(why, "a check", sizeof(ball));
}

/* --- pca --- */

typedef struct pca_data {
    const ball *rows, *mean, *centred, *covariance;
    gsl_vector *variances; /* descending */
    gsl_matrix *components;
} pca_data;

static void free_pca(pca_data *p)
{
    gsl_vector_free(p->variances);
    gsl_matrix_free(p->components);
}

/* Means as a column; the rows without them; their covariance. */
static bool centre(check_report *report, const ball *rows, double ddof, pca_data *p)
{
    ball_space *s = &report->balls;
    size_t n = rows->x->size1, d = rows->x->size2;
    ball *mean = ball_zeros(s, d, 1, false), *rest = ball_make(s, rows->x, NULL, false);
    if (mean == NULL || rest == NULL)
        return false;
    for (size_t j = 0; j < d; j++) {
        double sum = 0, error = 0;
        for (size_t i = 0; i < n; i++)
            sum += at(rows, i, j) / (double)n;
        for (size_t i = 0; i < n; i++)
            error += (at(rows, i, j) - sum) / (double)n;
        gsl_matrix_set(mean->x, j, 0, sum + error);
        for (size_t i = 0; i < n; i++)
            *gsl_matrix_ptr(rest->x, i, j) -= sum + error;
    }
    mean->scale = rest->scale = rows->scale;
    ball *c = ball_zeros(s, d, d, false);
    if (c == NULL)
        return false;
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1 / ((double)n - ddof), rest->x, rest->x, 0, c->x);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            c->scale = fmax(c->scale, fabs(at(c, i, j)));
    c->terms = (double)n;
    p->rows = rows;
    p->mean = mean;
    p->centred = rest;
    p->covariance = c;
    return true;
}

static ml_status decompose(pca_data *p, ml_message *why)
{
    size_t d = p->covariance->x->size1;
    gsl_vector *values = gsl_vector_alloc(d);
    gsl_matrix *vectors = gsl_matrix_alloc(d, d);
    p->variances = gsl_vector_alloc(d);
    p->components = gsl_matrix_alloc(d, d);
    ml_status status = values && vectors && p->variances && p->components
                           ? dense_symmetric(p->covariance->x, values, vectors, why)
                           : out_of_memory(why);
    for (size_t j = 0; status == ML_OK && j < d; j++) {
        gsl_vector_set(p->variances, j, fmax(gsl_vector_get(values, d - 1 - j), 0));
        for (size_t i = 0; i < d; i++)
            gsl_matrix_set(p->components, i, j, gsl_matrix_get(vectors, i, d - 1 - j));
    }
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    return status;
}

/* A column of a table by its name, or the table when it has one column or no such name. */
static const ball *named_column(check_report *report, const check_value *v, const char *name)
{
    for (size_t j = 0; v->columns != NULL && j < v->b->x->size2; j++)
        if (v->columns[j] != NULL && strcmp(v->columns[j], name) == 0)
            return ball_columns(&report->balls, v->b, j, 1);
    return ball_column(&report->balls, v->b);
}

static ml_status check_mean(check_report *report, const pca_data *p, const check_value *v, ml_message *why)
{
    const ball *mine = named_column(report, v, "mean");
    return mine ? check_same(report, p->mean, mine, 0, 0, "mean == column means", why) : out_of_memory(why);
}

static ml_status check_variances(check_report *report, const pca_data *p, const check_value *v,
                                 ml_message *why)
{
    const ball *mine = named_column(report, v, "variance");
    size_t k = mine ? mine->x->size1 : 0, d = p->variances->size;
    if (mine == NULL)
        return out_of_memory(why);
    if (mine->x->size2 != 1 || k > d) {
        check_row *row = check_add(report, CHECK_NO, "variance == eigenvalues of the covariance");
        buffer_printf(&row->diagnosis, "%zu x %zu where at most %zu values are asked", k, mine->x->size2, d);
        return ML_OK;
    }
    ball *expected = ball_zeros(&report->balls, k, 1, false);
    for (size_t i = 0; expected != NULL && i < k; i++)
        gsl_matrix_set(expected->x, i, 0, gsl_vector_get(p->variances, i));
    if (expected == NULL)
        return out_of_memory(why);
    expected->scale = p->covariance->scale * (double)d;
    expected->terms = (double)p->rows->x->size1;
    return check_same(report, expected, mine, 0, p->rows->x->size1,
                      "variance == eigenvalues of the covariance", why);
}

/* C V is V diag(v'Cv), and the quotients are the first variances in order. */
static ml_status check_components(check_report *report, const pca_data *p, const check_value *v,
                                  ml_message *why)
{
    ball_space *s = &report->balls;
    size_t d = p->variances->size, k = v->b->x->size2;
    const ball *m = v->b, *c = p->covariance;
    if (v->b->x->size1 != d || k > d) {
        check_row *row = check_add(report, CHECK_NO, "V'V == I");
        buffer_printf(&row->diagnosis, "%s%s is %zu x %zu where a row for each of %zu columns is needed",
                      v->b->x->size2 == d ? "transposed: " : "", v->name, v->b->x->size1, k, d);
        return ML_OK;
    }
    const ball *gram = ball_product(s, ball_transpose(s, m), m);
    check_zero(report, gram ? ball_difference(s, gram, ball_identity(s, k)) : NULL, "V'V == I");
    const ball *cv = ball_product(s, c, m);
    ball *rest = cv ? ball_make(s, cv->x, cv->r, false) : NULL;
    if (rest == NULL)
        return out_of_memory(why);
    rest->scale = c->scale * (double)d;
    rest->terms = c->terms;
    bool ordered = true;
    size_t place = 0;
    for (size_t j = 0; j < k; j++) {
        double q = 0, square = 0;
        for (size_t i = 0; i < d; i++) {
            q += at(m, i, j) * at(cv, i, j);
            square += at(m, i, j) * at(m, i, j);
        }
        q /= square > 0 ? square : 1;
        double room = 0;
        for (size_t i = 0; i < d; i++) {
            *gsl_matrix_ptr(rest->x, i, j) -= q * at(m, i, j);
            double sum = 0;
            for (size_t l = 0; l < d; l++)
                sum += fabs(at(c, i, l) - (i == l ? q : 0)) * ball_radius(m, l, j);
            if (rest->r != NULL)
                gsl_matrix_set(rest->r, i, j, sum);
            room += sum * fabs(at(m, i, j)) + fabs(gsl_matrix_get(rest->x, i, j) * at(m, i, j));
        }
        /* q is off to second order in v: by |C - q I| |dv|^2 */
        double spread = 0;
        for (size_t i = 0; i < d; i++)
            spread += ball_radius(m, i, j) * ball_radius(m, i, j);
        room = spread * c->scale * (double)d + 64 * c->terms * DBL_EPSILON * c->scale * (double)d;
        if (ordered && fabs(q - gsl_vector_get(p->variances, j)) > room + 1e-9 * c->scale) {
            ordered = false;
            place = j;
        }
    }
    check_row *row = check_zero(report, rest, "C*V == V*diag(variance)");
    if (row->verdict == CHECK_NO)
        buffer_printf(&row->diagnosis, "no eigenvector of the covariance");
    bool eigenvectors = row->verdict != CHECK_NO;
    row = check_add(report,
                    ordered        ? CHECK_YES
                    : eigenvectors ? CHECK_NO
                                   : CHECK_UNDECIDED,
                    "V in order of variance, the largest first");
    if (!ordered && eigenvectors)
        buffer_printf(&row->diagnosis, "component %zu is not the next largest", place + 1);
    return ML_OK;
}

static ml_status check_scores(check_report *report, const pca_data *p, const check_value *v,
                              const check_value *components, ml_message *why)
{
    ball_space *s = &report->balls;
    size_t d = p->variances->size, k = v->b->x->size2;
    if (v->b->x->size1 != p->rows->x->size1 || k > d) {
        check_row *row = check_add(report, CHECK_NO, "scores == (A - mean)*V");
        buffer_printf(&row->diagnosis, "%zu x %zu where a row for each of %zu rows is needed", v->b->x->size1,
                      k, p->rows->x->size1);
        return ML_OK;
    }
    if (components != NULL && components->b->x->size1 == d && components->b->x->size2 >= k) {
        const ball *vectors = ball_columns(s, components->b, 0, k);
        check_row *row = check_zero(report, ball_difference(s, v->b, ball_product(s, p->centred, vectors)),
                                    "scores == (A - mean)*V");
        const ball *raw = ball_difference(s, v->b, ball_product(s, p->rows, vectors));
        bool same = row->verdict == CHECK_NO && raw != NULL;
        for (size_t i = 0; same && i < raw->x->size1; i++)
            for (size_t j = 0; same && j < k; j++)
                same = fabs(at(raw, i, j)) <= check_allowed(report, raw, i, j);
        if (same)
            buffer_string(&row->diagnosis, "the rows were not centred");
        return ML_OK;
    }
    ball *own = ball_make(s, p->components, NULL, false);
    const ball *expected = own ? ball_product(s, p->centred, ball_columns(s, own, 0, k)) : NULL;
    return expected ? check_same(report, expected, v->b, SAME_UP_TO_SIGN, p->rows->x->size1,
                                 "scores == (A - mean)*V up to sign", why)
                    : out_of_memory(why);
}

static bool has_column(const check_value *v, const char *name)
{
    for (size_t j = 0; v->columns != NULL && j < v->b->x->size2; j++)
        if (v->columns[j] != NULL && strcmp(v->columns[j], name) == 0)
            return true;
    return false;
}

ml_status check_pca(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *mean = check_find(in, "mean"), *scores = check_find(in, "scores");
    const check_value *variance = check_find(in, "variance variances values"),
                      *cov = check_find(in, "C cov covariance");
    const check_value *components = check_find(in, "V components"), *x;
    ml_status status = check_need_data(in, "A data", "the rows of data", &a, why);
    if (status != ML_OK)
        return status;
    size_t n = a->b->x->size1, d = a->b->x->size2;
    if ((double)n <= in->ddof || n < 2)
        return ml_fail(why, "pca needs more rows: %zu are too few", n);
    if (!mean && !scores && !variance && !components && !cov) {
        status = check_need_answer(in, "V", "the components, or variance, mean or scores", &x, why);
        if (status != ML_OK)
            return status;
        bool vector = x->b->x->size1 == 1 || x->b->x->size2 == 1;
        if (has_column(x, "variance"))
            variance = x;
        else if (has_column(x, "mean"))
            mean = x;
        else
            *(x->b->x->size1 == d && (!vector || d == 1) ? &components
              : vector && n != x->b->x->size1            ? &variance
                                                         : &scores) = x;
    }
    pca_data p = {0};
    status = centre(report, a->b, in->ddof, &p) ? decompose(&p, why) : out_of_memory(why);
    if (status == ML_OK && mean != NULL)
        status = check_mean(report, &p, mean, why);
    if (status == ML_OK && cov != NULL)
        status = check_same(report, p.covariance, cov->b, 0, n, "C == the covariance", why);
    if (status == ML_OK && components != NULL)
        status = check_components(report, &p, components, why);
    if (status == ML_OK && variance != NULL)
        status = check_variances(report, &p, variance, why);
    if (status == ML_OK && scores != NULL)
        status = check_scores(report, &p, scores, components, why);
    free_pca(&p);
    return status;
}

/* --- kmeans --- */

typedef struct clusters {
    const ball *rows;
    size_t k;
    size_t *label; /* of each row, below k */
    ball *means;   /* of the rows of each cluster, k x d */
    double *sizes;
} clusters;

static void free_clusters(clusters *c)
{
    free(c->label);
    free(c->sizes);
}

static double square_distance(const ball *rows, size_t i, const ball *centres, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j < rows->x->size2; j++)
        sum += (at(rows, i, j) - at(centres, k, j)) * (at(rows, i, j) - at(centres, k, j));
    return sum;
}

static bool make_clusters(clusters *c, check_report *report, const ball *rows, size_t most)
{
    *c = (clusters){.rows = rows};
    c->label = memory_zeros(rows->x->size1, sizeof *c->label);
    c->sizes = memory_zeros(most, sizeof *c->sizes);
    c->means = ball_zeros(&report->balls, most, rows->x->size2, false);
    return c->label && c->sizes && c->means;
}

/* Labels numbered by first appearance. */
static void number_labels(clusters *c, const ball *labels)
{
    size_t n = c->rows->x->size1;
    bool flat = labels->x->size1 == 1;
    for (size_t i = 0; i < n; i++) {
        double x = flat ? at(labels, 0, i) : at(labels, i, labels->x->size2 - 1);
        size_t l = 0;
        while (l < i && (flat ? at(labels, 0, l) : at(labels, l, labels->x->size2 - 1)) != x)
            l++;
        c->label[i] = l < i ? c->label[l] : c->k++;
    }
}

static void label_nearest(clusters *c, const ball *centres)
{
    c->k = centres->x->size1;
    for (size_t i = 0; i < c->rows->x->size1; i++)
        for (size_t k = 1; k < c->k; k++)
            if (square_distance(c->rows, i, centres, k) < square_distance(c->rows, i, centres, c->label[i]))
                c->label[i] = k;
}

static void find_means(clusters *c)
{
    for (size_t i = 0; i < c->rows->x->size1; i++)
        c->sizes[c->label[i]]++;
    for (size_t i = 0; i < c->rows->x->size1; i++)
        for (size_t j = 0; j < c->rows->x->size2; j++)
            *gsl_matrix_ptr(c->means->x, c->label[i], j) += at(c->rows, i, j) / c->sizes[c->label[i]];
    c->means->scale = c->rows->scale;
    c->means->terms = (double)c->rows->x->size1;
}

/* Centroids in the order of the clusters: the nearest to the means, each once. */
static ml_status match_centroids(check_report *report, const clusters *c, const ball *centroids,
                                 const ball **matched, ml_message *why)
{
    size_t k = c->k, *to = memory_array(k, sizeof *to);
    gsl_matrix *cost = gsl_matrix_alloc(k, k);
    ml_status status = to && cost ? ML_OK : out_of_memory(why);
    for (size_t i = 0; status == ML_OK && i < k; i++)
        for (size_t j = 0; j < k; j++)
            gsl_matrix_set(cost, i, j, square_distance(c->means, i, centroids, j));
    if (status == ML_OK)
        status = assignment_solve(cost, to, why);
    ball *made = status == ML_OK ? ball_make(&report->balls, centroids->x, centroids->r, false) : NULL;
    for (size_t i = 0; made != NULL && i < k; i++)
        for (size_t j = 0; j < centroids->x->size2; j++) {
            gsl_matrix_set(made->x, i, j, at(centroids, to[i], j));
            if (made->r != NULL)
                gsl_matrix_set(made->r, i, j, ball_radius(centroids, to[i], j));
        }
    *matched = made;
    gsl_matrix_free(cost);
    free(to);
    return status == ML_OK && made == NULL ? out_of_memory(why) : status;
}

/* How much nearer than the own centre another one is, squared, and what rounding of the centres allows. */
static void check_nearest(check_report *report, const clusters *c, const ball *centres)
{
    check_row *row = check_add(report, CHECK_YES, "each row is nearest to its own centroid");
    double worst = -INFINITY;
    row->off = 0;
    for (size_t i = 0; i < c->rows->x->size1; i++)
        for (size_t k = 0; k < c->k; k++) {
            double own = square_distance(c->rows, i, centres, c->label[i]);
            double more = own - square_distance(c->rows, i, centres, k),
                   room = ball_slack(c->means) * c->means->scale;
            for (size_t j = 0; j < c->rows->x->size2; j++)
                room += 2 * fabs(at(c->rows, i, j) - at(centres, c->label[i], j)) *
                            ball_radius(centres, c->label[i], j) +
                        2 * fabs(at(c->rows, i, j) - at(centres, k, j)) * ball_radius(centres, k, j);
            if (report->tolerance >= 0)
                room = report->tolerance;
            if (k == c->label[i] || more - room <= worst)
                continue;
            worst = more - room;
            row->verdict = worst > 0 ? CHECK_NO : CHECK_YES;
            row->off = fmax(more, 0);
            row->allowed = room;
            row->place.size = row->diagnosis.size = 0;
            if (more > 0)
                buffer_printf(&row->place, "%zu,1", i + 1);
            if (worst > 0) {
                buffer_printf(&row->diagnosis, "row %zu: squared distance ", i + 1);
                check_number(&row->diagnosis, own);
                buffer_string(&row->diagnosis, " to its own centroid, ");
                check_number(&row->diagnosis, own - more);
                buffer_string(&row->diagnosis, " to another");
            }
        }
}

ml_status check_kmeans(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *labels = check_find(in, "labels cluster clusters"),
                          *centroids = check_find(in, "centroids C"), *x;
    ml_status status = check_need_data(in, "A data", "the rows of data", &a, why);
    if (status != ML_OK)
        return status;
    size_t n = a->b->x->size1, d = a->b->x->size2;
    if (labels == NULL && centroids == NULL) {
        status = check_need_answer(in, "labels", "labels or centroids", &x, why);
        if (status != ML_OK)
            return status;
        bool is_labels = (x->b->x->size1 == n && (x->b->x->size2 != d || n != x->b->x->size1 || d == 1)) ||
                         (x->b->x->size1 == 1 && x->b->x->size2 == n);
        *(is_labels ? &labels : &centroids) = x;
    }
    size_t given = labels == NULL ? 0 : labels->b->x->size1 == 1 ? labels->b->x->size2 : labels->b->x->size1;
    if (labels != NULL && given != n)
        return ml_fail(why, "kmeans: %zu labels for %zu rows", given, n);
    /* our own table has number, size and sums before the coordinates */
    const ball *centres = centroids ? centroids->b : NULL;
    if (centres != NULL && centres->x->size2 > d && centroids->columns != NULL)
        centres = ball_columns(&report->balls, centres, centres->x->size2 - d, d);
    if (centroids != NULL && (centres == NULL || centres->x->size2 != d))
        return ml_fail(why, "kmeans: centroids of %zu columns for rows of %zu", centroids->b->x->size2, d);
    clusters c;
    status = make_clusters(&c, report, a->b, n > (centres ? centres->x->size1 : 0) ? n : centres->x->size1)
                 ? ML_OK
                 : out_of_memory(why);
    if (status == ML_OK && labels != NULL)
        number_labels(&c, labels->b);
    else if (status == ML_OK)
        label_nearest(&c, centres);
    if (status == ML_OK)
        find_means(&c);
    const ball *means = status == ML_OK ? ball_rows(&report->balls, c.means, 0, c.k) : NULL, *matched = means;
    if (status == ML_OK && means == NULL)
        status = out_of_memory(why);
    if (status == ML_OK && centres != NULL && centres->x->size1 != c.k) {
        buffer_printf(&check_add(report, CHECK_NO, "a centroid for each cluster")->diagnosis,
                      "%zu centroids for %zu clusters", centres->x->size1, c.k);
        free_clusters(&c);
        return ML_OK;
    }
    if (status == ML_OK && centres != NULL)
        status =
            labels != NULL ? match_centroids(report, &c, centres, &matched, why) : (matched = centres, ML_OK);
    for (size_t k = 0; status == ML_OK && k < c.k; k++)
        if (c.sizes[k] == 0)
            buffer_printf(&check_add(report, CHECK_NO, "every centroid has rows")->diagnosis,
                          "centroid %zu has none", k + 1);
    if (status == ML_OK && centres != NULL)
        status = check_same(report, means, matched, 0, 0, "each centroid is the mean of its rows", why);
    if (status == ML_OK)
        check_nearest(report, &c, matched);
    free_clusters(&c);
    return status;
}

/* --- gmm --- */

/* k components in d dimensions: weights k, means k d, covariances k d d, one after the other. */
typedef struct mixture {
    size_t k, d;
    double *theta, *radius; /* as many as mixture_size */
} mixture;

static size_t mixture_size(const mixture *m)
{
    return m->k * (1 + m->d + m->d * m->d);
}

static double *weights(const mixture *m, double *theta)
{
    (void)m;
    return theta;
}

static double *means_of(const mixture *m, double *theta)
{
    return theta + m->k;
}

static double *covariances(const mixture *m, double *theta)
{
    return theta + m->k + m->k * m->d;
}

/* The factor of a covariance and the logarithm of its determinant; false when it is not positive definite. */
static bool factor(const double *c, size_t d, double *l, double *log_det)
{
    *log_det = 0;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = c[i * d + j];
            for (size_t k = 0; k < j; k++)
                sum -= l[i * d + k] * l[j * d + k];
            if (i == j && !(sum > 0))
                return false;
            l[i * d + j] = i == j ? sqrt(sum) : sum / l[j * d + j];
            if (i == j)
                *log_det += log(sum);
        }
    return true;
}

static double mahalanobis(const ball *rows, size_t i, const double *mean, const double *l, double *z,
                          size_t d)
{
    double sum = 0;
    for (size_t j = 0; j < d; j++) {
        z[j] = at(rows, i, j) - mean[j];
        for (size_t k = 0; k < j; k++)
            z[j] -= l[j * d + k] * z[k];
        z[j] /= l[j * d + j];
        sum += z[j] * z[j];
    }
    return sum;
}

/* Responsibilities of all components for row I into P. */
static void respond(const mixture *m, const ball *rows, size_t i, double *theta, const double *l,
                    const double *log_dets, double *z, double *p)
{
    double most = -INFINITY, total = 0;
    for (size_t c = 0; c < m->k; c++) {
        p[c] = log(weights(m, theta)[c]) - (log_dets[c] + mahalanobis(rows, i, means_of(m, theta) + c * m->d,
                                                                      l + c * m->d * m->d, z, m->d)) /
                                               2;
        most = fmax(most, p[c]);
    }
    for (size_t c = 0; c < m->k; c++)
        total += p[c] = exp(p[c] - most);
    for (size_t c = 0; c < m->k; c++)
        p[c] /= total;
}

/* One EM step from THETA to OUT; SPACE: k n responsibilities, k d d factors, k determinants, d.  False: a
 * covariance is not positive definite. */
static bool em_step(const mixture *m, const ball *rows, double *theta, double *out, double *space)
{
    size_t n = rows->x->size1, d = m->d, k = m->k;
    double *p = space, *l = p + k * n, *log_dets = l + k * d * d, *z = log_dets + k;
    for (size_t c = 0; c < k; c++)
        if (!factor(covariances(m, theta) + c * d * d, d, l + c * d * d, &log_dets[c]))
            return false;
    for (size_t i = 0; i < n; i++)
        respond(m, rows, i, theta, l, log_dets, z, p + i * k);
    memset(out, 0, mixture_size(m) * sizeof *out);
    for (size_t c = 0; c < k; c++) {
        double total = 0, *mean = means_of(m, out) + c * d, *cov = covariances(m, out) + c * d * d;
        for (size_t i = 0; i < n; i++)
            total += p[i * k + c];
        weights(m, out)[c] = total / (double)n;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < d; j++)
                mean[j] += p[i * k + c] * at(rows, i, j) / total;
        for (size_t i = 0; i < n; i++)
            for (size_t a = 0; a < d; a++)
                for (size_t b = 0; b < d; b++)
                    cov[a * d + b] +=
                        p[i * k + c] * (at(rows, i, a) - mean[a]) * (at(rows, i, b) - mean[b]) / total;
    }
    return true;
}

typedef enum covariance_form { FORM_FULL, FORM_DIAGONAL, FORM_SPHERICAL, FORM_TIED } covariance_form;

/* A step changes only what the form of the covariances leaves free. */
static void keep_form(const mixture *m, covariance_form form, double *theta)
{
    size_t square = m->d * m->d;
    for (size_t i = 0; form == FORM_TIED && i < square; i++) {
        double mean = 0;
        for (size_t c = 0; c < m->k; c++)
            mean += weights(m, theta)[c] * covariances(m, theta)[c * square + i];
        for (size_t c = 0; c < m->k; c++)
            covariances(m, theta)[c * square + i] = mean;
    }
    for (size_t c = 0; form != FORM_FULL && form != FORM_TIED && c < m->k; c++) {
        double *cov = covariances(m, theta) + c * m->d * m->d, mean = 0;
        for (size_t j = 0; j < m->d; j++)
            mean += cov[j * m->d + j] / (double)m->d;
        for (size_t i = 0; i < m->d; i++)
            for (size_t j = 0; j < m->d; j++)
                if (i != j || form == FORM_SPHERICAL)
                    cov[i * m->d + j] = i == j ? mean : 0;
    }
}

/* The table of mlgmm: component, weight, coordinates; of each component the mean, then the covariance, a row
 * a column, or one row of variances. */
typedef struct mixture_table {
    check_value parts[3]; /* weights, means, covariances */
} mixture_table;

static bool is_mixture_table(const check_value *v, size_t d)
{
    return v != NULL && v->columns != NULL && v->b->x->size2 == d + 2 && v->columns[1] != NULL &&
           strcmp(v->columns[1], "weight") == 0;
}

static ml_status cut_mixture_table(check_report *report, const check_value *v, mixture_table *t,
                                   ml_message *why)
{
    ball_space *s = &report->balls;
    size_t rows = v->b->x->size1, d = v->b->x->size2 - 2, each = 0;
    while (each < rows && at(v->b, each, 0) == at(v->b, 0, 0))
        each++;
    if (rows % each != 0 || (each != 1 + d && each != 2))
        return ml_fail(why, "gmm: %zu rows are no parameters of components in %zu dimensions", rows, d);
    size_t k = rows / each, height = each - 1;
    ball *made[3] = {ball_zeros(s, k, 1, false), ball_zeros(s, k, d, false),
                     ball_zeros(s, k * height, d, false)};
    for (int i = 0; i < 3; i++) {
        if (made[i] == NULL || (made[i]->r = gsl_matrix_calloc(made[i]->x->size1, made[i]->x->size2)) == NULL)
            return out_of_memory(why);
        t->parts[i] = (check_value){.name = v->name, .b = made[i], .answer = v->answer};
    }
    for (size_t i = 0; i < rows; i++) {
        size_t c = i / each, part = i % each;
        ball *to = made[part ? 2 : 1];
        size_t row = part ? c * height + part - 1 : c;
        if (part == 0) {
            gsl_matrix_set(made[0]->x, c, 0, at(v->b, i, 1));
            gsl_matrix_set(made[0]->r, c, 0, ball_radius(v->b, i, 1));
        }
        for (size_t j = 0; j < d; j++) {
            gsl_matrix_set(to->x, row, j, at(v->b, i, j + 2));
            gsl_matrix_set(to->r, row, j, ball_radius(v->b, i, j + 2));
        }
    }
    return ML_OK;
}

/* Equal covariances of all components, and equal variances in one, are meant to stay so. */
static covariance_form tighter_form(const mixture *m, covariance_form form)
{
    size_t square = m->d * m->d;
    bool tied = m->k > 1, spherical = m->d > 1;
    for (size_t c = 0; c < m->k; c++)
        for (size_t i = 0; i < square; i++) {
            double x = covariances(m, m->theta)[c * square + i];
            tied &= x == covariances(m, m->theta)[i];
            spherical &= i % (m->d + 1) != 0 || x == covariances(m, m->theta)[c * square];
        }
    return form == FORM_FULL && tied ? FORM_TIED : form == FORM_DIAGONAL && spherical ? FORM_SPHERICAL : form;
}

static ml_status read_mixture(mixture *m, covariance_form *form, const check_value *w, const check_value *mu,
                              const check_value *cov, ml_message *why)
{
    const ball *wb = w->b, *mb = mu->b, *cb = cov->b;
    m->k = mb->x->size1;
    m->d = mb->x->size2;
    size_t k = m->k, d = m->d, rows = cb->x->size1, columns = cb->x->size2;
    if (wb->x->size1 * wb->x->size2 != k)
        return ml_fail(why, "gmm: %zu weights for %zu means", wb->x->size1 * wb->x->size2, k);
    *form = rows == k * d && columns == d ? FORM_FULL
            : rows == k && columns == d   ? FORM_DIAGONAL
                                          : FORM_SPHERICAL;
    if (*form == FORM_SPHERICAL && !(rows * columns == k))
        return ml_fail(
            why,
            "gmm: covariances are %zu x %zu; of %zu components in %zu dimensions they are %zu x %zu (full, "
            "one under the other), %zu x %zu (variances) or %zu x 1 (spherical)",
            rows, columns, k, d, k * d, d, k, d, k);
    m->theta = memory_zeros(mixture_size(m), sizeof *m->theta);
    m->radius = memory_zeros(mixture_size(m), sizeof *m->radius);
    if (m->theta == NULL || m->radius == NULL)
        return out_of_memory(why);
    for (size_t c = 0; c < k; c++) {
        bool flat = wb->x->size1 == 1;
        weights(m, m->theta)[c] = at(wb, flat ? 0 : c, flat ? c : 0);
        weights(m, m->radius)[c] = ball_radius(wb, flat ? 0 : c, flat ? c : 0);
        for (size_t i = 0; i < d; i++) {
            means_of(m, m->theta)[c * d + i] = at(mb, c, i);
            means_of(m, m->radius)[c * d + i] = ball_radius(mb, c, i);
            for (size_t j = 0; j < d; j++) {
                size_t r = *form == FORM_FULL ? c * d + i : c, s = *form == FORM_SPHERICAL ? 0 : j;
                if (*form == FORM_SPHERICAL && rows == 1) {
                    r = 0;
                    s = c;
                }
                if (*form != FORM_FULL && i != j)
                    continue;
                covariances(m, m->theta)[(c * d + i) * d + j] = at(cb, r, s);
                covariances(m, m->radius)[(c * d + i) * d + j] = ball_radius(cb, r, s);
            }
        }
    }
    return ML_OK;
}

static void free_mixture(mixture *m)
{
    free(m->theta);
    free(m->radius);
}

/* Parameters FROM on as a ROWS x COLUMNS ball. */
static ball *parameters(check_report *report, const double *theta, const double *radius, size_t rows,
                        size_t columns)
{
    gsl_matrix_const_view x = gsl_matrix_const_view_array(theta, rows, columns);
    if (radius == NULL)
        return ball_make(&report->balls, &x.matrix, NULL, false);
    gsl_matrix_const_view r = gsl_matrix_const_view_array(radius, rows, columns);
    return ball_make(&report->balls, &x.matrix, &r.matrix, false);
}

/* What the rounding of each parameter does to the step is added to the radius of its result. */
static bool propagate(const mixture *m, covariance_form form, const ball *rows, const double *step,
                      double *moved, double *space, double *radius)
{
    size_t size = mixture_size(m);
    for (size_t i = 0; i < size; i++) {
        if (m->radius[i] == 0)
            continue;
        double keep = m->theta[i];
        m->theta[i] += m->radius[i];
        bool good = em_step(m, rows, m->theta, moved, space);
        m->theta[i] = keep;
        if (!good)
            return false;
        keep_form(m, form, moved);
        for (size_t j = 0; j < size; j++)
            radius[j] += fabs(moved[j] - step[j]);
    }
    return true;
}

/* One step from START is MINE, whose own rounding counts; when they are the same parameters, a fixed point.
 */
static ml_status compare_step(check_report *report, const ball *rows, mixture *start, mixture *mine,
                              covariance_form form, ml_message *why)
{
    size_t size = mixture_size(mine), k = mine->k, d = mine->d, n = rows->x->size1;
    double *room = memory_zeros(3 * size + k * n + k * d * d + k + d, sizeof *room);
    if (room == NULL)
        return out_of_memory(why);
    double *step = room, *moved = step + size, *radius = moved + size, *space = radius + size;
    memcpy(radius, mine->radius, size * sizeof *radius);
    ml_status status = ML_OK;
    if (!em_step(start, rows, start->theta, step, space))
        status = ml_fail(why, "gmm: a covariance is not positive definite");
    keep_form(start, form, step);
    bool decided =
        status == ML_OK && (start != mine || propagate(mine, form, rows, step, moved, space, radius));
    static const char *const names[] = {"weights", "means", "covariances"};
    size_t from[] = {0, k, k + k * d}, columns[] = {1, d, d}, counts[] = {k, k, k * d};
    for (int i = 0; status == ML_OK && i < 3; i++) {
        const ball *expected = parameters(report, step + from[i], NULL, counts[i], columns[i]);
        const ball *given =
            parameters(report, mine->theta + from[i], radius + from[i], counts[i], columns[i]);
        char claim[80];
        snprintf(claim, sizeof claim, start == mine ? "%s stay under an EM step" : "%s == one EM step",
                 names[i]);
        if (expected == NULL || given == NULL)
            status = out_of_memory(why);
        else
            status = check_same(report, expected, given, 0, n, claim, why);
        if (status == ML_OK && !decided)
            check_last(report)->verdict = CHECK_UNDECIDED;
    }
    free(room);
    return status;
}

ml_status check_gmm(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *v[6];
    static const char *const names[] = {
        "weights w",   "means mu",   "covariances covariance variances cov",
        "weights0 w0", "means0 mu0", "covariances0 covariance0 variances0 cov0"};
    static const char *const what[] = {"the weights of the components", "their means, a row each",
                                       "their covariances, one under the other"};
    mixture_table tables[2];
    for (int i = 0; i < 6; i++)
        v[i] = check_find(in, names[i]);
    ml_status status = check_need_data(in, "A data", "the rows of data", &a, why);
    for (int k = 0; status == ML_OK && k < 2; k++) {
        const check_value *table = check_find(in, k ? "parameters0" : "parameters X");
        if (!is_mixture_table(table, a->b->x->size2))
            continue;
        status = cut_mixture_table(report, table, &tables[k], why);
        for (int i = 0; i < 3; i++)
            v[3 * k + i] = &tables[k].parts[i];
    }
    for (int i = 0; status == ML_OK && i < 3; i++)
        status = v[i] ? ML_OK : check_need_answer(in, names[i], what[i], &v[i], why);
    if (status != ML_OK)
        return status;
    if (v[3] || v[4] || v[5])
        for (int i = 0; i < 3; i++)
            if (v[i + 3] == NULL)
                return ml_fail(why, "gmm: the start needs weights0=, means0= and covariances0=");
    mixture mine = {0}, start = {0};
    covariance_form form, form0;
    status = read_mixture(&mine, &form, v[0], v[1], v[2], why);
    if (status == ML_OK && v[3] != NULL)
        status = read_mixture(&start, &form0, v[3], v[4], v[5], why);
    if (status == ML_OK && mine.d != a->b->x->size2)
        status = ml_fail(why, "gmm: means of %zu columns for rows of %zu", mine.d, a->b->x->size2);
    if (status == ML_OK && v[3] != NULL && (start.k != mine.k || start.d != mine.d))
        status = ml_fail(why, "gmm: the start has another number of components");
    if (status == ML_OK)
        form = tighter_form(&mine, form);
    if (status == ML_OK)
        status = compare_step(report, a->b, v[3] ? &start : &mine, &mine, form, why);
    free_mixture(&mine);
    free_mixture(&start);
    return status;
}

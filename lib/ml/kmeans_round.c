#include "ml/kmeans_round.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "ml/kmeans_internal.h"

/* --- parts --- */

static const uint64_t LABELS_MASK = (UINT64_C(1) << 53) - 1;

ml_status kmeans_parts_alloc(kmeans_parts *p, size_t k, size_t d, ml_message *why)
{
    size_t numbers;
    *p = (kmeans_parts){.k = k, .d = d};
    bool fits = !__builtin_mul_overflow(k, d + 2 + KMEANS_FAR, &numbers);
    if (fits) {
        p->sizes = memory_zeros(k, sizeof *p->sizes);
        p->mass = memory_zeros(k, (2 + d) * sizeof *p->mass);
        p->far = memory_zeros(k, (KMEANS_FAR + d) * sizeof *p->far);
    }
    if (p->sizes == NULL || p->mass == NULL || p->far == NULL) {
        kmeans_parts_free(p);
        return ml_fail_memory(why, "the sums", fits ? numbers * 2 * sizeof(double) : SIZE_MAX);
    }
    p->within = p->mass + k;
    p->sums = p->within + k;
    return ML_OK;
}

void kmeans_parts_free(kmeans_parts *p)
{
    free(p->sizes);
    free(p->mass);
    free(p->far);
    *p = (kmeans_parts){0};
}

static double *far_row(const kmeans_parts *p, size_t i)
{
    return p->far + i * (KMEANS_FAR + p->d);
}

static bool has_empty(const kmeans_parts *p)
{
    for (size_t q = 0; q < p->k; q++)
        if (!(dd_value(p->mass[q]) > 0))
            return true;
    return false;
}

/* Whole and not negative. */
static bool is_count(double x)
{
    return x >= 0 && x <= 0x1p53 && x == floor(x);
}

bool kmeans_parts_valid(const kmeans_parts *p)
{
    double rows = 0;
    for (size_t q = 0; q < p->k; q++) {
        if (!is_count(p->sizes[q]) || !(dd_value(p->mass[q]) >= 0) || !(dd_value(p->within[q]) >= 0))
            return false;
        rows += p->sizes[q];
    }
    for (size_t i = 0; i < p->far_count; i++) {
        const double *f = far_row(p, i);
        if (!(f[0] > 0) || !(f[1] > 0) || !is_count(f[2]) || f[2] >= (double)p->k)
            return false;
        if (!(dd_value(p->mass[(size_t)f[2]]) > 0) || (i > 0 && f[0] > far_row(p, i - 1)[0]))
            return false;
    }
    return p->far_count <= p->k && rows == (double)p->rows && p->labels <= LABELS_MASK;
}

/* --- rows far from their centroids --- */

/* Is A to be taken before B?  Rows at the same distance by their numbers, so that their order does not count.
 */
static bool is_before(const double *a, const double *b, size_t d)
{
    if (a[0] != b[0])
        return a[0] > b[0];
    for (size_t j = KMEANS_FAR; j < KMEANS_FAR + d; j++)
        if (a[j] != b[j])
            return a[j] < b[j];
    return a[1] < b[1];
}

static void swap_far(const kmeans_parts *p, size_t a, size_t b)
{
    double *x = far_row(p, a), *y = far_row(p, b);
    for (size_t j = 0; j < KMEANS_FAR + p->d; j++) {
        double swap = x[j];
        x[j] = y[j];
        y[j] = swap;
    }
}

/* `far` is a heap while rows come, the first to be dropped on top: what was put at AT sinks to its place. */
static void sink(const kmeans_parts *p, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(far_row(p, child), far_row(p, child + 1), p->d))
            child++;
        if (!is_before(far_row(p, at), far_row(p, child), p->d))
            return;
        swap_far(p, at, child);
    }
}

static void rise(const kmeans_parts *p, size_t at)
{
    for (; at > 0 && is_before(far_row(p, (at - 1) / 2), far_row(p, at), p->d); at = (at - 1) / 2)
        swap_far(p, at, (at - 1) / 2);
}

/* F, which is no row of P's, is kept when it is among the k farthest. */
static void keep_far(kmeans_parts *p, const double *f)
{
    size_t size = (KMEANS_FAR + p->d) * sizeof *f;
    if (p->far_count < p->k) {
        memcpy(far_row(p, p->far_count), f, size);
        rise(p, p->far_count++);
    } else if (is_before(f, p->far, p->d)) {
        memcpy(p->far, f, size);
        sink(p, 0, p->far_count);
    }
}

/* The heap becomes a list, the farthest first. */
static void sort_far(kmeans_parts *p)
{
    for (size_t left = p->far_count; left > 1;) {
        swap_far(p, 0, --left);
        sink(p, 0, left);
    }
}

/* And back: a list in descending order turned round is a heap. */
static void unsort_far(kmeans_parts *p)
{
    for (size_t i = 0; 2 * i + 1 < p->far_count; i++)
        swap_far(p, i, p->far_count - 1 - i);
}

/* Sums beyond the range are inf or nan: no result may come of them. */
static ml_status check_range(const kmeans_parts *p, ml_message *why)
{
    for (size_t i = 0; i < p->k * (2 + p->d); i++)
        if (!dd_is_finite(p->mass[i]))
            return ml_fail(why, "sums of the rows leave the range of a double; scale the columns");
    return ML_OK;
}

ml_status kmeans_parts_merge(kmeans_parts *into, const kmeans_parts *from, ml_message *why)
{
    if (from->rows > ((size_t)1 << 53) - into->rows)
        return ml_fail(why, "more rows than can be counted");
    into->rows += from->rows;
    into->labels = (into->labels + from->labels) & LABELS_MASK;
    for (size_t q = 0; q < into->k; q++) {
        into->sizes[q] += from->sizes[q];
        into->mass[q] = dd_add_dd(into->mass[q], from->mass[q]);
        into->within[q] = dd_add_dd(into->within[q], from->within[q]);
        for (size_t j = q * into->d; j < (q + 1) * into->d; j++)
            into->sums[j] = dd_add_dd(into->sums[j], from->sums[j]);
    }
    unsort_far(into);
    for (size_t i = 0; i < from->far_count; i++)
        keep_far(into, far_row(from, i));
    sort_far(into);
    if (!has_empty(into))
        into->far_count = 0;
    return check_range(into, why);
}

/* --- centroids --- */

/* The centroids as the loops take them, new.  Directions that were written by hand may need unit length;
 * those of a step keep their bits. */
static ml_status plain_centroids(const gsl_matrix *centroids, bool spherical, double *scale, double **out,
                                 ml_message *why)
{
    size_t k = centroids->size1, d = centroids->size2;
    *scale = spherical ? 1 : kmeans_scale_of(centroids);
    double *c = *out = kmeans_plain_centroids(centroids, *scale);
    if (c == NULL)
        return ml_fail_memory(why, "the centroids", k * d * sizeof *c);
    for (size_t q = 0; spherical && q < k; q++, c += d) {
        double squared = 0;
        for (size_t j = 0; j < d; j++)
            squared += c[j] * c[j];
        if (!(fabs(squared - 1) < 1e-12) && !kmeans_normalize(c, d))
            return ml_fail(why, "centroid %zu is all zeros: it has no direction", q + 1);
    }
    return ML_OK;
}

/* --- a round over rows --- */

struct kmeans_round {
    kmeans_rows rows; /* those of the stretch, n being how many it has so far */
    double *x, *weights, *c;
    uint32_t *labels;
    double *squared, *far;  /* far: room for one */
    size_t stretch, before; /* rows of a full stretch, rows before this one */
    size_t *first;          /* k */
    double scale;
    bool spherical, weighted, filled; /* filled: every cluster has a row of some weight */
    kmeans_sums lane[KMEANS_LANES];
    double_double *within[KMEANS_LANES];
    uint64_t hash[KMEANS_LANES];
    kmeans_parts parts;
};

/* Rows of a stretch: a function of the width alone. */
static size_t stretch_of(size_t d)
{
    enum { MOST = 32768, LEAST = 64, NUMBERS = 1 << 19 };
    size_t rows = NUMBERS / d;
    return rows > MOST ? MOST : rows < LEAST ? LEAST : rows;
}

void kmeans_round_free(kmeans_round *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < KMEANS_LANES; i++) {
        kmeans_sums_free(&r->lane[i]);
        free(r->within[i]);
    }
    kmeans_parts_free(&r->parts);
    free(r->x);
    free(r->weights);
    free(r->c);
    free(r->labels);
    free(r->squared);
    free(r->far);
    free(r->first);
    free(r);
}

static bool make_round(kmeans_round *r, size_t k, size_t d)
{
    bool good = true;
    for (size_t i = 0; good && i < KMEANS_LANES; i++)
        good = kmeans_sums_make(&r->lane[i], k, d) &&
               (r->within[i] = memory_zeros(k, sizeof *r->within[i])) != NULL;
    r->x = memory_aligned(r->stretch, d * sizeof(double));
    r->weights = memory_array(r->stretch, sizeof(double));
    r->labels = memory_array(r->stretch, sizeof *r->labels);
    r->squared = memory_array(r->stretch, sizeof *r->squared);
    r->far = memory_array(KMEANS_FAR + d, sizeof *r->far);
    r->first = memory_array(k, sizeof *r->first);
    return good && r->x && r->weights && r->labels && r->squared && r->far && r->first;
}

ml_status kmeans_round_new(kmeans_round **made, const gsl_matrix *centroids, bool spherical, int jobs,
                           ml_message *why)
{
    size_t k = centroids->size1, d = centroids->size2;
    kmeans_round *r = *made = memory_zeros(1, sizeof *r);
    if (r == NULL)
        return ml_fail_memory(why, "k-means", sizeof *r);
    r->stretch = stretch_of(d);
    r->spherical = spherical;
    ml_status status = kmeans_parts_alloc(&r->parts, k, d, why);
    if (status == ML_OK)
        status = plain_centroids(centroids, spherical, &r->scale, &r->c, why);
    if (status == ML_OK && !make_round(r, k, d))
        status = ml_fail_memory(why, "k-means", (r->stretch + k) * d * sizeof(double));
    if (status != ML_OK) {
        kmeans_round_free(r);
        *made = NULL;
        return status;
    }
    r->rows = (kmeans_rows){.x = r->x, .d = d, .jobs = jobs};
    for (size_t q = 0; q < k; q++)
        r->first[q] = SIZE_MAX;
    return ML_OK;
}

/* The hash of a row and its label. */
static uint64_t hash_row(const double *x, size_t d, size_t label)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (size_t j = 0; j < d; j++) {
        uint64_t bits;
        memcpy(&bits, &x[j], sizeof bits);
        h = (h ^ bits) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    return random_mix(h + random_mix(label));
}

static double weight_of(const kmeans_round *r, size_t i)
{
    return r->weighted ? r->weights[i] : 1;
}

/* A lane is an eighth of the stretch. */
static void sum_lane(size_t lane, int worker, void *context)
{
    (void)worker;
    kmeans_round *r = context;
    size_t d = r->rows.d, to = r->rows.n * (lane + 1) / KMEANS_LANES;
    for (size_t i = r->rows.n * lane / KMEANS_LANES; i < to; i++) {
        const double *x = r->x + i * d;
        size_t q = r->labels[i];
        double weight = weight_of(r, i);
        kmeans_sums_add(&r->lane[lane], q, x, weight, 1);
        r->within[lane][q] = dd_add(r->within[lane][q], weight * r->squared[i]);
        r->hash[lane] += hash_row(x, d, q);
    }
}

static bool is_filled(const kmeans_round *r)
{
    for (size_t q = 0; q < r->parts.k; q++) {
        bool any = false;
        for (size_t lane = 0; !any && lane < KMEANS_LANES; lane++)
            any = dd_value(r->lane[lane].mass[q]) > 0;
        if (!any)
            return false;
    }
    return true;
}

/* While a cluster is empty, the rows that it could get. */
static void note_far(kmeans_round *r)
{
    r->filled = r->filled || is_filled(r);
    for (size_t i = 0; !r->filled && i < r->rows.n; i++) {
        double weight = weight_of(r, i);
        bool full = r->parts.far_count == r->parts.k;
        if (!(weight > 0) || !(r->squared[i] > 0) || (full && r->squared[i] < r->parts.far[0]))
            continue;
        r->far[0] = r->squared[i];
        r->far[1] = weight;
        r->far[2] = r->labels[i];
        memcpy(r->far + KMEANS_FAR, r->x + i * r->rows.d, r->rows.d * sizeof(double));
        keep_far(&r->parts, r->far);
    }
}

static ml_status end_stretch(kmeans_round *r, ml_message *why)
{
    ml_status status = kmeans_nearest_rows(&r->rows, r->c, r->parts.k, r->labels, r->squared, why);
    if (status != ML_OK)
        return status;
    parallel_for(KMEANS_LANES, r->rows.jobs, sum_lane, r);
    note_far(r);
    for (size_t i = 0; i < r->rows.n; i++)
        if (r->first[r->labels[i]] == SIZE_MAX)
            r->first[r->labels[i]] = r->before + i;
    r->before += r->rows.n;
    r->rows.n = 0;
    return ML_OK;
}

/* Row FROM into the stretch; NUMBER, from 1, is its place. */
static ml_status take_row(kmeans_round *r, const double *from, size_t number, ml_message *why)
{
    size_t d = r->rows.d;
    double *to = r->x + r->rows.n * d;
    if (r->spherical && kmeans_is_zero(from, d))
        return ml_fail(why, "row %zu is all zeros: it has no direction", number);
    if (r->spherical)
        kmeans_to_unit(from, d, to);
    else if (r->scale == 1)
        memcpy(to, from, d * sizeof *to);
    else
        for (size_t j = 0; j < d; j++)
            to[j] = from[j] * r->scale;
    return ML_OK;
}

ml_status kmeans_round_add(kmeans_round *r, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    r->weighted = weights != NULL;
    for (size_t i = 0; i < x->size1; i++) {
        size_t number = r->before + r->rows.n + 1;
        ml_status status = take_row(r, x->data + i * x->tda, number, why);
        if (status != ML_OK)
            return status;
        if (weights != NULL) {
            double w = r->weights[r->rows.n] = gsl_vector_get(weights, i);
            if (!(w >= 0) || !isfinite(w))
                return ml_fail(why, "row %zu has the weight %g; weights must be 0 or above", number, w);
        }
        r->rows.n++;
        if (r->rows.n == r->stretch && (status = end_stretch(r, why)) != ML_OK)
            return status;
    }
    return ML_OK;
}

ml_status kmeans_round_parts(kmeans_round *r, const kmeans_parts **parts, ml_message *why)
{
    kmeans_parts *p = &r->parts;
    if (r->rows.n > 0) {
        ml_status status = end_stretch(r, why);
        if (status != ML_OK)
            return status;
    }
    for (size_t lane = 1; lane < KMEANS_LANES; lane++) {
        kmeans_sums_merge(&r->lane[0], &r->lane[lane]);
        r->hash[0] += r->hash[lane];
        for (size_t q = 0; q < p->k; q++)
            r->within[0][q] = dd_add_dd(r->within[0][q], r->within[lane][q]);
    }
    p->rows = r->before;
    p->labels = r->hash[0] & LABELS_MASK;
    for (size_t q = 0; q < p->k; q++) {
        p->sizes[q] = (double)r->lane[0].sizes[q];
        p->mass[q] = r->lane[0].mass[q];
        p->within[q] = r->within[0][q];
        for (size_t j = 0; j < p->d; j++)
            p->sums[q * p->d + j] = kmeans_sums_at(&r->lane[0], q, j);
    }
    sort_far(p);
    if (!has_empty(p))
        p->far_count = 0;
    *parts = p;
    return check_range(p, why);
}

size_t kmeans_round_first(const kmeans_round *r, size_t q)
{
    return r->first[q];
}

/* --- the step --- */

typedef struct step {
    kmeans_parts p; /* a copy, for empty clusters are filled in it */
    double *c, *next;
    double scale;
    size_t refilled;
} step;

/* The farthest row that its cluster can spare; far_count: none. */
static size_t farthest(const kmeans_parts *p)
{
    for (size_t i = 0; i < p->far_count; i++) {
        const double *f = far_row(p, i);
        if (f[0] > 0 && dd_value(p->mass[(size_t)f[2]]) > f[1])
            return i;
    }
    return p->far_count;
}

static void change(kmeans_parts *p, const double *f, size_t q, double sign)
{
    const double *x = f + KMEANS_FAR;
    p->sizes[q] += sign;
    p->mass[q] = dd_add(p->mass[q], sign * f[1]);
    p->labels += (uint64_t)(sign > 0 ? 1 : -1) * hash_row(x, p->d, q);
    for (size_t j = 0; j < p->d; j++)
        p->sums[q * p->d + j] = dd_add(p->sums[q * p->d + j], sign * f[1] * x[j]);
}

static ml_status refill(step *s, ml_message *why)
{
    kmeans_parts *p = &s->p;
    for (size_t q = 0; q < p->k; q++) {
        if (dd_value(p->mass[q]) > 0)
            continue;
        size_t i = farthest(p);
        if (i == p->far_count)
            return ml_fail(why,
                           "cluster %zu is empty and no row can be spared for it: the others lie on their "
                           "centroids, or are alone in their clusters; use fewer clusters",
                           q + 1);
        double *f = far_row(p, i);
        change(p, f, (size_t)f[2], -1);
        change(p, f, q, 1);
        f[0] = 0;
        s->refilled++;
    }
    p->labels &= LABELS_MASK;
    return ML_OK;
}

static ml_status move(step *s, bool spherical, double *shift, ml_message *why)
{
    size_t d = s->p.d;
    *shift = 0;
    for (size_t q = 0; q < s->p.k; q++) {
        double *c = s->next + q * d, mass = dd_value(s->p.mass[q]);
        for (size_t j = 0; j < d; j++) {
            c[j] = dd_value(s->p.sums[q * d + j]) / mass;
            if (!isfinite(c[j]))
                return ml_fail(why, "the mean of cluster %zu is beyond the range of a double", q + 1);
        }
        if (spherical && !kmeans_normalize(c, d))
            return kmeans_cancelled(q, why);
        *shift = fmax(*shift, kmeans_drift(c, s->c + q * d, d));
    }
    return ML_OK;
}

/* A total that is less than this share of the sums that it is the difference of has lost half of its digits.
 */
static const double LOST = 1e-8;

/* sum w |x - mean|^2 from sums about the centroids: within + 2 (c - mean) sum w (x - c) + mass |c - mean|^2.
 */
static double total_of(const kmeans_parts *p, const double *c)
{
    double_double mass = {0, 0}, total = {0, 0};
    for (size_t q = 0; q < p->k; q++) {
        mass = dd_add_dd(mass, p->mass[q]);
        total = dd_add_dd(total, p->within[q]);
    }
    for (size_t j = 0; j < p->d; j++) {
        double_double sum = {0, 0};
        for (size_t q = 0; q < p->k; q++)
            sum = dd_add_dd(sum, p->sums[q * p->d + j]);
        double mean = dd_value(sum) / dd_value(mass);
        for (size_t q = 0; q < p->k; q++) {
            double m = dd_value(p->mass[q]), at = c[q * p->d + j], off = at - mean;
            double_double about = dd_add_dd(p->sums[q * p->d + j], dd_negate(dd_product(m, at)));
            total = dd_add(total, 2 * off * dd_value(about) + m * off * off);
        }
    }
    double value = dd_value(total); /* fmax would make 0 of nan */
    return value < 0 ? 0 : value;
}

static ml_status make_result(const step *s, const kmeans_parts *of, kmeans_result *r, ml_message *why)
{
    size_t k = of->k, d = of->d;
    double unit = 1 / s->scale;
    double_double inertia = {0, 0};
    *r = (kmeans_result){.best = 1, .refilled = s->refilled};
    r->centroids = gsl_matrix_alloc(k, d);
    r->sizes = memory_array(k, sizeof *r->sizes);
    r->weights = memory_array(k, sizeof *r->weights);
    r->within = memory_array(k, sizeof *r->within);
    if (!r->centroids || !r->sizes || !r->weights || !r->within) {
        kmeans_free(r);
        return ml_fail_memory(why, "the result", k * d * sizeof(double));
    }
    for (size_t q = 0; q < k; q++) {
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(r->centroids, q, j, s->next[q * d + j] * unit);
        r->sizes[q] = (size_t)of->sizes[q];
        r->weights[q] = dd_value(of->mass[q]);
        r->within[q] = dd_value(of->within[q]) * unit * unit;
        inertia = dd_add(inertia, r->within[q]);
    }
    r->inertia = dd_value(inertia);
    r->total = total_of(of, s->c) * unit * unit;
    if (isfinite(r->total) && isfinite(r->inertia)) {
        if (r->total < LOST * r->inertia)
            r->total = NAN;
        return ML_OK;
    }
    kmeans_free(r);
    return ml_fail(why, "the inertia is beyond the range of a double; scale the columns");
}

static ml_status copy_parts(kmeans_parts *to, const kmeans_parts *from, ml_message *why)
{
    size_t k = from->k, d = from->d;
    ml_status status = kmeans_parts_alloc(to, k, d, why);
    if (status != ML_OK)
        return status;
    to->rows = from->rows;
    to->labels = from->labels;
    to->far_count = from->far_count;
    memcpy(to->sizes, from->sizes, k * sizeof *to->sizes);
    memcpy(to->mass, from->mass, k * (2 + d) * sizeof *to->mass);
    memcpy(to->far, from->far, from->far_count * (KMEANS_FAR + d) * sizeof *to->far);
    return ML_OK;
}

ml_status kmeans_parts_step(const kmeans_parts *p, const gsl_matrix *centroids, bool spherical,
                            double tolerance, kmeans_history *history, kmeans_result *result, double *shift,
                            ml_message *why)
{
    double moved = 0;
    step s = {0};
    *result = (kmeans_result){0};
    ml_status status = copy_parts(&s.p, p, why);
    if (status == ML_OK)
        status = plain_centroids(centroids, spherical, &s.scale, &s.c, why);
    if (status == ML_OK && (s.next = memory_zeros(p->k, p->d * sizeof *s.next)) == NULL)
        status = ml_fail_memory(why, "the centroids", p->k * p->d * sizeof *s.c);
    if (status == ML_OK)
        status = refill(&s, why);
    if (status == ML_OK)
        status = move(&s, spherical, &moved, why);
    if (status == ML_OK)
        status = make_result(&s, p, result, why);
    if (status == ML_OK) {
        bool same = history->rounds > 0 && history->labels == p->labels;
        result->converged = s.refilled == 0 && (same || (tolerance > 0 && moved / s.scale <= tolerance));
        *history = (kmeans_history){history->rounds + 1, s.p.labels};
        result->iterations = history->rounds;
        if (shift != NULL)
            *shift = moved / s.scale;
    }
    kmeans_parts_free(&s.p);
    free(s.c);
    free(s.next);
    return status;
}

ml_status kmeans_parts_measure(const kmeans_parts *p, const gsl_matrix *centroids, bool spherical,
                               kmeans_result *result, ml_message *why)
{
    step s = {0};
    *result = (kmeans_result){0};
    ml_status status = plain_centroids(centroids, spherical, &s.scale, &s.c, why);
    s.next = s.c;
    if (status == ML_OK)
        status = make_result(&s, p, result, why);
    free(s.c);
    return status;
}

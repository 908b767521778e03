/* States of rounds merged and stepped, of k-means and of Gaussian mixtures: lines of fields whose model and
 * checksum are put right here, so that any numbers come in.  What comes out is refused or finite. */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "fuzz.h"
#include "table/state.h"
#include "tool/gmm_state.h"
#include "tool/kmeans_text.h"

static const cli_tool kmeans_tool = {.name = "mlkmeans"}, gmm_tool = {.name = "mlgmm"};
static char *names[] = {"a", "b", NULL};
static double centres[] = {1, 0, 3, 4}, weights[] = {0.5, 0.5}, unit[] = {1, 0, 0, 1, 1, 0, 0, 1};

/* A state of TOOL of each line of DATA. */
static void make_lines(buffer *out, const char *tool, const char *hash, const uint8_t *data, size_t size)
{
    for (size_t from = 0, to; from < size; from = to + 1) {
        const uint8_t *end = memchr(data + from, '\n', size - from);
        to = end ? (size_t)(end - data) : size;
        size_t start = out->size;
        state_begin(out, tool);
        state_put_text(out, "model", hash);
        buffer_char(out, ' ');
        for (size_t i = from; i < to; i++)
            if (data[i] != '\0' && data[i] != '\t')
                buffer_char(out, (char)data[i]);
        state_end(out, start);
    }
}

static bool all_finite(const gsl_matrix *x)
{
    for (size_t i = 0; i < x->size1 * x->size2; i++)
        if (!isfinite(x->data[i]))
            return false;
    return true;
}

static void cluster(const uint8_t *data, size_t size, bool spherical)
{
    char hash[17], path[40];
    buffer lines = {0};
    kmeans_parts p;
    kmeans_result r;
    kmeans_history history = {0};
    double shift;
    bool weighted;
    ml_message why;
    gsl_matrix_view c = gsl_matrix_view_array(centres, 2, 2);
    kmeans_text t = {.centroids = &c.matrix, .names = names, .named = true, .spherical = spherical};
    kmeans_text_hash(&t, hash);
    make_lines(&lines, "mlkmeans", hash, data, size);
    int fd = fuzz_file((const uint8_t *)lines.data, lines.size, path);
    cli of = {.tool = &kmeans_tool, .file = path, .reader.jobs = 1};
    if (kmeans_text_merge(&p, &of, &t, &weighted, &why) == ML_OK &&
        kmeans_parts_step(&p, t.centroids, spherical, 0, &history, &r, &shift, &why) == ML_OK) {
        MUST(all_finite(r.centroids) && r.inertia >= 0 && isfinite(r.inertia));
        /* what no rows can have made may leave no total */
        MUST(isnan(r.total) || (r.total >= 0 && isfinite(r.total)));
        kmeans_free(&r);
    }
    kmeans_parts_free(&p);
    close(fd);
    buffer_free(&lines);
}

static void mix(const uint8_t *data, size_t size)
{
    char hash[17], path[40];
    buffer lines = {0};
    gmm_parts p;
    ml_message why;
    gsl_vector_view w = gsl_vector_view_array(weights, 2);
    gsl_matrix_view m = gsl_matrix_view_array(centres, 2, 2), s = gsl_matrix_view_array(unit, 4, 2);
    gmm_text t = {
        .model = {.k = 2, .d = 2, .weights = &w.vector, .means = &m.matrix, .covariances = &s.matrix},
        .names = names};
    gmm_state_hash(&t, hash);
    make_lines(&lines, "mlgmm", hash, data, size);
    int fd = fuzz_file((const uint8_t *)lines.data, lines.size, path);
    cli c = {.tool = &gmm_tool, .file = path, .reader.jobs = 1};
    ml_status status = gmm_state_merge(&p, &c, &t, &why);
    for (gmm_covariance kind = GMM_FULL; status == ML_OK && kind <= GMM_TIED_SPHERICAL; kind++) {
        gmm_result r;
        gmm_params params;
        gmm_history history = {0};
        gmm_defaults(&params);
        params.k = 2;
        params.covariance = kind;
        if (gmm_parts_step(&p, &t.model, &params, &history, &r, &why) == ML_OK) {
            MUST(all_finite(r.model.means) && all_finite(r.model.covariances) && isfinite(r.log_likelihood));
            gmm_free(&r);
        }
    }
    gmm_parts_free(&p);
    close(fd);
    buffer_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsl_set_error_handler_off();
    cluster(data, size, false);
    cluster(data, size, true);
    mix(data, size);
    return 0;
}

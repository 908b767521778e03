/* The bytes that the writer prints, for each format. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table/writer.h"
#include "unit.h"

static int fd;

static writer *start(writer_options options)
{
    fd = memfd_create("out", 0);
    return writer_open(fd, &options);
}

/* Close W; everything it printed, valid until the next call. */
static const char *finish(writer *w, size_t *size)
{
    static char *text;
    CHECK(writer_close(w, NULL, NULL) == ML_OK);
    off_t length = lseek(fd, 0, SEEK_END);
    free(text);
    text = malloc((size_t)length + 1);
    CHECK(pread(fd, text, (size_t)length, 0) == length);
    text[length] = '\0';
    close(fd);
    if (size != NULL)
        *size = (size_t)length;
    return text;
}

static const double values[] = {4.228241706034862, 0.1, 1e22, -0.0};
static const char *const labels[] = {"PC1", "a b", "x,y", "\"q\""};

static size_t make_columns(column *c)
{
    c[0] = (column){.name = "component", .kind = COLUMN_STRINGS, .strings = labels};
    c[1] = (column){.name = "variance", .kind = COLUMN_REAL, .real = values, .stride = 1};
    return 2;
}

static const char *print_block(writer_options options)
{
    column c[2];
    size_t count = make_columns(c);
    writer *w = start(options);
    writer_block(w, "variance", c, count, 4);
    return finish(w, NULL);
}

/* Names of the same block, each once: all but the last are changed, also where others are called so. */
static void test_equal_names(void)
{
    unit_case("no two columns are printed under the same name");
    static const char *const names[][5] = {
        {"a", "b", "a"}, {"a_", "a", "a"}, {"a", "a", "a", "a_", "a_"}, {"", "", "b"}};
    static const char *const printed[] = {"a_,b,a\n", "a_,a_2,a\n", "a_2,a_3,a,a__,a_\n", "_,,b\n"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        column c[5];
        size_t count = 0;
        for (; count < 5 && names[k][count] != NULL; count++)
            c[count] = column_reals(names[k][count], values, 1);
        writer *w = start((writer_options){.names = true});
        writer_block(w, "b", c, count, 0);
        CHECK_TEXT(finish(w, NULL), printed[k]);
    }
}

static void test_formats(void)
{
    unit_case("a block in each format");
    CHECK_TEXT(print_block((writer_options){.names = true}),
               "component,variance\nPC1,4.228241706034862\na b,0.1\n\"x,y\",1e22\n\"\"\"q\"\"\",0\n");
    CHECK_TEXT(print_block((writer_options){.names = true, .delimiter = ';'}),
               "component;variance\nPC1;4.228241706034862\na b;0.1\nx,y;1e22\n\"\"\"q\"\"\";0\n");
    CHECK_TEXT(print_block((writer_options){.format = WRITER_TSV, .names = true, .delimiter = ','}),
               "component\tvariance\nPC1\t4.228241706034862\na b\t0.1\nx,y\t1e22\n\"\"\"q\"\"\"\t0\n");
    CHECK_TEXT(print_block((writer_options){.format = WRITER_JSON, .names = true}),
               "{\"name\":\"variance\",\"rows\":[{\"component\":\"PC1\",\"variance\":4.228241706034862},"
               "{\"component\":\"a b\",\"variance\":0.1},{\"component\":\"x,y\",\"variance\":1e22},"
               "{\"component\":\"\\\"q\\\"\",\"variance\":0}]}\n");
    CHECK_TEXT(print_block((writer_options){.format = WRITER_TABLE, .names = true}),
               "component  variance\nPC1        4.22824\na b        0.1\nx,y        1e22\n\"q\"        0\n");

    unit_case("without names");
    CHECK_TEXT(print_block((writer_options){.precision = 3}),
               "PC1,4.23\na b,0.1\n\"x,y\",1e22\n\"\"\"q\"\"\",0\n");
    CHECK_TEXT(
        print_block((writer_options){.format = WRITER_JSON, .precision = 2}),
        "{\"name\":\"variance\",\"rows\":[[\"PC1\",4.2],[\"a b\",0.1],[\"x,y\",1e22],[\"\\\"q\\\"\",0]]}\n");
    CHECK_TEXT(print_block((writer_options){.format = WRITER_TABLE, .precision = 8}),
               "PC1  4.2282417\na b  0.1\nx,y  1e22\n\"q\"  0\n");
}

static const char *print_two_blocks(writer_options options)
{
    column c[2];
    size_t count = make_columns(c);
    double cells[] = {1, 2, -3, 4.5};
    gsl_matrix_view m = gsl_matrix_view_array(cells, 2, 2);
    writer *w = start(options);
    writer_block(w, "values", c, count, 1);
    writer_matrix(w, "U", &m.matrix);
    writer_begin(w, "none", c, count);
    writer_end(w);
    return finish(w, NULL);
}

static void test_blocks(void)
{
    unit_case("blocks stand under their names, two empty lines apart; a matrix has no line of names");
    CHECK_TEXT(print_two_blocks((writer_options){.names = true, .blocks = true}),
               "#: values\ncomponent,variance\nPC1,4.228241706034862\n\n\n#: U\n1,2\n-3,4.5\n\n\n"
               "#: none\ncomponent,variance\n");
    CHECK_TEXT(print_two_blocks((writer_options){.format = WRITER_TABLE, .names = true, .blocks = true}),
               "#: values\ncomponent  variance\nPC1        4.22824\n\n\n#: U\n1   2\n-3  4.5\n\n\n"
               "#: none\ncomponent  variance\n");
    CHECK_TEXT(print_two_blocks((writer_options){.format = WRITER_JSON, .names = true, .blocks = true}),
               "{\"name\":\"values\",\"rows\":[{\"component\":\"PC1\",\"variance\":4.228241706034862}]}\n"
               "{\"name\":\"U\",\"rows\":[[1,2],[-3,4.5]]}\n{\"name\":\"none\",\"rows\":[]}\n");

    unit_case("blocks that were not announced are kept apart all the same");
    CHECK_TEXT(print_two_blocks((writer_options){0}), "PC1,4.228241706034862\n\n\n1,2\n-3,4.5\n\n\n");
}

static void test_missing(void)
{
    unit_case("missing, nan and infinities");
    double cells[] = {table_missing(), NAN, INFINITY, -INFINITY, 1};
    gsl_matrix_view m = gsl_matrix_view_array(cells, 1, 5);
    const char *const expected[] = {"NA,nan,inf,-inf,1\n", "NA\tnan\tinf\t-inf\t1\n",
                                    "{\"name\":\"m\",\"rows\":[[null,null,null,null,1]]}\n",
                                    "NA  nan  inf  -inf  1\n"};
    for (int format = WRITER_CSV; format <= WRITER_TABLE; format++) {
        writer *w = start((writer_options){.format = (writer_format)format});
        writer_matrix(w, "m", &m.matrix);
        CHECK_TEXT(finish(w, NULL), expected[format]);
    }
}

static void test_quotes(void)
{
    unit_case("a text is quoted where the reader would take it for something else, and only there");
    const char *const first[] = {"#", "a#", "", "x\ny", "x\ry", " ", "it's", "1"};
    const char *const second[] = {"#", "", "\"", "tab\t", "x;y", "a,b", "#: x", "NA"};
    column c[2] = {{.name = "# n", .kind = COLUMN_STRINGS, .strings = first},
                   {.name = "a \"b\"", .kind = COLUMN_STRINGS, .strings = second}};
    writer *w = start((writer_options){.names = true});
    writer_block(w, "q", c, 2, 8);
    CHECK_TEXT(finish(w, NULL),
               "\"# n\",\"a \"\"b\"\"\"\n\"#\",#\na#,\n,\"\"\"\"\n\"x\ny\",tab\t\n\"x\ry\",x;y\n"
               " ,\"a,b\"\nit's,#: x\n1,NA\n");

    unit_case("an empty text that is alone on its line, and any between runs of blanks");
    w = start((writer_options){.names = true});
    writer_block(w, "q", c, 1, 3);
    CHECK_TEXT(finish(w, NULL), "\"# n\"\n\"#\"\na#\n\"\"\n");
    w = start((writer_options){.delimiter = ' '});
    writer_block(w, "q", c, 2, 4);
    CHECK_TEXT(finish(w, NULL), "\"#\" #\na# \"\"\n\"\" \"\"\"\"\n\"x\ny\" \"tab\t\"\n");
}

/* Undo RFC 4180 for the cell at *P, which is moved to the delimiter behind it. */
static void unquote(const char **p, char delimiter, char *cell)
{
    bool quoted = **p == '"';
    *p += quoted;
    while (**p != '\0') {
        if (quoted && **p == '"') {
            if ((*p)[1] != '"') {
                ++*p;
                break;
            }
            ++*p;
        } else if (!quoted && (**p == delimiter || **p == '\n')) {
            break;
        }
        *cell++ = *(*p)++;
    }
    *cell = '\0';
}

static void test_quoting_round_trip(void)
{
    unit_case("every text of up to four awkward characters comes back, as CSV and as TSV");
    static const char alphabet[] = ",\"\n\r\t#a";
    enum { N = 1 + 7 + 49 + 343 + 2401 };
    static char space[N][5];
    static const char *texts[N];
    for (int i = 0; i < N; i++) {
        /* Bijective base 7: each text once. */
        int length = 0;
        for (int rest = i; rest > 0; rest = (rest - 1) / 7)
            space[i][length++] = alphabet[(rest - 1) % 7];
        texts[i] = space[i];
    }
    column c[2] = {{.kind = COLUMN_STRINGS, .strings = texts}, {.kind = COLUMN_STRINGS, .strings = texts}};
    for (int format = WRITER_CSV; format <= WRITER_TSV; format++) {
        writer *w = start((writer_options){.format = (writer_format)format});
        writer_block(w, "q", c, 2, N);
        char delimiter = format == WRITER_CSV ? ',' : '\t', cell[8];
        const char *p = finish(w, NULL);
        for (int i = 0; i < N; i++) {
            CHECK(*p != '#');
            unquote(&p, delimiter, cell);
            CHECK_TEXT(cell, texts[i]);
            CHECK(*p++ == delimiter);
            unquote(&p, delimiter, cell);
            CHECK_TEXT(cell, texts[i]);
            CHECK(*p++ == '\n');
        }
        CHECK(*p == '\0');
    }
}

static const char *print_text(writer_format format, const char *text, size_t length)
{
    text_column t = {.name = "t"};
    CHECK(text_append(&t, 0, text, length));
    column c = {.name = "t", .kind = COLUMN_TEXT, .text = &t};
    writer *w = start((writer_options){.format = format});
    writer_block(w, "j", &c, 1, 1);
    buffer_free(&t.cells);
    free(t.ends);
    return finish(w, NULL);
}

static void test_json_strings(void)
{
    unit_case("JSON strings: escapes, UTF-8 kept, bytes that are not UTF-8 replaced");
#define JSON(text) print_text(WRITER_JSON, text, sizeof text - 1)
#define WRAP(text) "{\"name\":\"j\",\"rows\":[[\"" text "\"]]}\n"
#define BAD "\xef\xbf\xbd"
    CHECK_TEXT(JSON("a\"\\/\b\f\n\r\t\x01\x1f\x7f"), WRAP("a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f"));
    CHECK_TEXT(JSON("a\0b"), WRAP("a\\u0000b"));
    CHECK_TEXT(JSON("é€😀"), WRAP("é€😀"));
    CHECK_TEXT(JSON("\xff"), WRAP(BAD));
    CHECK_TEXT(JSON("\x80z"), WRAP(BAD "z"));
    CHECK_TEXT(JSON("\xc3"), WRAP(BAD));
    CHECK_TEXT(JSON("\xc3("), WRAP(BAD "("));
    CHECK_TEXT(JSON("\xe2\x82"), WRAP(BAD BAD));
    CHECK_TEXT(JSON("\xc0\xaf"), WRAP(BAD BAD));                 /* overlong */
    CHECK_TEXT(JSON("\xe0\x9f\xbf"), WRAP(BAD BAD BAD));         /* overlong */
    CHECK_TEXT(JSON("\xf0\x8f\xbf\xbf"), WRAP(BAD BAD BAD BAD)); /* overlong */
    CHECK_TEXT(JSON("\xed\xa0\x80"), WRAP(BAD BAD BAD));         /* a surrogate */
    CHECK_TEXT(JSON("\xf4\x90\x80\x80"), WRAP(BAD BAD BAD BAD)); /* beyond U+10FFFF */
    CHECK_TEXT(JSON("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80\xf0\x90\x80\x80"),
               WRAP("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80\xf0\x90\x80\x80"));
}

static void test_table(void)
{
    unit_case("a table: width in code points, control characters as blanks, no blanks at a line's end");
    const char *const left[] = {"é€😀", "a\nb", "  ", "x "};
    const char *const middle[] = {"long cell", "", "", "m"};
    const char *const right[] = {"", "r", "", " "};
    column c[3] = {{.name = "n", .kind = COLUMN_STRINGS, .strings = left},
                   {.name = "mid", .kind = COLUMN_STRINGS, .strings = middle},
                   {.name = "r", .kind = COLUMN_STRINGS, .strings = right}};
    writer *w = start((writer_options){.format = WRITER_TABLE, .names = true});
    writer_block(w, "t", c, 3, 4);
    CHECK_TEXT(finish(w, NULL), "n    mid        r\n"
                                "é€😀  long cell\n"
                                "a b             r\n"
                                "\n"
                                "x    m\n");

    unit_case("an empty table prints its names");
    w = start((writer_options){.format = WRITER_TABLE, .names = true});
    writer_block(w, "t", c, 3, 0);
    CHECK_TEXT(finish(w, NULL), "n  mid  r\n");
}

/* Finite doubles of every size, from a 64-bit xorshift generator (Marsaglia 2003). */
static void fill(double *x, size_t n)
{
    uint64_t s = 88172645463325252;
    for (size_t i = 0; i < n;) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        memcpy(&x[i], &s, sizeof s);
        i += isfinite(x[i]) && x[i] != 0;
    }
}

enum { ROWS = 30000, WIDE = 7 };

static const char *print_many(writer_format format, const double *x, const text_column *names, int jobs,
                              size_t step, size_t *size)
{
    column c[WIDE + 1] = {{.name = "id", .kind = COLUMN_TEXT, .text = names}};
    writer *w = start((writer_options){.format = format, .names = true, .jobs = jobs});
    for (size_t j = 0; j < WIDE; j++)
        c[j + 1] = (column){.name = "x", .kind = COLUMN_REAL, .real = x + j, .stride = WIDE};
    writer_begin(w, "many", c, WIDE + 1);
    text_column piece = {.name = "id"};
    for (size_t from = 0; from < ROWS; from += step) {
        size_t rows = ROWS - from < step ? ROWS - from : step;
        piece.cells.size = 0;
        for (size_t i = 0; i < rows; i++) {
            size_t length;
            const char *text = text_cell(names, from + i, &length);
            CHECK(text_append(&piece, i, text, length));
        }
        c[0].text = &piece;
        for (size_t j = 0; j < WIDE; j++)
            c[j + 1].real = x + from * WIDE + j;
        writer_rows(w, c, WIDE + 1, rows);
    }
    writer_end(w);
    buffer_free(&piece.cells);
    free(piece.ends);
    return finish(w, size);
}

static void test_many(void)
{
    double *x = malloc(sizeof(double) * ROWS * WIDE);
    fill(x, ROWS * WIDE);
    text_column names = {.name = "id"};
    for (size_t i = 0; i < ROWS; i++) {
        char text[16];
        CHECK(text_append(&names, i, text, (size_t)sprintf(text, i % 3 ? "r%zu" : "r,%zu", i)));
    }
    unit_case("numbers read back bit for bit, whole lines in order");
    const char *p = print_many(WRITER_CSV, x, &names, 1, ROWS, NULL);
    static const char heads[] = "id,x_,x_2,x_3,x_4,x_5,x_6,x\n";
    CHECK(strncmp(p, heads, strlen(heads)) == 0);
    p += strlen(heads);
    for (size_t i = 0; i < ROWS; i++) {
        char expected[16], got[16];
        sprintf(expected, i % 3 ? "r%zu" : "r,%zu", i);
        unquote(&p, ',', got);
        CHECK_TEXT(got, expected);
        for (size_t j = 0; j < WIDE; j++) {
            char *end;
            double back = strtod(p + 1, &end);
            CHECK(*p == ',' && memcmp(&back, &x[i * WIDE + j], sizeof back) == 0);
            p = end;
        }
        CHECK(*p++ == '\n');
    }
    CHECK(*p == '\0');

    unit_case("the same bytes for 1, 2 and 3 jobs, and however the rows are handed over");
    for (int format = WRITER_CSV; format <= WRITER_TABLE; format++) {
        size_t size, expected_size;
        const char *once = print_many((writer_format)format, x, &names, 1, ROWS, &expected_size);
        char *expected = memcpy(malloc(expected_size), once, expected_size);
        static const size_t steps[] = {ROWS, 1, 9999, 4096, 12000};
        for (int i = 0; i < 5; i++) {
            const char *got = print_many((writer_format)format, x, &names, 1 + (i + 1) % 3, steps[i], &size);
            CHECK(size == expected_size && memcmp(got, expected, size) == 0);
        }
        free(expected);
    }
    buffer_free(&names.cells);
    free(names.ends);
    free(x);
}

static void test_shapes(void)
{
    unit_case("part of a matrix, a very wide one, and one without columns");
    enum { N = 50000 };
    static double cells[2 * N];
    for (int i = 0; i < 2 * N; i++)
        cells[i] = i % 10;
    gsl_matrix_view all = gsl_matrix_view_array(cells, 2, N);
    gsl_matrix_view part = gsl_matrix_submatrix(&all.matrix, 0, 3, 2, 2);
    writer *w = start((writer_options){.jobs = 2});
    writer_matrix(w, "part", &part.matrix);
    CHECK_TEXT(finish(w, NULL), "3,4\n3,4\n");

    static char expected[4 * N + 1];
    for (int i = 0; i < 2 * N; i++) {
        expected[2 * i] = (char)('0' + i % 10);
        expected[2 * i + 1] = i % N == N - 1 ? '\n' : ',';
    }
    for (int jobs = 1; jobs <= 3; jobs++) {
        size_t size;
        w = start((writer_options){.jobs = jobs});
        writer_matrix(w, "wide", &all.matrix);
        const char *got = finish(w, &size);
        CHECK(size == 4 * N && memcmp(got, expected, 4 * N) == 0);
    }

    w = start((writer_options){.format = WRITER_JSON, .names = true});
    writer_block(w, "empty", NULL, 0, 3);
    CHECK_TEXT(finish(w, NULL), "{\"name\":\"empty\",\"rows\":[]}\n");
    w = start((writer_options){.blocks = true, .names = true});
    writer_block(w, "empty", NULL, 0, 3);
    CHECK_TEXT(finish(w, NULL), "#: empty\n");
}

/* Print ROWS rows, more than any buffer holds, to DESCRIPTOR. */
static ml_status print_to(int descriptor, int jobs, size_t rows, bool *broken, ml_message *why)
{
    gsl_matrix *m = gsl_matrix_calloc(rows, 10);
    writer *w = writer_open(descriptor, &(writer_options){.jobs = jobs});
    writer_matrix(w, "m", m);
    writer_matrix(w, "m", m);
    gsl_matrix_free(m);
    return writer_close(w, broken, why);
}

static void test_errors(void)
{
    unit_case("a full device is reported, small output or large");
    for (int i = 0; i < 4; i++) {
        bool broken = true;
        ml_message why;
        int full = open("/dev/full", O_WRONLY);
        CHECK(print_to(full, 1 + i % 2, i < 2 ? 1 : 300000, &broken, &why) == ML_FAIL);
        CHECK_TEXT(why.text, "cannot write to standard output: No space left on device");
        CHECK(!broken);
        close(full);
    }
    ml_message why;
    writer *w = writer_open(-1, &(writer_options){.target = "model.csv"});
    writer_block(w, "b", &(column){.kind = COLUMN_REAL, .real = values, .stride = 1}, 1, 1);
    CHECK(writer_close(w, NULL, &why) == ML_FAIL);
    CHECK_TEXT(why.text, "cannot write to model.csv: Bad file descriptor");

    unit_case("a broken pipe is told apart");
    signal(SIGPIPE, SIG_IGN);
    for (int jobs = 1; jobs <= 2; jobs++) {
        int ends[2];
        bool broken = false;
        CHECK(pipe(ends) == 0);
        close(ends[0]);
        CHECK(print_to(ends[1], jobs, 300000, &broken, NULL) == ML_FAIL && broken);
        close(ends[1]);
    }
}

static void test_slow_pipe(void)
{
    unit_case("a small pipe that does not block gets every byte");
    enum { N = 100000 };
    int ends[2];
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(print_to(ends[1], 1, N, NULL, NULL));
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, 0);
    static char got[1 << 16];
    size_t size = 0, lines = 0;
    for (ssize_t n; (n = read(ends[0], got, sizeof got)) > 0; size += (size_t)n)
        for (ssize_t i = 0; i < n; i++)
            lines += got[i] == '\n';
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(lines == 2 * N + 2 && size == 2 * N * 20 + 2);
    close(ends[0]);
}

int main(void)
{
    test_formats();
    test_equal_names();
    test_blocks();
    test_missing();
    test_quotes();
    test_quoting_round_trip();
    test_json_strings();
    test_table();
    test_slow_pipe();
    test_many();
    test_shapes();
    test_errors();
    return unit_end();
}

/* The reader: every case is read as a file and as a pipe, with one job and several, whole and cut into tiny
 * stretches and pieces; all must give the expected text, which is written by hand. */
#include "table/reader.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table/reader_internal.h"
#include "unit.h"

static reader_options options;

/* --- a table as text --- */

static void take_note(void *context, const char *text)
{
    buffer_printf(context, "note %s\n", text);
}

static void show_cell(buffer *out, const text_column *column, size_t row)
{
    size_t length;
    const char *cell = text_cell(column, row, &length);
    buffer_printf(out, " [%.*s]", (int)length, cell);
}

static void show_rows(buffer *out, const table *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t j = 0; j < t->columns; j++) {
            double value = gsl_matrix_get(t->x, i, j);
            if (table_is_missing(value))
                buffer_string(out, " NA");
            else
                buffer_printf(out, " %.17g", value);
            if (t->half != NULL)
                buffer_printf(out, "~%g", gsl_matrix_get(t->half, i, j));
        }
        for (size_t k = 0; k < t->text_count; k++)
            show_cell(out, &t->texts[k], i);
        if (t->target != NULL)
            show_cell(out, t->target, i);
        buffer_char(out, '\n');
    }
}

static void show_schema(buffer *out, const reader *r)
{
    const table *t = reader_columns(r);
    char space[32];
    if (reader_block(r) != NULL)
        buffer_printf(out, "#%s", reader_block(r));
    for (size_t j = 0; j < t->columns; j++)
        buffer_printf(out, " %s@%zu%s", table_name(t, j, space), t->positions[j],
                      j == t->target_at    ? "*"
                      : j == t->weights_at ? "+"
                                           : "");
    for (size_t k = 0; k < t->text_count; k++)
        buffer_printf(out, " [%s@%zu]", t->texts[k].name, t->texts[k].position);
    if (t->target != NULL)
        buffer_printf(out, " [%s@%zu]*", t->target->name, t->target->position);
    buffer_char(out, '\n');
}

static ml_status show_block(buffer *out, reader *r, bool stream, ml_message *why)
{
    const table *piece;
    ml_status status;
    table t;
    if (!stream) {
        if ((status = reader_rest(r, &t, why)) == ML_OK) {
            show_rows(out, &t);
            table_free(&t);
        }
        return status;
    }
    while ((status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0)
        show_rows(out, piece);
    return status;
}

/* --- one way to read --- */

typedef struct way {
    bool pipe, stream, blocks; /* blocks: all of them, rather than the one */
    int jobs;
    size_t stretch, piece;
} way;

static pid_t start_writer(const char *text, size_t size)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    int fd = open("pipe/t.csv", O_WRONLY);
    for (size_t i = 0; i < size; i++)
        if (write(fd, text + i, 1) != 1)
            break;
    close(fd);
    _exit(0);
}

static void write_file(const char *text, size_t size)
{
    FILE *f = fopen("file/t.csv", "wb");
    fwrite(text, 1, size, f);
    fclose(f);
}

/* What comes out: the notes, then names and rows; after an error "! message", from a stream behind the rows
 * before it. */
static void read_so(buffer *all, const way *w, const char *text, size_t size)
{
    reader *r;
    ml_message why;
    bool more = true;
    buffer rest = {0}, *out = &rest;
    pid_t child = w->pipe ? start_writer(text, size) : 0;
    reader_options o = options;
    o.jobs = w->jobs;
    o.note = take_note;
    o.note_context = all;
    CHECK(chdir(w->pipe ? "pipe" : "file") == 0);
    ml_status status = reader_open_sized(&r, "t.csv", &o, w->stretch, w->piece, &why);
    CHECK(chdir("..") == 0);
    while (status == ML_OK && more) {
        show_schema(out, r);
        status = show_block(out, r, w->stream, &why);
        more = w->blocks;
        if (status == ML_OK)
            status = w->blocks ? reader_next_block(r, &more, &why) : reader_finish(r, &why);
    }
    if (status != ML_OK)
        buffer_printf(out, "! %s\n", why.text);
    reader_free(r);
    buffer_string(all, buffer_text(out));
    buffer_free(out);
    if (child > 0)
        waitpid(child, NULL, 0);
}

/* --- all ways --- */

static const way ways[] = {
    {false, false, false, 1, 0, 0}, {false, true, false, 2, 0, 0},   {false, false, false, 3, 32, 5},
    {false, true, false, 8, 7, 3},  {false, false, false, 2, 64, 1}, {false, true, false, 1, 1, 1},
    {true, false, false, 2, 0, 0},  {true, true, false, 3, 16, 4},   {true, true, false, 8, 5, 2},
};

static void check_bytes(const char *text, size_t size, const char *expected, bool blocks)
{
    write_file(text, size);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        way w = ways[i];
        w.blocks = blocks;
        if (w.stream && options.na == READER_NA_MEAN)
            continue;
        buffer out = {0};
        read_so(&out, &w, text, size);
        const char *got = buffer_text(&out);
        /* rows before an error come from a stream alone: expectations begin with '!' then */
        if (expected[0] == '!')
            got = strstr(got, "! ") ? strstr(got, "! ") : got;
        if (strcmp(got, expected) != 0)
            UNIT_FAIL("way %zu gives\n%s--- for\n%s\n--- expected\n%s", i, got, text, expected);
        buffer_free(&out);
    }
}

static void check(const char *text, const char *expected)
{
    check_bytes(text, strlen(text), expected, false);
}

static void fresh(void)
{
    reader_defaults(&options);
}

/* --- the format --- */

static void check_format(void)
{
    unit_case("names are guessed, the last newline is optional");
    fresh();
    check("a,b\n1,2\n3,4\n", " a@1 b@2\n 1 2\n 3 4\n");
    check("a,b\n1,2\n3,4", " a@1 b@2\n 1 2\n 3 4\n");
    check("1,2\n3,4\n\n\n", " column1@1 column2@2\n 1 2\n 3 4\n");
    check("7\n", " column1@1\n 7\n");

    unit_case("CRLF, byte order mark, blanks around numbers");
    check("\xef\xbb\xbf"
          "a,b\r\n1, 2 \r\n\t3,4\r\n\r\n",
          " a@1 b@2\n 1 2\n 3 4\n");
    check("\xef\xbb\xbf"
          "1,2\r\n3,4\r",
          " column1@1 column2@2\n 1 2\n 3 4\n");

    unit_case("forms of numbers, exactly rounded");
    check("1,+3,.5,1e-3,-0.1\n2.,007,1E2,123456789012345678,4.9e-324\n",
          " column1@1 column2@2 column3@3 column4@4 column5@5\n 1 3 0.5 0.001 -0.10000000000000001\n"
          " 2 7 100 1.2345678901234568e+17 4.9406564584124654e-324\n");

    unit_case("quotes: commas, newlines, doubled quotes, numbers");
    options.id = "t";
    check("t,x\n\"a,\"\"b\"\"\nc\",\"1\"\n\"\",2\n \"\",3\n",
          "! t.csv:5: column 1 (t): a quote inside an unquoted cell; put the cell in quotes and double the "
          "quote\n");
    check("t,x\n\"a,\"\"b\"\"\nc\",\"1\"\n\"\"\"\",2\n\" p\r\n\n\n \",3\n z ,4\n",
          " x@2 [t@1]\n 1 [a,\"b\"\nc]\n 2 [\"]\n 3 [ p\r\n\n\n ]\n 4 [ z ]\n");

    unit_case("blanks and tabs as delimiter");
    fresh();
    options.delimiter = ' ';
    check("  x \t y\r\n1   2\n\t3\t4  \n 5 6 \r\n \n", " x@1 y@2\n 1 2\n 3 4\n 5 6\n");
    options.id = "1";
    check("\"a b\"  1\n\"c\"\t2\r\nd 3", " column2@2 [column1@1]\n 1 [a b]\n 2 [c]\n 3 [d]\n");
    fresh();
    options.delimiter = '\t';
    check("a b\tc\n1 \t 2\n", " a b@1 c@2\n 1 2\n");

    unit_case("comments before the first line only");
    fresh();
    check("# one \"\n#\n# two\nx\n1\n", " x@1\n 1\n");
    options.id = "1";
    check("#x,y\n# a,1\n#,2\n", " y@2 [#x@1]\n 1 [# a]\n 2 [#]\n");
}

static void check_header(void)
{
    unit_case("the guess is doubted when the second line has no number either");
    fresh();
    options.all_text = true;
    check("a,b\nx,y\n",
          "note t.csv:1: taken for the names of the columns, for no cell is a number; nor is one in "
          "the next line: if this line is data, say -N\n [a@1] [b@2]\n [x] [y]\n");
    options.header = READER_NO_HEADER;
    check("a,b\nx,y\n", " [column1@1] [column2@2]\n [a] [b]\n [x] [y]\n");
    options.header = READER_HEADER;
    check("1,2\nx,y\n", " [1@1] [2@2]\n [x] [y]\n");

    unit_case("names from the command line");
    fresh();
    options.names = "p,\"q,r\"";
    check("1,2\n", " p@1 q,r@2\n 1 2\n");
    options.header = READER_HEADER;
    check("a,b\n1,2\n", " p@1 q,r@2\n 1 2\n");
    options.names = "p";
    check("a,b\n1,2\n", "! t.csv:2: --names gives 1 name, the table has 2 columns\n");
}

/* --- errors --- */

static void check_cell_errors(void)
{
    unit_case("a cell that is no number");
    fresh();
    check("a,b\n1,2\n3,x y\n",
          "! t.csv:3: column 2 (b): 'x y' is not a number; leave it out with -x b or carry it "
          "with -i b\n");
    check("1,2\n3,x\n",
          "! t.csv:2: column 2: 'x' is not a number; leave it out with -x 2 or carry it with -i 2\n");
    check("b,b\n1,2\n3,x\n",
          "! t.csv:3: column 2 (b): 'x' is not a number; leave it out with -x 2 or carry it with "
          "-i 2\n");
    check("a,b\n\"1\n\",2\n3,0x10\n",
          "! t.csv:2: column 1 (a): '1\\n' is not a number; leave it out with -x a or "
          "carry it with -i a\n");
    check("1,2\n3,abcdefghijklmnopqrstuvwxyz0123456789abcdefghij\x01k\n",
          "! t.csv:2: column 2: 'abcdefghijklmnopqrstuvwxyz0123456789abcd...' is not a number; leave it out "
          "with "
          "-x 2 or carry it with -i 2\n");
    check("1,\x01\t\n",
          "! t.csv:1: column 2: '\\x01\\t' is not a number; leave it out with -x 2 or carry it with "
          "-i 2\n");

    unit_case("missing, not finite, too large, zero denominator");
    check("a,x\n1,2\n3,\n",
          "! t.csv:3: column 2 (x): missing value ''; drop such rows with --na drop or fill them "
          "with --na mean\n");
    check("a,x\n1,2\n NA ,4\n",
          "! t.csv:3: column 1 (a): missing value ' NA '; drop such rows with --na drop or "
          "fill them with --na mean\n");
    check("a,x\n1,nan\n",
          "! t.csv:2: column 2 (x): 'nan' is not finite; leave the row out, or the column with "
          "-x x\n");
    check("a,x\n1,1e999\n", "! t.csv:2: column 2 (x): '1e999' is too large for a double\n");
    check("a,x\n1,1/0\n", "! t.csv:2: column 2 (x): '1/0' has a zero denominator\n");

    unit_case("the wrong delimiter");
    check("a;b\n1;2\n",
          "! t.csv:2: column 1 (a;b): '1;2' is not a number; if another character separates the "
          "cells, say -d ';'\n");
    check("a\tb\n1\t2\n",
          "! t.csv:2: column 1 (a\\tb): '1\\t2' is not a number; if another character separates "
          "the cells, say -d tab\n");
    check("a;b\n1,5;2\n",
          "! t.csv:2: 2 cells where 1 is expected; if another character separates the cells, say "
          "-d ';'\n");

    unit_case("the earliest error is told, whatever comes after it");
    check("a,b\n1,2\nx,2\n1\n\"\n",
          "! t.csv:3: column 1 (a): 'x' is not a number; leave it out with -x a or carry "
          "it with -i a\n");
}

static void check_shape_errors(void)
{
    unit_case("ragged rows and empty lines");
    fresh();
    check("a,b\n1,2\n3\n",
          "! t.csv:3: 1 cell where 2 are expected; every row must have as many as the first\n");
    check("a,b\n1,2,3\n",
          "! t.csv:2: 3 cells where 2 are expected; every row must have as many as the first\n");
    check("a,b\n1,2\n\n3,4\n",
          "! t.csv:3: an empty line inside the table; it may only stand at the end, or before "
          "'#: NAME'\n");
    check("\n\na,b\n1,2\n",
          "! t.csv:1: an empty line inside the table; it may only stand at the end, or before "
          "'#: NAME'\n");

    unit_case("quotes out of place");
    check("a,b\n1,2\"\n3,4\n",
          "! t.csv:2: column 2 (b): a quote inside an unquoted cell; put the cell in quotes "
          "and double the quote\n");
    check("a,b\n1,\"2\"3\n", "! t.csv:2: column 2 (b): text after the closing quote; double a quote inside a "
                             "cell\n");
    check("a,b\n1,2\n3,\"4\n5,6\n", "! t.csv:3: column 2 (b): the quote that opens here is never closed\n");
    check("a,\"b\n1,2\n", "! t.csv:1: column 2: the quote that opens here is never closed\n");

    unit_case("NUL bytes and other encodings");
    check_bytes("a,b\n1,2\n1,\0002\n", 13, "! t.csv:3: column 2 (b): a NUL byte; the input is not text\n",
                false);
    check_bytes("\xff\xfe"
                "1\0\n\0",
                6, "! t.csv: this looks like UTF-16; convert it: iconv -f UTF-16 -t UTF-8\n", false);
    check_bytes("1\0,\0002\0\n\0", 8,
                "! t.csv: this looks like UTF-16; convert it: iconv -f UTF-16 -t UTF-8\n", false);

    unit_case("nothing to read");
    check("", "! t.csv: the input is empty\n");
    check("# only\n\n", "! t.csv: the input is empty\n");
    check("a,b\n", "! t.csv: names but no rows; if the only line is data, say -N\n");
    options.header = READER_HEADER;
    check("a,b\n\n", "! t.csv: names but no rows\n");
}

static void check_files(void)
{
    reader *r;
    ml_message why;
    unit_case("files that cannot be read");
    fresh();
    CHECK(reader_open(&r, "no/such", &options, &why) == ML_FAIL && r == NULL);
    CHECK_TEXT(why.text, "no/such: No such file or directory");
    CHECK(reader_open(&r, "file", &options, &why) == ML_FAIL && r == NULL);
    CHECK_TEXT(why.text, "file: Is a directory");
    CHECK(reader_open(&r, "/proc/self/mem", &options, &why) == ML_FAIL);
    CHECK_TEXT(why.text, "/proc/self/mem: Input/output error");
}

/* A file of twelve million bytes, cut to SIZE after its first rows were handed out. */
static void check_cut(off_t size, const char *expected)
{
    reader *r;
    const table *piece;
    ml_message why = {{0}};
    FILE *f = fopen("file/t.csv", "w");
    for (int i = 0; i < 3000000; i++)
        fputs("1,2\n", f);
    fclose(f);
    fresh();
    options.header = READER_NO_HEADER;
    CHECK(reader_open(&r, "file/t.csv", &options, &why) == ML_OK);
    CHECK(reader_next(r, &piece, &why) == ML_OK && piece->rows > 0);
    CHECK(truncate("file/t.csv", size) == 0);
    ml_status status;
    while ((status = reader_next(r, &piece, &why)) == ML_OK && piece->rows > 0)
        continue;
    CHECK(status == ML_FAIL);
    CHECK_TEXT(why.text, expected);
    reader_free(r);
}

static void check_shrinking(void)
{
    unit_case("a file that shrinks while it is read is an error, not a shorter table");
    check_cut(10000000, "file/t.csv: it shrank from 12000000 to 10000000 bytes while it was read");
    check_cut(9999999, "file/t.csv: it shrank from 12000000 to 9999999 bytes while it was read");
    check_cut(0, "file/t.csv: it shrank from 12000000 to 0 bytes while it was read");
}

/* --- columns --- */

static void check_columns(void)
{
    unit_case("columns: used, left out, carried, target");
    fresh();
    options.columns = "d,a-";
    check("a,b,c,d\n1,2,3,4\n", "! t.csv: there is no column 'a-' (-c); did you mean 'a'?\n");
    options.columns = "d,a:c";
    options.exclude = "b";
    options.id = "c";
    check("a,b,c,d\n1,u\"v,3,4\n",
          "! t.csv:2: column 2 (b): a quote inside an unquoted cell; put the cell in quotes "
          "and double the quote\n");
    check("a,b,c,d\n1,\"u\"\"v,\n\", NA,4\n5,,\"\",8\n", " d@4 a@1 [c@3]\n 4 1 [ NA]\n 8 5 []\n");
    options.target = "a";
    check("a,b,c,d\n1,2,3,4\n", " d@4 a@1* [c@3]\n 4 1 [3]\n");
    options.target_is_text = true;
    check("a,b,c,d\nq,2,3,4\n", " d@4 [c@3] [a@1]*\n 4 [3] [q]\n");
    options.target = "c";
    check("a,b,c,d\nq,2,3,4\n", "! t.csv: column 3 is named by both -i and -y; name it once\n");
    fresh();
    options.weights = "b";
    check("a,b,c,d\n1,2,3,4\n", " a@1 c@3 d@4 b@2+\n 1 3 4 2\n");
    check("a,b\n1,x\n",
          "! t.csv:2: column 2 (b): 'x' is not a number; leave it out with -x b or carry it with -i b\n");
    options.target = "a";
    check("a,b,c,d\n1,2,3,4\n", " c@3 d@4 a@1* b@2+\n 3 4 1 2\n");
    options.target_is_text = true;
    check("a,b,c,d\nq,2,3,4\n", " c@3 d@4 b@2+ [a@1]*\n 3 4 2 [q]\n");
    options.target = "b";
    check("a,b,c,d\n1,2,3,4\n", "! t.csv: column 2 is named by both -y and --weights; name it once\n");
    fresh();
    options.exclude = "1-2";
    check("a,b\n1,2\n",
          "! t.csv: no column is left to compute with; 2 in the table, all left out, carried or "
          "compared with (-x, -i, -y)\n");

    unit_case("the columns of a model are found by name, else by place");
    fresh();
    const char *const model[] = {"c", "a"};
    options.match = model;
    options.match_count = 2;
    options.id = "id";
    check("a,b,id,c\n1,x,r,3\n",
          "note t.csv: 1 column that the model does not have is ignored: b\n c@4 a@1 [id@3]\n 3 1 [r]\n");
    check("a,b,id\n1,2,r\n", "! t.csv: column 'c' of the model is missing\n");
    options.id = NULL;
    check("1,2\n", "! t.csv: the model's columns have names, the input has none; give them with --names\n");
    options.match = NULL;
    options.id = "1";
    check("r,1,2\n", " column2@2 column3@3 [column1@1]\n 1 2 [r]\n");
    check("r,1\n", "! t.csv: the model has 2 columns, the input 1 to use\n");
}

/* --- missing cells, fractions, precision --- */

static void check_missing(void)
{
    unit_case("rows with missing cells are dropped and counted");
    fresh();
    options.na = READER_NA_DROP;
    options.id = "t";
    check("t,x,y\n\"a\nb\",,1\nc,2,3\n,4,5\nd,6, NA \ne,7,8\n",
          "note t.csv: 2 rows dropped: missing cells\n x@2 y@3 [t@1]\n 2 3 [c]\n 4 5 []\n 7 8 [e]\n");
    check("t,x,y\na,,1\n", "! t.csv: every row has a missing cell and was dropped\n");
    check("t,x,y\na,,1\nb,,z\n",
          "! t.csv:3: column 3 (y): 'z' is not a number; leave it out with -x y or carry it "
          "with -i y\n");

    unit_case("missing cells are kept, or get the mean of their column");
    fresh();
    options.na = READER_NA_KEEP;
    check("x,y\n1,\nNA,2\n\"\",3\n", " x@1 y@2\n 1 NA\n NA 2\n NA 3\n");
    options.na = READER_NA_MEAN;
    check("x,y\n1,\nNA,2\n4,3\n",
          "note t.csv: 2 cells filled with the mean of their column\n x@1 y@2\n 1 2.5\n 2.5 2\n 4 3\n");
    check("x,y\n1,\n2,\n",
          "! t.csv: column 2 (y): all cells are missing, so there is no mean to fill them with\n");

    unit_case("other tokens for missing, numbers too");
    fresh();
    options.na = READER_NA_KEEP;
    options.na_values = "-999,?";
    check("x,y\n-999,1\n2, ?\n", " x@1 y@2\n NA 1\n 2 NA\n");
    check("x,y\n1,NA\n",
          "! t.csv:2: column 2 (y): 'NA' is not a number; leave it out with -x y or carry it with "
          "-i y\n");

    unit_case("columns of text may be missing or not");
    fresh();
    options.all_text = true;
    options.header = READER_HEADER;
    check("x,y\na,b\nc,NA\n", "! t.csv:3: column 2 (y): missing value 'NA'; drop such rows with --na drop\n");
    options.na = READER_NA_KEEP;
    check("x,y\na,b\nc,NA\n", " [x@1] [y@2]\n [a] [b]\n [c] [NA]\n");

    unit_case("fractions and percentages are noted once a column");
    fresh();
    check("x,y\n1,2%\n1/3,2\n2/3,12.5%\n",
          "note t.csv:2: column 2 (y): '2%' read as a percentage\n"
          "note t.csv:3: column 1 (x): '1/3' read as a fraction\n x@1 y@2\n 1 0.02\n 0.33333333333333331 2\n"
          " 0.66666666666666663 0.125\n");
}

static void check_precision(void)
{
    unit_case("half a unit of the last digit");
    fresh();
    options.keep_half = true;
    check("1,0.25\n2.50,1e3\n", " column1@1 column2@2\n 1~0 0.25~0.005\n 2.5~0.005 1000~500\n");
    options.na = READER_NA_DROP;
    check("1,\n2.5,3\n", "note t.csv: 1 row dropped: missing cells\n column1@1 column2@2\n 2.5~0.05 3~0\n");
    fresh();
    options.allow_nonfinite = true;
    check("inf,-Inf\n", " column1@1 column2@2\n inf -inf\n");
}

static void check_kept_text(void)
{
    unit_case("numbers with their text, beside the id columns; what is no number is an error all the same");
    fresh();
    options.keep_text = true;
    options.id = "t";
    check("a,t,b\n1/3,x,0.10\n 2 ,y,50%\n\"4\",z,1e0\n",
          "note t.csv:2: column 1 (a): '1/3' read as a fraction\n"
          "note t.csv:3: column 3 (b): '50%' read as a percentage\n"
          " a@1 b@3 [t@2] [a@1] [b@3]\n"
          " 0.33333333333333331 0.10000000000000001 [x] [1/3] [0.10]\n 2 0.5 [y] [ 2 ] [50%]\n"
          " 4 1 [z] [4] [1e0]\n");
    check("a,t,b\n1,x,y\n",
          "! t.csv:2: column 3 (b): 'y' is not a number; leave it out with -x b or carry it with -i b\n");
    options.na = READER_NA_DROP;
    options.weights = "a";
    check("a,t,b\n1,x,2\n3,y,NA\n0.50,z,4\n",
          "note t.csv: 1 row dropped: missing cells\n b@3 a@1+ [t@2] [b@3]\n 2 1 [x] [2]\n 4 0.5 [z] [4]\n");
}

/* --- blocks --- */

static void check_blocks(void)
{
    static const char three[] = "# c\n#: U\n# d\nu\n1\n2\n\n\n#: S\n3,4\n\n#: V\nv,w\n\"5\",6\n\n\n";
    unit_case("blocks, one after the other");
    fresh();
    check_bytes(three, strlen(three), "#U u@1\n 1\n 2\n#S column1@1 column2@2\n 3 4\n#V v@1 w@2\n 5 6\n",
                true);

    unit_case("one table is taken");
    check(three, "! t.csv: 3 blocks (U, S, V) in the input where one table is taken\n");
    check("#: U\n1\n", "#U column1@1\n 1\n");
    check("1\n\n#: B\n2\n", "! t.csv: 2 blocks (unnamed, B) in the input where one table is taken\n");
    check_bytes("#: U\n1\n\n\n2\n", 11,
                "! t.csv:3: an empty line inside the table; it may only stand at the end, or "
                "before '#: NAME'\n",
                true);
    check("#: U\n", "! t.csv: block U is empty\n");
}

/* --- random tables, read back bit for bit --- */

static uint64_t state = 88172645463325252;

static uint64_t next_random(void) /* xorshift64, Marsaglia, J. Stat. Softw. 8(14), 2003 */
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static double random_double(void)
{
    double value;
    do {
        uint64_t bits = next_random();
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return next_random() % 2 ? value : (double)(int64_t)(next_random() % 2000001 - 1000000) / 1000;
}

static void add_quoted(buffer *b, const char *text, bool quote)
{
    if (quote)
        buffer_char(b, '"');
    for (; *text; text++) {
        if (*text == '"')
            buffer_char(b, '"');
        buffer_char(b, *text);
    }
    if (quote)
        buffer_char(b, '"');
}

static const char *const labels[] = {"plain", "a,b", "two\nlines", "\"", "\r\n", "", "x\"\"y\n\n", "z"};

/* ROWS lines of two numbers about a text cell: the file in TEXT, what must come out in EXPECTED. */
static void make_random(buffer *text, buffer *expected, int rows)
{
    buffer_string(expected, " column1@1 column3@3 [column2@2]\n");
    for (int i = 0; i < rows; i++) {
        char number[64];
        const char *label = labels[next_random() % 8], *eol = next_random() % 2 ? "\r\n" : "\n";
        double a = random_double(), b = random_double();
        snprintf(number, sizeof number, "%.17g", a);
        add_quoted(text, number, next_random() % 4 == 0);
        buffer_char(text, ',');
        add_quoted(text, label, strpbrk(label, ",\"\r\n") != NULL || next_random() % 2);
        snprintf(number, sizeof number, "%.17g", b);
        buffer_char(text, ',');
        add_quoted(text, number, next_random() % 4 == 0);
        buffer_string(text, eol);
        buffer_printf(expected, " %.17g %.17g [%s]\n", a, b, label);
    }
}

static void check_random(void)
{
    unit_case("random tables come back bit for bit, wherever the cuts are");
    fresh();
    options.id = "2";
    for (int round = 0; round < 20; round++) {
        buffer text = {0}, expected = {0};
        make_random(&text, &expected, 1 + round * 3);
        check_bytes(buffer_text(&text), text.size, buffer_text(&expected), false);
        buffer_free(&text);
        buffer_free(&expected);
    }
    unit_case("a table of many stretches, by file and by pipe");
    buffer text = {0}, expected = {0};
    make_random(&text, &expected, 60000);
    write_file(buffer_text(&text), text.size);
    const char *wanted = buffer_text(&expected);
    for (int jobs = 1; jobs <= 8; jobs += jobs) {
        for (int stream = 0; stream < 2; stream++) {
            buffer out = {0};
            read_so(&out, &(way){false, stream, false, jobs, stream ? 1 << 16 : 0, stream ? 1 << 12 : 0},
                    NULL, 0);
            CHECK(strcmp(buffer_text(&out), wanted) == 0);
            buffer_free(&out);
        }
    }
    buffer_free(&text);
    buffer_free(&expected);
}

/* --- long cells, and when an error comes --- */

static void check_long(void)
{
    unit_case("a cell of a million characters");
    enum { LONG = 1000000 };
    fresh();
    buffer text = {0}, out = {0};
    buffer_string(&text, "id,x\n");
    for (int i = 0; i < LONG; i++)
        buffer_char(&text, 'q');
    buffer_string(&text, ",1\n");
    write_file(buffer_text(&text), text.size);
    const way w = {.jobs = 2};
    read_so(&out, &w, NULL, 0);
    CHECK_TEXT(buffer_text(&out),
               " id@1 x@2\n! t.csv:2: column 1 (id): 'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq...' "
               "is not a number; leave it out with -x id or carry it with -i id\n");
    out.size = 0;
    options.id = "id";
    read_so(&out, &w, NULL, 0);
    CHECK(out.size == strlen(" x@2 [id@1]\n 1 [") + LONG + strlen("]\n"));
    buffer_free(&text);
    buffer_free(&out);
}

static void check_order(void)
{
    unit_case("a stream hands out the rows before an error, and only then the error");
    fresh();
    static const char text[] = "a,b\n1,2\n3,4\n5,x\n";
    static const char expected[] =
        " a@1 b@2\n 1 2\n 3 4\n! t.csv:4: column 2 (b): 'x' is not a number; leave it out "
        "with -x b or carry it with -i b\n";
    write_file(text, strlen(text));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        buffer out = {0};
        if (ways[i].stream)
            read_so(&out, &ways[i], text, strlen(text));
        if (ways[i].stream)
            CHECK_TEXT(buffer_text(&out), expected);
        buffer_free(&out);
    }
}

static void check_start(void)
{
    unit_case("what the start of the input looks like does not depend on how many bytes have come");
    static const char nuls[] = "l\0\0\0\nand so on, for more than a few bytes\n2\n";
    fresh();
    check_bytes(nuls, sizeof nuls - 1, "! t.csv:1: column 1: a NUL byte; the input is not text\n", false);
}

static void check_shards(void)
{
    unit_case("a shard may have no rows, or nothing; a line that repeats the given names is skipped");
    fresh();
    options.shard = true;
    check("", "\n");
    check("# only a comment\n", "\n");
    options.header = READER_HEADER;
    check("", "\n");
    check("a,b\n", " a@1 b@2\n");
    options.header = READER_NO_HEADER;
    options.names = "a,b";
    check("", "\n");
    check("a,b\n", " a@1 b@2\n");
    check("a,b\n1,2\n", " a@1 b@2\n 1 2\n");
    check("1,2\n", " a@1 b@2\n 1 2\n");
    check("a,c\n1,2\n",
          "! t.csv:1: column 1 (a): 'a' is not a number; leave it out with -x a or carry it with -i a\n");
    check("1,2\n3\n", "! t.csv:2: 1 cell where 2 are expected; every row must have as many as the first\n");
    options.shard = false;
    check("", "! t.csv: the input is empty\n");
}

int main(void)
{
    char folder[] = "/tmp/test_reader.XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("file", 0700) != 0 ||
        mkdir("pipe", 0700) != 0 || mkfifo("pipe/t.csv", 0600) != 0)
        return 1;
    check_format();
    check_header();
    check_cell_errors();
    check_shape_errors();
    check_files();
    check_shrinking();
    check_columns();
    check_missing();
    check_precision();
    check_kept_text();
    check_blocks();
    check_random();
    check_long();
    check_order();
    check_start();
    check_shards();
    unlink("file/t.csv");
    unlink("pipe/t.csv");
    rmdir("file");
    rmdir("pipe");
    if (chdir("/") == 0)
        rmdir(folder);
    return unit_end();
}

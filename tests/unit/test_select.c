/* Column LISTs: DESIGN's forms, and each error. */
#include "table/select.h"

#include <stdlib.h>

#include "unit.h"

static const char *const flowers[] = {"sepal", "petal", "petal_width", "2-4", "a,b", "x:y", "species", "3"};
static const select_from named = {"f.csv", flowers, 8};
static const select_from bare = {"f.csv", NULL, 5};

static const char *const twins[] = {"x", "y", "x"};
static const select_from twice = {"f.csv", twins, 3};

/* The chosen columns, 1-based, as "1 2 3", or the message. */
static const char *chosen(const select_from *from, const char *list)
{
    static char text[1100];
    select_list got;
    ml_message why;
    size_t size = 0;
    if (select_columns(&got, list, "-c", from, &why) != ML_OK) {
        CHECK(got.columns == NULL);
        snprintf(text, sizeof text, "%s", why.text);
        return text;
    }
    text[0] = '\0';
    for (size_t i = 0; i < got.count; i++)
        size += (size_t)sprintf(text + size, "%s%zu", i ? " " : "", got.columns[i] + 1);
    free(got.columns);
    return text;
}

static void check_forms(void)
{
    unit_case("names, numbers and ranges, in the order of the list");
    CHECK_TEXT(chosen(&named, "species"), "7");
    CHECK_TEXT(chosen(&named, "species, sepal"), "7 1");
    CHECK_TEXT(chosen(&named, "8,1"), "8 1");
    CHECK_TEXT(chosen(&bare, "2-4"), "2 3 4");
    CHECK_TEXT(chosen(&bare, "3-"), "3 4 5");
    CHECK_TEXT(chosen(&bare, "-4"), "1 2 3 4");
    CHECK_TEXT(chosen(&bare, "5,1-2"), "5 1 2");
    CHECK_TEXT(chosen(&named, "petal:species"), "2 3 4 5 6 7");
    CHECK_TEXT(chosen(&named, "species:"), "7 8");
    CHECK_TEXT(chosen(&named, ":petal"), "1 2");
    CHECK_TEXT(chosen(&named, "petal:4"), "2 3 4");

    unit_case("columns without names go by the names that are printed for them");
    CHECK_TEXT(chosen(&bare, "column2"), "2");
    CHECK_TEXT(chosen(&bare, "column5,column1:column3"), "5 1 2 3");
    CHECK_TEXT(chosen(&bare, "column6"),
               "f.csv: there is no column 'column6' (-c): the columns have no names; take a number from 1 to "
               "5, or name them with --names");
    CHECK(strstr(chosen(&named, "column2"), "there is no column 'column2'") != NULL);

    unit_case("an exact name comes before a number and before a range");
    CHECK_TEXT(chosen(&named, "3"), "8");
    CHECK_TEXT(chosen(&named, "2-4"), "4");
    CHECK_TEXT(chosen(&named, "x:y"), "6");

    unit_case("quotes hold commas and colons");
    CHECK_TEXT(chosen(&named, "\"a,b\",sepal"), "5 1");
    CHECK_TEXT(chosen(&named, "\"a,b\":\"x:y\""), "5 6");
}

static void check_errors(void)
{
    unit_case("errors say what is wrong and what would be right");
    CHECK_TEXT(chosen(&named, "specis"), "f.csv: there is no column 'specis' (-c); did you mean 'species'?");
    CHECK_TEXT(chosen(&named, "petal:specis"),
               "f.csv: there is no column 'specis' (-c); did you mean 'species'?");
    CHECK_TEXT(chosen(&named, "zzzzzzz"),
               "f.csv: there is no column 'zzzzzzz' (-c); take one of the names or a number from 1 to 8");
    CHECK_TEXT(chosen(&bare, "x"),
               "f.csv: there is no column 'x' (-c): the columns have no names; take a number "
               "from 1 to 5, or name them with --names");
    CHECK_TEXT(chosen(&bare, "6"), "f.csv: there is no column 6 (-c); the columns are 1 to 5");
    CHECK_TEXT(chosen(&bare, "0"), "f.csv: there is no column 0 (-c); the columns are 1 to 5");
    CHECK_TEXT(chosen(&bare, "4-9"), "f.csv: there is no column 9 (-c); the columns are 1 to 5");
    CHECK_TEXT(chosen(&bare, "4-2"), "f.csv: the range '4-2' (-c) runs backwards");
    CHECK_TEXT(chosen(&bare, "1-3,2"), "f.csv: column 2 is named twice in the list of -c");
    CHECK_TEXT(chosen(&bare, "1,,2"), "f.csv: an item of the list of -c is empty");
    CHECK_TEXT(chosen(&bare, ""), "f.csv: an item of the list of -c is empty");
    CHECK_TEXT(chosen(&twice, "x"), "f.csv: 2 columns are called 'x' (-c); take one by its number");
    CHECK_TEXT(chosen(&twice, "3"), "3");
    CHECK_TEXT(chosen(&bare, "99999999999999999999999"),
               "f.csv: there is no column 99999999999999999999999 (-c); the columns are 1 to 5");
}

static void check_column(void)
{
    size_t column = 99;
    ml_message why;
    unit_case("one column, no more");
    CHECK(select_column(&column, "petal", "-y", &named, &why) == ML_OK && column == 1);
    CHECK(select_column(&column, "1,3-4", "-y", &bare, &why) == ML_FAIL);
    CHECK_TEXT(why.text, "f.csv: -y takes one column, '1,3-4' are 3");
}

static void check_split(void)
{
    char **parts;
    size_t count;
    unit_case("a list is split at commas outside quotes");
    CHECK(select_split(&parts, &count, " a ,\"b,\"\"c\", ,", NULL) == ML_OK);
    CHECK(count == 4);
    CHECK_TEXT(parts[0], "a");
    CHECK_TEXT(parts[1], "b,\"c");
    CHECK_TEXT(parts[2], "");
    CHECK_TEXT(parts[3], "");
    select_free_texts(parts, count);
}

int main(void)
{
    check_forms();
    check_errors();
    check_column();
    check_split();
    return unit_end();
}

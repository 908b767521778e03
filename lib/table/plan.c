#include "table/plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "table/select.h"

/* The work of one plan_make. */
typedef struct planning {
    scan_plan *plan;
    table *schema;
    const reader_options *o;
    select_from from;
    select_list selected, ids, excluded;
    size_t target, weights; /* SIZE_MAX: none */
    ml_message *why;
} planning;

static bool contains(const select_list *list, size_t column)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->columns[i] == column)
            return true;
    return false;
}

static ml_status read_lists(planning *p)
{
    const reader_options *o = p->o;
    ml_status status = select_columns(&p->selected, o->columns ? o->columns : "1-",
                                      o->columns ? "-c" : "the table", &p->from, p->why);
    if (status == ML_OK && o->exclude != NULL)
        status = select_columns(&p->excluded, o->exclude, "-x", &p->from, p->why);
    if (status == ML_OK && o->id != NULL)
        status = select_columns(&p->ids, o->id, "-i", &p->from, p->why);
    if (status == ML_OK && o->target != NULL)
        status = select_column(&p->target, o->target, "-y", &p->from, p->why);
    if (status == ML_OK && p->target != SIZE_MAX && contains(&p->ids, p->target))
        status = ml_fail(p->why, "%s: column %zu is named by both -i and -y; name it once", p->from.where,
                         p->target + 1);
    if (status == ML_OK && o->weights != NULL)
        status = select_column(&p->weights, o->weights, "--weights", &p->from, p->why);
    if (status == ML_OK && p->weights != SIZE_MAX &&
        (p->weights == p->target || contains(&p->ids, p->weights)))
        status = ml_fail(p->why, "%s: column %zu is named by both %s and --weights; name it once",
                         p->from.where, p->weights + 1, p->weights == p->target ? "-y" : "-i");
    return status;
}

/* Take out of the selected columns those that have another role. */
static void filter_selected(planning *p)
{
    bool *taken = p->plan->noted; /* all false still, and as long as the table is wide: borrowed for marks */
    for (size_t i = 0; i < p->excluded.count; i++)
        taken[p->excluded.columns[i]] = true;
    for (size_t i = 0; i < p->ids.count; i++)
        taken[p->ids.columns[i]] = true;
    if (p->target != SIZE_MAX)
        taken[p->target] = true;
    if (p->weights != SIZE_MAX)
        taken[p->weights] = true;
    size_t kept = 0;
    for (size_t i = 0; i < p->selected.count; i++)
        if (!taken[p->selected.columns[i]])
            p->selected.columns[kept++] = p->selected.columns[i];
    p->selected.count = kept;
    memset(taken, 0, p->from.count * sizeof *taken);
}

/* Say which of the columns from FIRST on of the selected ones are not used. */
static void note_ignored(const planning *p, const size_t *ignored, size_t count)
{
    if (count == 0 || p->o->note == NULL)
        return;
    buffer text = {0};
    buffer_printf(&text, "%s: %zu column%s that the model does not have %s ignored: ", p->from.where, count,
                  count == 1 ? "" : "s", count == 1 ? "is" : "are");
    for (size_t i = 0; i < count && i < 5; i++) {
        char name[SCAN_SHORT];
        snprintf(name, sizeof name, "%zu", ignored[i] + 1);
        if (p->from.names != NULL)
            scan_shorten(name, p->from.names[ignored[i]], strlen(p->from.names[ignored[i]]));
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", name);
    }
    if (count > 5)
        buffer_string(&text, ", ...");
    p->o->note(p->o->note_context, buffer_text(&text));
    buffer_free(&text);
}

/* Find the model's column NAME among the selected ones. */
static ml_status match_name(const planning *p, const char *name, size_t *column)
{
    size_t found = 0;
    for (size_t i = 0; i < p->selected.count; i++)
        if (strcmp(p->from.names[p->selected.columns[i]], name) == 0 && found++ == 0)
            *column = p->selected.columns[i];
    if (found == 0)
        return ml_fail(p->why, "%s: column '%s' of the model is missing", p->from.where, name);
    if (found > 1)
        return ml_fail(p->why,
                       "%s: %zu columns are called '%s'; the model has one; leave the others out with -x",
                       p->from.where, found, name);
    return ML_OK;
}

static ml_status match_names(planning *p, size_t *matched)
{
    if (p->from.names == NULL)
        return ml_fail(p->why,
                       "%s: the model's columns have names, the input has none; give them with --names",
                       p->from.where);
    for (size_t i = 0; i < p->o->match_count; i++) {
        ml_status status = match_name(p, p->o->match[i], &matched[i]);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

static ml_status match_places(planning *p, size_t *matched)
{
    if (p->selected.count < p->o->match_count)
        return ml_fail(p->why, "%s: the model has %zu columns, the input %zu to use", p->from.where,
                       p->o->match_count, p->selected.count);
    memcpy(matched, p->selected.columns, p->o->match_count * sizeof *matched);
    return ML_OK;
}

/* --apply: the model's columns, in its order, take the place of the selected ones. */
static ml_status match_model(planning *p)
{
    size_t count = p->o->match_count;
    size_t *matched = memory_array(count, sizeof *matched);
    if (matched == NULL)
        return ml_fail_memory(p->why, "the columns", count * sizeof *matched);
    ml_status status = p->o->match != NULL ? match_names(p, matched) : match_places(p, matched);
    if (status != ML_OK) {
        free(matched);
        return status;
    }
    bool *used = p->plan->noted;
    for (size_t i = 0; i < count; i++)
        used[matched[i]] = true;
    size_t ignored = 0;
    for (size_t i = 0; i < p->selected.count; i++)
        if (!used[p->selected.columns[i]])
            p->selected.columns[ignored++] = p->selected.columns[i];
    memset(used, 0, p->from.count * sizeof *used);
    note_ignored(p, p->selected.columns, ignored);
    free(p->selected.columns);
    p->selected = (select_list){matched, count};
    return ML_OK;
}

/* --- the schema --- */

static char *name_of(const planning *p, size_t column)
{
    char space[32];
    snprintf(space, sizeof space, "column%zu", column + 1);
    return strdup(p->from.names != NULL ? p->from.names[column] : space);
}

static bool set_text(const planning *p, text_column *text, size_t column, scan_action action, size_t to)
{
    *text = (text_column){.name = name_of(p, column), .position = column + 1};
    p->plan->column[column] = (scan_column){.action = action, .to = to};
    return text->name != NULL;
}

static bool set_number(planning *p, size_t column)
{
    table *t = p->schema;
    size_t to = t->columns++;
    t->positions[to] = column + 1;
    p->plan->column[column] = (scan_column){SCAN_NUMBER, to, SIZE_MAX};
    return t->names == NULL || (t->names[to] = name_of(p, column)) != NULL;
}

static bool set_numbers(planning *p)
{
    table *t = p->schema;
    size_t count = p->o->all_text ? 0 : p->selected.count;
    t->positions = memory_zeros(count + 2, sizeof *t->positions);
    t->names = p->from.names == NULL ? NULL : memory_zeros(count + 2, sizeof *t->names);
    bool good = t->positions != NULL && (t->names != NULL || p->from.names == NULL);
    for (size_t i = 0; good && i < count; i++)
        good = set_number(p, p->selected.columns[i]);
    if (good && p->target != SIZE_MAX && !p->o->target_is_text && !p->o->all_text) {
        t->target_at = t->columns;
        good = set_number(p, p->target);
    }
    if (good && p->weights != SIZE_MAX && !p->o->all_text) {
        t->weights_at = t->columns;
        good = set_number(p, p->weights);
    }
    return good;
}

/* Beside the numbers of COLUMN, their text. */
static bool set_number_text(const planning *p, text_column *text, size_t column, size_t to)
{
    *text = (text_column){.name = name_of(p, column), .position = column + 1};
    p->plan->column[column].text = to;
    return text->name != NULL;
}

static bool set_texts(planning *p)
{
    table *t = p->schema;
    size_t more = p->o->all_text || p->o->keep_text ? p->selected.count : 0;
    bool weighed = p->o->all_text && p->weights != SIZE_MAX;
    t->texts = memory_zeros(p->ids.count + more + 1, sizeof *t->texts);
    bool good = t->texts != NULL;
    for (size_t i = 0; good && i < p->ids.count; i++, t->text_count++)
        good = set_text(p, &t->texts[i], p->ids.columns[i], SCAN_ID, i);
    t->id_count = t->text_count;
    for (size_t i = 0; good && i < more; i++, t->text_count++) {
        size_t column = p->selected.columns[i];
        text_column *text = &t->texts[t->text_count];
        good = p->o->all_text ? set_text(p, text, column, SCAN_TEXT, t->text_count)
                              : set_number_text(p, text, column, t->text_count);
    }
    if (good && weighed) {
        good = set_text(p, &t->texts[t->text_count], p->weights, SCAN_TEXT, t->text_count);
        t->text_count++;
    }
    if (good && p->target != SIZE_MAX && t->target_at == SIZE_MAX) {
        t->target = memory_zeros(1, sizeof *t->target);
        good = t->target != NULL && set_text(p, t->target, p->target, SCAN_TEXT, t->text_count);
    }
    return good;
}

bool plan_copy_schema(table *t, const table *schema)
{
    *t = (table){
        .target_at = schema->target_at, .weights_at = schema->weights_at, .id_count = schema->id_count};
    t->positions = memory_array(schema->columns, sizeof *t->positions);
    t->texts = memory_zeros(schema->text_count, sizeof *t->texts);
    t->names = schema->names == NULL ? NULL : memory_zeros(schema->columns, sizeof *t->names);
    t->target = schema->target == NULL ? NULL : memory_zeros(1, sizeof *t->target);
    bool good = t->positions != NULL && t->texts != NULL && (t->names != NULL) == (schema->names != NULL) &&
                (t->target != NULL) == (schema->target != NULL);
    for (; good && t->columns < schema->columns; t->columns++) {
        t->positions[t->columns] = schema->positions[t->columns];
        if (t->names != NULL)
            good = (t->names[t->columns] = strdup(schema->names[t->columns])) != NULL;
    }
    for (; good && t->text_count < schema->text_count; t->text_count++) {
        const text_column *from = &schema->texts[t->text_count];
        t->texts[t->text_count] = (text_column){.name = strdup(from->name), .position = from->position};
        good = t->texts[t->text_count].name != NULL;
    }
    if (good && t->target != NULL) {
        *t->target =
            (text_column){.name = strdup(schema->target->name), .position = schema->target->position};
        good = t->target->name != NULL;
    }
    if (!good)
        table_free(t);
    return good;
}

/* --- the rest of the plan --- */

static ml_status read_na_values(scan_plan *plan, const char *list, ml_message *why)
{
    number n;
    ml_status status = select_split(&plan->na_values, &plan->na_count, list != NULL ? list : ",NA", why);
    for (size_t i = 0; status == ML_OK && i < plan->na_count; i++)
        plan->careful |= number_read(plan->na_values[i], strlen(plan->na_values[i]), &n) == NUMBER_OK;
    return status;
}

static bool is_straight(const scan_plan *plan)
{
    for (size_t j = 0; j < plan->columns; j++)
        if (plan->column[j].action != SCAN_NUMBER || plan->column[j].to != j)
            return false;
    return true;
}

static ml_status fill_plan(planning *p)
{
    ml_status status = read_lists(p);
    if (status != ML_OK)
        return status;
    filter_selected(p);
    if (p->o->match_count > 0)
        status = match_model(p);
    else if (p->selected.count == 0)
        status = ml_fail(p->why,
                         "%s: no column is left to compute with; %zu in the table, all left out, carried "
                         "or compared with (-x, -i, -y)",
                         p->from.where, p->from.count);
    if (status == ML_OK && !(set_numbers(p) && set_texts(p)))
        status = ml_fail_memory(p->why, "the columns", p->from.count * sizeof(scan_column));
    if (status != ML_OK)
        return status;
    if (p->o->unique_names && p->schema->names != NULL &&
        (status = select_check_unique((const char *const *)p->schema->names, p->schema->columns,
                                      p->from.where, p->why)) != ML_OK)
        return status;
    p->plan->numbers = p->schema->columns;
    p->plan->texts = p->schema->text_count + (p->schema->target != NULL);
    p->plan->straight = is_straight(p->plan);
    return ML_OK;
}

ml_status plan_make(scan_plan *plan, table *schema, const reader_options *options, const char *where,
                    const char *const *names, size_t count, ml_message *why)
{
    planning p = {plan,      schema, options, {where, names, count}, .target = SIZE_MAX, .weights = SIZE_MAX,
                  .why = why};
    *schema = (table){.target_at = SIZE_MAX, .weights_at = SIZE_MAX};
    *plan = (scan_plan){.delimiter = options->delimiter, .columns = count, .names = names};
    plan->half = options->keep_half;
    plan->no_mean = options->no_mean;
    plan->keep_text = options->keep_text;
    plan->careful = options->keep_half || options->keep_text;
    plan->allow_nonfinite = options->allow_nonfinite;
    plan->drop = options->na == READER_NA_DROP;
    plan->keep = options->na == READER_NA_KEEP || options->na == READER_NA_MEAN;
    plan->column = memory_zeros(count, sizeof *plan->column);
    plan->noted = memory_zeros(count, sizeof *plan->noted);
    ml_status status = plan->column == NULL || plan->noted == NULL
                           ? ml_fail_memory(why, "the columns", count * sizeof *plan->column)
                           : read_na_values(plan, options->na_values, why);
    if (status == ML_OK)
        status = fill_plan(&p);
    free(p.selected.columns);
    free(p.ids.columns);
    free(p.excluded.columns);
    return status;
}

void plan_count(scan_plan *plan, const table *schema)
{
    for (size_t j = 0; j < plan->columns; j++) {
        scan_column *c = &plan->column[j];
        if (c->action == SCAN_ID)
            *c = (scan_column){.action = SCAN_SKIP};
        else if (c->action == SCAN_TEXT)
            c->to -= schema->id_count;
    }
    plan->texts = 0;
    plan->counted = true;
}

void plan_free(scan_plan *plan)
{
    free(plan->column);
    free(plan->noted);
    select_free_texts(plan->na_values, plan->na_count);
    *plan = (scan_plan){0};
}

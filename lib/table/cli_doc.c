/* cli_doc.c: help, man page options and shell completions, all from the one option table. */
#include <stdio.h>
#include <string.h>

#include "table/cli.h"

enum { WIDTH = 79, INDENT = 26 };

static bool hidden(const cli_option *o)
{
    return o->help == NULL;
}

/* TEXT word by word, the cursor standing in column AT, wrapped under column INDENT. */
static void wrap(buffer *out, const char *text, size_t at)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (at + 1 + length > WIDTH) {
            buffer_printf(out, "\n%*s", INDENT, "");
            at = INDENT;
        } else if (at > INDENT) {
            buffer_char(out, ' ');
            at++;
        }
        buffer_append(out, text, length);
        at += length;
        text += length + (text[length] == ' ');
    }
    buffer_char(out, '\n');
}

/* "  head" padded to the text's column, or on a line of its own when it is too long. */
static void entry(buffer *out, const char *head, const char *text)
{
    if (strlen(head) + 4 > INDENT)
        buffer_printf(out, "  %s\n%*s", head, INDENT, "");
    else
        buffer_printf(out, "  %-*s", INDENT - 2, head);
    wrap(out, text, INDENT);
}

static void option_entry(buffer *out, const cli_option *o)
{
    char head[96];
    const char *argument = o->metavar ? o->metavar : "", *gap = o->metavar ? " " : "";
    if (o->letter && o->name)
        snprintf(head, sizeof head, "-%c, --%s%s%s", o->letter, o->name, gap, argument);
    else if (o->name)
        snprintf(head, sizeof head, "    --%s%s%s", o->name, gap, argument);
    else
        snprintf(head, sizeof head, "-%c%s%s", o->letter, gap, argument);
    entry(out, head, o->help);
}

void cli_usage_line(const cli *c, buffer *out)
{
    unsigned groups = c->tool->groups;
    buffer_printf(out, "usage: %s [options]%s\n", c->tool->name,
                  groups & CLI_OPERANDS ? " [OPERAND...]"
                  : groups & CLI_READS  ? " [FILE]"
                                        : "");
}

void cli_help(const cli *c, buffer *out)
{
    buffer_printf(out, "%s - %s\n", c->tool->name, c->tool->summary);
    cli_usage_line(c, out);
    buffer_string(out, "\nexamples:\n");
    for (const cli_example *e = c->tool->examples; e->command != NULL; e++)
        buffer_printf(out, "  %s\n      %s\n", e->command, e->what);
    buffer_string(out, "\nresults (--show), the first by default:\n");
    for (const cli_show *s = c->tool->shows; s->name != NULL; s++)
        entry(out, s->name, s->help);
    buffer_string(out, "\noptions:\n");
    for (const cli_option *o = c->table + c->own_from; !cli_option_ends(o); o++)
        option_entry(out, o);
    buffer_string(out, "\ncommon options:\n");
    for (const cli_option *o = c->table; o < c->table + c->own_from; o++)
        if (!hidden(o))
            option_entry(out, o);
    buffer_printf(out,
                  "\nexit status: 0 done; 2 usage, data or I/O error; 3 not converged\nfull manual: man %s\n",
                  c->tool->name);
}

/* --- mdoc --- */

/* Text for roff: backslashes escaped; a line never starts with a control character because help texts
 * start with a letter. */
static void roff(buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            buffer_string(out, "\\e");
        else
            buffer_char(out, *text);
    }
}

static void mdoc_option(buffer *out, const cli_option *o)
{
    buffer_string(out, ".It");
    if (o->letter)
        buffer_printf(out, " Fl %c", o->letter);
    if (o->letter && o->name)
        buffer_string(out, " ,");
    if (o->name)
        buffer_printf(out, " Fl \\-%s", o->name);
    if (o->metavar)
        buffer_printf(out, " Ar %s", o->metavar);
    buffer_char(out, '\n');
    roff(out, o->help);
    buffer_string(out, ".\n");
}

static void generate_mdoc(const cli *c, buffer *out)
{
    buffer_string(out, "Results, for\n.Fl s :\n.Bl -tag -width reconstruction -compact\n");
    for (const cli_show *s = c->tool->shows; s->name != NULL; s++) {
        buffer_printf(out, ".It Cm %s\n", s->name);
        roff(out, s->help);
        buffer_string(out, s == c->tool->shows ? " (the default).\n" : ".\n");
    }
    buffer_string(out, ".El\n.Pp\nOptions of this tool:\n.Bl -tag -width Ds\n");
    for (const cli_option *o = c->table + c->own_from; !cli_option_ends(o); o++)
        mdoc_option(out, o);
    buffer_string(out, ".El\n.Pp\nOptions that all tools share:\n.Bl -tag -width Ds\n");
    for (const cli_option *o = c->table; o < c->table + c->own_from; o++)
        if (!hidden(o))
            mdoc_option(out, o);
    buffer_string(out, ".El\n");
}

/* --- completions --- */

static void words(buffer *out, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++)
        buffer_printf(out, "%s%s", i ? " " : "", list[i]);
}

static void show_words(const cli *c, buffer *out)
{
    for (const cli_show *s = c->tool->shows; s->name != NULL; s++)
        buffer_printf(out, "%s%s", s == c->tool->shows ? "" : " ", s->name);
}

static void bash_case(const cli *c, buffer *out, const cli_option *o)
{
    if (o->kind != CLI_CHOICE && o->kind != CLI_SHOW)
        return;
    buffer_string(out, "    ");
    if (o->letter)
        buffer_printf(out, "-%c%s", o->letter, o->name ? "|" : "");
    if (o->name)
        buffer_printf(out, "--%s", o->name);
    buffer_string(out, ") COMPREPLY=($(compgen -W '");
    if (o->kind == CLI_CHOICE)
        words(out, o->choices);
    else
        show_words(c, out);
    buffer_string(out, "' -- \"$word\")); return ;;\n");
}

static void generate_bash(const cli *c, buffer *out)
{
    const char *name = c->tool->name;
    buffer_printf(out, "# bash completion for %s\n_%s() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n", name,
                  name);
    buffer_string(out, "    case ${COMP_WORDS[COMP_CWORD-1]} in\n");
    for (const cli_option *o = c->table; !cli_option_ends(o); o++)
        if (!hidden(o))
            bash_case(c, out, o);
    buffer_string(out, "    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '");
    for (const cli_option *o = c->table; !cli_option_ends(o); o++) {
        if (!hidden(o) && o->letter)
            buffer_printf(out, "-%c ", o->letter);
        if (!hidden(o) && o->name)
            buffer_printf(out, "--%s ", o->name);
    }
    buffer_printf(out,
                  "' -- \"$word\"))\n    else\n        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\n"
                  "complete -o filenames -F _%s %s\n",
                  name, name);
}

/* Text inside zsh's '...[...]' : quotes, brackets and colons escaped. */
static void zsh_text(buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buffer_string(out, "'\\''");
        else if (strchr("[]:\\", *text) != NULL)
            buffer_printf(out, "\\%c", *text);
        else
            buffer_char(out, *text);
    }
}

static void zsh_argument(const cli *c, buffer *out, const cli_option *o)
{
    if (o->metavar == NULL)
        return;
    buffer_string(out, ":");
    zsh_text(out, o->metavar);
    buffer_string(out, ":");
    if (o->kind == CLI_CHOICE || o->kind == CLI_SHOW) {
        buffer_char(out, '(');
        if (o->kind == CLI_CHOICE)
            words(out, o->choices);
        else
            show_words(c, out);
        buffer_char(out, ')');
    } else if (strcmp(o->metavar, "FILE") == 0) {
        buffer_string(out, "_files");
    }
}

static void zsh_spec(const cli *c, buffer *out, const cli_option *o, bool by_letter)
{
    buffer_string(out, "    '");
    if (by_letter)
        buffer_printf(out, "-%c", o->letter);
    else
        buffer_printf(out, "--%s%s", o->name, o->metavar ? "=" : "");
    buffer_char(out, '[');
    zsh_text(out, o->help);
    buffer_char(out, ']');
    zsh_argument(c, out, o);
    buffer_string(out, "' \\\n");
}

static void generate_zsh(const cli *c, buffer *out)
{
    buffer_printf(out, "#compdef %s\n_arguments -s \\\n", c->tool->name);
    for (const cli_option *o = c->table; !cli_option_ends(o); o++) {
        if (!hidden(o) && o->letter)
            zsh_spec(c, out, o, true);
        if (!hidden(o) && o->name)
            zsh_spec(c, out, o, false);
    }
    buffer_string(out, "    '*:file:_files'\n");
}

bool cli_generate(const cli *c, const char *kind, buffer *out)
{
    if (strcmp(kind, "mdoc") == 0)
        generate_mdoc(c, out);
    else if (strcmp(kind, "bash") == 0)
        generate_bash(c, out);
    else if (strcmp(kind, "zsh") == 0)
        generate_zsh(c, out);
    else
        return false;
    return true;
}

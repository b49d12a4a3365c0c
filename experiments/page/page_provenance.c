// SPDX-License-Identifier: Apache-2.0
// Where the numbers come from: the command, programs and machines, inputs, settings, digests.
#include "experiments/page/page_internal.h"

#include "core/base/json_fields.h"
#include "experiments/page/html.h"
#include "experiments/results/wording.h"

#include <stdlib.h>
#include <string.h>

static void add_term(struct text *out, const char *term, const char *value) {
    if (!*value)
        return;
    text_add(out, "<dt>");
    html_text(out, term);
    text_add(out, "</dt><dd><code>");
    html_text(out, value);
    text_add(out, "</code></dd>\n");
}

// Digests by name, or by data set and name.
static void add_inputs(struct text *out, const char *prefix, const json_t *inputs) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)inputs, key, value) {
        struct text name = {0};
        text_printf(&name, "%s%s%s", prefix, *prefix ? " " : "", key);
        if (json_is_object(value))
            add_inputs(out, text_string(&name), value);
        else if (json_is_string(value))
            add_term(out, text_string(&name), json_string_value(value));
        out->incomplete |= name.incomplete;
        text_free(&name);
    }
}

// By data set; a table of one data set names its inputs alone.
static void collect_inputs(const struct page *p, json_t *all) {
    for (int t = 0; t < p->request->table_count; t++) {
        json_t *inputs = json_object_get(p->results->provenance[t], "inputs");
        int alone = json_is_string(json_object_iter_value(json_object_iter(inputs)));
        if (alone)
            json_object_set(all, table_data(&p->request->tables[t], 0), inputs);
        else
            json_object_update(all, inputs);
    }
}

// Programs and machines of all tables, each once; runs are counted in their tables.
static json_t *collect_makers(const struct page *p) {
    json_t *all = json_array();
    for (int t = 0; t < p->request->table_count; t++) {
        size_t i, k;
        json_t *maker, *known;
        json_array_foreach(p->results->tables[t].makers, i, maker) {
            json_t *copy = json_copy(maker);
            int found = 0;
            json_object_del(copy, "runs");
            json_array_foreach(all, k, known) found |= json_equal(known, copy);
            if (found)
                json_decref(copy);
            else
                json_array_append_new(all, copy);
        }
    }
    return all;
}

static void add_makers(struct text *out, const json_t *makers) {
    size_t i;
    json_t *maker;
    json_array_foreach(makers, i, maker) {
        const char *revision = json_field_text(maker, "git_revision");
        text_add(out, "<dl>\n");
        add_term(out, "version", json_field_text(maker, "version"));
        add_term(out, "revision", revision);
        if (json_is_true(json_object_get(maker, "git_dirty")))
            add_term(out, "changes", "uncommitted");
        add_term(out, "processor", json_field_text(maker, "processor"));
        add_term(out, "instruction set", json_field_text(maker, "instruction_set"));
        add_term(out, "products", json_field_text(maker, "products"));
        add_term(out, "precision", json_field_text(maker, "precision"));
        add_term(out, "compiler", json_field_text(maker, "compiler"));
        add_term(out, "flags", json_field_text(maker, "flags"));
        text_add(out, "</dl>\n");
    }
}

// The settings of each column, once for all tables that have it.
static int add_settings(struct text *out, const struct page *p, struct error *err) {
    json_t *told = json_object();
    int failed = 0;
    for (int t = 0; t < p->request->table_count && !failed; t++) {
        const char *column;
        json_t *entry, *settings = json_object_get(p->results->provenance[t], "settings");
        json_object_foreach(settings, column, entry) {
            if (json_equal(json_object_get(told, column), entry) || failed)
                continue;
            char *text = json_text(entry);
            failed = !text;
            text_add(out, "<details><summary>");
            html_text(out, wording_title(column));
            text_add(out, json_object_get(told, column) ? ", as in " : "");
            html_text(out, json_object_get(told, column) ? p->request->tables[t].name : "");
            text_add(out, "</summary><pre>");
            for (char *line = text; line && *line;) { // html_text has no lines
                size_t length = strcspn(line, "\n");
                char *next = line + length + (line[length] == '\n');
                line[length] = 0;
                html_text(out, line);
                text_add(out, "\n");
                line = next;
            }
            text_add(out, "</pre></details>\n");
            if (!json_object_get(told, column))
                json_object_set(told, column, entry);
            free(text);
        }
    }
    json_decref(told);
    return failed ? fail_memory(err, "the page's settings") : 0;
}

int page_provenance(struct page *p, struct error *err) {
    struct text *out = p->out;
    json_t *makers = collect_makers(p), *inputs = json_object();
    text_add(out, "<section id=\"provenance\">\n<h2>Provenance</h2>\n<h3>The command</h3>\n<pre>");
    html_text(out, text_string(&p->request->command));
    text_add(out, "</pre>\n<h3>What made the runs</h3>\n");
    if (!json_array_size(makers))
        text_add(out, "<p class=\"note\">No run is done.</p>\n");
    add_makers(out, makers);
    text_add(out, "<h3>Inputs, by SHA-256</h3>\n<dl>\n");
    collect_inputs(p, inputs);
    add_inputs(out, "", inputs);
    text_add(out, "</dl>\n<h3>Results, by SHA-256 of their runs</h3>\n<dl>\n");
    for (int t = 0; t < p->request->table_count; t++)
        add_term(out, p->request->tables[t].name,
                 json_field_text(p->results->provenance[t], "results_sha256"));
    text_add(out, "</dl>\n<h3>Settings</h3>\n");
    int failed = add_settings(out, p, err);
    text_add(out, "</section>\n");
    json_decref(makers);
    json_decref(inputs);
    return failed ? -1 : 0;
}

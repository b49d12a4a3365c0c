// SPDX-License-Identifier: Apache-2.0
// The report's provenance: how fast the runs were, which program and machine made them from which inputs.
#include "experiments/report/report.h"

#include "core/base/json_fields.h"
#include "core/base/provenance.h"
#include "experiments/results/latex.h"
#include "experiments/results/statistics.h"
#include "experiments/results/wording.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- performance

enum { GROUP_RUNS_MAXIMUM = 1024 };

// Images trained on per second of a run's time, its evaluations included.
static double rate_of(const json_t *record) {
    double seconds = json_field_number(record, "seconds"),
           images = json_field_number(json_object_get(record, "data"), "train_images") *
                    json_field_number(json_object_get(record, "settings"), "epochs");
    return seconds > 0 ? images / seconds : 0;
}

// ", bf16 by amx": of a run, or of those that made a table, the instruction set of whose products was chosen
// at run time.
static void put_products(const json_t *made, FILE *out) {
    if (!*json_field_text(made, "products"))
        return;
    fputs(!strcmp(json_field_text(made, "precision"), "bf16") ? ", bf16 by " : ", f32 by ", out);
    latex_text(out, json_field_text(made, "products"));
}

// What runs must have in common for their rates to be averaged, as the cells of a row of LaTeX.
static char *group_of(const json_t *record, struct error *err) {
    const json_t *settings = json_object_get(record, "settings"), *data = json_object_get(record, "data"),
                 *provenance = json_object_get(record, "provenance"), *cell = json_object_get(record, "cell");
    char *text = NULL, network[96];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return text_of_stream(out, &text, "the report's performance", err);
    snprintf(network, sizeof network, "%.40s (%.0f)", json_field_text(settings, "model"),
             json_field_number(settings, "width"));
    latex_text(out, wording_title(json_field_text(cell, "data_set")));
    fputs(" & ", out);
    latex_text(out, wording_title(json_field_text(settings, "method")));
    fputs(" & ", out);
    latex_text(out, network);
    fprintf(out, " & %.0f & ", json_field_number(data, "pixels"));
    latex_text(out, json_field_text(provenance, "processor"));
    fputs(", ", out);
    latex_text(out, json_field_text(provenance, "instruction_set"));
    put_products(record, out);
    fprintf(out, " & %.0f", json_field_number(record, "threads"));
    return text_of_stream(out, &text, "the report's performance", err);
}

int report_performance(const struct report *r, FILE *out, struct error *err) {
    json_t *groups = json_object(), *rates;
    const char *digest, *group;
    json_t *record;
    json_object_foreach(r->records, digest, record) {
        char *key = group_of(record, err);
        if (!key) {
            json_decref(groups);
            return -1;
        }
        if (!json_object_get(groups, key))
            json_object_set_new(groups, key, json_array());
        json_array_append_new(json_object_get(groups, key), json_real(rate_of(record)));
        free(key);
    }
    json_object_foreach(groups, group, rates) {
        double values[GROUP_RUNS_MAXIMUM];
        int n = 0;
        for (size_t i = 0; i < json_array_size(rates) && n < GROUP_RUNS_MAXIMUM; i++)
            values[n++] = json_number_value(json_array_get(rates, i));
        struct sample s = sample_of(values, n);
        fprintf(out, "%s & %d & %.0f", group, n, s.mean);
        if (n > 1)
            fprintf(out, " $\\pm$ %.0f", s.std);
        fputs(" \\\\\n", out);
    }
    if (!json_object_size(groups))
        fputs("\\multicolumn{8}{l}{The records of the runs are not in the results at hand.} \\\\\n", out);
    json_decref(groups);
    return 0;
}

// ---------------------------------------------------------------------------------------- provenance

static void put_code(FILE *out, const char *text) {
    fputs("\\ReffCode{", out);
    latex_code(out, text);
    fputc('}', out);
}

// The programs and machines of all tables' runs, each once; `runs` counts table entries, in which a shared
// run occurs once a table.
static json_t *merge_makers(const struct report *r) {
    json_t *all = json_array();
    for (int t = 0; t < r->table_count; t++) {
        size_t i, k;
        json_t *maker, *known,
            *makers = json_object_get(json_object_get(r->tables[t].json, "provenance"), "runs_made_by");
        json_array_foreach(makers, i, maker) {
            json_t *copy = json_deep_copy(maker);
            json_object_del(copy, "runs");
            int found = 0;
            json_array_foreach(all, k, known) found |= json_equal(known, copy);
            if (!found)
                json_array_append(all, copy);
            json_decref(copy);
        }
    }
    return all;
}

static void put_maker(FILE *out, const json_t *maker) {
    const char *library;
    json_t *version;
    int first = 1;
    fputs("\\item reff ", out);
    latex_text(out, json_field_text(maker, "version"));
    fputs(", revision ", out);
    put_code(out,
             *json_field_text(maker, "git_revision") ? json_field_text(maker, "git_revision") : "unknown");
    if (json_is_true(json_object_get(maker, "git_dirty")))
        fputs(" with uncommitted changes", out);
    fputs("; ", out);
    latex_text(out, json_field_text(maker, "compiler"));
    fputs("; precision ", out);
    latex_text(out, json_field_text(maker, "precision"));
    fputs("; ", out);
    latex_text(out, json_field_text(maker, "processor"));
    fputs(", ", out);
    latex_text(out, json_field_text(maker, "instruction_set"));
    put_products(maker, out);
    fputs("; flags ", out);
    put_code(out, json_field_text(maker, "flags"));
    fputs("; libraries", out);
    json_object_foreach(json_object_get(maker, "libraries"), library, version) {
        fputs(first ? ": " : ", ", out);
        latex_text(out, library);
        fputc(' ', out);
        latex_text(out, json_is_string(version) ? json_string_value(version) : "");
        first = 0;
    }
    fputs(".\n", out);
}

// Digests below `value`, however deep, each under its path.
static void put_inputs(FILE *out, const char *path, const json_t *value, json_t *done) {
    const char *key;
    json_t *inner;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, inner) {
            char longer[256];
            snprintf(longer, sizeof longer, "%.120s%s%.120s", path, *path ? ", " : "", key);
            put_inputs(out, longer, inner, done);
        }
        return;
    }
    char line[512];
    snprintf(line, sizeof line, "%s=%s", path, json_is_string(value) ? json_string_value(value) : "");
    if (!json_is_string(value) || json_object_get(done, line))
        return;
    json_object_set_new(done, line, json_true());
    fputs("\\item ", out);
    latex_text(out, path);
    fputs(": ", out);
    put_code(out, json_string_value(value));
    fputc('\n', out);
}

static void put_tables(const struct report *r, FILE *out) {
    for (int t = 0; t < r->table_count; t++) {
        const json_t *provenance = json_object_get(r->tables[t].json, "provenance");
        if (!provenance || !json_array_size(json_object_get(provenance, "runs")))
            continue;
        fputs("\\item ", out);
        latex_text(out, r->tables[t].definition.name);
        fprintf(out, ": %zu runs; results ", json_array_size(json_object_get(provenance, "runs")));
        put_code(out, json_field_text(provenance, "results_sha256"));
        fputs("; made again by ", out);
        put_code(out, json_field_text(provenance, "command"));
        fputc('\n', out);
    }
}

int report_provenance(const struct report *r, FILE *out, struct error *err) {
    json_t *makers = merge_makers(r), *done = json_object(), *maker, *program = provenance_json(err);
    size_t i;
    if (program) {
        fputs("\\paragraph{This report} was made by reff ", out);
        latex_text(out, json_field_text(program, "version"));
        fputs(", revision ", out);
        put_code(out, *json_field_text(program, "git_revision") ? json_field_text(program, "git_revision")
                                                                : "unknown");
        fputs(json_is_true(json_object_get(program, "git_dirty")) ? " with uncommitted changes.\n" : ".\n",
              out);
        fputs("\\paragraph{Programs and machines of the runs.}\n\\begin{itemize}\n", out);
        json_array_foreach(makers, i, maker) put_maker(out, maker);
        if (!json_array_size(makers))
            fputs("\\item none recorded\n", out);
        fputs("\\end{itemize}\n\\paragraph{Inputs} (SHA-256).\n\\begin{itemize}\n", out);
        for (int t = 0; t < r->table_count; t++) {
            const struct table *definition = &r->tables[t].definition;
            // Tables of one data set have its digests bare, others by its name.
            const char *data = strcmp(definition->column_name, "method") ? "" : table_data(definition, 0);
            put_inputs(out, data, json_object_get(json_object_get(r->tables[t].json, "provenance"), "inputs"),
                       done);
        }
        if (!json_object_size(done))
            fputs("\\item none recorded\n", out);
        fputs("\\end{itemize}\n\\paragraph{Tables.} The digest of a table's results covers the accuracy and "
              "the "
              "trained model of every run.\n\\begin{itemize}\n",
              out);
        put_tables(r, out);
        fputs("\\item[] Each run's settings and data are in its \\ReffCode{run.json}.\n\\end{itemize}\n",
              out);
    }
    json_decref(program);
    json_decref(makers);
    json_decref(done);
    return program ? 0 : -1;
}

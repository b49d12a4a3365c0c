// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_card.h"

#include "gen/export/export_about.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// A text as YAML has it: JSON's strings are YAML's.
static void add_quoted(struct text *out, const char *words) {
    json_t *value = export_text(words);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    text_add(out, quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(value);
}

// A text in a cell of a table, where '|' and line breaks would end it, and '<' begin something else.
static void add_cell(struct text *out, const char *words) {
    for (; *words; words++)
        if (*words == '|' || *words == '<')
            text_add(out, *words == '|' ? "\\|" : "&lt;");
        else
            text_add_bytes(out, *words == '\n' ? " " : words, 1);
}

static const char *size_category(long images) {
    return images < 1000 ? "n<1K" : images < 10000 ? "1K<n<10K" : images < 100000 ? "10K<n<100K" : "n>100K";
}

// "apache-2.0" where all sources have the one known licence.
static void add_licence_word(const json_t *licences, struct text *out) {
    const char *first = json_string_value(json_object_get(json_array_get(licences, 0), "spdx"));
    size_t i;
    json_t *licence;
    json_array_foreach((json_t *)licences, i, licence) {
        const char *spdx = json_string_value(json_object_get(licence, "spdx"));
        if (!first || !spdx || strcmp(first, spdx) != 0)
            first = NULL;
    }
    for (const char *c = first ? first : "other"; *c; c++)
        text_printf(out, "%c", tolower((unsigned char)*c));
}

static void add_front_matter(const struct export_job *job, const struct export_format *format,
                             const json_t *licences, struct text *out) {
    long images = 0;
    for (int i = 0; i < job->data->count; i++)
        images += job->data->splits[i].shape.count;
    text_add(out, "---\npretty_name: ");
    add_quoted(out, about_name(job));
    text_add(out, "\nlicense: ");
    add_licence_word(licences, out);
    text_printf(out, "\ntask_categories:\n- image-classification\nsize_categories:\n- %s\n",
                size_category(images));
    if (format->pattern) {
        text_add(out, "configs:\n- config_name: default\n  data_files:\n");
        for (int i = 0; i < job->data->count; i++) {
            text_printf(out, "  - split: %s\n    path: \"", job->data->splits[i].name);
            format->pattern(job, &job->data->splits[i], out);
            text_add(out, "\"\n");
        }
    }
    text_add(out, "---\n\n");
}

static int add_splits(const struct export_data *d, struct text *out, struct error *err) {
    text_add(out,
             "| split | images | pixels | masks | images of each group |\n| --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < d->count; i++) {
        const struct export_split *s = &d->splits[i];
        json_t *counts = export_group_counts(s, err), *count;
        const char *name, *comma = "";
        if (!counts)
            return -1;
        text_printf(out, "| %s | %ld | %d x %d | %s | ", s->name, s->shape.count, s->shape.width,
                    s->shape.height, s->annotated ? "yes" : "no");
        json_object_foreach(counts, name, count) {
            text_add(out, comma);
            add_cell(out, name);
            text_printf(out, ": %lld", (long long)json_integer_value(count));
            comma = ", ";
        }
        text_add(out, " |\n");
        json_decref(counts);
    }
    return 0;
}

// What the columns mean: those of the first split, whose list the others share or nearly so.
static void add_columns(const struct export_data *d, struct text *out) {
    text_add(
        out,
        "| column | meaning |\n| --- | --- |\n| label | number of the class |\n| class | its name, or its "
        "number |\n");
    const struct export_split *s = &d->splits[0];
    int named = json_object_get(s->attributes, "group_names") != NULL;
    for (int c = 0; c < s->column_count; c++) {
        char key[EXPORT_NAME_SIZE + 8];
        int group = named && !strcmp(s->columns[c].name, "group");
        if (group)
            text_add(out, "| group | name of the group |\n");
        text_add(out, "| ");
        add_cell(out, group ? "group_number" : export_key_of(&s->columns[c], key));
        text_add(out, " | ");
        add_cell(out, s->columns[c].description);
        text_add(out, " |\n");
    }
    text_add(out, "\nNumbers \"in\" a list point into the attribute of that name in shards.json.\n");
}

static void add_rai(const json_t *rai, struct text *out) {
    static const char *const sections[][2] = {
        {"Collection", "rai:dataCollection"},
        {"Masks", "rai:dataAnnotationProtocol"},
        {"Biases", "rai:dataBiases"},
        {"Limits", "rai:dataLimitations"},
        {"Persons", "rai:personalSensitiveInformation"},
        {"Uses", "rai:dataUseCases"},
        {"Impact", "rai:dataSocialImpact"},
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const char *words = json_string_value(json_object_get(rai, sections[i][1]));
        if (words)
            text_printf(out, "\n**%s.** %s\n", sections[i][0], words);
    }
}

static int add_all(const struct export_job *job, const struct export_format *format, struct text *out,
                   struct error *err) {
    json_t *licences = about_licences(job), *rai = about_rai(job, err), *licence;
    size_t i;
    if (licences && rai) {
        json_object_update_existing(rai, (json_t *)job->settings->words.about);
        add_front_matter(job, format, licences, out);
        text_printf(out, "# %s\n\n", about_name(job));
        about_description(job, out);
        text_printf(out, "\n\n%s `", format->about);
        export_sink_name(job->sink, "shards.json", out);
        text_add(out, "` has the settings and lists of names, `");
        export_sink_name(job->sink, "croissant.json", out);
        text_add(out, "` the same for programs (Croissant 1.1); `sha256sum --check ");
        export_sink_name(job->sink, "SHA256SUMS", out);
        text_add(out, "` compares the files.\n\n");
    }
    int bad = !licences || !rai || add_splits(job->data, out, err);
    if (!bad) {
        text_add(out, "\n## Columns\n\n");
        add_columns(job->data, out);
        text_add(out, "\n## Licences\n\n");
        json_array_foreach(licences, i, licence)
            text_printf(out, "- %s\n", json_string_value(json_object_get(licence, "name")));
        text_add(out, "\n## What to know\n");
        add_rai(rai, out);
    }
    json_decref(licences);
    json_decref(rai);
    return bad && !err->message[0] ? fail_memory(err, "README.md") : bad ? -1 : 0;
}

// Names and attributes were written by somebody else: control characters are shown as \xNN, since the card may be read on a
// terminal.
int export_card(const struct export_job *job, const struct export_format *format, struct text *out,
                struct error *err) {
    struct text raw = {0};
    int bad = add_all(job, format, &raw, err) || text_check(&raw, "README.md", err);
    for (char *line = bad ? NULL : raw.bytes, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n'); // the last line has one too
        *end = 0;
        text_add_visible(out, line);
        text_add(out, "\n");
    }
    text_free(&raw);
    return bad ? -1 : 0;
}

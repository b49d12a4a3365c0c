// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_croissant.h"

#include "core/base/memory.h"
#include "core/base/version.h"
#include "gen/export/export_about.h"

#include <stdio.h>
#include <string.h>

// The specification's appendix 1, with PROV-O. schema.org by https, as Croissant 1.0 and published files have it.
static const char context[] =
    "{\"@language\": \"en\", \"@vocab\": \"https://schema.org/\", \"sc\": \"https://schema.org/\","
    " \"cr\": \"http://mlcommons.org/croissant/\", \"rai\": \"http://mlcommons.org/croissant/RAI/\","
    " \"dct\": \"http://purl.org/dc/terms/\", \"prov\": \"http://www.w3.org/ns/prov#\","
    " \"annotation\": \"cr:annotation\", \"arrayShape\": \"cr:arrayShape\", \"citeAs\": \"cr:citeAs\","
    " \"column\": \"cr:column\", \"conformsTo\": \"dct:conformsTo\", \"containedIn\": \"cr:containedIn\","
    " \"data\": {\"@id\": \"cr:data\", \"@type\": \"@json\"},"
    " \"dataType\": {\"@id\": \"cr:dataType\", \"@type\": \"@vocab\"},"
    " \"equivalentProperty\": \"cr:equivalentProperty\","
    " \"examples\": {\"@id\": \"cr:examples\", \"@type\": \"@json\"}, \"excludes\": \"cr:excludes\","
    " \"extract\": \"cr:extract\", \"field\": \"cr:field\", \"fileProperty\": \"cr:fileProperty\","
    " \"fileObject\": \"cr:fileObject\", \"fileSet\": \"cr:fileSet\", \"format\": \"cr:format\","
    " \"includes\": \"cr:includes\", \"isArray\": \"cr:isArray\", \"isLiveDataset\": \"cr:isLiveDataset\","
    " \"jsonPath\": \"cr:jsonPath\", \"key\": \"cr:key\", \"md5\": \"cr:md5\","
    " \"parentField\": \"cr:parentField\", \"recordSet\": \"cr:recordSet\","
    " \"references\": \"cr:references\", \"regex\": \"cr:regex\", \"readLines\": \"cr:readLines\","
    " \"sdVersion\": \"cr:sdVersion\", \"separator\": \"cr:separator\", \"source\": \"cr:source\","
    " \"subField\": \"cr:subField\", \"transform\": \"cr:transform\", \"unArchive\": \"cr:unArchive\","
    " \"value\": \"cr:value\"}";

// ---------------------------------------------------------------------------------------------- resources

void croissant_add_file(json_t *resources, const struct export_sink *sink, const char *name,
                        const char *encoding, const char *description) {
    for (int i = 0; i < sink->file_count; i++)
        if (!strcmp(sink->files[i].name, name))
            json_array_append_new(resources,
                                  json_pack("{ss ss ss ss so ss ss ss}", "@type", "cr:FileObject", "@id",
                                            name, "name", name, "description", description, "contentSize",
                                            json_sprintf("%zu B", sink->files[i].size), "contentUrl", name,
                                            "encodingFormat", encoding, "sha256", sink->files[i].digest));
}

void croissant_add_files(json_t *resources, json_t *contained_in, const char *id, const char *includes,
                         const char *encoding, const char *description) {
    json_t *set = json_pack("{ss ss ss ss ss ss}", "@type", "cr:FileSet", "@id", id, "name", id,
                            "description", description, "encodingFormat", encoding, "includes", includes);
    if (contained_in)
        json_object_set(set, "containedIn", contained_in);
    json_array_append_new(resources, set);
}

// ---------------------------------------------------------------------------------------------- records

json_t *croissant_add_records(json_t *record_sets, const char *id, const char *description) {
    json_t *fields = json_array();
    json_array_append_new(record_sets, json_pack("{ss ss ss ss so}", "@type", "cr:RecordSet", "@id", id,
                                                 "name", id, "description", description, "field", fields));
    return fields;
}

static json_t *add_field(json_t *fields, const char *id, const char *name, const char *type,
                         const char *description, json_t *source) {
    json_t *field =
        json_pack("{ss so ss so ss so}", "@type", "cr:Field", "@id", json_sprintf("%s/%s", id, name), "name",
                  name, "description", export_text(description), "dataType", type, "source", source);
    return json_array_append_new(fields, field) ? NULL : field;
}

void croissant_add_column(json_t *fields, const char *id, const char *name, const char *type,
                          const char *description, const char *source) {
    add_field(fields, id, name, type, description,
              json_pack("{s{ss} s{ss}}", "fileObject", "@id", source, "extract", "column", name));
}

void croissant_add_path(json_t *fields, const char *id, const char *name, const char *type,
                        const char *description, const char *set, const char *path) {
    add_field(fields, id, name, type, description,
              json_pack("{s{ss} s{ss}}", "fileSet", "@id", set, "extract", "jsonPath", path));
}

void croissant_add_property(json_t *fields, const char *id, const char *name, const char *type,
                            const char *description, const char *set, const char *property, const char *regex,
                            const char *references) {
    json_t *source = json_pack("{s{ss} s{ss}}", "fileSet", "@id", set, "extract", "fileProperty", property);
    if (regex)
        json_object_set_new(source, "transform", json_pack("{ss}", "regex", regex));
    json_t *field = add_field(fields, id, name, type, description, source);
    if (references)
        json_object_set_new(field, "references", json_pack("{ss}", "@id", references));
}

static void add_column(json_t *fields, const char *id, const char *key, const char *type,
                       const char *description, const char *source, const char *set) {
    struct text path = {0};
    text_printf(&path, "$.%s", key);
    if (set)
        croissant_add_path(fields, id, key, type, description, set, text_string(&path));
    else
        croissant_add_column(fields, id, key, type, description, source);
    text_free(&path);
}

void croissant_add_columns(json_t *fields, const struct export_split *s, const char *id, const char *source,
                           const char *set) {
    static const char *const types[] = {
        [COLUMN_INT32] = "sc:Integer", [COLUMN_FLOAT64] = "sc:Float", [COLUMN_TEXT] = "sc:Text"};
    int named = json_object_get(s->attributes, "group_names") != NULL;
    add_column(fields, id, "class", "sc:Text", "name of the class, or its number", source, set);
    for (int c = 0; c < s->column_count; c++) {
        const struct export_column *column = &s->columns[c];
        char key[EXPORT_NAME_SIZE + 8];
        int group = !strcmp(column->name, "group") && named;
        add_column(fields, id, export_key_of(column, key), group ? "sc:Text" : types[column->type],
                   group ? "name of the group" : column->description, source, set);
        if (group)
            add_column(fields, id, "group_number", "sc:Integer", column->description, source, set);
    }
}

// ---------------------------------------------------------------------------------------------- the whole

static json_t *licences_json(const struct export_job *job) {
    json_t *all = about_licences(job), *list = json_array(), *licence;
    size_t i;
    json_array_foreach(all, i, licence) {
        const char *spdx = json_string_value(json_object_get(licence, "spdx"));
        json_t *work =
            json_pack("{ss sO}", "@type", "sc:CreativeWork", "name", json_object_get(licence, "name"));
        if (spdx)
            json_object_set_new(work, "url", json_sprintf("https://spdx.org/licenses/%s.html", spdx));
        json_array_append_new(list, work);
    }
    json_decref(all);
    return list;
}

// Where no address was given: the first shard's content, by its digest.
static json_t *url_json(const struct export_job *job) {
    return *job->settings->words.url
               ? export_text(job->settings->words.url)
               : json_sprintf("urn:sha256:%s", shard_content_digest(job->data->splits[0].shard));
}

static json_t *head_json(const struct export_job *job) {
    const struct export_words *w = &job->settings->words;
    char date[16];
    struct text description = {0};
    about_description(job, &description);
    about_date(job, date);
    json_t *head = json_pack(
        "{so ss s[ss] so so so so s{ss so} ss ss sb s[sss]}", "@context", json_loads(context, 0, NULL),
        "@type", "sc:Dataset", "conformsTo", "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0", "name", export_text(about_name(job)), "description",
        export_text(text_string(&description)), "license", licences_json(job), "url", url_json(job),
        "creator", "@type", "sc:Organization", "name",
        export_text(*w->creator ? w->creator : "The reff authors"), "datePublished", date, "version", "1.0.0",
        "isLiveDataset", 0, "keywords", "image classification", "spurious correlations", "masks");
    text_free(&description);
    return head;
}

// What the user says in place of what is said here.
static int take_words(json_t *head, const json_t *about, struct error *err) {
    static const char *const kept[] = {"conformsTo", "distribution", "recordSet"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)about, key, value) {
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (!strcmp(key, kept[i]) || *key == '@')
                return fail_usage(err, "--about: '%s' comes from the data and cannot be replaced", key);
        json_object_set(head, key, value);
    }
    return 0;
}

json_t *export_croissant(const struct export_job *job, const struct export_format *format,
                         struct error *err) {
    json_t *head = head_json(job), *resources = json_array(), *records = json_array();
    json_t *rai = about_rai(job, err);
    int bad = !head || !rai || json_object_update(head, rai);
    if (!bad)
        format->describe(job, resources, records);
    struct text name = {0};
    static const char *const others[][3] = {
        {"shards.json", "application/json", "the shards' attributes and what each column is"},
        {"SHA256SUMS", "text/plain", "digests of all other files but croissant.json and README.md"}};
    for (size_t i = 0; i < 2 && !bad; i++) {
        text_clear(&name);
        export_sink_name(job->sink, others[i][0], &name);
        croissant_add_file(resources, job->sink, text_string(&name), others[i][1], others[i][2]);
    }
    text_free(&name);
    bad = bad || json_object_set(head, "distribution", resources) ||
          json_object_set(head, "recordSet", records);
    bad = bad || take_words(head, job->settings->words.about, err);
    json_decref(resources);
    json_decref(records);
    json_decref(rai);
    if (!bad)
        return head;
    if (!err->message[0])
        fail_memory(err, "croissant.json");
    json_decref(head);
    return NULL;
}

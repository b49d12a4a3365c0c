// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_about.h"

#include "core/shard/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---------------------------------------------------------------------------------------------- what it is

enum about_kind {
    TEXTURED_MNIST,
    DRAWN_LESIONS,
    DRAWN_ANIMALS,
    SKIN_PHOTOGRAPHS,
    PET_PHOTOGRAPHS,
    OTHER,
    KINDS
};

static const struct {
    int synthetic; // 1 yes, 0 no, -1: the shards do not tell
    const char *collection, *type, *annotation, *personal, *limits, *uses, *impact;
} kinds[KINDS] = {
    [TEXTURED_MNIST] =
        {1,
         "Composed by a program: a digit, filled with a picture of one texture, is laid on a picture of "
         "another. "
         "Every choice is drawn from a seed and recorded for each image.",
         "Synthetic", "The mask is the digit's own shape, known since the image was composed from it.",
         "None is known: digits and textures show no person.",
         "Digits on textures are not photographs of scenes: what holds here may not hold where objects and "
         "backgrounds are natural. The bias is chosen, stronger and simpler than biases that are found.",
         "Research on spurious correlations and on explanations that are held to annotations. Not for "
         "reading "
         "digits in practice.",
         "Shows how networks rest on backgrounds, and whether training can prevent it. A method that helps "
         "here is "
         "not thereby fair or safe elsewhere."},
    [DRAWN_LESIONS] =
        {1, "Drawn by a program from a seed; no photograph was used.", "Synthetic",
         "The mask is the lesion as it was drawn.", "None: nobody is shown.",
         "Drawings: a result says nothing about real skin lesions. Strictly not for medical use.",
         "Research on spurious correlations, and trying a program before real data are there.",
         "None is known; taken for medical images they would mislead."},
    [DRAWN_ANIMALS] = {1, "Drawn by a program from a seed; no photograph was used.", "Synthetic",
                       "The mask is the animal as it was drawn.", "None: nobody is shown.",
                       "Drawings: a result says nothing about photographs of pets.",
                       "Research on spurious correlations, and trying a program before real data are there.",
                       "None is known."},
    [SKIN_PHOTOGRAPHS] =
        {0, "Photographs of the ISIC 2017 challenge, cropped and resized.", "Others",
         "The challenge's lesion segmentations by experts, resized with the images.",
         "Photographs of persons' skin: health data, published without names by the challenge.",
         "The challenge's clinics and skin types alone; resized far below the photographs. Strictly not for "
         "diagnosis.",
         "Research on spurious correlations (patches, rulers and ink go with diagnoses).",
         "The shards do not say whose skin is shown: a classifier may serve some people worse than others."},
    [PET_PHOTOGRAPHS] = {0, "Photographs of the Oxford-IIIT Pet Dataset, cropped and resized.", "Others",
                         "The data set's trimaps, resized with the images.",
                         "Photographs of animals, shared by their owners; persons may be seen at the edges.",
                         "37 breeds, as people photograph their own pets; resized far below the photographs.",
                         "Research on image classification and on explanations that are held to annotations.",
                         "None is known."},
    [OTHER] = {-1, "The shards do not say how the images were collected.", "Others",
               "The shards do not say how the masks were made.",
               "The shards do not say whether persons are shown: whoever publishes the data must.",
               "The shards do not say: whoever publishes the data must.",
               "Research on image classification and on explanations that are held to annotations.",
               "The shards do not say: whoever publishes the data must."},
};

static const char *said(const struct export_split *s, const char *key) {
    const char *value = json_string_value(json_object_get(s->attributes, key));
    return value ? value : "";
}

static enum about_kind kind_of(const struct export_data *d) {
    const struct export_split *s = &d->splits[0];
    int drawn = json_object_get(s->attributes, "drawing_revision") != NULL;
    if (json_object_get(s->attributes, "digits_from"))
        return TEXTURED_MNIST;
    if (!strcmp(said(s, "data"), "isic2017"))
        return drawn ? DRAWN_LESIONS : SKIN_PHOTOGRAPHS;
    if (!strcmp(said(s, "data"), "pets"))
        return drawn ? DRAWN_ANIMALS : PET_PHOTOGRAPHS;
    return OTHER;
}

const char *about_name(const struct export_job *job) {
    const char *title = said(&job->data->splits[0], "title");
    return *job->settings->words.name ? job->settings->words.name : *title ? title : "Annotated images";
}

void about_description(const struct export_job *job, struct text *out) {
    const struct export_data *d = job->data;
    const char *generator = said(&d->splits[0], "generator");
    text_printf(out, "%s: ", about_name(job));
    for (int i = 0; i < d->count; i++)
        text_printf(out, "%s%ld images of %d x %d pixels for %s", i ? ", " : "", d->splits[i].shape.count,
                    d->splits[i].shape.width, d->splits[i].shape.height, d->splits[i].name);
    text_printf(out, ", %d classes. ", d->classes);
    int annotated = 0;
    for (int i = 0; i < d->count; i++)
        annotated += d->splits[i].annotated;
    text_add(out, annotated == d->count ? "Each image has a mask of what is relevant in it."
                  : annotated           ? "Images of some splits have a mask of what is relevant in them."
                                        : "Images have no masks.");
    if (*generator)
        text_printf(out, " The images were made by %s.", generator);
}

void about_date(const struct export_job *job, char out[16]) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH"); // reproducible-builds.org
    time_t when = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm day;
    if (*job->settings->words.date)
        snprintf(out, 16, "%.10s", job->settings->words.date);
    else if (!gmtime_r(&when, &day) || !strftime(out, 16, "%Y-%m-%d", &day))
        snprintf(out, 16, "1970-01-01");
}

// ---------------------------------------------------------------------------------------------- licences

// The identifier of spdx.org that the words contain; NULL where they name none that is known. The words themselves stay
// beside it.
static const char *spdx_of(const char *words) {
    static const char *const known[][2] = {
        {"Apache-2.0", "Apache-2.0"},
        {"CC-0", "CC0-1.0"},
        {"CC0", "CC0-1.0"},
        {"CC BY-SA 4.0", "CC-BY-SA-4.0"},
        {"CC-BY-SA-4.0", "CC-BY-SA-4.0"},
        {"CC BY-SA 3.0", "CC-BY-SA-3.0"},
        {"CC-BY-SA-3.0", "CC-BY-SA-3.0"},
        {"CC BY 4.0", "CC-BY-4.0"},
        {"CC-BY-4.0", "CC-BY-4.0"},
        {"MIT", "MIT"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(words, known[i][0]))
            return known[i][1];
    return NULL;
}

static int add_licence(json_t *list, const char *of, const char *words) {
    struct text name = {0};
    size_t i;
    json_t *known;
    text_printf(&name, "%s%s%s", of, *of ? ": " : "", words);
    json_array_foreach(
        list, i, known) if (!strcmp(json_string_value(json_object_get(known, "name")), text_string(&name))) {
        text_free(&name);
        return 0;
    }
    json_t *text = export_text(text_string(&name));
    int bad = name.incomplete || !text ||
              json_array_append_new(list, json_pack("{sO ss?}", "name", text, "spdx", spdx_of(words)));
    json_decref(text);
    text_free(&name);
    return bad ? -1 : 0;
}

json_t *about_licences(const struct export_job *job) {
    static const char prefix[] = "licence_of_";
    json_t *list = json_array();
    int bad = !list || (*job->settings->words.licence && add_licence(list, "", job->settings->words.licence));
    for (int i = 0; i < job->data->count && !bad; i++) {
        const char *key;
        json_t *value;
        json_object_foreach(job->data->splits[i].attributes, key,
                            value) if (!strncmp(key, prefix, strlen(prefix)) && json_is_string(value)) bad |=
            add_licence(list, key + strlen(prefix), json_string_value(value));
    }
    if (!bad && !json_array_size(list))
        bad = add_licence(list, "", "not stated by the shards");
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- biases

// "train: p 0.0, q 1.0; 40 images aligned, 0 conflicting. "
static int add_bias(const struct export_split *s, struct text *out, struct error *err) {
    static const char *const chances[] = {"p", "q"};
    json_t *counts = export_group_counts(s, err), *count;
    json_int_t of_kind[GROUP_KINDS] = {0}, least = 0;
    const char *name, *smallest = NULL;
    text_printf(out, "%s: ", s->name);
    for (size_t i = 0; i < 2; i++)
        if (json_is_number(json_object_get(s->attributes, chances[i]))) {
            text_printf(out, "%s ", chances[i]);
            json_add_real(out, json_number_value(json_object_get(s->attributes, chances[i])));
            text_add(out, ", ");
        }
    json_object_foreach(counts, name, count) {
        enum group_kind kind = group_kind_of(name);
        if (kind < GROUP_KINDS)
            of_kind[kind] += json_integer_value(count);
        if (!smallest || json_integer_value(count) < least) {
            smallest = name;
            least = json_integer_value(count);
        }
    }
    if (of_kind[GROUP_ALIGNED] + of_kind[GROUP_CONFLICTING])
        text_printf(out,
                    "%lld images with what goes with their class (aligned) and %lld without (conflicting), ",
                    (long long)of_kind[GROUP_ALIGNED], (long long)of_kind[GROUP_CONFLICTING]);
    if (smallest)
        text_printf(out, "%zu groups, the smallest '%s' with %lld image%s. ", json_object_size(counts),
                    smallest, (long long)least, least == 1 ? "" : "s");
    else
        text_add(out, "no groups are recorded. ");
    json_decref(counts);
    return counts ? 0 : -1;
}

static json_t *bias_text(const struct export_job *job, enum about_kind kind, struct error *err) {
    struct text out = {0};
    int bad = 0;
    if (kind == TEXTURED_MNIST)
        text_add(
            &out,
            "Chosen: with p = 0 the background's class goes with the digit's class, with p = 1 it is drawn; "
            "with q likewise the class of the digit's own texture. ");
    if (kind == DRAWN_LESIONS)
        text_add(
            &out,
            "Chosen: an artefact beside the lesion goes with its class in train and validation, unless the "
            "setting `artefacts` says otherwise. ");
    for (int i = 0; i < job->data->count && !bad; i++)
        bad = add_bias(&job->data->splits[i], &out, err);
    if (out.length) // the last blank
        out.bytes[--out.length] = 0;
    json_t *value = bad ? NULL : export_text(text_string(&out));
    text_free(&out);
    return value;
}

// ---------------------------------------------------------------------------------------------- provenance

// A digest, or a line of sha256sum's: "<digest>  <name>". Without a name the source is called as the attribute is.
static json_t *source_json(const char *key, size_t key_length, const char *line) {
    size_t digest = strspn(line, "0123456789abcdef");
    const char *name = line + digest + strspn(line + digest, " ");
    return json_pack("{ss so so}", "@type", "prov:Entity", "name",
                     *name ? export_text(name) : json_sprintf("%.*s", (int)key_length, key), "sha256",
                     json_sprintf("%.*s", (int)digest, line));
}

// The files that went in, by the digests that the shards have of them; else why there are none.
static json_t *sources_json(const struct export_data *d, enum about_kind kind) {
    json_t *list = json_array();
    const json_t *attributes = d->splits[0].attributes;
    const char *key;
    json_t *value, *line;
    size_t i;
    json_object_foreach((json_t *)attributes, key, value) {
        size_t length = strlen(key), tail = strlen("_sha256");
        if (length <= tail || strcmp(key + length - tail, "_sha256") != 0 || !strcmp(key, "content_sha256"))
            continue;
        json_t *lines = json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
        json_array_foreach(lines, i, line) if (json_string_length(line))
            json_array_append_new(list, source_json(key, length - tail, json_string_value(line)));
        json_decref(lines);
    }
    if (list && !json_array_size(list))
        json_array_append_new(list, json_pack("{ss ss}", "@type", "prov:Entity", "name",
                                              kinds[kind].synthetic == 1
                                                  ? "none: made by the program without sources"
                                                  : "not stated by the shards"));
    return list;
}

static json_t *activity_json(const struct export_split *s) {
    struct text settings = {0};
    const char *key;
    json_t *value;
    json_object_foreach(s->attributes, key, value) {
        if (json_is_array(value) || strstr(key, "sha256") || !strncmp(key, "licence_of_", 11) ||
            (json_is_string(value) && !json_string_length(value)))
            continue;
        char *text = json_is_string(value) ? NULL : json_text(value);
        text_printf(&settings, "%s%s = %s", settings.length ? ", " : "", key,
                    text ? text : json_string_value(value));
        free(text);
    }
    json_t *activity = json_pack(
        "{ss so so}", "@type", "prov:Activity", "prov:label",
        json_sprintf("%s: %s", *said(s, "generator") ? said(s, "generator") : "unknown program", s->name),
        "description", export_text(text_string(&settings)));
    text_free(&settings);
    return activity;
}

json_t *about_rai(const struct export_job *job, struct error *err) {
    enum about_kind kind = kind_of(job->data);
    json_t *activities = json_array(), *biases = bias_text(job, kind, err);
    for (int i = 0; i < job->data->count; i++)
        json_array_append_new(activities, activity_json(&job->data->splits[i]));
    json_t *rai =
        json_pack("{ss ss ss ss so ss ss ss so so}", "rai:dataCollection", kinds[kind].collection,
                  "rai:dataCollectionType", kinds[kind].type, "rai:dataAnnotationProtocol",
                  kinds[kind].annotation, "rai:dataLimitations", kinds[kind].limits, "rai:dataBiases", biases,
                  "rai:personalSensitiveInformation", kinds[kind].personal, "rai:dataUseCases",
                  kinds[kind].uses, "rai:dataSocialImpact", kinds[kind].impact, "prov:wasDerivedFrom",
                  sources_json(job->data, kind), "prov:wasGeneratedBy", activities);
    if (rai && kinds[kind].synthetic >= 0)
        json_object_set_new(rai, "rai:hasSyntheticData", json_boolean(kinds[kind].synthetic));
    if (!rai && !err->message[0])
        fail_memory(err, "croissant.json");
    return rai;
}

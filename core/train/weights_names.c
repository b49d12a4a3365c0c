// SPDX-License-Identifier: Apache-2.0
#include "core/train/weights_names.h"

#include "core/base/notice.h"
#include "core/networks/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 }; // longer names are no ResNet's

// Of DataParallel, Lightning, encoders with a head of their own, Hugging Face's models, timm's in those.
static const char *const prefixes[] = {"module.", "model.",     "backbone.",   "encoder.",
                                       "resnet.", "_backbone.", "timm_model.", NULL};

static const char stem[] = "conv1.weight", their_stem[] = "embedder.embedder.convolution.weight";

// How many of the first characters are known prefixes one after the other: all of `length`, or -1.
static int prefix_length(const char *name, size_t length) {
    size_t at = 0;
    for (int i = 0; prefixes[i] && at < length;) {
        size_t step = strlen(prefixes[i]);
        int here = at + step <= length && !strncmp(name + at, prefixes[i], step);
        at += here ? step : 0;
        i = here ? 0 : i + 1;
    }
    return at == length ? (int)length : -1;
}

// Whether the name is known prefixes and then `tail`; their length, or -1.
static int prefix_before(const char *name, const char *tail) {
    size_t length = strlen(name), end = strlen(tail);
    return length < end || strcmp(name + length - end, tail) != 0 ? -1 : prefix_length(name, length - end);
}

struct naming {
    char prefix[NAME_SIZE];
    int theirs; // Hugging Face's names
};

// By the stem, which every ResNet has. 0: none is there, or torchvision's without a prefix.
static int recognise(const json_t *header, struct naming *n) {
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)header, name, entry) {
        int ours = prefix_before(name, stem), theirs = prefix_before(name, their_stem);
        int length = ours >= 0 ? ours : theirs;
        if (length < 0 || length >= NAME_SIZE)
            continue;
        snprintf(n->prefix, sizeof n->prefix, "%.*s", length, name);
        n->theirs = ours < 0;
        return length > 0 || n->theirs;
    }
    return 0;
}

// "convolution.weight" -> "conv2.weight", "normalization.bias" -> "bn2.bias".
static int layer_name(const char *rest, const char *before, const char *convolution,
                      const char *normalisation, char out[NAME_SIZE]) {
    static const char conv[] = "convolution.", norm[] = "normalization.";
    int is_conv = !strncmp(rest, conv, strlen(conv));
    if (!is_conv && strncmp(rest, norm, strlen(norm)) != 0)
        return 0;
    snprintf(out, NAME_SIZE, "%s%s.%s", before, is_conv ? convolution : normalisation,
             rest + (is_conv ? strlen(conv) : strlen(norm)));
    return 1;
}

// What follows "<before><number>." in a text; NULL where it begins otherwise.
static const char *after_number(const char *text, const char *before, int *number) {
    size_t length = strlen(before), digits;
    if (strncmp(text, before, length) != 0)
        return NULL;
    digits = strspn(text + length, "0123456789");
    if (!digits || digits > 3 || text[length + digits] != '.')
        return NULL;
    *number = (int)strtol(text + length, NULL, 10);
    return text + length + digits + 1;
}

// Hugging Face's name as torchvision's; what is none of a ResNet's stays.
static void from_theirs(const char *name, char out[NAME_SIZE]) {
    static const char embedder[] = "embedder.embedder.", head[] = "classifier.1.", shortcut[] = "shortcut.";
    int stage, block, layer;
    char before[64], conv[32], bn[32];
    snprintf(out, NAME_SIZE, "%s", name);
    const char *rest = after_number(name, "encoder.stages.", &stage), *inner;
    rest = rest ? after_number(rest, "layers.", &block) : NULL;
    if (!strncmp(name, embedder, strlen(embedder)))
        layer_name(name + strlen(embedder), "", "conv1", "bn1", out);
    else if (!strncmp(name, head, strlen(head)))
        snprintf(out, NAME_SIZE, "fc.%s", name + strlen(head));
    if (!rest)
        return;
    snprintf(before, sizeof before, "layer%d.%d.", stage + 1, block);
    if (!strncmp(rest, shortcut, strlen(shortcut))) {
        layer_name(rest + strlen(shortcut), before, "downsample.0", "downsample.1", out);
    } else if ((inner = after_number(rest, "layer.", &layer))) {
        snprintf(conv, sizeof conv, "conv%d", layer + 1);
        snprintf(bn, sizeof bn, "bn%d", layer + 1);
        layer_name(inner, before, conv, bn, out);
    }
}

static void tell(const char *path, const struct naming *n, struct text *notices) {
    if (!notices)
        return;
    if (n->theirs)
        notice_add(notices, "%s: Hugging Face's names of a ResNet%s%s%s, taken as torchvision's", path,
                   *n->prefix ? " behind '" : "", n->prefix, *n->prefix ? "'" : "");
    else
        notice_add(notices, "%s: names begin with '%s', which is left out", path, n->prefix);
}

json_t *weights_rename(const char *path, const json_t *header, struct text *notices, struct error *err) {
    struct naming n = {.theirs = 0};
    const char *name;
    json_t *entry, *named;
    if (!recognise(header, &n))
        return json_incref((json_t *)header);
    size_t length = strlen(n.prefix);
    int bad = !(named = json_object()) ? fail_memory(err, "%s", path) : 0;
    json_object_foreach((json_t *)header, name, entry) {
        char ours[NAME_SIZE];
        const char *bare = strncmp(name, n.prefix, length) ? name : name + length;
        if (bad || strlen(name) >= NAME_SIZE)
            continue;
        if (n.theirs)
            from_theirs(bare, ours);
        else
            snprintf(ours, sizeof ours, "%s", bare);
        if (json_object_get(named, ours))
            bad = fail(err, "%s: two tensors would be '%s', one of them '%s'", path, ours, name);
        else if (json_object_set(named, ours, entry))
            bad = fail_memory(err, "%s", path);
    }
    if (!bad) {
        tell(path, &n, notices);
        return named;
    }
    json_decref(named);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- hints

static int has(const json_t *header, const char *format, int stage, int block) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "layer%d.%d.%s", stage + 1, block, format);
    return json_object_get(header, name) != NULL;
}

void weights_add_hint(const json_t *header, struct text *out) {
    int blocks[STAGES] = {0}, listed = 0;
    for (int s = 0; s < STAGES; s++)
        while (blocks[s] < 100 && has(header, "conv1.weight", s, blocks[s]))
            blocks[s]++;
    const json_t *shape = json_object_get(json_object_get(header, "conv1.weight"), "shape");
    json_int_t width = json_integer_value(json_array_get(shape, 0));
    const char *model = network_model_of(has(header, "conv3.weight", 0, 0), blocks), *name;
    json_t *entry;
    if (model && width > 0) {
        text_printf(out, " (its blocks are those of %s, its width is %lld: --model %s --width %lld)", model,
                    (long long)width, model, (long long)width);
        return;
    }
    if (width > 0 && json_object_get(header, "bn1.weight")) { // torchvision's names, or taken as such
        text_add(out, " (the file is incomplete)");
        return;
    }
    json_object_foreach((json_t *)header, name, entry) {
        if (!strcmp(name, "__metadata__"))
            continue;
        if (listed++ == 3)
            break;
        text_printf(out, "%s%.100s", listed == 1 ? " (it has " : ", ", name);
    }
    text_add(out, listed > 3 ? ", ...: no ResNet's names that are known)"
                  : listed   ? ")"
                             : " (it has no tensors)");
}

// SPDX-License-Identifier: Apache-2.0
// Weights under other programs' names, without a head, and of another network than was asked for.
#include "core/base/memory.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 3 };

static struct trainer *make_network(const char *model, uint64_t seed) {
    struct error err = {0};
    struct trainer_settings s = {.batch = 2, .threads = 1};
    s.network = (struct network){model, 4, CLASSES, 32, 1e-5, 0.1, 0};
    struct trainer *t = trainer_create(&s, seed, &err);
    CU_ASSERT_FATAL(t != NULL);
    return t;
}

static void identify(const struct trainer *t, char hex[65]) {
    struct error err;
    CU_ASSERT_FATAL(!weights_digest(&t->parameters, hex, &err));
}

static int same(const struct parameter *p, const struct parameter *q) {
    return p->size == q->size && !memcmp(p->value, q->value, p->size * sizeof(real));
}

typedef int rename_function(const char *ours, const char *how, char theirs[256]); // 0: the tensor is left out

static int put_before(const char *ours, const char *prefix, char theirs[256]) {
    snprintf(theirs, 256, "%s%s", prefix, ours);
    return 1;
}

static int without_head(const char *ours, const char *prefix, char theirs[256]) {
    return put_before(ours, prefix, theirs) && strncmp(ours, "fc.", 3) != 0;
}

// transformers' ResNetForImageClassification; with how = "" its bare ResNetModel, which has no classifier.
static int as_hugging_face(const char *ours, const char *how, char theirs[256]) {
    const char *words[] = {"convolution", "normalization"}, *last = strrchr(ours, '.'),
               *inner = ours + strlen("layer1.0.");
    int in_stage = !strncmp(ours, "layer", 5), stage = in_stage ? ours[5] - '1' : 0,
        block = in_stage ? ours[7] - '0' : 0;
    if (!strncmp(ours, "fc.", 3))
        snprintf(theirs, 256, "classifier.1%s", last);
    else if (in_stage && !strncmp(inner, "downsample.", 11)) // .0 the convolution, .1 its batch norm
        snprintf(theirs, 256, "%sencoder.stages.%d.layers.%d.shortcut.%s%s", how, stage, block,
                 words[inner[11] - '0'], last);
    else if (in_stage) // conv1, bn1, ...
        snprintf(theirs, 256, "%sencoder.stages.%d.layers.%d.layer.%d.%s%s", how, stage, block,
                 last[-1] - '1', words[*inner == 'b'], last);
    else
        snprintf(theirs, 256, "%sembedder.embedder.%s%s", how, words[!strncmp(ours, "bn1", 3)], last);
    return *how || strncmp(ours, "fc.", 3) != 0;
}

// The file `from` with other names, tensors one after the other; what is left out is cut off the data's end.
static void write_renamed(const char *from, const char *to, rename_function *rename, const char *how) {
    struct error err = {0};
    size_t size, end = 0;
    uint8_t *file = (uint8_t *)file_read(suite_path(from), 1 << 26, &size, &err);
    uint64_t length;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    memcpy(&length, file, sizeof length);
    json_t *header = json_loadb((char *)file + 8, length, 0, NULL), *named = json_object(), *entry;
    const char *name;
    json_object_foreach(header, name, entry) {
        char theirs[256];
        if (!strcmp(name, "__metadata__") || !rename(name, how, theirs))
            continue;
        json_object_set(named, theirs, entry);
        end = (size_t)json_integer_value(json_array_get(json_object_get(entry, "data_offsets"), 1));
    }
    char *text = json_dumps(named, 0);
    struct text out = {0};
    uint64_t new_length = strlen(text);
    text_add_bytes(&out, &new_length, sizeof new_length);
    text_add(&out, text);
    text_add_bytes(&out, file + 8 + length, end);
    CU_ASSERT_FATAL(!file_write(suite_path(to), text_string(&out), out.length, &err));
    text_free(&out);
    free(text);
    json_decref(header);
    json_decref(named);
    free(file);
}

static void test_names_of_other_programs_are_recognised_and_told(void) {
    static const struct {
        rename_function *rename;
        const char *how, *told;
    } cases[] = {
        {put_before, "", ""},
        {put_before, "module.", "names begin with 'module.', which is left out"},
        {put_before, "model.", "names begin with 'model.', which is left out"},
        {put_before, "backbone.", "names begin with 'backbone.', which is left out"},
        {put_before, "encoder.", "names begin with 'encoder.', which is left out"},
        {put_before, "module.encoder.", "names begin with 'module.encoder.', which is left out"},
        {put_before, "timm_model.", "names begin with 'timm_model.', which is left out"},
        {as_hugging_face, "resnet.",
         "Hugging Face's names of a ResNet behind 'resnet.', taken as torchvision's"},
        {as_hugging_face, "module.resnet.", "Hugging Face's names of a ResNet behind 'module.resnet.'"},
        {as_hugging_face, "", "Hugging Face's names of a ResNet, taken as torchvision's\n"},
    };
    static const char *const models[] = {"resnet18", "resnet50"};
    for (int m = 0; m < 2; m++) {
        struct error err = {0};
        struct trainer *from = make_network(models[m], 1);
        char want[65];
        identify(from, want);
        CU_ASSERT_FATAL(!weights_save(&from->parameters, suite_path("ours.safetensors"), NULL, &err));
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct trainer *to = make_network(models[m], 2);
            struct text told = {0};
            int head, branch;
            char got[65];
            write_renamed("ours.safetensors", "theirs.safetensors", cases[i].rename, cases[i].how);
            CU_ASSERT_FATAL(!weights_start(&to->parameters, suite_path("theirs.safetensors"), &head, &branch,
                                           NULL, &told, &err));
            suite_text_has(text_string(&told), cases[i].told);
            CU_ASSERT_EQUAL(told.length > 0, *cases[i].told != 0);
            int headless = cases[i].rename == as_hugging_face && !*cases[i].how;
            CU_ASSERT_EQUAL(head, headless);
            if (headless) // all but the head
                for (int p = 0; p < to->parameters.count; p++)
                    if (!strncmp(to->parameters.items[p].name, "fc.", 3))
                        memcpy(to->parameters.items[p].value, from->parameters.items[p].value,
                               to->parameters.items[p].size * sizeof(real));
            identify(to, got);
            suite_text_is(got, want);
            text_free(&told);
            trainer_free(to);
        }
        trainer_free(from);
    }
}

static void test_a_file_without_a_head_starts_a_training_with_a_fresh_one(void) {
    struct error err = {0};
    struct trainer *from = make_network("small", 1), *to = make_network("small", 2),
                   *initial = make_network("small", 2);
    struct text told = {0};
    int head, branch, fresh = 0;
    CU_ASSERT_FATAL(!weights_save(&from->parameters, suite_path("whole.safetensors"), NULL, &err));
    write_renamed("whole.safetensors", "headless.safetensors", without_head, "");
    CU_ASSERT_FATAL(!weights_start(&to->parameters, suite_path("headless.safetensors"), &head, &branch, NULL,
                                   &told, &err));
    CU_ASSERT(head && !branch);
    suite_text_has(text_string(&told),
                   "headless.safetensors: has no head (fc.weight, fc.bias): the network's starts fresh\n");
    for (int i = 0; i < to->parameters.count; i++) {
        struct parameter *p = &to->parameters.items[i];
        int is_head = !strncmp(p->name, "fc.", 3);
        CU_ASSERT(same(p, parameters_find(is_head ? &initial->parameters : &from->parameters, p->name)));
        fresh += is_head;
    }
    CU_ASSERT_EQUAL(fresh, 2);
    // Nothing can be evaluated without one.
    CU_ASSERT_EQUAL(weights_load(&to->parameters, suite_path("headless.safetensors"), &head, NULL, &err), -1);
    suite_text_has(err.message,
                   "has no head (fc.weight, fc.bias); reff train --weights starts a training from it");
    text_free(&told);
    trainer_free(from);
    trainer_free(to);
    trainer_free(initial);
}

// As ImageNet's thousand.
static void test_a_head_of_other_classes_is_told(void) {
    struct error err = {0};
    struct trainer_settings s = {.batch = 2, .threads = 1};
    s.network = (struct network){"small", 4, CLASSES + 2, 32, 1e-5, 0.1, 0};
    struct trainer *from = trainer_create(&s, 1, &err), *to = make_network("small", 2);
    struct text told = {0};
    int head, branch;
    CU_ASSERT_FATAL(from && !weights_save(&from->parameters, suite_path("five.safetensors"), NULL, &err));
    CU_ASSERT_FATAL(
        !weights_start(&to->parameters, suite_path("five.safetensors"), &head, &branch, NULL, &told, &err));
    CU_ASSERT(head && !branch);
    suite_text_has(text_string(&told),
                   "five.safetensors: its head is of other classes: the network's starts fresh\n");
    text_free(&told);
    trainer_free(from);
    trainer_free(to);
}

static int odd_name(const char *ours, const char *how, char theirs[256]) {
    snprintf(theirs, 256, "features.%s%s", how, ours);
    return 1;
}

static int with_another_convolution(const char *ours, const char *how, char theirs[256]) {
    return put_before(strcmp(ours, "layer1.0.conv1.weight") ? ours : "layer1.0.conv9.weight", how, theirs);
}

static int both_with_and_without(const char *ours, const char *how, char theirs[256]) {
    return put_before(strcmp(ours, "bn1.weight") ? ours : "bn1.bias", strcmp(ours, "bn1.bias") ? how : "",
                      theirs);
}

static void test_two_tensors_of_one_name_are_refused(void) {
    struct error err = {0};
    struct trainer *t = make_network("small", 1);
    int head;
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("one.safetensors"), NULL, &err));
    write_renamed("one.safetensors", "two.safetensors", both_with_and_without, "module.");
    CU_ASSERT_EQUAL(weights_load(&t->parameters, suite_path("two.safetensors"), &head, NULL, &err), -1);
    suite_text_has(err.message, "two.safetensors: two tensors would be 'bn1.bias', one of them 'bn1.bias'");
    trainer_free(t);
}

static void test_what_a_file_seems_to_be_is_told_where_tensors_are_missing(void) {
    struct error err = {0};
    struct trainer *small = make_network("small", 1), *resnet = make_network("resnet18", 1);
    int head;
    CU_ASSERT_FATAL(!weights_save(&resnet->parameters, suite_path("r18.safetensors"), NULL, &err) &&
                    !weights_save(&small->parameters, suite_path("small.safetensors"), NULL, &err));
    CU_ASSERT_EQUAL(weights_load(&resnet->parameters, suite_path("small.safetensors"), &head, NULL, &err),
                    -1);
    suite_text_has(err.message, "missing tensors: layer1.1.conv1.weight, ");
    suite_text_has(err.message,
                   " more (its blocks are those of small, its width is 4: --model small --width 4)");
    write_renamed("small.safetensors", "odd.safetensors", odd_name, "");
    CU_ASSERT_EQUAL(weights_load(&small->parameters, suite_path("odd.safetensors"), &head, NULL, &err), -1);
    suite_text_has(err.message,
                   "(it has features.conv1.weight, features.bn1.weight, features.bn1.bias, ...: no "
                   "ResNet's names that are known)");
    write_renamed("small.safetensors", "less.safetensors", with_another_convolution, "");
    CU_ASSERT_EQUAL(weights_load(&small->parameters, suite_path("less.safetensors"), &head, NULL, &err), -1);
    suite_text_has(err.message,
                   "less.safetensors: missing tensors: layer1.0.conv1.weight (the file is incomplete)");
    trainer_free(small);
    trainer_free(resnet);
}

void suite_weights_names(void) {
    CU_pSuite s = CU_add_suite("weights_names", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "names of other programs are recognised and told",
                test_names_of_other_programs_are_recognised_and_told);
    CU_add_test(s, "a file without a head starts a training with a fresh one",
                test_a_file_without_a_head_starts_a_training_with_a_fresh_one);
    CU_add_test(s, "a head of other classes is told", test_a_head_of_other_classes_is_told);
    CU_add_test(s, "two tensors of one name are refused", test_two_tensors_of_one_name_are_refused);
    CU_add_test(s, "what a file seems to be is told where tensors are missing",
                test_what_a_file_seems_to_be_is_told_where_tensors_are_missing);
}

// SPDX-License-Identifier: Apache-2.0
// Weights as safetensors files: out and in, each number type, headers that lie, files cut at any length.
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 3 };

static struct trainer *make_network(int classes, int width, int attention, uint64_t seed) {
    struct error err = {0};
    struct trainer_settings s = {.batch = 2, .threads = 1};
    s.network = (struct network){"small", width, classes, 16, 1e-5, 0.1, attention};
    struct trainer *t = trainer_create(&s, seed, &err);
    CU_ASSERT_FATAL(t != NULL);
    return t;
}

static struct trainer *make_trainer(int classes, int width) {
    return make_network(classes, width, 0, 9);
}

static void identify(const struct trainer *t, char hex[65]) {
    struct error err;
    CU_ASSERT_FATAL(!weights_digest(&t->parameters, hex, &err));
}

static void test_weights_survive_a_file_and_another_head_is_left_alone(void) {
    struct error err = {0};
    struct trainer *a = make_trainer(CLASSES, 4), *b = make_trainer(CLASSES, 4),
                   *c = make_trainer(CLASSES + 2, 4);
    int replaced;
    char x[65], y[65];
    parameters_find(&a->parameters, "layer2.0.bn1.running_var")->value[3] = (real)1.25;
    parameters_find(&a->parameters, "fc.bias")->value[1] = (real)-7.5;
    CU_ASSERT_FATAL(!weights_save(&a->parameters, suite_path("w.safetensors"), NULL, &err));
    CU_ASSERT_FATAL(!weights_load(&b->parameters, suite_path("w.safetensors"), &replaced, NULL, &err));
    CU_ASSERT(!replaced);
    identify(a, x);
    identify(b, y);
    CU_ASSERT_STRING_EQUAL(x, y);
    // Another number of classes: all but the head.
    CU_ASSERT_FATAL(!weights_load(&c->parameters, suite_path("w.safetensors"), &replaced, NULL, &err));
    CU_ASSERT(replaced);
    CU_ASSERT_EQUAL(parameters_find(&c->parameters, "layer2.0.bn1.running_var")->value[3], (real)1.25);
    CU_ASSERT_NOT_EQUAL(parameters_find(&c->parameters, "fc.bias")->value[1], (real)-7.5);
    trainer_free(a);
    trainer_free(b);
    trainer_free(c);
}

// The file as any other reader of the format sees it: little-endian length, JSON, tensors one after the
// other.
static void test_an_exported_file_keeps_the_format(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 4);
    size_t size, at = 0;
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("out.safetensors"), NULL, &err));
    unsigned char *file =
        (unsigned char *)file_read(suite_path("out.safetensors"), (size_t)1 << 22, &size, &err);
    CU_ASSERT_FATAL(file != NULL && size > 8);
    size_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | file[i];
    CU_ASSERT_EQUAL(length % 8, 0);
    json_t *header = json_loadb((char *)file + 8, length, 0, NULL);
    CU_ASSERT_EQUAL_FATAL(json_object_size(header), t->parameters.count + 1); // __metadata__
    for (int i = 0; i < t->parameters.count; i++) {
        const struct parameter *p = &t->parameters.items[i];
        const char *dtype;
        json_int_t begin, end;
        json_t *shape;
        CU_ASSERT_FATAL(!json_unpack(json_object_get(header, p->name), "{s:s, s:o, s:[I,I] !}", "dtype",
                                     &dtype, "shape", &shape, "data_offsets", &begin, &end));
        CU_ASSERT_STRING_EQUAL(dtype, "F32");
        CU_ASSERT_EQUAL(json_array_size(shape), p->rank);
        for (int r = 0; r < p->rank; r++)
            CU_ASSERT_EQUAL(json_integer_value(json_array_get(shape, (size_t)r)), p->shape[r]);
        CU_ASSERT_EQUAL(begin, at);
        CU_ASSERT_EQUAL(end - begin, 4 * p->size);
        for (size_t j = 0; j < p->size; j++) {
            float v;
            memcpy(&v, file + 8 + length + at + 4 * j, sizeof v);
            CU_ASSERT_EQUAL(v, (float)p->value[j]);
        }
        at += 4 * p->size;
    }
    CU_ASSERT_EQUAL(size, 8 + length + at);
    json_decref(header);
    free(file);
    trainer_free(t);
}

// Without file_write's flush to the disk, of which there would be hundreds.
static void write_plain(const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(suite_path(name), "wb");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    CU_ASSERT_FATAL(!fclose(file));
}

// ---------------------------------------------------------------------------------------- number types

// A file of all tensors of `t`, every number the same 1..8 bytes.
static void write_uniform(const struct trainer *t, const char *name, const char *dtype, const void *number,
                          size_t size) {
    struct error err;
    size_t offset = 0;
    json_t *header = json_object();
    for (int i = 0; i < t->parameters.count; i++) {
        const struct parameter *p = &t->parameters.items[i];
        json_t *shape = json_array();
        for (int r = 0; r < p->rank; r++)
            json_array_append_new(shape, json_integer(p->shape[r]));
        size_t end = offset + size * p->size;
        json_object_set_new(header, p->name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", dtype, "shape", shape, "data_offsets",
                                      (json_int_t)offset, (json_int_t)end));
        offset = end;
    }
    json_object_set_new(header, "__metadata__", json_pack("{s:s}", "format", "pt"));
    char *text = json_dumps(header, JSON_COMPACT);
    uint64_t length = strlen(text);
    char *file = allocate(8 + length + offset, 1, "a file", &err);
    memcpy(file, &length, 8);
    memcpy(file + 8, text, length);
    for (size_t at = 0; at < offset; at += size)
        memcpy(file + 8 + length + at, number, size);
    write_plain(name, file, 8 + length + offset);
    free(file);
    free(text);
    json_decref(header);
}

// Loads a file of one repeated number; NAN when it was refused as not finite.
static double load_uniform(struct trainer *t, const char *dtype, const void *number, size_t size) {
    struct error err = {0};
    int replaced;
    write_uniform(t, "uniform.safetensors", dtype, number, size);
    if (weights_load(&t->parameters, suite_path("uniform.safetensors"), &replaced, NULL, &err)) {
        suite_text_has(err.message, "conv1.weight: number 0 is not finite");
        return NAN;
    }
    const struct parameter *last = &t->parameters.items[t->parameters.count - 1];
    CU_ASSERT_EQUAL(last->value[last->size - 1], t->parameters.items[0].value[0]);
    return (double)t->parameters.items[0].value[0];
}

static void test_f16_and_bf16_are_read_from_denormal_to_infinite(void) {
    static const struct {
        uint16_t bits;
        double value; // NAN: to be refused
    } halves[] =
        {
            {0x0000, 0},
            {0x8000, 0},
            {0x3c00, 1},
            {0xc000, -2},
            {0x3555, 0.333251953125},
            {0x7bff, 65504},
            {0x0400, 0x1p-14},
            {0x0001, 0x1p-24},
            {0x8001, -0x1p-24},
            {0x03ff, 1023 * 0x1p-24},
            {0x7c00, NAN},
            {0xfc00, NAN},
            {0x7e00, NAN},
        },
      brains[] = {
          {0x0000, 0},        {0x3f80, 1},   {0xc049, -3.140625}, {0x7f7f, 0x1.fep127},
          {0x0080, 0x1p-126}, {0x7f80, NAN}, {0xff80, NAN},       {0x7fc0, NAN},
      };
    struct trainer *t = make_trainer(CLASSES, 2);
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        double read = load_uniform(t, "F16", &halves[i].bits, 2);
        CU_ASSERT(isnan(halves[i].value) ? isnan(read) : read == halves[i].value);
    }
    for (size_t i = 0; i < sizeof brains / sizeof *brains; i++) {
        double read = load_uniform(t, "BF16", &brains[i].bits, 2);
        CU_ASSERT(isnan(brains[i].value) ? isnan(read) : read == brains[i].value);
    }
    trainer_free(t);
}

// A double past float's range would become infinite where the engine computes in float.
static void test_f32_and_f64_are_read_and_refused_past_the_range(void) {
    static const float singles[] = {1.5F, -0x1.fffffep127F, INFINITY, NAN};
    static const double doubles[] = {0.1, 1e300, -INFINITY};
    struct trainer *t = make_trainer(CLASSES, 2);
    CU_ASSERT_EQUAL(load_uniform(t, "F32", &singles[0], 4), 1.5);
    CU_ASSERT_EQUAL(load_uniform(t, "F32", &singles[1], 4), -0x1.fffffep127);
    CU_ASSERT(isnan(load_uniform(t, "F32", &singles[2], 4)));
    CU_ASSERT(isnan(load_uniform(t, "F32", &singles[3], 4)));
    CU_ASSERT_EQUAL(load_uniform(t, "F64", &doubles[0], 8), (double)(real)0.1);
    double large = load_uniform(t, "F64", &doubles[1], 8);
    CU_ASSERT(sizeof(real) == 8 ? large == 1e300 : isnan(large));
    CU_ASSERT(isnan(load_uniform(t, "F64", &doubles[2], 8)));
    trainer_free(t);
}

// ---------------------------------------------------------------------------------------- bad files

static void write_bytes(const char *name, uint64_t claimed, const char *header, size_t data) {
    struct error err;
    size_t length = strlen(header);
    char *bytes = allocate(8 + length + data, 1, "a file", &err);
    memcpy(bytes, &claimed, 8);
    memcpy(bytes + 8, header, length);
    write_plain(name, bytes, 8 + length + data);
    free(bytes);
}

#define TENSOR(name, dtype, shape, offsets)                                                                  \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define CONV1(dtype, shape, offsets)                                                                         \
    "{\"conv1.weight\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
    const char *header;
    uint64_t claimed; // 0: the true length
    const char *says;
} lies[] = {
    {"{}", (uint64_t)1 << 62, "not a safetensors file"},
    {"{}", UINT64_MAX, "not a safetensors file"},
    {"{}", 1, "no JSON object"},
    {"", 0, "no JSON object"},
    {"{", 0, "no JSON object"},
    {"[]", 0, "no JSON object"},
    {"{\"a\":1,\"a\":2}", 0, "no JSON object: duplicate"},
    {"{}", 0, "tensors of 0 bytes, but 432 bytes after the header"},
    {CONV1("F32", "[4,3,3,3]", "[0,432]"), 0, "missing tensors: bn1.weight, bn1.bias, "},
    {CONV1("I8", "[4,3,3,36]", "[0,432]"), 0, "conv1.weight: dtype is none of"},
    {CONV1("F32", "[4,3,3,3]", "[0,433]"), 0, "conv1.weight: data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[400,832]"), 0, "conv1.weight: data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[-432,0]"), 0, "conv1.weight: data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[432,0]"), 0, "conv1.weight: data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[0,9223372036854775807]"), 0, "data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[0.0,432]"), 0, "data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "[0,432,9]"), 0, "data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3,3]", "{}"), 0, "data_offsets do not fit the file"},
    {CONV1("F32", "[4,3,3]", "[0,432]"), 0, "conv1.weight: data_offsets do not fit its shape"},
    {CONV1("F32", "[4,3,3,\"3\"]", "[0,432]"), 0, "conv1.weight: shape is none"},
    {CONV1("F32", "[4611686018427387904,4,3]", "[0,432]"), 0, "conv1.weight: shape is none, or larger"},
    {CONV1("F32", "[-4,-27]", "[0,432]"), 0, "conv1.weight: shape is none"},
    {CONV1("F32", "7", "[0,432]"), 0, "conv1.weight: no shape"},
    {"{\"conv1.weight\":7}", 0, "conv1.weight: data_offsets do not fit the file"},
    {"{" TENSOR("bn1.bias", "F32", "[8]", "[0,32]") "," TENSOR("conv1.weight", "F32", "[102]",
                                                               "[24,432]") "}",
     0, "bn1.bias and conv1.weight overlap"},
    {"{" TENSOR("bn1.bias", "F32", "[4]", "[0,16]") "," TENSOR("conv1.weight", "F32", "[102]",
                                                               "[24,432]") "}",
     0, "conv1.weight: data_offsets leave a gap before it"},
    {CONV1("F32", "[4,3,3]", "[0,144]"), 0, "tensors of 144 bytes, but 432 bytes after the header"},
};

static void test_headers_that_lie_are_refused_the_network_unchanged(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 4);
    int replaced;
    char before[65], after[65];
    identify(t, before);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        write_bytes("bad.safetensors", lies[i].claimed ? lies[i].claimed : strlen(lies[i].header),
                    lies[i].header, 432);
        CU_ASSERT(weights_load(&t->parameters, suite_path("bad.safetensors"), &replaced, NULL, &err) == -1);
        CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
        suite_text_has(err.message, "bad.safetensors: ");
        suite_text_has(err.message, lies[i].says);
    }
    identify(t, after);
    CU_ASSERT_STRING_EQUAL(before, after);
    trainer_free(t);
}

// At every length in the header, and at many in the data.
static void test_files_cut_at_any_length_are_refused(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 2), *other = make_trainer(CLASSES, 2);
    int replaced;
    char before[65], after[65];
    size_t size;
    for (size_t i = 0; i < other->parameters.items[0].size; i++)
        other->parameters.items[0].value[i] = 3;
    identify(t, before);
    CU_ASSERT_FATAL(!weights_save(&other->parameters, suite_path("cut.safetensors"), NULL, &err));
    char *whole = file_read(suite_path("cut.safetensors"), 1 << 22, &size, &err);
    CU_ASSERT_FATAL(whole != NULL);
    uint64_t header;
    memcpy(&header, whole, 8);
    for (size_t length = 0; length < size; length += length < header + 8 ? 7 : 1 + size / 97) {
        write_plain("cut.safetensors", whole, length);
        CU_ASSERT(weights_load(&t->parameters, suite_path("cut.safetensors"), &replaced, NULL, &err) == -1);
        suite_text_has(err.message, "cut.safetensors: ");
    }
    identify(t, after);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(whole);
    trainer_free(other);
    trainer_free(t);
}

// Any byte of the header turned into any other: a message or a network, never a crash (the sanitizers watch).
static void test_damaged_headers_are_survived(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 2);
    struct random r = random_stream(1, random_purpose("damage"), 0);
    int replaced, refused = 0;
    size_t size;
    uint64_t header;
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("whole.safetensors"), NULL, &err));
    char *file = file_read(suite_path("whole.safetensors"), 1 << 22, &size, &err);
    CU_ASSERT_FATAL(file != NULL);
    memcpy(&header, file, 8);
    for (int trial = 0; trial < 300; trial++) {
        size_t at = random_below(&r, (uint32_t)header + 8);
        char old = file[at];
        file[at] = (char)random_below(&r, 256);
        int same = file[at] == old;
        write_plain("damaged.safetensors", file, size);
        err.message[0] = 0;
        int result = weights_load(&t->parameters, suite_path("damaged.safetensors"), &replaced, NULL, &err);
        CU_ASSERT(result ? *err.message && !same : !*err.message);
        refused += result != 0;
        file[at] = old;
    }
    CU_ASSERT(refused > 200); // most bytes of a header matter
    free(file);
    trainer_free(t);
}

static void test_tensors_that_do_not_fit_are_named(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 4), *wide = make_trainer(CLASSES, 6);
    int replaced;
    CU_ASSERT_FATAL(!weights_save(&wide->parameters, suite_path("wide.safetensors"), NULL, &err));
    CU_ASSERT(weights_load(&t->parameters, suite_path("wide.safetensors"), &replaced, NULL, &err) == -1);
    suite_text_has(err.message, "another shape than the network's: conv1.weight, bn1.weight");
    CU_ASSERT(weights_load(&t->parameters, suite_path("none.safetensors"), &replaced, NULL, &err) == -1);
    suite_text_has(err.message, "none.safetensors: No such file");
    CU_ASSERT(weights_load(&t->parameters, suite_folder(), &replaced, NULL, &err) == -1);
    suite_text_has(err.message, "Is a directory");
    trainer_free(t);
    trainer_free(wide);
}

static int same(const struct parameter *p, const struct parameter *q) {
    return p->size == q->size && !memcmp(p->value, q->value, p->size * sizeof(real));
}

// A training of an ABN may start from a ResNet: stage 4 twice, the rest of the branch as it was initialised.
static void test_an_attention_branch_starts_from_a_resnets_weights(void) {
    struct error err = {0};
    struct trainer *plain = make_network(CLASSES, 4, 0, 1), *abn = make_network(CLASSES, 4, 1, 2),
                   *initial = make_network(CLASSES, 4, 1, 2);
    int head, branch, fresh = 0;
    CU_ASSERT_FATAL(!weights_save(&plain->parameters, suite_path("plain.safetensors"), NULL, &err));
    CU_ASSERT(weights_load(&abn->parameters, suite_path("plain.safetensors"), &head, NULL, &err) == -1);
    suite_text_has(err.message, "missing tensors: att_layer4.0.");
    CU_ASSERT_FATAL(
        !weights_start(&abn->parameters, suite_path("plain.safetensors"), &head, &branch, NULL, NULL, &err));
    CU_ASSERT(!head && branch);
    for (int i = 0; i < abn->parameters.count; i++) {
        struct parameter *p = &abn->parameters.items[i];
        int is_fresh = weights_fresh(p->name), copied = !strncmp(p->name, "att_layer4.", 11);
        struct parameters *from = is_fresh ? &initial->parameters : &plain->parameters;
        CU_ASSERT(same(p, parameters_find(from, copied ? p->name + 4 : p->name)));
        fresh += is_fresh;
    }
    CU_ASSERT_EQUAL(fresh, 3 + 3 * 4); // att_conv, att_conv2, att_conv3; bn_att, bn_att2, bn_att3
    // From an ABN everything is taken, and nothing may be missing; a ResNet has no use for a branch.
    CU_ASSERT_FATAL(!weights_save(&initial->parameters, suite_path("abn.safetensors"), NULL, &err));
    CU_ASSERT_FATAL(
        !weights_start(&abn->parameters, suite_path("abn.safetensors"), &head, &branch, NULL, NULL, &err));
    CU_ASSERT(!head && !branch);
    for (int i = 0; i < abn->parameters.count; i++)
        CU_ASSERT(same(&abn->parameters.items[i], &initial->parameters.items[i]));
    CU_ASSERT(weights_start(&plain->parameters, suite_path("abn.safetensors"), &head, &branch, NULL, NULL,
                            &err) == -1);
    suite_text_has(err.message, "abn.safetensors: has an attention branch");
    strcpy(parameters_find(&initial->parameters, "att_conv3.weight")->name, "att_conv4.weight");
    CU_ASSERT_FATAL(!weights_save(&initial->parameters, suite_path("part.safetensors"), NULL, &err));
    CU_ASSERT(weights_start(&abn->parameters, suite_path("part.safetensors"), &head, &branch, NULL, NULL,
                            &err) == -1);
    suite_text_has(err.message, "missing tensors: att_conv3.weight");
    trainer_free(plain);
    trainer_free(abn);
    trainer_free(initial);
}

// Each allocation on the way fails once: a message each time, then success.
static void test_loading_out_of_memory_is_told(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(CLASSES, 2);
    int replaced, failures = 0, result;
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("memory.safetensors"), NULL, &err));
    for (long n = 1;; n++) {
        memory_fail_at = n;
        result = weights_load(&t->parameters, suite_path("memory.safetensors"), &replaced, NULL, &err);
        if (!result || n > 1000)
            break;
        suite_text_has(err.message, "out of memory");
        failures++;
    }
    memory_fail_at = 0;
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT(failures >= 3); // the file, the table of tensors, the spans
    trainer_free(t);
}

// PyTorch's own files, new and old, are called what they are; a header that begins like one is none.
static void test_a_pytorch_file_is_called_one(void) {
    static const struct {
        const char *bytes;
        int pytorch;
    } files[] = {{"PK\3\4\0\0\0\0\0\0", 1},
                 {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20", 1},
                 {"\x80\x04\x95\x10\0\0\0\0\0\0", 1},
                 {"\x80\x02\0\0\0\0\0\0{}", 0}};
    struct trainer *t = make_trainer(CLASSES, 4);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct error err = {0};
        int replaced;
        json_t *about;
        CU_ASSERT_FATAL(!file_write(suite_path("x.pth"), files[i].bytes, 10, &err));
        CU_ASSERT_EQUAL(weights_load(&t->parameters, suite_path("x.pth"), &replaced, NULL, &err), -1);
        CU_ASSERT_EQUAL(strstr(err.message,
                               "x.pth: a PyTorch file (.pth), no safetensors; convert it: python3 "
                               "scripts/reff_shard.py convert '") != NULL,
                        files[i].pytorch);
        CU_ASSERT_EQUAL(weights_about(suite_path("x.pth"), &about, &err), -1);
        CU_ASSERT_EQUAL(strstr(err.message, "PyTorch") != NULL, files[i].pytorch);
    }
    trainer_free(t);
}

// The description comes back, and the digest is the numbers' alone.
static void test_a_files_description_comes_back_the_digest_is_the_numbers_alone(void) {
    struct error err = {0};
    struct trainer *t = make_network(CLASSES, 4, 0, 1), *u = make_network(CLASSES, 4, 0, 2);
    json_t *about = json_pack("{s:s, s:s}", "model", "small", "width", "4"), *read = NULL;
    int replaced;
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("said.safetensors"), about, &err));
    CU_ASSERT_FATAL(!weights_about(suite_path("said.safetensors"), &read, &err));
    CU_ASSERT(json_equal(about, read));
    json_decref(read);
    CU_ASSERT_FATAL(!weights_load(&u->parameters, suite_path("said.safetensors"), &replaced, NULL, &err));
    char a[65], b[65];
    CU_ASSERT(!weights_digest(&t->parameters, a, &err) && !weights_digest(&u->parameters, b, &err));
    CU_ASSERT_STRING_EQUAL(a, b);
    CU_ASSERT_FATAL(!weights_save(&t->parameters, suite_path("mute.safetensors"), NULL, &err));
    CU_ASSERT_FATAL(!weights_about(suite_path("mute.safetensors"), &read, &err));
    CU_ASSERT_PTR_NULL(read);
    CU_ASSERT_EQUAL(weights_about(suite_path("nothing.safetensors"), &read, &err), -1);
    json_decref(about);
    trainer_free(t);
    trainer_free(u);
}

void suite_weights(void) {
    CU_pSuite s = CU_add_suite("weights", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "weights survive a file, and another head is left alone",
                test_weights_survive_a_file_and_another_head_is_left_alone);
    CU_add_test(s, "an exported file keeps the format", test_an_exported_file_keeps_the_format);
    CU_add_test(s, "F16 and BF16 are read, from denormal to infinite",
                test_f16_and_bf16_are_read_from_denormal_to_infinite);
    CU_add_test(s, "F32 and F64 are read, and refused past the range",
                test_f32_and_f64_are_read_and_refused_past_the_range);
    CU_add_test(s, "headers that lie are refused, the network unchanged",
                test_headers_that_lie_are_refused_the_network_unchanged);
    CU_add_test(s, "files cut at any length are refused", test_files_cut_at_any_length_are_refused);
    CU_add_test(s, "damaged headers are survived", test_damaged_headers_are_survived);
    CU_add_test(s, "tensors that do not fit are named", test_tensors_that_do_not_fit_are_named);
    CU_add_test(s, "an attention branch starts from a ResNet's weights",
                test_an_attention_branch_starts_from_a_resnets_weights);
    CU_add_test(s, "loading out of memory is told", test_loading_out_of_memory_is_told);
    CU_add_test(s, "a PyTorch file is called one", test_a_pytorch_file_is_called_one);
    CU_add_test(s, "a file's description comes back, the digest is the numbers' alone",
                test_a_files_description_comes_back_the_digest_is_the_numbers_alone);
}

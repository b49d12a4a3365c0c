// SPDX-License-Identifier: Apache-2.0
// PyTorch, oneDNN and Pillow, where they are installed: programs of their own, which measure as we do and print JSON.
#include "core/base/isolate.h"
#include "core/base/json_fields.h"
#include "experiments/bench/bench.h"
#include "experiments/plan/home.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char python[] = "/usr/bin/python3"; // Debian's, which has Debian's PyTorch

static json_t *run(const char *const argv[], struct error *err) {
    char *text = isolate_output(argv, err);
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;
    if (text && !value)
        fail(err, "%s: prints no JSON", argv[0]);
    free(text);
    return value;
}

// The program that `make bench` builds where oneDNN is installed, beside this one.
static void onednn_path(char out[PATH_SIZE]) {
    static const char name[] = "bench_onednn";
    ssize_t length = readlink("/proc/self/exe", out, PATH_SIZE - sizeof name);
    out[length > 0 ? length : 0] = 0;
    char *slash = strrchr(out, '/');
    strcpy(slash ? slash + 1 : out, name);
}

// A program's one line; "" when it fails.
static void version(const char *const argv[], char *out, size_t size) {
    struct error ignored = {0};
    char *text = isolate_output(argv, &ignored);
    if (text)
        text[strcspn(text, "\n")] = 0;
    snprintf(out, size, "%s", text ? text : "");
    free(text);
}

int bench_peers_find(struct bench_peers *peers, enum bench_peers_wish wish, struct error *err) {
    static const char ask_torch[] =
        "import importlib.util\n"
        "print(__import__('torch').__version__ if importlib.util.find_spec('torch') else '')";
    static const char ask_pillow[] =
        "from importlib.util import find_spec as find\n"
        "print(__import__('PIL').__version__ if find('PIL') and find('numpy') else '')";
    char path[PATH_SIZE];
    onednn_path(path);
    memset(peers, 0, sizeof *peers);
    if (wish == BENCH_PEERS_NONE ||
        sizeof(real) != sizeof(float)) // they are not compared with a build in double
        return 0;
    int has_python = file_is_there(python, err), has_onednn = file_is_there(path, err);
    if (has_python < 0 || has_onednn < 0)
        return -1;
    if (has_python) {
        version((const char *const[]){python, "-c", ask_torch, NULL}, peers->torch, sizeof peers->torch);
        version((const char *const[]){python, "-c", ask_pillow, NULL}, peers->pillow, sizeof peers->pillow);
    }
    if (has_onednn)
        version((const char *const[]){path, "--version", NULL}, peers->onednn, sizeof peers->onednn);
    if (wish == BENCH_PEERS_ALL && !*peers->torch)
        return fail(err, "%s has no PyTorch; make bench PEER=1 installs it", python);
    if (wish == BENCH_PEERS_ALL && !*peers->onednn)
        return fail(err, "%s is not there or does not run; make bench PEER=1 builds it", path);
    if (wish == BENCH_PEERS_ALL && !*peers->pillow)
        return fail(err, "%s has no Pillow and NumPy; make bench PEER=1 installs them", python);
    return 0;
}

// ---------------------------------------------------------------------------------------- PyTorch

enum { ARGUMENTS_MAXIMUM = 48 };

struct arguments {
    const char *items[ARGUMENTS_MAXIMUM];
    char numbers[16][32];
    int count, number_count;
};

static void add_text(struct arguments *a, const char *option, const char *text) {
    a->items[a->count++] = option;
    a->items[a->count++] = text;
}

static void add_number(struct arguments *a, const char *option, double number) {
    char *text = a->numbers[a->number_count++];
    snprintf(text, sizeof a->numbers[0], "%.17g", number);
    add_text(a, option, text);
}

static json_t *run_torch(const char *script, const struct bench_case *c, double parameters,
                         const struct bench_effort *effort, const char *format, struct error *err) {
    const struct train_settings *t = &c->training;
    struct arguments a = {.items = {python, script}, .count = 2};
    add_text(&a, "--model", t->model);
    add_text(&a, "--method", t->method);
    add_text(&a, "--normalise", t->order);
    add_text(&a, "--format", format);
    add_number(&a, "--width", t->width);
    add_number(&a, "--pixels", c->pixels);
    add_number(&a, "--classes", c->classes);
    add_number(&a, "--batch", t->batch);
    add_number(&a, "--parameters", parameters);
    add_number(&a, "--threads", effort->threads);
    add_number(&a, "--seconds", effort->seconds);
    return run(a.items, err);
}

int bench_peer_step(struct bench_peer *peer, const struct bench_peers *peers, const struct bench_case *c,
                    double parameters, const struct bench_effort *effort, struct error *err) {
    static const char *const formats[] = {"contiguous", "channels_last", NULL};
    char script[PATH_SIZE];
    memset(peer, 0, sizeof *peer);
    if (!*peers->torch)
        return 0;
    if (home_path(script, "../scripts/bench_peer.py", err))
        return -1;
    for (int i = 0; formats[i]; i++) {
        json_t *result = run_torch(script, c, parameters, effort, formats[i], err);
        if (!result)
            return -1;
        double rate = json_field_number(result, "images_per_s");
        if (rate > peer->images_per_s) {
            peer->images_per_s = rate;
            peer->peak_mb = json_field_number(result, "peak_mb");
            snprintf(peer->name, sizeof peer->name, "PyTorch %.20s, %s", peers->torch, formats[i]);
        }
        json_decref(result);
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- oneDNN

int bench_peer_convolution(struct bench_convolution *convolution, const struct bench_effort *effort,
                           struct error *err) {
    const struct convolution *c = &convolution->shape;
    char path[PATH_SIZE], threads[16], seconds[32], shape[128];
    onednn_path(path);
    snprintf(threads, sizeof threads, "%d", effort->threads);
    snprintf(seconds, sizeof seconds, "%g", effort->seconds / BENCH_PRODUCTS);
    snprintf(shape, sizeof shape, "%d,%d,%d,%d,%d,%d,%d,%d", c->batch, c->c_in, c->h_in, c->w_in, c->c_out,
             c->kernel_h, c->stride, c->padding);
    json_t *gflops = run(
        (const char *const[]){path, bench_precision_name(c->precision), threads, seconds, shape, NULL}, err);
    if (!gflops)
        return -1;
    for (int p = 0; p < BENCH_PRODUCTS; p++)
        convolution->onednn_gflops[p] =
            p == BENCH_DATA && convolution->of_images ? 0 : json_field_number(gflops, bench_products[p]);
    json_decref(gflops);
    return 0;
}

// ---------------------------------------------------------------------------------------- Pillow and NumPy

int bench_peer_generator(struct bench_data *data, const struct bench_peers *peers,
                         const struct bench_effort *effort, struct error *err) {
    char script[PATH_SIZE];
    memset(&data->peer, 0, sizeof data->peer);
    if (home_path(script, "../scripts/bench_generator.py", err))
        return -1;
    struct arguments a = {.items = {python, script}, .count = 2};
    add_number(&a, "--pixels", data->pixels);
    add_number(&a, "--seconds", effort->seconds);
    json_t *result = run(a.items, err);
    if (!result)
        return -1;
    data->peer.images_per_s = json_field_number(result, "images_per_s");
    snprintf(data->peer.name, sizeof data->peer.name, "Pillow %.16s, NumPy %.16s", peers->pillow,
             json_field_text(result, "numpy"));
    json_decref(result);
    return 0;
}

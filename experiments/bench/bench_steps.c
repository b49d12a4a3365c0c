// SPDX-License-Identifier: Apache-2.0
// Whole training steps on images made up once: what a run does between reading a batch and the next.
#include "core/base/isolate.h"
#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "core/train/trainer.h"
#include "experiments/bench/bench.h"
#include "experiments/plan/home.h"
#include "experiments/plan/profile.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int bench_measures(enum precision precision) {
    return precision == PRECISION_F32 || precision_choose("auto") == precision;
}

const char *bench_precision_name(enum precision precision) {
    return precision == PRECISION_BF16 ? "bf16" : sizeof(real) == sizeof(float) ? "f32" : "f64";
}

double bench_limit(const struct bench_limits *limits, enum precision precision) {
    return precision == PRECISION_BF16 ? limits->bf16_gflops
                                       : limits->f32_gflops * (double)sizeof(float) / (double)sizeof(real);
}

// ---------------------------------------------------------------------------------------- which

struct section { // of bench.ini
    char name[SETTING_WORD_SIZE], profile[SETTING_TEXT_SIZE];
    int batch; // 0: the profile's
    int scaling;
};

static const struct setting section_keys[] = {
    SETTING_TEXT(struct section, profile, NULL, "", "profile that the settings come from"),
    SETTING_INT(struct section, batch, "0", 2, 4096, "images", "images a step; none: the profile's"),
    SETTING_INT(struct section, scaling, "0", 0, 1, "", "1: steps on any number of threads are measured too"),
    SETTING_END,
};

enum { SECTIONS_MAXIMUM = 16 };

struct sections {
    int count;
    struct section items[SECTIONS_MAXIMUM];
};

static int take_line(void *context, const char *section, const char *key, const char *value,
                     const char *where, struct error *err) {
    struct sections *s = context;
    struct section *last = s->count ? &s->items[s->count - 1] : NULL;
    if (!last || strcmp(last->name, section)) {
        if (s->count == SECTIONS_MAXIMUM)
            return fail_usage(err, "%s: more than %d networks", where, SECTIONS_MAXIMUM);
        last = &s->items[s->count++];
        snprintf(last->name, sizeof last->name, "%s", section);
    }
    const struct setting *setting = settings_find(section_keys, key);
    struct suggestion near;
    return setting ? settings_assign(setting, last, value, where, err)
                   : fail_usage(err, "%s: unknown key '%.60s'%s", where, key,
                                settings_suggest(&near, section_keys, key));
}

// The next word of "a,b"; *at moves past it. 0 at the end.
static int next_word(const char **at, char out[SETTING_WORD_SIZE]) {
    size_t length = strcspn(*at, ",");
    if (!**at)
        return 0;
    snprintf(out, SETTING_WORD_SIZE, "%.*s", (int)length, *at);
    *at += length + ((*at)[length] == ',');
    return 1;
}

// Whether `name` is one of the words; "" holds every word.
static int is_listed(const char *list, const char *name) {
    char word[SETTING_WORD_SIZE];
    for (const char *at = list; next_word(&at, word);)
        if (!strcmp(word, name))
            return 1;
    return !*list;
}

static int check_networks(const struct sections *s, const char *list, struct error *err) {
    char word[SETTING_WORD_SIZE];
    struct text known = {0};
    struct suggestion near;
    for (int i = 0; i < s->count; i++)
        text_printf(&known, " %s", s->items[i].name);
    int failed = text_check(&known, "the networks' names", err);
    for (const char *at = list; !failed && next_word(&at, word);) {
        int found = 0;
        for (int i = 0; i < s->count; i++)
            found |= !strcmp(s->items[i].name, word);
        if (!found)
            failed = fail_usage(err, "--model: '%s'%s is none of the networks:%s", word,
                                suggest_from_list(&near, word, text_string(&known)), text_string(&known));
    }
    text_free(&known);
    return failed;
}

static int add_case(struct bench_cases *out, const struct section *s, const struct profile *p,
                    const char *method, enum precision precision, struct error *err) {
    struct trainer_settings resolved;
    const struct profile_data *data = &p->data[0]; // Textured MNIST
    double lambda;
    if (array_resize(out->items, (size_t)out->count + 1, "the cases", err))
        return -1;
    struct bench_case *c = &out->items[out->count];
    *c = (struct bench_case){
        .pixels = data->set->pixels(&data->settings), .precision = precision, .scaling = s->scaling};
    c->classes = data->set->classes(&data->settings, err);
    if (c->classes < 0 || profile_training(p, method, data->set->name, &c->training, err))
        return -1;
    if (s->batch)
        c->training.batch = s->batch;
    snprintf(c->training.method, sizeof c->training.method, "%s", method);
    snprintf(c->training.precision, sizeof c->training.precision, "%s",
             precision == PRECISION_BF16 ? "bf16" : "f32");
    out->count++;
    return train_resolve(&c->training, c->pixels, c->classes, &resolved, &lambda, err); // knows the methods
}

static int add_section(struct bench_cases *out, const struct section *s, const char *methods,
                       struct error *err) {
    struct profile p;
    char method[SETTING_WORD_SIZE];
    int failed = profile_read(&p, s->profile, err);
    for (const char *at = methods; !failed && next_word(&at, method);)
        for (enum precision precision = PRECISION_F32; precision <= PRECISION_BF16 && !failed; precision++)
            failed = bench_measures(precision) && add_case(out, s, &p, method, precision, err);
    profile_free(&p);
    return failed ? -1 : 0;
}

int bench_cases_read(struct bench_cases *out, const char *networks, const char *methods, struct error *err) {
    struct sections sections = {0};
    char path[PATH_SIZE];
    memset(out, 0, sizeof *out);
    if (home_path(path, "bench/bench.ini", err) || settings_file(path, take_line, &sections, err) ||
        check_networks(&sections, networks, err))
        return -1;
    for (int i = 0; i < sections.count; i++)
        if (is_listed(networks, sections.items[i].name) && add_section(out, &sections.items[i], methods, err))
            return -1;
    return out->count ? 0 : fail_usage(err, "--method: no method is named");
}

void bench_cases_free(struct bench_cases *cases) {
    free(cases->items);
    memset(cases, 0, sizeof *cases);
}

// ---------------------------------------------------------------------------------------- steps, in a child

struct bench_batch {
    uint8_t *images, *annotations; // noise; the middle quarter
    int32_t *labels;               // each class in turn
};

static void batch_free(struct bench_batch *b) {
    free(b->images);
    free(b->annotations);
    free(b->labels);
}

static int batch_make(struct bench_batch *b, const struct bench_case *c, struct error *err) {
    size_t images = (size_t)c->training.batch, side = (size_t)c->pixels, pixels = side * side;
    struct random r = random_stream(1, random_purpose("bench"), 0);
    b->images = allocate(images, 3 * pixels, "a batch", err);
    b->annotations = allocate(images, pixels, "a batch", err);
    b->labels = allocate(images, sizeof *b->labels, "a batch", err);
    if (!b->images || !b->annotations || !b->labels)
        return -1;
    for (size_t i = 0; i < images * 3 * pixels; i++)
        b->images[i] = (uint8_t)random_bits(&r);
    for (size_t i = 0; i < images * pixels; i++) {
        size_t x = i % side, y = i / side % side;
        b->annotations[i] =
            x >= side / 4 && x < side - side / 4 && y >= side / 4 && y < side - side / 4 ? 255 : 0;
    }
    for (size_t i = 0; i < images; i++)
        b->labels[i] = (int32_t)(i % (size_t)c->classes);
    return 0;
}

struct stepper {
    struct trainer *trainer;
    struct bench_batch batch;
    double lambda;
    struct bench_layers layers; // while somebody looks
};

static int step(struct stepper *s, double *seconds, struct error *err) {
    struct step_result result;
    double start = seconds_now();
    if (trainer_gradient(s->trainer, s->batch.images, s->batch.annotations, s->batch.labels, s->lambda,
                         &result, err))
        return -1;
    double middle = seconds_now();
    trainer_update(s->trainer, &result);
    double end = seconds_now();
    bench_layers_end_step(&s->layers, middle - start, end - middle);
    *seconds = end - start;
    return 0;
}

// Steps until both their number and their time are enough.
static int repeat(struct stepper *s, struct bench_repeats *repeats, double enough, int least,
                  struct error *err) {
    double seconds, began = seconds_now();
    memset(repeats, 0, sizeof *repeats);
    while (repeats->seen < least || seconds_now() - began < enough) {
        if (step(s, &seconds, err))
            return -1;
        bench_repeats_add(repeats, seconds);
    }
    return 0;
}

enum { STEPS_LEAST = 5, OBSERVED_LEAST = 3 }; // a median of fewer steps says little

static int start(struct stepper *s, const struct bench_case *c, const struct bench_effort *effort,
                 struct error *err) {
    struct trainer_settings settings;
    struct bench_repeats warm_up;
    omp_set_num_threads(effort->threads);
    if (train_resolve(&c->training, c->pixels, c->classes, &settings, &s->lambda, err))
        return -1;
    settings.sgd.lr = 0; // a long measurement that trained on noise would diverge
    s->trainer = trainer_create(&settings, 1, err);
    return !s->trainer || batch_make(&s->batch, c, err) ? -1
                                                        : repeat(s, &warm_up, effort->seconds / 4, 1, err);
}

static void stop(struct stepper *s) {
    batch_free(&s->batch);
    trainer_free(s->trainer);
}

int bench_step_run(struct bench_repeats *out, const struct bench_case *c, const struct bench_effort *effort,
                   void (*warm)(void *context), void *context, struct error *err) {
    struct stepper s = {0};
    int failed = start(&s, c, effort, err);
    if (!failed && warm)
        warm(context);
    failed = failed || repeat(&s, out, effort->seconds, STEPS_LEAST, err);
    stop(&s);
    return failed ? -1 : 0;
}

struct step_measurement {
    const struct bench_case *c;
    const struct bench_effort *effort;
};

// The steps that count, then some with an observer.
static json_t *time_steps(struct stepper *s, double enough, struct error *err) {
    struct bench_repeats repeats, observed;
    struct rusage usage;
    double flop, bytes;
    if (repeat(s, &repeats, enough, STEPS_LEAST, err))
        return NULL;
    getrusage(RUSAGE_SELF, &usage);
    bench_layers_work(s->trainer->steps, &flop, &bytes);
    json_t *result = NULL;
    if (!bench_layers_watch(&s->layers, s->trainer->steps, err) &&
        !repeat(s, &observed, enough / 2, OBSERVED_LEAST, err))
        result = bench_layers_json(&s->layers, err);
    bench_layers_free(&s->layers);
    if (result)
        json_object_update_new(
            result, json_pack("{s:o, s:f, s:f, s:f, s:f}", "repeats", bench_repeats_json(&repeats), "peak_mb",
                              1024e-6 * (double)usage.ru_maxrss, "parameters",
                              (double)s->trainer->parameters.trained_size, "flop", flop, "bytes", bytes));
    return result;
}

static json_t *measure(void *context, struct error *err) {
    const struct step_measurement *m = context;
    struct stepper s = {0};
    json_t *result = start(&s, m->c, m->effort, err) ? NULL : time_steps(&s, m->effort->seconds, err);
    stop(&s);
    return result;
}

// ---------------------------------------------------------------------------------------- in the parent

int bench_step_measure(struct bench_step *out, const struct bench_case *c, const struct bench_effort *effort,
                       struct error *err) {
    struct step_measurement m = {c, effort};
    json_t *result = isolate_json(measure, &m, err);
    memset(out, 0, sizeof *out);
    if (!result)
        return -1;
    bench_repeats_read(&out->repeats, json_object_get(result, "repeats"));
    out->seconds = out->repeats.fastest;
    out->images_per_s = c->training.batch / out->seconds;
    out->peak_mb = json_field_number(result, "peak_mb");
    out->parameters = json_field_number(result, "parameters");
    out->gflop = 1e-9 * json_field_number(result, "flop");
    out->gbyte = 1e-9 * json_field_number(result, "bytes");
    out->kinds = json_incref(json_object_get(result, "kinds"));
    out->slowest = json_incref(json_object_get(result, "slowest"));
    json_decref(result);
    return 0;
}

void bench_step_free(struct bench_step *step) {
    json_decref(step->kinds);
    json_decref(step->slowest);
}

// SPDX-License-Identifier: Apache-2.0
// Golden cases of the pseudo-annotator: iterations of pix2pix and its annotations, every quantity compared.
#include "core/annotate/pix2pix.h"
#include "core/base/memory.h"
#include "experiments/golden/golden_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVALUATED = 4 }; // images of the evaluation

struct pix2pix_run { // one case at work
    struct golden_parts parts;
    struct pix2pix *p;
    size_t pixels; // of an image
    int batch, steps;
};

static int compare_judgements(struct pix2pix_run *r, int step) {
    static const char *const names[JUDGEMENTS] = {"z_real", "z_fake", "z_fake_g"};
    const struct graph *d = r->p->judge, *g = r->p->generate;
    size_t n = (size_t)r->batch;
    char path[64];
    for (int j = 0; j < JUDGEMENTS; j++) {
        snprintf(path, sizeof path, "step/%d/%s", step, names[j]);
        if (golden_compare_lanes(&r->parts, path, "logits", r->p->judgements[j], value_size(d, d->logits) / n,
                                 n))
            return -1;
    }
    snprintf(path, sizeof path, "step/%d/fake", step);
    return golden_compare_lanes(&r->parts, path, "fake", g->values[g->logits].map[MAP_X], r->pixels, n);
}

static int compare_losses(struct pix2pix_run *r, int step, const struct pix2pix_losses *l) {
    const struct {
        const char *name;
        double mine;
    } losses[] = {{"loss_d", l->d}, {"loss_d_real", l->d_real}, {"loss_d_fake", l->d_fake},
                  {"loss_g", l->g}, {"loss_g_gan", l->g_gan},   {"loss_g_l1", l->g_l1}};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        char path[64];
        snprintf(path, sizeof path, "step/%d/%s", step, losses[i].name);
        if (golden_compare_scalar(&r->parts, path, "losses", losses[i].mine))
            return -1;
    }
    return 0;
}

static int one_step(struct pix2pix_run *r, int step) {
    size_t size = r->pixels * (size_t)r->batch, first = (size_t)step * size;
    uint8_t *images = golden_bytes(&r->parts, "batch/images", 3 * first, 3 * size);
    uint8_t *masks = images ? golden_bytes(&r->parts, "batch/masks", first, size) : NULL;
    struct pix2pix_losses losses;
    struct error *err = r->parts.err;
    int failed = !masks || pix2pix_judge(r->p, images, masks, &losses, err) ||
                 golden_compare_gradients(&r->parts, &r->p->discriminator.parameters, step);
    if (!failed)
        pix2pix_update_discriminator(r->p);
    failed = failed || pix2pix_draw(r->p, &losses, err) ||
             golden_compare_gradients(&r->parts, &r->p->generator.parameters, step) ||
             compare_losses(r, step, &losses) || compare_judgements(r, step);
    if (!failed)
        pix2pix_update_generator(r->p);
    free(images);
    free(masks);
    return failed ? -1 : 0;
}

static int compare_evaluation(struct pix2pix_run *r) {
    size_t size = EVALUATED * r->pixels;
    uint8_t *images = golden_bytes(&r->parts, "eval/images", 0, 3 * size);
    real *mine = images ? allocate(size, sizeof *mine, "annotations", r->parts.err) : NULL;
    double *wide = mine ? allocate(size, sizeof *wide, "annotations", r->parts.err) : NULL;
    if (wide)
        pix2pix_annotate(r->p, images, EVALUATED, mine);
    for (size_t i = 0; wide && i < size; i++)
        wide[i] = (double)mine[i];
    int failed = !wide || golden_compare(&r->parts, "eval/annotation", "eval annotation", wide, size);
    free(images);
    free(mine);
    free(wide);
    return failed ? -1 : 0;
}

static int make(struct pix2pix_run *r, hid_t file) {
    struct pix2pix_settings s = {.networks = {.depth = (int)golden_attribute(file, "depth", 0),
                                              .ngf = (int)golden_attribute(file, "ngf", 0),
                                              .ndf = (int)golden_attribute(file, "ndf", 0),
                                              .dropout = golden_attribute(file, "dropout", 0),
                                              .bn_eps = golden_attribute(file, "bn_eps", 0),
                                              .bn_momentum = golden_attribute(file, "bn_momentum", 0)},
                                 .batch = r->batch,
                                 .threads = 2,
                                 .precision = r->parts.report->precision,
                                 .lr = golden_attribute(file, "lr", 0),
                                 .beta1 = golden_attribute(file, "beta1", 0),
                                 .beta2 = golden_attribute(file, "beta2", 0),
                                 .adam_eps = golden_attribute(file, "adam_eps", 0),
                                 .l1_weight = golden_attribute(file, "l1_weight", 0)};
    double pixels = golden_attribute(file, "pixels", 0);
    if (r->batch < 1 || r->batch > 4096 || pixels != (double)(1 << s.networks.depth % 16))
        return fail(r->parts.err, "golden file: batch %d, or %g pixels at depth %d", r->batch, pixels,
                    s.networks.depth);
    r->pixels = (size_t)pixels * (size_t)pixels;
    if (!(r->p = pix2pix_create(&s, r->parts.err)))
        return -1;
    r->parts.sets[0] = &r->p->generator.parameters;
    r->parts.sets[1] = &r->p->discriminator.parameters;
    return 0;
}

int golden_pix2pix(hid_t file, const char *name, enum precision precision, golden_done *done, void *context,
                   struct error *err) {
    struct golden_report report = {.precision = precision};
    struct pix2pix_run r = {.parts = {.file = file, .report = &report, .err = err},
                            .batch = (int)golden_attribute(file, "batch", 0),
                            .steps = golden_steps(file, precision)};
    snprintf(report.name, sizeof report.name, "%s", name);
    if (golden_attribute(file, "enc_bias", 0) != 0 || golden_attribute(file, "dropout", 0) != 0) {
        // Biases that batch norm does not undo are not built; another generator's dropout draws differ.
        snprintf(report.skipped, sizeof report.skipped,
                 "pix2pix with enc_bias or dropout has no common result");
        done(context, &report);
        return 0;
    }
    int failed = make(&r, file) || golden_parts_open(&r.parts) || golden_parts_load(&r.parts);
    for (int step = 0; step < r.steps && !failed; step++)
        failed = one_step(&r, step);
    if (precision != PRECISION_BF16) // which follows the first step alone
        failed = failed || golden_compare_final(&r.parts) || compare_evaluation(&r);
    golden_parts_close(&r.parts);
    pix2pix_free(r.p);
    if (!failed)
        done(context, &report);
    return failed ? -1 : 0;
}

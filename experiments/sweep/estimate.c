// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/estimate.h"

#include "experiments/store/annotations.h"
#include "experiments/store/record.h"

#include <string.h>

int estimate_data_place(const struct estimate *e, const struct data_set *set) {
    int i = 0;
    while (e->sets[i] && e->sets[i] != set)
        i++;
    return i;
}

static int estimate_annotator(struct estimate *e, const struct cell *cell, const json_t *known, int threads,
                              const char *results, const struct work *work, struct error *err) {
    double seconds;
    if (records_annotation_seconds(&seconds, results, known, cell, threads, err))
        return -1;
    if (seconds > 0)
        e->measured++;
    else if (probe_annotator(cell, work, threads, &seconds, err))
        return -1;
    else
        e->tried++;
    forecast_add_annotator(&e->forecast, cell, seconds, 1);
    return 0;
}

int estimate_make(struct estimate *e, const struct cell *const *todo, int count, const json_t *known,
                  int threads, const char *results, const struct work *work, struct error *err) {
    for (int i = 0; i < count; i++) {
        int seen = 0;
        for (int k = 0; k < e->forecast.count && !seen; k++)
            seen = !strcmp(e->forecast.items[k].key, todo[i]->cost_key);
        if (todo[i]->has_annotator && forecast_annotator(&e->forecast, todo[i]) <= 0 &&
            estimate_annotator(e, todo[i], known, threads, results, work, err))
            return -1;
        int set = estimate_data_place(e, todo[i]->set);
        if (!e->sets[set] && probe_data(todo[i], work, threads, &e->data[set], err))
            return -1;
        e->sets[set] = todo[i]->set;
        if (seen)
            continue;
        double seconds;
        if (records_seconds(&seconds, results, known, todo[i], threads, err))
            return -1;
        if (seconds > 0)
            e->measured++;
        else if (probe_seconds(todo[i], work, threads, &seconds, err))
            return -1;
        else
            e->tried++;
        forecast_add(&e->forecast, todo[i], seconds, 1);
    }
    return 0;
}

// Making the run's data set, if it is the first run of it.
static double data_seconds(const struct estimate *e, const struct cell *const *todo, int i) {
    double seconds = 0;
    for (int k = 0; k < i; k++)
        if (!strcmp(todo[k]->data_digest, todo[i]->data_digest))
            return 0;
    const struct probed_data *data = &e->data[estimate_data_place(e, todo[i]->set)];
    for (enum split s = 0; s < SPLITS; s++)
        if (todo[i]->images[s] > 0)
            seconds += data->per_shard + data->per_image * todo[i]->images[s];
    return seconds;
}

// Making its pseudo-annotations, if it is the first run that needs them and they are not there. Negative on failure.
static double annotation_seconds(const struct estimate *e, const struct cell *const *todo, int i,
                                 const char *results, struct error *err) {
    char path[PATH_SIZE];
    for (int k = 0; k < i; k++)
        if (!strcmp(todo[k]->annotation_digest, todo[i]->annotation_digest))
            return 0;
    if (!todo[i]->has_annotator)
        return 0;
    int there = annotations_path(path, results, todo[i], err) ? -1 : file_is_there(path, err);
    return there ? there < 0 ? -1 : 0 : forecast_annotator(&e->forecast, todo[i]);
}

int estimate_seconds(const struct estimate *e, const struct cell *const *todo, int count, const char *results,
                     double *seconds, double *data, double *annotations, struct error *err) {
    *data = *annotations = 0;
    for (int i = 0; i < count; i++) {
        double one = data_seconds(e, todo, i), annotator = annotation_seconds(e, todo, i, results, err);
        if (annotator < 0)
            return -1;
        *data += one;
        *annotations += annotator;
        seconds[i] = forecast_seconds(&e->forecast, todo[i]) + one + annotator;
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/wording.h"

#include "core/methods/method.h"
#include "gen/data_set/data_set.h"

const char *wording_title(const char *word) {
    const struct method *method = method_of(word);
    const struct data_set *set = data_set_of(word);
    return method ? method->title : set ? set->title : word;
}

// SPDX-License-Identifier: Apache-2.0
#include "core/base/spans.h"

#include "core/base/notice.h"

#include <stdio.h>
#include <string.h>

int spans_begin(struct spans *s, long step, const char *precision, const char *products, const char *what,
                const char *unit, struct text *notices) {
    struct span now = {.from = step};
    snprintf(now.precision, sizeof now.precision, "%s", precision);
    snprintf(now.products, sizeof now.products, "%s", products ? products : "");
    const struct span *last = s->count ? &s->items[s->count - 1] : NULL;
    if (last && !strcmp(last->precision, now.precision) && !strcmp(last->products, now.products))
        return 0;
    if (last)
        notice_add(notices, "%s: computed in %s%s%s until %s %ld, in %s%s%s from there: the bits of neither",
                   what, last->precision, *last->products ? " " : "", last->products, unit, now.from,
                   now.precision, *now.products ? " " : "", now.products);
    if (s->count < SPANS_MAXIMUM)
        s->items[s->count++] = now;
    return last != NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/products.h"

#include "core/base/file.h"
#include "core/base/host.h"
#include "core/base/isolate.h"
#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/base/provenance.h"
#include "core/kernels/isa.h"
#include "core/kernels/precision.h"
#include "experiments/process/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// In a child: `auto` may have to be timed, and who has computed must not fork.
static json_t *ask(void *context, struct error *err) {
    (void)context;
    json_t *made_by = provenance_json(err);
    if (!made_by)
        return NULL;
    json_t *mine =
        json_pack("{s:s, s:s, s:s, s:s}", "bf16", isa_name(isa_for_bf16()), "f32", isa_name(isa_for_f32()),
                  "auto", precision_name(precision_choose("auto")), "openblas",
                  json_field_text(json_object_get(made_by, "libraries"), "openblas_core"));
    json_decref(made_by);
    return mine;
}

static int are_same(const json_t *a, const json_t *b) {
    static const char *const keys[] = {"bf16", "f32", "auto", "openblas"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(json_field_text(a, keys[i]), json_field_text(b, keys[i])) != 0)
            return 0;
    return 1;
}

// Looks for a bound under which this machine does as `fixed` says: 1, 0, or -1 with a message.
static int bound_to(const json_t *fixed, struct error *err) {
    for (enum isa i = ISA_COUNT; i-- > 0;) {
        if (setenv("REFF_ISA", isa_name(i), 1))
            return fail_system(err, errno, "REFF_ISA");
        json_t *mine = isolate_json(ask, NULL, err);
        if (!mine)
            return -1;
        int same = are_same(mine, fixed);
        json_decref(mine);
        if (same)
            return 1;
    }
    return 0;
}

static int refuse(const json_t *fixed, const json_t *mine, const char *path, struct error *err) {
    fail(err,
         "%s: this machine (%s) cannot multiply as the sweep's first run did: that was bf16 by %s, float by "
         "%s, auto "
         "%s, OpenBLAS %s (%s), this has %s, %s, %s, %s; ask for nodes of one kind (constraint in the "
         "cluster's "
         "settings), or allow the mix (isa = any), which tables then tell",
         path, host_name(), json_field_text(fixed, "bf16"), json_field_text(fixed, "f32"),
         json_field_text(fixed, "auto"), json_field_text(fixed, "openblas"), json_field_text(fixed, "host"),
         json_field_text(mine, "bf16"), json_field_text(mine, "f32"), json_field_text(mine, "auto"),
         json_field_text(mine, "openblas"));
    err->status = EXIT_ELSEWHERE;
    return -1;
}

// Under the lock. What is fixed, or now is, as `mine`. New reference.
static json_t *read_or_fix(const char *path, json_t *mine, struct error *err) {
    int there = file_is_there(path, err);
    if (there < 0)
        return NULL;
    if (there)
        return json_read(path, err);
    json_object_set_new(mine, "host", json_string(host_name()));
    return json_write(path, mine, err) ? NULL : json_incref(mine);
}

static json_t *settle(const char *results, const char *profile, json_t *mine, char path[PATH_SIZE],
                      struct error *err) {
    char folder[PATH_SIZE], lock_path[PATH_SIZE], name[128];
    int busy;
    snprintf(name, sizeof name, "products-%.80s.json", profile);
    if (path_join(folder, err, results, "sweeps") || folder_make(folder, err) ||
        path_join(path, err, folder, name) || path_join(lock_path, err, folder, "products-lease"))
        return NULL;
    int lock = lock_take(lock_path, LOCK_EXCLUSIVE, 1, &busy, err);
    if (lock < 0)
        return NULL;
    json_t *fixed = read_or_fix(path, mine, err);
    lock_release(lock);
    return fixed;
}

int products_hold(const char *results, const char *profile, const char *word, struct error *err) {
    char path[PATH_SIZE];
    if (!strcmp(word, "any"))
        return 0;
    if (strcmp(word, "first") && setenv("REFF_ISA", word, 1))
        return fail_system(err, errno, "REFF_ISA");
    json_t *mine = isolate_json(ask, NULL, err),
           *fixed = mine ? settle(results, profile, mine, path, err) : NULL;
    int result = !fixed ? -1 : are_same(mine, fixed) ? 1 : bound_to(fixed, err);
    if (!result)
        result = refuse(fixed, mine, path, err);
    json_decref(mine);
    json_decref(fixed);
    return result < 0 ? -1 : 0;
}

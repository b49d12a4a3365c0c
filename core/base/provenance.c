// SPDX-License-Identifier: Apache-2.0
#include "core/base/provenance.h"

#include "build_revision.h" // made by the Makefile: REFF_REVISION, REFF_DIRTY, REFF_FLAGS
#include "core/base/version.h"

#include <cblas.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <hdf5.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static json_t *libraries(struct error *err) {
    char hdf5[48];
    unsigned major, minor, release;
    if (H5get_libversion(&major, &minor, &release) < 0) // which sets the library up
        return fail(err, "the HDF5 library cannot be set up"), NULL;
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "openblas", openblas_get_config(),
                            "openblas_core", openblas_get_corename(), "hdf5", hdf5, "zlib", zlibVersion(),
                            "openssl", OpenSSL_version(OPENSSL_VERSION), "jansson", JANSSON_VERSION, "libc",
                            gnu_get_libc_version());
    if (!all)
        fail_memory(err, "provenance");
    return all;
}

// "model name" of /proc/cpuinfo, or "unknown" where there is none.
static int processor_name(char out[128], struct error *err) {
    static const char path[] = "/proc/cpuinfo";
    char line[256];
    FILE *file = fopen(path, "r");
    snprintf(out, 128, "unknown");
    if (!file)
        return errno == ENOENT ? 0 : fail_system(err, errno, path);
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10))
            continue;
        colon[strcspn(colon, "\n")] = 0;
        snprintf(out, 128, "%.120s", colon + 2);
        break;
    }
    int bad = ferror(file) ? fail_system(err, errno, path) : 0;
    fclose(file);
    return bad;
}

// What our own code was compiled for; OpenBLAS chooses its kernels itself (libraries.openblas_core).
static const char *instruction_set(void) {
#if defined(__AVX512F__)
    return "AVX-512";
#elif defined(__AVX2__)
    return "AVX2";
#else
    return "baseline";
#endif
}

#if REFF_DIRTY > 0
#define CHANGES ", with uncommitted changes"
#else
#define CHANGES ""
#endif

const char *provenance_version(void) {
    return *REFF_REVISION ? REFF_VERSION " (revision " REFF_REVISION CHANGES ")" : REFF_VERSION;
}

json_t *provenance_json(struct error *err) {
    char processor[128], date[32];
    struct utsname name = {0};
    time_t now = time(NULL);
    struct tm utc;
    json_t *with = libraries(err);
    if (!with || processor_name(processor, err))
        return json_decref(with), NULL;
    uname(&name);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *p = json_pack("{s:s, s:s?, s:o, s:s, s:s, s:o, s:s, s:I, s:s, s:s, s:s}", "version", REFF_VERSION,
                          "git_revision", *REFF_REVISION ? REFF_REVISION : NULL, "git_dirty",
                          REFF_DIRTY < 0 ? json_null() : json_boolean(REFF_DIRTY), "compiler",
                          "gcc " __VERSION__, "flags", REFF_FLAGS, "libraries", with, "processor", processor,
                          "cores", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "instruction_set",
                          instruction_set(), "system", name.release, "date", date);
    if (!p)
        fail_memory(err, "provenance");
    return p;
}

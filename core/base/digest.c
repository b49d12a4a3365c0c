// SPDX-License-Identifier: Apache-2.0
#include "core/base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

// struct digest is OpenSSL's context under our name: it needs nothing else.
static EVP_MD_CTX *context(struct digest *d) {
    return (EVP_MD_CTX *)d;
}

static struct digest *start(const EVP_MD *kind, const char *name, struct error *err) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c || !EVP_DigestInit_ex(c, kind, NULL)) {
        EVP_MD_CTX_free(c);
        fail(err, "libcrypto cannot start a digest of kind %s", name);
        return NULL;
    }
    return (struct digest *)c;
}

struct digest *digest_start(struct error *err) {
    return start(EVP_sha256(), "SHA-256", err);
}

void digest_add(struct digest *d, const void *bytes, size_t size) {
    if (size)
        EVP_DigestUpdate(context(d), bytes, size);
}

void digest_finish(struct digest *d, char hex[DIGEST_SIZE]) {
    unsigned char raw[EVP_MAX_MD_SIZE] = {0};
    unsigned length = 0;
    EVP_DigestFinal_ex(context(d), raw, &length);
    EVP_MD_CTX_free(context(d));
    for (unsigned i = 0; hex && i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
}

int digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE], struct error *err) {
    struct digest *d = digest_start(err);
    if (!d)
        return -1;
    digest_add(d, bytes, size);
    digest_finish(d, hex);
    return 0;
}

// Finishes d over the file's bytes.
static int digest_whole(struct digest *d, const char *path, char hex[DIGEST_SIZE], struct error *err) {
    if (!d)
        return -1;
    FILE *file = fopen(path, "rb");
    if (!file) {
        int cause = errno;
        digest_finish(d, NULL);
        return fail_system(err, cause, "%s", path);
    }
    static _Thread_local char buffer[1 << 16];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        digest_add(d, buffer, got);
    int broken = ferror(file), cause = errno;
    fclose(file);
    digest_finish(d, hex);
    return broken ? fail_system(err, cause, "%s", path) : 0;
}

int digest_file(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    return digest_whole(digest_start(err), path, hex, err);
}

int digest_file_md5(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    return digest_whole(start(EVP_md5(), "MD5", err), path, hex, err);
}

// SPDX-License-Identifier: Apache-2.0
// SHA-256 digests (OpenSSL's libcrypto), as 64 lower-case hexadecimal digits.
#ifndef REFF_BASE_DIGEST_H
#define REFF_BASE_DIGEST_H

#include "core/base/error.h"

#include <stddef.h>

#define DIGEST_SIZE 65 // with the terminating zero

struct digest; // a digest being computed

struct digest *digest_start(struct error *err);                    // NULL on failure
void digest_add(struct digest *d, const void *bytes, size_t size); // any number of times
void digest_finish(struct digest *d, char hex[DIGEST_SIZE]); // frees d; hex may be NULL to throw it away

// Digest of one piece of memory, and of a whole file.
int digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE], struct error *err);
int digest_file(const char *path, char hex[DIGEST_SIZE], struct error *err);

// MD5, 32 digits: only to recognize files whose publishers give nothing better.
int digest_file_md5(const char *path, char hex[DIGEST_SIZE], struct error *err);

#endif

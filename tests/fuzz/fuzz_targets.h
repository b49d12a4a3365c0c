// SPDX-License-Identifier: Apache-2.0
// Whatever parses files that come from elsewhere, as functions of any bytes. tests/fuzz/test_fuzz.c runs them
// over the corpus in tests/fuzz/corpus and changed copies of it; `make fuzz` builds one with libFuzzer, which
// looks for inputs of its own.
//
// Of shards HDF5's own parser comes first, which is known not to stand every file: as in the program it meets them in a
// child first, whose crash is a message. What is looked for is a file that gets past it and harms this process.
#ifndef REFF_TESTS_FUZZ_FUZZ_TARGETS_H
#define REFF_TESTS_FUZZ_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

// Each returns 0, or 1 when the bytes were refused without a one-line message or accepted with one.
// Everything else that can go wrong ends the process or is the sanitizers' to find.
typedef int fuzz_target(const uint8_t *bytes, size_t size);

int fuzz_idx(const uint8_t *bytes, size_t size);         // MNIST's images and labels
int fuzz_image(const uint8_t *bytes, size_t size);       // JPEG, PNG
int fuzz_gzip(const uint8_t *bytes, size_t size);        // gzip and whatever else libarchive decompresses
int fuzz_archive(const uint8_t *bytes, size_t size);     // .tar, .tar.gz, .zip
int fuzz_settings(const uint8_t *bytes, size_t size);    // settings files: a texture set
int fuzz_safetensors(const uint8_t *bytes, size_t size); // weights
int fuzz_csv(const uint8_t *bytes, size_t size);         // ISIC2017's labels
int fuzz_metadata(const uint8_t *bytes, size_t size);    // lists of one's own images: JSON lines, and CSV
int fuzz_mask(const uint8_t *bytes, size_t size);        // masks of any coding
int fuzz_pets(const uint8_t *bytes, size_t size);        // Pets' lists
int fuzz_shard(const uint8_t *bytes, size_t size);       // shards: all that commands read of one
int fuzz_trimap(const uint8_t *bytes, size_t size);      // Pets' annotations, resized

#endif

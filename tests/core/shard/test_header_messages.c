// SPDX-License-Identifier: Apache-2.0
// Messages of HDF5's object headers: whole ones pass, and what ends before what it claims is named.
#include "core/shard/header_messages.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>

#define WHOLE_NUMBER "\x10\x08\0\0\x04\0\0\0\0\0\x20\0"       // int32
#define TEXT         "\x13\x11\0\0\x04\0\0\0"                 // of four bytes
#define TWO_VALUES   "\x01\x01\0\0\0\0\0\0\x02\0\0\0\0\0\0\0" // one dimension of two
#define ATTRIBUTE_1                                                                                          \
    "\x01\0\x02\0\x0c\0\x10\0"                                                                               \
    "a\0\0\0\0\0\0\0" // its name, type and space are padded to eight bytes

struct message {
    unsigned type;
    const char *content;
    size_t size;
    const char *fault;
};

// Each as long as its content needs: one byte less is a fault.
static const struct message whole[] = {
    {0x01, TWO_VALUES, 16, "the shape"},
    {0x01, "\x02\x01\x01\x01\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 20, "the shape"}, // with a maximum
    {0x01, "\x02\0\0\x02", 4, "the shape"},                                          // none at all
    {0x03, WHOLE_NUMBER, 12, "the type"},
    {0x03, "\x11\x20\x3f\0\x04\0\0\0\0\0\x20\0\x17\x08\0\x17\x7f\0\0\0", 20, "the type"}, // float32
    {0x03, "\x19\x01\0\0\x10\0\0\0" TEXT, 16, "the type"}, // texts of any length
    {0x03,
     "\x18\x02\0\0\x04\0\0\0" WHOLE_NUMBER "no\0\0\0\0\0\0yes\0\0\0\0\0"
     "\0\0\0\0\x01\0\0\0",
     44, "the type"},
    {0x03,
     "\x16\x01\0\0\x04\0\0\0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
     "\0" TEXT,
     56, "the type"},                                                  // one member, version 1
    {0x03, "\x3a\0\0\0\x08\0\0\0\x01\x02\0\0\0" TEXT, 21, "the type"}, // an array, version 3
    {0x05, "\x02\x02\0\x01\x02\0\0\0ab", 10, "the fill value"},
    {0x05, "\x03\x20\x02\0\0\0ab", 8, "the fill value"},
    {0x06,
     "\x01\0\x03"
     "abc"
     "\0\0\0\0\0\0\0\0",
     14, "a name"},
    {0x06,
     "\x01\x08\x01\x03"
     "abc"
     "\x02\0"
     "xy",
     11, "a name"}, // a soft link
    {0x08, "\x03\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18, "the layout"},
    {0x08, "\x03\0\x02\0ab", 6, "the layout"},
    {0x08, "\x03\x02\x02\0\0\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0", 19, "the layout"},
    {0x0b,
     "\x01\x01\0\0\0\0\0\0\x01\0\x08\0\x01\0\x01\0"
     "deflate\0"
     "\x06\0\0\0\0\0\0\0",
     32, "the list of filters"},
    {0x0b, "\x02\x01\x01\0\x01\0\x01\0\x06\0\0\0", 12, "the list of filters"},
    {0x0c, ATTRIBUTE_1 WHOLE_NUMBER "\0\0\0\0" TWO_VALUES "\0\0\0\0\0\0\0\0", 56, "an attribute"},
    {0x0c,
     "\x03\0\x02\0\x0c\0\x04\0\0"
     "a\0" WHOLE_NUMBER "\x02\0\0\0"
     "\0\0\0\0",
     31, "an attribute"},
    {HEADER_CONTINUATION, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "the rest"},
    {HEADER_SYMBOL_TABLE, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "the list of names"},
};

static const char *fault_of(unsigned type, unsigned flags, const char *content, size_t size) {
    return header_message_fault(type, flags, (struct bytes){(const uint8_t *)content, size});
}

static void test_what_is_cut_at_any_length_is_named(void) {
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        suite_text_is(fault_of(whole[i].type, 0, whole[i].content, whole[i].size) ? "refused" : "taken",
                      "taken");
        for (size_t size = 0; size < whole[i].size; size++) {
            const char *fault = fault_of(whole[i].type, 0, whole[i].content, size);
            suite_text_is(fault ? fault : "taken", whole[i].fault);
        }
    }
}

static void test_claims_beyond_the_message_are_named(void) {
    static const struct message rows[] = {
        // A space of 11,427 bytes; a name without an end; values that overflow 64 bits.
        {0x0c,
         "\x01\0\x02\0\x0c\0\xa3\x2c"
         "a\0\0\0\0\0\0\0" WHOLE_NUMBER "\0\0\0\0" TWO_VALUES "\0\0\0\0\0\0\0\0",
         56, "an attribute"},
        {0x0c,
         "\x01\0\x02\0\x0c\0\x10\0"
         "ab\0\0\0\0\0\0" WHOLE_NUMBER "\0\0\0\0" TWO_VALUES "\0\0\0\0\0\0\0\0",
         56, "an attribute"},
        {0x0c,
         ATTRIBUTE_1 WHOLE_NUMBER "\0\0\0\0"
                                  "\x01\x01\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"
                                  "\0\0\0\0\0\0\0\0",
         56, "an attribute"},
        {0x01, "\x01\x21\0\0\0\0\0\0", 8, "the shape"},           // 33 dimensions
        {0x03, "\x1b\0\0\0\x04\0\0\0", 8, "the type"},            // no such class
        {0x0b, "\x01\x21\0\0\0\0\0\0", 8, "the list of filters"}, // 33 filters
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *fault = fault_of(rows[i].type, 0, rows[i].content, rows[i].size);
        suite_text_is(fault ? fault : "taken", rows[i].fault);
    }
    suite_text_is(fault_of(0x03, 2, WHOLE_NUMBER, 12), "the type"); // it lies in another object
    CU_ASSERT_PTR_NULL(fault_of(0x12, 0, "", 0));                   // nothing that claims a size
}

// A type within a type within a type: as deep as the message is long.
static void test_types_within_types_end(void) {
    char deep[8 * 200];
    for (int i = 0; i < 200; i++)
        memcpy(deep + 8 * i, "\x19\0\0\0\x10\0\0\0", 8);
    suite_text_is(fault_of(0x03, 0, deep, sizeof deep), "the type");
}

void suite_header_messages(void) {
    CU_pSuite s = CU_add_suite("header_messages", NULL, NULL);
    CU_add_test(s, "what is cut at any length is named", test_what_is_cut_at_any_length_is_named);
    CU_add_test(s, "claims beyond the message are named", test_claims_beyond_the_message_are_named);
    CU_add_test(s, "types within types end", test_types_within_types_end);
}

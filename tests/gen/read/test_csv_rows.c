// SPDX-License-Identifier: Apache-2.0
// CSV as people have it: whatever wrote a list, its rows are the same; what is no list is named.
#include "gen/read/csv_rows.h"

#include "core/base/memory.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <string.h>

// Two rows, of which the columns name and label are asked for: "first one" 1, "second" 0.
static void check_rows(const char *text) {
    struct csv_rows rows;
    struct error err = {0};
    double value = -1;
    CU_ASSERT_FATAL(!csv_rows_read(&rows, "list.csv", text, strlen(text), &err));
    int name = csv_rows_column(&rows, "file_name"), label = csv_rows_need(&rows, "label y", &err);
    CU_ASSERT_EQUAL_FATAL(rows.count, 2);
    suite_text_is(csv_rows_field(&rows, 0, name), "first one");
    suite_text_is(csv_rows_field(&rows, 1, name), "second");
    CU_ASSERT(csv_rows_number(&rows, csv_rows_field(&rows, 0, label), &value));
    suite_near(value, 1, 0);
    suite_text_is(csv_rows_field(&rows, 1, -1), "");
    csv_rows_free(&rows);
}

static void test_a_list_is_the_same_whatever_wrote_it(void) {
    static const char *const lists[] = {
        "file_name,label\nfirst one,1.0\nsecond,0\n",
        "file_name,label\r\nfirst one,1.0\r\nsecond,0\r\n",       // CRLF
        "file_name,label\rfirst one,1.0\rsecond,0",               // CR, no end
        "\357\273\277file_name,label\nfirst one,1.0\nsecond,0\n", // a byte order mark
        "\"file_name\",\"label\"\n\"first one\",\"1.0\"\n\"second\",\"0\"\n",
        "file_name , label\n first one ,  1.0 \n second , 0 \n",
        "file_name;label\nfirst one;1,0\nsecond;0\n", // with a decimal comma
        "file_name\tlabel\nfirst one\t1.0\nsecond\t0\n",
        "sep=;\r\nfile_name;label\r\nfirst one;1,0\r\nsecond;0\r\n", // as Excel begins
        "Label,FILE NAME,more,\"a, b\"\n1,first one,,x\n0,second,y,\n", // order, case, columns that nobody asks for
        "file-name,Y\n\nfirst one,1\n , \nsecond,0\n\n",                // empty rows
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        check_rows(lists[i]);
}

static void test_quotes_hold_anything(void) {
    static const char text[] = "a,b\n\"x, \"\"y\"\"\nz\",\" 1 \"\n2,\n";
    struct csv_rows rows;
    struct error err = {0};
    CU_ASSERT_FATAL(!csv_rows_read(&rows, "list.csv", text, strlen(text), &err));
    CU_ASSERT_EQUAL_FATAL(rows.count, 2);
    suite_text_is(csv_rows_field(&rows, 0, 0), "x, \"y\"\nz");
    suite_text_is(csv_rows_field(&rows, 0, 1), " 1 ");
    suite_text_is(csv_rows_field(&rows, 1, 1), "");
    CU_ASSERT_EQUAL(csv_rows_line(&rows, 1), 4);
    csv_rows_free(&rows);
}

static void test_only_decimal_numbers_are_numbers(void) {
    static const char *const numbers[] = {"0", "1.0", "-0.5", "+2", "1e3", ".5"}, *const others[] = {
                                                                                      "",    "0x1",   "inf",
                                                                                      "nan", "1 2",   "one",
                                                                                      "1,5", "1e999", "--1",
                                                                                      "e"};
    static const double values[] = {0, 1, -0.5, 2, 1000, 0.5};
    struct csv_rows rows = {.delimiter = ','};
    double value;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CU_ASSERT(csv_rows_number(&rows, numbers[i], &value));
        suite_near(value, values[i], 0);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT(!csv_rows_number(&rows, others[i], &value));
}

static void check_refused(const char *text, size_t size, const char *expected) {
    struct csv_rows rows;
    struct error err = {0};
    CU_ASSERT(csv_rows_read(&rows, "list.csv", text, size, &err));
    suite_text_begins(err.message, expected);
    csv_rows_free(&rows);
}

static void test_what_is_no_list_is_named(void) {
    struct csv_rows rows;
    struct error err = {0};
    check_refused("", 0, "list.csv: an empty file, not CSV");
    check_refused("\n\n", 2, "list.csv: an empty file, not CSV");
    check_refused("<html>", 6, "list.csv: an HTML page, not a CSV file (a download that failed?)");
    check_refused("\xFF\xFE"
                  "a\0",
                  4, "list.csv: text in UTF-16; save it as CSV in UTF-8");
    check_refused("a,b\nc\0,d\n", 9, "list.csv: line 2: a zero byte");
    check_refused("a,b\n\"c,d\n", 9, "list.csv: line 2: a quote is not closed");
    check_refused("a,b\n1,2\nc\"d,e\n", 15, "list.csv: line 3: a quote that does not enclose a whole field");
    CU_ASSERT_FATAL(!csv_rows_read(&rows, "list.csv", "a,b\n1,2\n", 8, &err));
    CU_ASSERT_EQUAL(csv_rows_need(&rows, "label y", &err), -1);
    suite_text_is(err.message, "list.csv: line 1: no column 'label'; its columns are a, b");
    csv_rows_free(&rows);
}

// One of them would be passed over in silence; twice what nobody asks for is no matter.
static void test_a_column_that_is_there_twice_is_refused(void) {
    static const char text[] = "a,b,A,a b,a b\n1,2,3,4,5\n";
    struct csv_rows rows;
    struct error err = {0};
    int column;
    CU_ASSERT_FATAL(!csv_rows_read(&rows, "list.csv", text, strlen(text), &err));
    CU_ASSERT(!csv_rows_find(&rows, "c b", &column, &err) && column == 1);
    CU_ASSERT(!csv_rows_find(&rows, "c", &column, &err) && column == -1);
    CU_ASSERT_EQUAL(csv_rows_need(&rows, "b", &err), 1);
    CU_ASSERT_EQUAL(csv_rows_find(&rows, "a", &column, &err), -1);
    suite_text_is(err.message, "list.csv: line 1: two columns are called 'a'");
    CU_ASSERT_EQUAL(csv_rows_need(&rows, "c a", &err), -1);
    csv_rows_free(&rows);
}

static void test_no_allocation_failure_leaks(void) {
    static const char text[] = "a,b\n1,2\n3,4\n5,6\n";
    struct error err = {0};
    int passed = 0, failures = 0;
    for (long n = 1; n < 100 && !passed; n++) {
        struct csv_rows rows;
        memory_fail_at = n;
        passed = !csv_rows_read(&rows, "list.csv", text, strlen(text), &err);
        memory_fail_at = 0;
        failures += !passed;
        csv_rows_free(&rows);
    }
    CU_ASSERT(passed && failures >= 3);
}

void suite_csv_rows(void) {
    CU_pSuite s = CU_add_suite("csv_rows", NULL, NULL);
    CU_add_test(s, "a list is the same whatever wrote it", test_a_list_is_the_same_whatever_wrote_it);
    CU_add_test(s, "quotes hold anything", test_quotes_hold_anything);
    CU_add_test(s, "only decimal numbers are numbers", test_only_decimal_numbers_are_numbers);
    CU_add_test(s, "what is no list is named", test_what_is_no_list_is_named);
    CU_add_test(s, "a column that is there twice is refused", test_a_column_that_is_there_twice_is_refused);
    CU_add_test(s, "no allocation failure leaks", test_no_allocation_failure_leaks);
}

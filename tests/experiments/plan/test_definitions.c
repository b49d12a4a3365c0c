// SPDX-License-Identifier: Apache-2.0
// The declarative files: the committed ones say what the specification says, and whatever is wrong in one is
// refused with its file and line, as a fault of usage.
#include "experiments/plan/home.h"
#include "experiments/plan/profile.h"
#include "experiments/plan/table.h"
#include "experiments/results/paper.h"
#include "experiments/results/table_result.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- seeds

static void test_seeds_are_a_count_or_a_list(void) {
    struct error err = {0};
    struct seeds s;
    CU_ASSERT_FATAL(!seeds_parse(&s, "5", "SEEDS", &err));
    CU_ASSERT_EQUAL(s.count, 5);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(s.values[i], (uint64_t)i + 1);
    CU_ASSERT_FATAL(!seeds_parse(&s, "3,4,9", "SEEDS", &err));
    CU_ASSERT_EQUAL(s.count, 3);
    CU_ASSERT_EQUAL(s.values[2], 9);
    CU_ASSERT_FATAL(!seeds_parse(&s, "4,", "SEEDS", &err));
    CU_ASSERT_EQUAL(s.count, 1);
    CU_ASSERT_EQUAL(s.values[0], 4);
}

static void test_seeds_that_are_neither_count_nor_list_are_refused(void) {
    const char *const bad[] = {
        "",  "0", "-1", "x", "3,x", "3,,4", "3;4", "1.5", ",", "3,3", "65", "1e3", "99999999999999999999",
        " 3"};
    struct seeds s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        CU_ASSERT(seeds_parse(&s, bad[i], "SEEDS", &err));
        CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
        CU_ASSERT(!strncmp(err.message, "SEEDS: ", 7));
    }
}

// ----------------------------------------------------------------------------------- committed files

static void test_table1_is_the_papers_tables_1a_and_1b(void) {
    static const struct {
        const char *name, *row;
        double p, q; // in the row 0.2
    } expected[] = {{"table1a", "p", 0.2, 1}, {"table1b", "q", 0, 0.2}};
    struct error err = {0};
    char *words[] = {"table1", "table1b"}; // the second is in the first already
    struct table *tables;
    int count;
    CU_ASSERT_FATAL(!tables_read(&tables, &count, words, 2, &err));
    CU_ASSERT_EQUAL_FATAL(count, 2);
    for (int i = 0; i < count; i++) {
        const struct table *t = &tables[i];
        CU_ASSERT_STRING_EQUAL(t->name, expected[i].name);
        CU_ASSERT_STRING_EQUAL(t->row_name, expected[i].row);
        CU_ASSERT_EQUAL(t->row_count, 6);
        CU_ASSERT_EQUAL(t->column_count, 2);
        CU_ASSERT_EQUAL(table_column(t, "baseline"), 0);
        CU_ASSERT_EQUAL(table_column(t, "reff"), 1);
        CU_ASSERT_EQUAL(table_column(t, "abn"), -1);
        CU_ASSERT_EQUAL(table_row(t, 1), 5);
        CU_ASSERT_EQUAL(table_row(t, 0.5), -1);
        struct axes a = table_axes(t, table_row(t, 0.2), 0);
        CU_ASSERT_EQUAL(a.p, expected[i].p);
        CU_ASSERT_EQUAL(a.q, expected[i].q);
        CU_ASSERT_EQUAL(a.size, 223);
    }
    free(tables);
}

// The tables whose rows are numbers of annotated images, or whose columns are data sets.
static void test_rows_may_be_annotated_images_columns_data_sets(void) {
    struct error err = {0};
    struct table t;
    CU_ASSERT_FATAL(!table_read(&t, "table3a", &err));
    CU_ASSERT_EQUAL(t.row_count, 7);
    CU_ASSERT_EQUAL(table_row(&t, N_ALL), 6);
    CU_ASSERT_STRING_EQUAL(t.rows[6], "All");
    CU_ASSERT_EQUAL(table_axes(&t, 6, 0).n, N_ALL);
    CU_ASSERT_EQUAL(table_axes(&t, 1, 0).n, 1);
    CU_ASSERT_EQUAL(table_column(&t, "pets"), 2);
    CU_ASSERT_STRING_EQUAL(table_data(&t, 2), "pets");
    CU_ASSERT_STRING_EQUAL(table_method(&t, 2), "reff");
    CU_ASSERT_FATAL(!table_read(&t, "table2", &err));
    CU_ASSERT_EQUAL(table_axes(&t, 0, 0).size, 28);
    CU_ASSERT_EQUAL(table_axes(&t, 0, 0).n, N_ALL); // where a table says nothing of n
    CU_ASSERT_STRING_EQUAL(table_data(&t, 1), "textured-mnist");
    CU_ASSERT_STRING_EQUAL(table_method(&t, 1), "reff-single");
    CU_ASSERT_FATAL(!table_read(&t, "supp-table4", &err));
    CU_ASSERT(t.kind == TABLE_SETTINGS && !t.row_count && !t.column_count);
}

static void test_rows_may_have_names_and_sections_with_settings(void) {
    struct error err = {0};
    struct table t;
    struct variations v;
    char where[SETTING_WORD_SIZE + 16];
    const char *path =
        fixture_write("named.ini", "[row long]\nepochs = 6\n"
                                   "[table]\ntitle = t\nrow = variant\nrows = as it is | long\n"
                                   "columns = baseline, big\n[fixed]\np = 0\nq = 1\nsize = 223\n"
                                   "[column big]\nmethod = reff\nwidth = 16\np = 1\n"
                                   "[claim L1]\ntext = longer is better\ncolumns = big, baseline\n"
                                   "rows = long\n");
    CU_ASSERT_FATAL(!table_read(&t, path, &err));
    CU_ASSERT_EQUAL(t.row_kind, ROW_NAMED);
    CU_ASSERT_STRING_EQUAL(t.rows[0], "as it is");
    CU_ASSERT_FATAL(!table_settings(&v, &t, 0, 0, &err));
    CU_ASSERT_EQUAL(v.count, 0);
    CU_ASSERT_FATAL(!table_settings(&v, &t, 1, 1, &err));
    CU_ASSERT_EQUAL(v.count, 2);
    CU_ASSERT_STRING_EQUAL(variations_find(&v, "epochs"), "6");
    CU_ASSERT_STRING_EQUAL(variations_find(&v, "width"), "16");
    CU_ASSERT_EQUAL(table_axes(&t, 1, 1).p, 1);
    CU_ASSERT_EQUAL(t.own_claims[0].rows[0], t.row_values[1]);
    CU_ASSERT_STRING_EQUAL(table_gives(&t, "epochs", where), "[row long]");
    CU_ASSERT_EQUAL(table_label_width(&t, 4), 8);
    int count = 1;
    struct table other = t;
    CU_ASSERT_FATAL(!tables_keep(&other, &count, "as it is", "", &err)); // one name, not three
    CU_ASSERT_EQUAL(other.row_count, 1);
    CU_ASSERT_FATAL(!tables_keep(&t, &count, "long", "", &err)); // sections stay with their rows
    CU_ASSERT_FATAL(!table_settings(&v, &t, 0, 0, &err));
    CU_ASSERT_STRING_EQUAL(variations_find(&v, "epochs"), "6");
}

static void test_some_rows_of_a_table_can_be_asked_for(void) {
    struct error err = {0};
    struct table t, all;
    int count = 1;
    CU_ASSERT_FATAL(!table_read(&all, "table1a", &err));
    t = all;
    CU_ASSERT(!tables_keep(&t, &count, "", "", &err));
    CU_ASSERT(t.row_count == all.row_count && !t.partial && count == 1);
    CU_ASSERT_FATAL(!tables_keep(&t, &count, "1,0.4", "", &err)); // in the table's order whatever the list's
    CU_ASSERT_EQUAL_FATAL(t.row_count, 2);
    CU_ASSERT_STRING_EQUAL(t.rows[0], all.rows[2]);
    CU_ASSERT_STRING_EQUAL(t.rows[1], all.rows[5]);
    CU_ASSERT(t.row_values[0] == 0.4 && t.row_values[1] == 1 && t.partial);
    struct table several[3];
    CU_ASSERT_FATAL(!table_read(&several[0], "table1a", &err) && !table_read(&several[1], "table3a", &err) &&
                    !table_read(&several[2], "table2", &err));
    count = 3; // a row that one of them has; table2 has neither and goes
    CU_ASSERT_FATAL(!tables_keep(several, &count, "0.2,all,0", "baseline,isic2017", &err));
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT(several[0].row_count == 2 && several[0].column_count == 1 && several[0].partial);
    CU_ASSERT_STRING_EQUAL(several[1].name, "table3a");
    CU_ASSERT(several[1].row_count == 2 && several[1].row_values[1] == N_ALL);
    CU_ASSERT_STRING_EQUAL(several[1].columns[0], "isic2017");
    const char *const bad[] = {"0.5", "0,0", "x", "2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t = all;
        count = 1;
        err = (struct error){0};
        CU_ASSERT(tables_keep(&t, &count, bad[i], "", &err));
        CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
        CU_ASSERT(!strncmp(err.message, "--rows: ", 8));
    }
}

// Every profile of the project can be read, and every method of the tables has settings in it. What a user
// has put beside them is no matter of the tests.
static void test_every_committed_profile_can_be_read(void) {
    static const char *const names[] = {"tiny", "quick", "half", "standard", "paper", "regress"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {0};
        struct profile p;
        struct train_settings training;
        CU_ASSERT_FATAL(!profile_read(&p, names[i], &err));
        CU_ASSERT_STRING_EQUAL(p.name, names[i]);
        CU_ASSERT(p.seeds.count >= 2); // fewer seeds test no claim
        CU_ASSERT(!profile_training(&p, "baseline", "textured-mnist", &training, &err));
        CU_ASSERT(!profile_training(&p, "reff", "textured-mnist", &training, &err));
        CU_ASSERT_STRING_EQUAL(training.method, "reff");
        profile_free(&p);
    }
}

static void test_the_papers_numbers_are_there_for_every_cell_of_the_tables(void) {
    struct error err = {0};
    struct table *tables;
    char *words[] = {"table1", "table2", "table3a", "supp-table3"};
    int count;
    double mean, std;
    json_t *paper = paper_read(&err);
    CU_ASSERT_FATAL(paper != NULL);
    CU_ASSERT_FATAL(!tables_read(&tables, &count, words, 4, &err));
    for (int t = 0; t < count; t++)
        for (int row = 0; row < tables[t].row_count; row++)
            for (int column = 0; column < tables[t].column_count; column++)
                CU_ASSERT(!paper_value(paper, tables[t].name, tables[t].row_values[row],
                                       tables[t].columns[column], &mean, &std));
    CU_ASSERT(!paper_value(paper, "table1a", 0, "baseline", &mean, &std));
    CU_ASSERT_EQUAL(mean, 31.29);
    CU_ASSERT_EQUAL(std, 2.16);
    CU_ASSERT(!paper_value(paper, "table3b", N_ALL, "abn", &mean, &std));
    CU_ASSERT_EQUAL(mean, 53.23);
    CU_ASSERT(paper_value(paper, "table1a", 0.5, "baseline", &mean, &std));
    free(tables);
    json_decref(paper);
}

// As spreadsheets write them: other columns and another order, a byte order mark, quotes, CRLF, rows of words, no deviation.
static void test_a_users_numbers_are_read_as_spreadsheets_write_them(void) {
    struct error err = {0};
    double mean, std;
    json_t *own = paper_read_file(
        fixture_write("mine.csv",
                      "\xef\xbb\xbf\"Column\";Mean;table;note;ROW;std\r\n\"reff\";46,5;t;\"a;b\";hard;0,5\r\n"
                      "reff;40;t;;2.0;\r\n"),
        &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(own);
    CU_ASSERT(!paper_value_at(own, "t", "hard", "reff", &mean, &std));
    CU_ASSERT_EQUAL(mean, 46.5);
    CU_ASSERT_EQUAL(std, 0.5);
    CU_ASSERT(!paper_value_at(own, "t", "2", "reff", &mean, &std));
    CU_ASSERT_EQUAL(mean, 40);
    CU_ASSERT(isnan(std));
    CU_ASSERT(paper_value_at(own, "t", "soft", "reff", &mean, &std));
    json_decref(own);
}

static void test_malformed_numbers_of_the_paper_are_refused_with_their_line(void) {
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"table,row_name,row,column,mean,std\ntable1a,p,0,reff\n",
         "paper.csv: line 2: mean or std is no number"},
        {"table,row_name,row,column,mean,std\ntable1a,p,0,reff,46.68,1,1\n",
         "paper.csv: line 2: more than 6 fields"},
        {"table,row_name,row,column,mean,std\ntable1a,p,0,reff,4x,1\n", "paper.csv: line 2: "},
        {"table,row_name,row,column,mean,std\na,p,0,r,4,1\na,p,0.0,r,5,1\n",
         "paper.csv: line 3: given twice"},
        {"table,row,column,mean,std\ntable1a,0,reff,1,-2\n", "paper.csv: line 2: std is below 0"},
        {"table,row,column,std\na,0,r,4\n",
         "paper.csv: line 1: no column 'mean'; its columns are table, row, column, std"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        CU_ASSERT_PTR_NULL(paper_read_file(fixture_write("paper.csv", bad[i].text), &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, bad[i].part));
    }
}

// ---------------------------------------------------------------------------------------------- bad files

struct bad_file {
    const char *text, *part; // of the message
};

static int read_table(const char *path, struct error *err) {
    struct table t;
    return table_read(&t, path, err);
}

static int read_profile(const char *path, struct error *err) {
    struct profile p;
    int result = profile_read(&p, path, err);
    profile_free(&p);
    return result;
}

static void check_refused(const struct bad_file *bad, size_t count,
                          int (*read)(const char *path, struct error *err)) {
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        CU_ASSERT(read(fixture_write("bad.ini", bad[i].text), &err));
        CU_ASSERT_EQUAL(err.status, EXIT_FAILED); // a file is at fault, not the command line
        int told = strstr(err.message, bad[i].part) && strstr(err.message, "bad.ini");
        CU_ASSERT(told);
        if (!told)
            printf("case %zu: '%s' lacks '%s' ", i, err.message, bad[i].part);
    }
}

#define TABLE_HEAD      "[table]\ntitle = t\nrow = p\n"
#define TABLE_TAIL_REST "q = 1\nsize = 223\n"
#define TABLE_TAIL      "[fixed]\n" TABLE_TAIL_REST

#define OWN_CLAIM                                                                                            \
    "[table]\ntitle = t\nrow = n\nrows = 0, All\ncolumns = reff, baseline\n[fixed]\ndata = mine\n[claim "    \
    "mine]\n"

#define NAMED_ROWS(columns)                                                                                  \
    "[table]\ntitle = t\nrow = variant\nrows = as it is | long\ncolumns = " columns                          \
    "\n[fixed]\np = 0\nq = 1\nsize = 223\n"

static void test_bad_tables_are_refused_with_file_and_line(void) {
    static const struct bad_file bad[] = {
        {TABLE_HEAD "colums = reff\n", "bad.ini:4: unknown key 'colums'"},
        {TABLE_HEAD "row = q\n", "bad.ini:4: key 'row' given twice (first in line 3)"},
        {"[tabel]\ntitle = t\n", "bad.ini:2: unknown section [tabel]"},
        {TABLE_HEAD "rows = 0, x\ncolumns = reff\n" TABLE_TAIL, "bad.ini:4: 'x' is not a number"},
        {TABLE_HEAD "rows = 0, 1.5\ncolumns = reff\n" TABLE_TAIL, "bad.ini:4: 1.5 is not in 0..1"},
        {TABLE_HEAD "rows = 0, nan\ncolumns = reff\n" TABLE_TAIL, "bad.ini:4: "},
        {TABLE_HEAD "rows = 0, 0\ncolumns = reff\n" TABLE_TAIL, "bad.ini:4: '0' given twice"},
        {TABLE_HEAD "rows = 0, 0.5, 0.0\ncolumns = reff\n" TABLE_TAIL,
         "bad.ini:4: '0' and '0.0' are one value"},
        {TABLE_HEAD "rows = ,\ncolumns = reff\n" TABLE_TAIL, "bad.ini:4: no entries"},
        {TABLE_HEAD "rows = 0\ncolumns = ref\n" TABLE_TAIL, "bad.ini:5: 'ref'"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n[fixed]\nq = 1\nsize = 7\n", "bad.ini:8: 7 is not in 8..224"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n[fixed]\nsize = 223\n", "q must be"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n[fixed]\np = 1\nq = 1\nsize = 223\n", "p must be"},
        {TABLE_HEAD "columns = reff\n" TABLE_TAIL, "rows is missing"},
        {"[table]\ntitle = t\nrow = lamda\n",
         "bad.ini:3: 'lamda' (did you mean 'lambda'?) is no setting that can be varied"},
        {"[table]\ntitle = t\nrow = method\n", "bad.ini:3: 'method' is no setting that can be varied"},
        {"[table]\ntitle = t\nrow = data.textures\n", "'data.textures' is no setting that can be varied"},
        {"[table]\ntitle = t\nrow = annotator.seed\n", "'annotator.seed' is no setting that can be varied"},
        {"[table]\ntitle = t\nrow = lambda\nrows = 1, x\ncolumns = reff\n[fixed]\np = 0\n" TABLE_TAIL_REST,
         "bad.ini:4: 'x' is not a number"},
        {"[table]\ntitle = t\nrow = lambda\nrows = 1, 1.0\ncolumns = reff\n[fixed]\np = 0\n" TABLE_TAIL_REST,
         "bad.ini:4: '1' and '1.0' are one value"},
        {"[table]\ntitle = t\nrow = lambda\nrows = 1\ncolumns = reff\n[fixed]\nlambda = 3\np = "
         "0\n" TABLE_TAIL_REST,
         "lambda must be either the row or in [fixed], not both"},
        {TABLE_HEAD "rows = 0\ncolumns = reff, big\n" TABLE_TAIL "[column big]\nmethod = reff\np = 1\n",
         "p must be either the row or in [column big], not both"},
        {TABLE_HEAD "rows = 0\ncolumns = reff, big\n" TABLE_TAIL "[column big]\nwidth = 16\n",
         "bad.ini:10: [column big] has no method, nor has [fixed]"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n" TABLE_TAIL "[column big]\nmethod = reff\n",
         "bad.ini:10: 'big' is not among the columns"},
        {TABLE_HEAD "rows = 0\ncolumns = big\n" TABLE_TAIL "[column big]\nwidht = 16\n",
         "bad.ini:10: unknown key 'widht' in [column big]"},
        {NAMED_ROWS("reff") "[row long]\nepocs = 6\n",
         "bad.ini:11: 'epocs' (did you mean 'epochs'?) is no setting that can be varied"},
        {NAMED_ROWS("reff") "[row longer]\nepochs = 6\n", "bad.ini:11: 'longer' is not among the rows"},
        {NAMED_ROWS("reff") "width = 4\n[row long]\nwidth = 6\n",
         "bad.ini:12: width must be either in [row long] or in [fixed], not both"},
        {NAMED_ROWS("reff, big") "[column big]\nmethod = reff\nwidth = 8\n[row long]\nwidth = 6\n",
         "bad.ini:14: width must be either in [row long] or in [column big], not both"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n" TABLE_TAIL "[row 0]\nepochs = 6\n",
         "bad.ini:10: [row 0] says what varies, and so does row = p: call the row by a word of your own"},
        {TABLE_HEAD "rows\n", "bad.ini:4: "},
        {"[table]\ntitle = t\nrow = n\nrows = 0, 1.5\ncolumns = reff\n[fixed]\np = 0\n" TABLE_TAIL_REST,
         "bad.ini:4: 1.5 is neither a whole number nor All"},
        {"[table]\ntitle = t\nrow = n\nrows = 0, all, 1e9\ncolumns = reff\n", "bad.ini:4: 1e9"},
        {TABLE_HEAD "rows = 0\ncolumn = data\ncolumns = mnist!\n" TABLE_TAIL,
         "bad.ini:6: 'mnist!' is no name"},
        {TABLE_HEAD "rows = 0\ncolumn = data\ncolumns = mine\n" TABLE_TAIL, "p belongs to textured-mnist"},
        {OWN_CLAIM "columns = reff, baseline\n", "text is missing in [claim mine]"},
        {OWN_CLAIM "text = t\n", "columns is missing in [claim mine]"},
        {OWN_CLAIM "text = t\ncolumns = reff\n", "[claim mine] compares two columns, not 1"},
        {OWN_CLAIM "text = t\ncolumns = reff, abn\n", "the table has no column abn"},
        {OWN_CLAIM "text = t\ncolumns = reff, baseline\nrows = 5\n", "the table has no row 5"},
        {OWN_CLAIM "text = t\ncolumns = reff, baseline\nkind = same\n",
         "kind = same needs by = POINTS above 0"},
        {OWN_CLAIM "text = t\nby = much\n", "'much' is not a number"},
        {OWN_CLAIM "colums = reff\n", "unknown key 'colums' (did you mean 'columns'?) in [claim mine]"},
        {TABLE_HEAD "rows = 0\ncolumn = data\ncolumns = textured-mnist\n" TABLE_TAIL, "method must be"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n" TABLE_TAIL "method = reff\n", "method must be either"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n" TABLE_TAIL "data = pets\n", "p belongs to textured-mnist"},
        {TABLE_HEAD "rows = 0\ncolumns = reff\n" TABLE_TAIL "lamda = 1\n", "unknown key 'lamda' in [fixed]"},
        {"[table]\ntitle = t\nkind = settings\nrow = p\n", "kind = settings takes no row"},
        {"[table]\nkind = textures\n", "title is missing"},
        {"title = t\n[table]\n", "bad.ini:1: 'title' stands before any [section]"},
    };
    check_refused(bad, sizeof bad / sizeof *bad, read_table);
}

#define PROFILE_HEAD "[profile]\ntitle = t\nseeds = 1\n[data]\ntrain = 64\ntest = 32\n"

static void test_bad_profiles_are_refused_with_file_and_line(void) {
    static const struct bad_file bad[] = {
        {PROFILE_HEAD "canvs = 32\n", "bad.ini:7: unknown key 'canvs' (did you mean 'canvas'?) in [data]"},
        {PROFILE_HEAD "canvas = 0\n", "bad.ini:7: 0 is not in "},
        {PROFILE_HEAD "canvas = big\n", "bad.ini:7: 'big' is not a whole number"},
        {PROFILE_HEAD "p = 0\n", "bad.ini:7: 'p' is set by the tables"},
        {PROFILE_HEAD "train = 3\n", "bad.ini:7: key 'train' given twice (first in line 5)"},
        {PROFILE_HEAD "[train]\nlamda = 3\n",
         "bad.ini:8: unknown key 'lamda' (did you mean 'lambda'?) in [train]"},
        {PROFILE_HEAD "[train]\nlambda = 3\nepochs = 2\nlambda = 4\n",
         "bad.ini:10: key 'lambda' given twice (first in line 8)"},
        {PROFILE_HEAD "[train]\nlr = nan\n", "bad.ini:8: 'nan' is not a number"},
        {PROFILE_HEAD "[train]\nseed = 1\n", "bad.ini:8: 'seed' is set by the tables"},
        {PROFILE_HEAD "[method ref]\nlambda = 1\n", "bad.ini:8: 'ref'"},
        {PROFILE_HEAD "[method reff]\nlambda = x\n", "bad.ini:8: 'x' is not a number"},
        {PROFILE_HEAD "[method reff]\nepohs = 1\n",
         "bad.ini:8: unknown key 'epohs' (did you mean 'epochs'?) in [method reff]"},
        {PROFILE_HEAD "[methods]\nlambda = 1\n", "bad.ini:8: unknown section [methods]"},
        {PROFILE_HEAD "texture_set = none\n", "bad.ini:7: there is no texture set 'none'; there are dtd"},
        {PROFILE_HEAD "[train]\nbatch = 65\n", "baseline: a batch of 65 is more than the 64 training images"},
        {PROFILE_HEAD "[train]\nbatch = 64\n[method reff]\nbatch = 65\n", "reff: a batch of 65 is more than"},
        {PROFILE_HEAD "[train]\nselect = best-validation\n", "needs validation images in [data]"},
        {PROFILE_HEAD "[train\nlr = 1\n", "bad.ini:7: neither a [section] nor key = value"},
        {PROFILE_HEAD "[data dogs]\ntrain = 1\n", "bad.ini:8: 'dogs' is no data set"},
        {PROFILE_HEAD "[data dogs]\nsource = pets\n",
         "a section of data of one's own begins with 'source = folder'"},
        {PROFILE_HEAD "[data my dogs]\nsource = folder\n", "'my dogs' is no name for a data set"},
        {PROFILE_HEAD "[data dogs]\nsource = folder\ntrain = 64\n", "test in [data dogs] is missing"},
        {PROFILE_HEAD "[data dogs]\nsource = folder\ntrain = 64\ntest = 32\n",
         "images in [data dogs] is missing"},
        {PROFILE_HEAD "[data dogs]\nsource = folder\nsplit = test\n",
         "bad.ini:9: 'split' is set by the tables"},
        {PROFILE_HEAD "[data dogs]\nsource = folder\ncanvas = 9\n", "unknown key 'canvas' in [data dogs]"},
        {PROFILE_HEAD "[data pets]\ntrain = 64\n", "test in [data pets] is missing"},
        {PROFILE_HEAD "[data pets]\ncanvas = 64\n", "bad.ini:8: unknown key 'canvas' in [data pets]"},
        {PROFILE_HEAD "[data pets]\ndata = isic2017\n", "bad.ini:8: 'data' is set by the tables"},
        {PROFILE_HEAD "[data pets]\ntrain = 16\ntest = 9\n", "a batch of 32 is more than the 16"},
        {PROFILE_HEAD "[train dogs]\nlr = 1\n", "bad.ini:8: 'dogs' is no data set"},
        {PROFILE_HEAD "[method reff dogs]\nlr = 1\n", "bad.ini:8: 'dogs' is no data set"},
        {PROFILE_HEAD "[annotator]\nn = 5\n", "bad.ini:8: 'n' is set by the tables"},
        {PROFILE_HEAD "[annotator]\nngff = 5\n",
         "bad.ini:8: unknown key 'ngff' (did you mean 'ngf'?) in [annotator]"},
        {PROFILE_HEAD "[annotator pets]\nngf = x\n", "bad.ini:8: 'x' is not a whole number"},
        {"title = t\n[profile]\n", "bad.ini:1: 'title' stands before any [section]"},
        {"[profile]\ntitle = t\nseeds = 1,1\n", "bad.ini:3: seed 1 given twice"},
        {"[profile]\ntitle = t\n[data]\ntrain = 64\ntest = 32\n", "seeds in [profile] is missing"},
        {"[profile]\ntitle = t\nseeds = 1\nlooks = 3,5\n[data]\ntrain = 64\ntest = 32\n",
         "looks and shares in [profile]: 2 and 5 numbers, one share a look is wanted"},
        {"[profile]\ntitle = t\nseeds = 1\nlooks = 3,3\nshares = .02,.03\n[data]\ntrain = 64\ntest = 32\n",
         "looks in [profile]: whole numbers that rise are wanted"},
        {"[profile]\ntitle = t\nseeds = 1\nlooks = 3,5\nshares = .03,.03\n[data]\ntrain = 64\ntest = 32\n",
         "shares in [profile]: their sum 0.06 is above .05"},
        {"[profile]\ntitle = t\nseeds = 1\n[data]\ntrain = 64\n", "test in [data] is missing"},
    };
    check_refused(bad, sizeof bad / sizeof *bad, read_profile);
}

// [data NAME] source = folder: a data set under a name of its own, for its sections and for tables; [data] may be left out.
static void test_a_profile_names_data_of_ones_own(void) {
    struct error err = {0};
    struct profile p;
    struct table t;
    struct train_settings training;
    struct text why = {0};
    const char *path =
        fixture_write("own.ini", "[profile]\ntitle = t\nseeds = 1\n[data dogs]\nsource = folder\nimages = "
                                 "dogs\ntrain = 0\ntest = 0\n[data cats]\nsource = folder\nimages = "
                                 "cats\ntrain = 64\ntest = 32\n[method reff cats]\nlambda = 7\n");
    CU_ASSERT_FATAL(!profile_read(&p, path, &err));
    const struct profile_data *dogs = profile_data_find(&p, "dogs"), *cats = profile_data_find(&p, "cats");
    CU_ASSERT_FATAL(dogs && cats && dogs != cats);
    CU_ASSERT_STRING_EQUAL(dogs->set->name, "dogs");
    CU_ASSERT_STRING_EQUAL(dogs->settings.folder.title, "dogs");
    CU_ASSERT_STRING_EQUAL(cats->settings.folder.images, "cats");
    CU_ASSERT(cats->images[SPLIT_TRAIN] == 64 && cats->set->generate == data_set_folder.generate);
    CU_ASSERT_EQUAL(profile_data_number(&p, cats->set), cats - p.data);
    CU_ASSERT_FATAL(!profile_training(&p, "reff", "cats", &training, &err));
    suite_near(training.lambda, 7, 0);
    CU_ASSERT(*profile_data_find(&p, "textured-mnist")->absent);
    profile_data_absent(&why, &p, "dog");
    suite_text_has(text_string(&why), "has no [data dog] (did you mean 'dogs'?)");
    text_free(&why);
    profile_free(&p);
    path = fixture_write(
        "table.ini", "[table]\ntitle = t\nrow = n\nrows = 0, All\ncolumns = baseline, reff\n[fixed]\ndata = "
                     "dogs\n[claim focus]\ntext = more\ncolumns = reff, baseline\nrows = All\nby = 2\n");
    CU_ASSERT_FATAL(!table_read(&t, path, &err));
    CU_ASSERT_STRING_EQUAL(table_data(&t, 0), "dogs");
    CU_ASSERT(t.claim_count == 1 && t.own_claim_count == 1);
    CU_ASSERT_STRING_EQUAL(t.claims[0], "focus");
    const struct table_claim *claim = table_own_claim(&t, "focus");
    CU_ASSERT_FATAL(claim != NULL);
    CU_ASSERT(claim->row_count == 1 && !claim->same);
    suite_near(claim->rows[0], N_ALL, 0);
    suite_near(claim->by, 2, 0);
}

static void test_unknown_names_are_refused_known_ones_listed(void) {
    struct error err = {0};
    struct table t;
    struct profile p;
    CU_ASSERT(table_read(&t, "table9", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, " table1a "); // says which there are
    CU_ASSERT(profile_read(&p, "quik", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "quick"));
    profile_free(&p);
}

// --------------------------------------------------------------------------------- the data's folder

static void test_paths_are_relative_to_the_data_folder_which_must_be_given_if_needed(void) {
    struct error err = {0};
    struct profile real, builtin;
    const char *text = PROFILE_HEAD "mnist = mnist\ntextures = /abs/textures\n[train]\nweights = ../w\n";
    CU_ASSERT_FATAL(!profile_read(&real, fixture_write("real.ini", text), &err));
    CU_ASSERT(profile_resolve(&real, "", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "DATA="));
    CU_ASSERT_FATAL(!profile_resolve(&real, "/data", &err));
    CU_ASSERT_STRING_EQUAL(real.data[0].settings.textured_mnist.mnist, "/data/mnist");
    CU_ASSERT_STRING_EQUAL(real.data[0].settings.textured_mnist.textures, "/abs/textures");
    CU_ASSERT_STRING_EQUAL(real.training.weights, "/data/../w");
    CU_ASSERT_FATAL(!profile_read(&builtin, fixture_write("builtin.ini", PROFILE_HEAD), &err));
    CU_ASSERT(
        profile_resolve(&builtin, "/data", &err)); // a folder that would not be read is a misunderstanding
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    char words[256];
    profile_describe(&builtin, "textured-mnist", words);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "not MNIST"));
    profile_free(&real);
    profile_free(&builtin);
}

// Where a profile's weights lead in a data folder.
static void check_weights(const char *written, const char *expected) {
    struct error err = {0};
    struct profile p;
    char text[400];
    snprintf(text, sizeof text,
             PROFILE_HEAD "mnist = mnist\n[train]\nweights = %s\n[method reff]\nweights = %s\n", written,
             written);
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("weights.ini", text), &err));
    CU_ASSERT_FATAL(!profile_resolve(&p, suite_path("outer/data"), &err));
    CU_ASSERT_STRING_EQUAL(p.training.weights, suite_path(expected));
    CU_ASSERT_EQUAL_FATAL(p.override_count, 1);
    CU_ASSERT_STRING_EQUAL(p.overrides[0].value, suite_path(expected));
    char varied[SETTING_TEXT_SIZE]; // named by a table
    snprintf(varied, sizeof varied, "%s", written);
    memset(p.folder, 0, sizeof p.folder); // no data folder: nothing is read, nothing refused
    CU_ASSERT_FATAL(!profile_resolve_weights(&p, varied, &err));
    CU_ASSERT_STRING_EQUAL(varied, written);
    snprintf(p.folder, sizeof p.folder, "%s", suite_path("outer/data"));
    CU_ASSERT_FATAL(!profile_resolve_weights(&p, varied, &err));
    CU_ASSERT_STRING_EQUAL(varied, suite_path(expected));
    profile_free(&p);
}

static void test_weights_of_models_lie_in_the_data_folder_or_beside_it(void) {
    struct error err = {0};
    CU_ASSERT_FATAL(!folder_make(suite_path("outer/models"), &err));
    CU_ASSERT_FATAL(!folder_make(suite_path("outer/data/models"), &err));
    check_weights("models/w", "outer/data/models/w"); // neither is there
    CU_ASSERT_FATAL(!file_write(suite_path("outer/models/w"), "", 0, &err));
    check_weights("models/w", "outer/data/../models/w");
    check_weights("../models/w", "outer/data/../models/w");
    CU_ASSERT_FATAL(!file_write(suite_path("outer/data/models/w"), "", 0, &err));
    check_weights("models/w", "outer/data/models/w");
    check_weights("../models/w", "outer/data/models/w"); // as profiles of earlier versions say it
    check_weights("w", "outer/data/w");
}

// ----------------------------------------------------------------------------------- other data sets

#define OTHER_DATA                                                                                           \
    "[data isic2017]\nsource = isic2017\npixels = 48\ntrain = 40\ntest = 0\n[data pets]\ntrain = 0\ntest = " \
    "9\n"

// What concerns a method on a data set prevails over what concerns the method, that over what concerns the
// data set, that over [train], wherever they stand.
static void test_a_method_on_a_data_set_prevails_over_method_data_set_and_train(void) {
    struct error err = {0};
    struct profile p;
    struct train_settings t;
    struct annotator_settings a;
    const char *text = PROFILE_HEAD "[method reff pets]\nlambda = 4\n[method reff]\nlambda = 3\nlr = 0.3\n"
                                    "[train pets]\nlambda = 2\nlr = 0.2\nepochs = 7\n[train]\nlambda = 1\n"
                                    "lr = 0.1\nbatch = 4\n" OTHER_DATA
                                    "[annotator pets]\nngf = 5\n[annotator]\nngf = 6\nndf = 7\n";
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("overrides.ini", text), &err));
    CU_ASSERT_FATAL(!profile_training(&p, "reff", "pets", &t, &err));
    CU_ASSERT(t.lambda == 4 && t.lr == 0.3 && t.epochs == 7 && t.batch == 4);
    CU_ASSERT_FATAL(!profile_training(&p, "reff", "isic2017", &t, &err));
    CU_ASSERT(t.lambda == 3 && t.lr == 0.3 && t.epochs == 50);
    CU_ASSERT_FATAL(!profile_training(&p, "abn", "pets", &t, &err));
    CU_ASSERT(t.lambda == 2 && t.lr == 0.2 && t.epochs == 7);
    CU_ASSERT_FATAL(!profile_training(&p, "abn", "textured-mnist", &t, &err));
    CU_ASSERT(t.lambda == 1 && t.lr == 0.1 && t.epochs == 50);
    CU_ASSERT_FATAL(!profile_annotator(&p, "pets", &a, &err));
    CU_ASSERT(a.ngf == 5 && a.ndf == 7);
    CU_ASSERT_FATAL(!profile_annotator(&p, "isic2017", &a, &err));
    CU_ASSERT(a.ngf == 6 && a.ndf == 7);
    profile_free(&p);
}

// Photographs that are not there leave their cells empty, and never does the stand-in take their place.
static void test_photographs_that_are_not_there_are_told(void) {
    struct error err = {0};
    struct profile p;
    char words[256];
    const char *text = PROFILE_HEAD "mnist = mnist\n[train]\nbatch = 4\n" OTHER_DATA;
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("photographs.ini", text), &err));
    CU_ASSERT_FATAL(!profile_resolve(&p, suite_path("nowhere"), &err));
    const struct profile_data *isic = profile_data_find(&p, "isic2017"),
                              *pets = profile_data_find(&p, "pets");
    CU_ASSERT(!strncmp(isic->absent, "no isic2017/ in DATA: ", 22));
    CU_ASSERT_PTR_NOT_NULL(strstr(isic->settings.photographs.source, "nowhere/isic2017"));
    CU_ASSERT_STRING_EQUAL(pets->absent, ""); // without a source: drawn, and said to be
    profile_describe(&p, "pets", words);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "built-in stand-in for Pets"));
    profile_describe(&p, "isic2017", words);
    CU_ASSERT_PTR_NULL(strstr(words, "built-in"));
    profile_free(&p);
    CU_ASSERT_FATAL(!folder_make(suite_path("somewhere/isic2017"), &err));
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("photographs.ini", text), &err));
    CU_ASSERT_FATAL(!profile_resolve(&p, suite_path("somewhere"), &err));
    CU_ASSERT_STRING_EQUAL(profile_data_find(&p, "isic2017")->absent, "");
    profile_free(&p);
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("few.ini", PROFILE_HEAD), &err));
    CU_ASSERT_STRING_EQUAL(profile_data_find(&p, "pets")->absent, "profile few has no [data pets]");
    profile_free(&p);
}

void suite_definitions(void) {
    CU_pSuite suite = CU_add_suite("definitions", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "seeds are a count or a list", test_seeds_are_a_count_or_a_list);
    CU_add_test(suite, "seeds that are neither count nor list are refused",
                test_seeds_that_are_neither_count_nor_list_are_refused);
    CU_add_test(suite, "table1 is the paper's tables 1a and 1b", test_table1_is_the_papers_tables_1a_and_1b);
    CU_add_test(suite, "rows may be annotated images, columns data sets",
                test_rows_may_be_annotated_images_columns_data_sets);
    CU_add_test(suite, "rows may have names, and sections with settings",
                test_rows_may_have_names_and_sections_with_settings);
    CU_add_test(suite, "every committed profile can be read", test_every_committed_profile_can_be_read);
    CU_add_test(suite, "the paper's numbers are there for every cell of the tables",
                test_the_papers_numbers_are_there_for_every_cell_of_the_tables);
    CU_add_test(suite, "a user's numbers are read as spreadsheets write them",
                test_a_users_numbers_are_read_as_spreadsheets_write_them);
    CU_add_test(suite, "malformed numbers of the paper are refused with their line",
                test_malformed_numbers_of_the_paper_are_refused_with_their_line);
    CU_add_test(suite, "some rows of a table can be asked for", test_some_rows_of_a_table_can_be_asked_for);
    CU_add_test(suite, "bad tables are refused with file and line",
                test_bad_tables_are_refused_with_file_and_line);
    CU_add_test(suite, "bad profiles are refused with file and line",
                test_bad_profiles_are_refused_with_file_and_line);
    CU_add_test(suite, "a profile names data of one's own", test_a_profile_names_data_of_ones_own);
    CU_add_test(suite, "unknown names are refused, known ones listed",
                test_unknown_names_are_refused_known_ones_listed);
    CU_add_test(suite, "a method on a data set prevails over method, data set and [train]",
                test_a_method_on_a_data_set_prevails_over_method_data_set_and_train);
    CU_add_test(suite, "photographs that are not there are told",
                test_photographs_that_are_not_there_are_told);
    CU_add_test(suite, "paths are relative to the data folder, which must be given if needed",
                test_paths_are_relative_to_the_data_folder_which_must_be_given_if_needed);
    CU_add_test(suite, "weights of models/ lie in the data folder or beside it",
                test_weights_of_models_lie_in_the_data_folder_or_beside_it);
}

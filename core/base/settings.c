// SPDX-License-Identifier: Apache-2.0
#include "core/base/settings.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *member(const struct setting *s, void *target) {
    return (char *)target + s->offset;
}
static const void *member_const(const struct setting *s, const void *target) {
    return (const char *)target + s->offset;
}

static size_t member_size(const struct setting *s) {
    switch (s->type) {
    case SETTING_TYPE_INT:
    case SETTING_TYPE_FLAG:
        return sizeof(int);
    case SETTING_TYPE_SEED:
        return sizeof(uint64_t);
    case SETTING_TYPE_REAL:
        return sizeof(double);
    case SETTING_TYPE_REALS:
        return sizeof(struct real_list);
    case SETTING_TYPE_CHOICE:
        return SETTING_WORD_SIZE;
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_WORDS:
        return SETTING_TEXT_SIZE;
    }
    return 0;
}

void settings_default(const struct setting *schema, void *target) {
    struct error ignored; // a default that does not parse is caught by the tests of every schema
    for (const struct setting *s = schema; s->name; s++) {
        memset(member(s, target), 0, member_size(s));
        if (s->standard)
            settings_assign(s, target, s->standard, s->name, &ignored);
    }
}

void settings_join(struct setting *out, int room, const struct setting *first, const struct setting *second,
                   size_t offset) {
    int n = 0;
    for (const struct setting *s = first; s->name && n + 1 < room; s++)
        out[n++] = *s;
    for (const struct setting *s = second; s->name && n + 1 < room; s++) {
        out[n] = *s;
        out[n++].offset += offset;
    }
    out[n] = (struct setting)SETTING_END;
}

const struct setting *settings_find(const struct setting *schema, const char *name) {
    for (const struct setting *s = schema; s->name; s++) {
        const char *a = s->name, *b = name;
        while (*a && *b && (*a == *b || (*a == '_' && *b == '-')))
            a++, b++;
        if (!*a && !*b)
            return s;
    }
    return NULL;
}

const char *settings_suggest(struct suggestion *near, const struct setting *schema, const char *name) {
    suggest_start(near, name);
    for (const struct setting *s = schema; s && s->name; s++)
        suggest_consider(near, s->name);
    return suggest_text(near);
}

// A number that fills the whole text; NaN and infinities are no settings.
static int parse_real(const char *text, const char **end, double *value) {
    char *stop;
    errno = 0;
    *value = strtod(text, &stop);
    *end = stop;
    return stop != text && isfinite(*value) ? 0 : -1;
}

// A minimum of -1 is a word of its own ("the method's"), apart from the range, which begins at 0.
static int has_special(const struct setting *s) {
    return s->minimum == -1;
}

static int out_of_range(const struct setting *s, double value) {
    return value < s->minimum || value > s->maximum || (has_special(s) && value > -1 && value < 0);
}

static int complain_range(const struct setting *s, const char *text, const char *where, struct error *err) {
    if (has_special(s))
        return fail_usage(err, "%s: %.60s is neither -1 nor in 0..%.15g", where, text, s->maximum);
    return fail_usage(err, "%s: %.60s is not in %.15g..%.15g", where, text, s->minimum, s->maximum);
}

static int assign_int(const struct setting *s, void *target, const char *text, const char *where,
                      struct error *err) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end)
        return fail_usage(err, "%s: '%.60s' is not a whole number", where, text);
    if (errno || out_of_range(s, (double)value))
        return complain_range(s, text, where, err);
    *(int *)member(s, target) = (int)value;
    return 0;
}

static int assign_seed(const struct setting *s, void *target, const char *text, const char *where,
                       struct error *err) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end || text[strspn(text, " ")] == '-')
        return fail_usage(err, "%s: '%.60s' is not a whole number of at least 0", where, text);
    if (errno || out_of_range(s, (double)value))
        return complain_range(s, text, where, err);
    *(uint64_t *)member(s, target) = value;
    return 0;
}

static int assign_real(const struct setting *s, void *target, const char *text, const char *where,
                       struct error *err) {
    const char *end;
    double value;
    if (parse_real(text, &end, &value) || *end)
        return fail_usage(err, "%s: '%.60s' is not a number", where, text);
    if (out_of_range(s, value))
        return complain_range(s, text, where, err);
    *(double *)member(s, target) = value;
    return 0;
}

static int assign_reals(const struct setting *s, void *target, const char *text, const char *where,
                        struct error *err) {
    struct real_list list = {0};
    for (const char *at = text; *text; at++) { // an empty text is an empty list
        if (list.count == SETTING_LIST_MAXIMUM)
            return fail_usage(err, "%s: more than %d numbers", where, SETTING_LIST_MAXIMUM);
        double value;
        if (parse_real(at, &at, &value) || (*at && *at != ','))
            return fail_usage(err, "%s: '%.60s' is not a list of numbers separated by commas", where, text);
        if (out_of_range(s, value))
            return complain_range(s, text, where, err);
        list.values[list.count++] = value;
        if (!*at)
            break;
    }
    *(struct real_list *)member(s, target) = list;
    return 0;
}

static int assign_choice(const struct setting *s, void *target, const char *text, const char *where,
                         struct error *err) {
    size_t length = strlen(text);
    for (const char *word = s->choices; length && *word; word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        if (size == length && !memcmp(word, text, length) && length < SETTING_WORD_SIZE) {
            memcpy(member(s, target), text, length + 1);
            return 0;
        }
        word += size;
    }
    struct suggestion near;
    return fail_usage(err, "%s: '%.60s'%s is none of: %s", where, text,
                      suggest_from_list(&near, text, s->choices), s->choices);
}

static int assign_flag(const struct setting *s, void *target, const char *text, const char *where,
                       struct error *err) {
    int yes = !strcmp(text, "yes") || !strcmp(text, "true") || !strcmp(text, "1");
    int no = !strcmp(text, "no") || !strcmp(text, "false") || !strcmp(text, "0");
    if (!yes && !no)
        return fail_usage(err, "%s: '%.60s' is neither yes nor no", where, text);
    *(int *)member(s, target) = yes;
    return 0;
}

static int assign_text(const struct setting *s, void *target, const char *text, const char *where,
                       struct error *err) {
    size_t length = strlen(text);
    if (length >= SETTING_TEXT_SIZE)
        return fail_usage(err, "%s: longer than %d characters", where, SETTING_TEXT_SIZE - 1);
    memcpy(member(s, target), text, length + 1);
    return 0;
}

int settings_assign(const struct setting *s, void *target, const char *text, const char *where,
                    struct error *err) {
    switch (s->type) {
    case SETTING_TYPE_INT:
        return assign_int(s, target, text, where, err);
    case SETTING_TYPE_SEED:
        return assign_seed(s, target, text, where, err);
    case SETTING_TYPE_REAL:
        return assign_real(s, target, text, where, err);
    case SETTING_TYPE_REALS:
        return assign_reals(s, target, text, where, err);
    case SETTING_TYPE_CHOICE:
        return assign_choice(s, target, text, where, err);
    case SETTING_TYPE_FLAG:
        return assign_flag(s, target, text, where, err);
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_WORDS:
        return assign_text(s, target, text, where, err);
    }
    return fail(err, "%s: unknown type of setting", where);
}

// The shortest decimal that reads back as the same double.
static void add_real(struct text *out, double value) {
    char number[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (strtod(number, NULL) == value)
            break;
    }
    text_add(out, number);
}

void settings_add_text(struct text *out, const struct setting *s, const void *target) {
    const void *m = member_const(s, target);
    switch (s->type) {
    case SETTING_TYPE_INT:
        text_printf(out, "%d", *(const int *)m);
        break;
    case SETTING_TYPE_SEED:
        text_printf(out, "%llu", (unsigned long long)*(const uint64_t *)m);
        break;
    case SETTING_TYPE_REAL:
        add_real(out, *(const double *)m);
        break;
    case SETTING_TYPE_REALS: {
        const struct real_list *list = m;
        for (int i = 0; i < list->count; i++) {
            text_add(out, i ? "," : "");
            add_real(out, list->values[i]);
        }
        break;
    }
    case SETTING_TYPE_FLAG:
        text_add(out, *(const int *)m ? "yes" : "no");
        break;
    case SETTING_TYPE_CHOICE:
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_WORDS:
        text_add(out, m);
        break;
    }
}

// Room for any member, at its start.
union any_member {
    struct real_list list;
    char text[SETTING_TEXT_SIZE];
    uint64_t number;
};

const char *option_name(const struct setting *s, char out[SETTING_WORD_SIZE]) {
    snprintf(out, SETTING_WORD_SIZE, "%s", s->name);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '-';
    return out;
}

int settings_check(const struct setting *schema, const void *target, struct error *err) {
    struct text where = {0}, value = {0};
    char name[SETTING_WORD_SIZE];
    int failed = 0;
    for (const struct setting *s = schema; s->name && !failed; s++) {
        union any_member scratch;
        struct setting alone = *s;
        alone.offset = 0;
        text_clear(&where), text_clear(&value);
        text_printf(&where, "--%s", option_name(s, name));
        settings_add_text(&value, s, target);
        failed = text_check(&where, s->name, err) || text_check(&value, s->name, err) ||
                 settings_assign(&alone, &scratch, text_string(&value), text_string(&where), err);
    }
    text_free(&where), text_free(&value);
    return failed ? -1 : 0;
}

static json_t *member_json(const struct setting *s, const void *target) {
    const void *m = member_const(s, target);
    switch (s->type) {
    case SETTING_TYPE_INT:
        return json_integer(*(const int *)m);
    case SETTING_TYPE_SEED:
        return json_integer((json_int_t) * (const uint64_t *)m);
    case SETTING_TYPE_REAL:
        return json_real(*(const double *)m);
    case SETTING_TYPE_FLAG:
        return json_boolean(*(const int *)m);
    case SETTING_TYPE_REALS: {
        const struct real_list *list = m;
        json_t *array = json_array();
        for (int i = 0; i < list->count; i++)
            json_array_append_new(array, json_real(list->values[i]));
        return array;
    }
    case SETTING_TYPE_CHOICE:
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_WORDS:
        return json_string(m);
    }
    return NULL;
}

// Whether two members of one kind have the same bits, or text. It allocates nothing: an identity must not depend
// on memory.
static int same_value(const struct setting *s, const void *a, const void *b) {
    if (s->type == SETTING_TYPE_CHOICE || s->type == SETTING_TYPE_TEXT || s->type == SETTING_TYPE_WORDS)
        return !strcmp(a, b);
    if (s->type != SETTING_TYPE_REALS)
        return !memcmp(a, b, member_size(s));
    const struct real_list *x = a, *y = b;
    return x->count == y->count && !memcmp(x->values, y->values, (size_t)x->count * sizeof *x->values);
}

static int has_default(const struct setting *s, const void *target) {
    union any_member scratch;
    struct setting alone = *s; // as if it were the only member of a struct
    struct error ignored;
    alone.offset = 0;
    memset(&scratch, 0, sizeof scratch);
    return s->standard && !settings_assign(&alone, &scratch, s->standard, "", &ignored) &&
           same_value(s, &scratch, member_const(s, target));
}

static int belongs_to_identity(const struct setting *s, const void *target) {
    return s->record == 1 || (s->record == 2 && !has_default(s, target));
}

json_t *settings_json(const struct setting *schema, const void *target, int recorded_only) {
    json_t *object = json_object();
    for (const struct setting *s = schema; object && s->name; s++)
        if ((!recorded_only || belongs_to_identity(s, target)) &&
            json_object_set_new(object, s->name, member_json(s, target))) {
            json_decref(object);
            return NULL;
        }
    return object;
}

// A JSON value in the form that settings_assign reads; -1 where no text can stand for it.
static int add_json(struct text *out, const json_t *value) {
    size_t i;
    json_t *item;
    if (json_is_string(value)) {
        text_add(out, json_string_value(value));
    } else if (json_is_boolean(value)) {
        text_add(out, json_is_true(value) ? "yes" : "no");
    } else if (json_is_integer(value)) {
        text_printf(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        add_real(out, json_real_value(value));
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (!json_is_number(item))
                return -1;
            text_add(out, i ? "," : "");
            add_real(out, json_number_value(item));
        }
    } else {
        return -1;
    }
    return 0;
}

static int assign_json(const struct setting *s, void *target, const json_t *value, const char *where,
                       struct error *err) {
    struct text text = {0}, place = {0};
    text_printf(&place, "%s: %s", where, s->name);
    int unlike = add_json(&text, value),
        failed = text_check(&place, where, err) || text_check(&text, where, err);
    if (!failed && unlike)
        failed = fail(err, "%s: not a value of this kind", text_string(&place));
    if (!failed)
        failed = settings_assign(s, target, text_string(&text), text_string(&place), err);
    text_free(&text), text_free(&place);
    return failed ? -1 : 0;
}

int settings_from_json(const struct setting *schema, void *target, const json_t *object, const char *where,
                       struct error *err) {
    if (!json_is_object(object))
        return fail(err, "%s: settings are no JSON object", where);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        const struct setting *s = settings_find(schema, key);
        struct suggestion near;
        if (!s)
            return fail(err, "%s: unknown setting '%.60s'%s", where, key,
                        settings_suggest(&near, schema, key));
        if (assign_json(s, target, value, where, err))
            return -1;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- settings files

// inih's callback has no line number, so the file is first taken apart by inih one line at a time (its reader
// callback), which tells us the line.
struct ini_state {
    const char *path;
    char *next; // the line to be read next
    int line;
    struct {
        char section[64], key[64];
        int line;
    } * seen;
    size_t seen_count;
    settings_line *take;
    void *context;
    struct text where; // of the line at hand, for messages
    struct error *err;
    int failed;
};

// Gives inih the next line, counting. A line longer than inih's buffer is refused, not cut in two.
static char *next_line(char *buffer, int size, void *stream) {
    struct ini_state *state = stream;
    if (!*state->next || state->failed)
        return NULL;
    size_t length = strcspn(state->next, "\n");
    state->line++;
    if (length + 2 > (size_t)size) {
        state->failed =
            fail_usage(state->err, "%s:%d: longer than %d characters", state->path, state->line, size - 2);
        return NULL;
    }
    memcpy(buffer, state->next, length);
    memcpy(buffer + length, "\n", 2);
    state->next += length + (state->next[length] == '\n');
    return buffer;
}

static int refuse_repeated(struct ini_state *state, const char *section, const char *key) {
    for (size_t i = 0; i < state->seen_count; i++)
        if (!strcmp(state->seen[i].section, section) && !strcmp(state->seen[i].key, key))
            return fail_usage(state->err, "%s:%d: key '%s' given twice (first in line %d)", state->path,
                              state->line, key, state->seen[i].line);
    if (strlen(section) >= sizeof state->seen->section || strlen(key) >= sizeof state->seen->key)
        return fail_usage(state->err, "%s:%d: name too long", state->path, state->line);
    if (array_resize(state->seen, state->seen_count + 1, "settings", state->err))
        return -1;
    strcpy(state->seen[state->seen_count].section, section);
    strcpy(state->seen[state->seen_count].key, key);
    state->seen[state->seen_count++].line = state->line;
    return 0;
}

// inih's handler: 1 goes on, 0 stops.
static int take_line(void *user, const char *section, const char *key, const char *value) {
    struct ini_state *state = user;
    if (state->failed)
        return 0;
    text_clear(&state->where);
    text_printf(&state->where, "%s:%d", state->path, state->line);
    if (text_check(&state->where, "a place", state->err) || refuse_repeated(state, section, key) ||
        state->take(state->context, section, key, value, text_string(&state->where), state->err))
        state->failed = -1;
    return !state->failed;
}

int settings_lines(const char *name, const char *text, settings_line *take, void *context,
                   struct error *err) {
    struct ini_state state = {
        .path = name, .next = (char *)text, .take = take, .context = context, .err = err};
    int line = ini_parse_stream(next_line, &state, take_line, &state);
    if (line > 0 && (!state.failed || line < state.line)) // inih goes on after a line that it cannot read
        state.failed = fail_usage(err, "%s:%d: neither a [section] nor key = value", name, line);
    else if (line < 0 && !state.failed)
        state.failed = fail_memory(err, "%s", name);
    free(state.seen);
    text_free(&state.where);
    return error_of_file(state.failed, err);
}

int settings_file(const char *path, settings_line *take, void *context, struct error *err) {
    char *text = file_read(path, 1 << 20, NULL, err);
    if (!text)
        return -1;
    int failed = settings_lines(path, text, take, context, err);
    free(text);
    return failed;
}

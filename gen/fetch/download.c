// SPDX-License-Identifier: Apache-2.0
#include "gen/fetch/download.h"

#include "core/base/interrupt.h"
#include "core/base/progress.h"
#include "core/base/settings.h"
#include "core/base/version.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SLOW = 1000,     // bytes per second: less, for `patience` seconds, is a stall
    SNIFF = 512,     // first bytes, looked at for HTML
    VALIDATOR = 256, // longest ETag or date that is kept
    REDIRECTIONS = 10,
    HEADERS_MAXIMUM = 256 << 10, // bytes, of all answers of a try
};

// What a failed try means for the next.
enum transfer_outcome {
    WHOLE,
    AGAIN,    // may go on from where it stopped
    ANEW,     // the server's file does not begin with the bytes that are there: once more without them
    STOPPED,  // no use now, but what is in the file stays good
    HOPELESS, // the server has another file
};

struct transfer {
    const struct download *d;
    CURL *curl;
    const char *partial, *notes; // paths
    int file;                    // descriptor of the partial file
    curl_off_t from, at;         // first byte asked for; bytes in the file now
    int begun;                   // the answer's first byte has been looked at
    char etag[VALIDATOR], modified[VALIDATOR], type[VALIDATOR], encoding[VALIDATOR]; // of the answer at hand
    curl_off_t range_from, range_total; // of its Content-Range, -1: none
    char kept[VALIDATOR];               // validator of the bytes in the file, "" none
    char cause[400];                    // found by a callback: what is wrong
    int system_cause;                   // errno, if it was the system, whose words `cause` then has
    enum transfer_outcome outcome;      // with `cause`
    size_t headers;                     // bytes of them so far
    struct progress progress;
};

static size_t refuse(struct transfer *t, enum transfer_outcome outcome, const char *cause) {
    snprintf(t->cause, sizeof t->cause, "%s", cause);
    t->outcome = outcome;
    return 0; // libcurl ends the transfer
}

static size_t refuse_system(struct transfer *t, int cause) {
    t->system_cause = cause;
    return refuse(t, STOPPED, strerror(cause));
}

static size_t refuse_large(struct transfer *t) {
    char cause[160];
    if (t->d->bytes > 0)
        return refuse(t, HOPELESS, "more bytes than the file has");
    snprintf(cause, sizeof cause,
             "more than %.0f bytes, the most that is taken where no size is published (--maximum)",
             t->d->maximum);
    return refuse(t, HOPELESS, cause);
}

// Bytes that the file may have.
static double bound(const struct transfer *t) {
    return t->d->bytes > 0 ? t->d->bytes : t->d->maximum;
}

// ---------------------------------------------------------------------------------------- the answer's head

// Copies the value of header `name` into `out`, if `line` is that header.
static void take_header(const char *line, size_t size, const char *name, char out[VALIDATOR]) {
    size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) || line[length] != ':')
        return;
    const char *begin = line + length + 1, *end = line + size;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    for (const char *c = begin; c < end; c++)
        if (*c < ' ' || *c > '~')
            return; // nothing that may be sent back
    if (end - begin < VALIDATOR) {
        memcpy(out, begin, (size_t)(end - begin));
        out[end - begin] = 0;
    }
}

static size_t on_header(char *line, size_t one, size_t size, void *context) {
    struct transfer *t = context;
    char range[VALIDATOR] = "";
    t->headers += one * size;
    if (t->headers > HEADERS_MAXIMUM)
        return refuse(t, STOPPED, "more than 256 KiB of headers");
    if (size > 5 && !strncmp(line, "HTTP/", 5)) { // a new answer: after a redirection the first one's is void
        t->etag[0] = t->modified[0] = t->type[0] = t->encoding[0] = 0;
        t->range_from = t->range_total = -1;
    }
    take_header(line, size, "ETag", t->etag);
    take_header(line, size, "Last-Modified", t->modified);
    take_header(line, size, "Content-Type", t->type);
    take_header(line, size, "Transfer-Encoding", t->encoding);
    take_header(line, size, "Content-Range", range);
    if (!strncmp(range, "bytes ", 6)) { // "bytes FROM-TO/TOTAL", TOTAL may be "*"
        const char *slash = strchr(range, '/');
        t->range_from = strtoll(range + 6, NULL, 10);
        t->range_total = slash && isdigit((unsigned char)slash[1]) ? strtoll(slash + 1, NULL, 10) : -1;
    }
    return one * size;
}

// What a later call may hold the server to. A weak ETag (W/"...") does not promise the same bytes.
static const char *validator(const struct transfer *t) {
    return t->etag[0] == '"' ? t->etag : t->modified;
}

static const char *status_text(long status) {
    switch (status) {
    case 401:
        return " (unauthorized)";
    case 403:
        return " (forbidden)";
    case 404:
        return " (not found)";
    case 410:
        return " (gone)";
    case 429:
        return " (too many requests)";
    default:
        return status >= 500 ? " (the server's fault)" : "";
    }
}

static size_t check_status(struct transfer *t, long status) {
    char cause[100];
    if (status == 200 || (status == 206 && t->from))
        return 1;
    snprintf(cause, sizeof cause, "the server answers %ld%s", status, status_text(status));
    if (status == 416 && t->from && t->d->verifiable) // nothing after what is there: its digest decides
        return refuse(t, WHOLE, "the server has no more bytes");
    return refuse(t, status == 416 ? ANEW : status == 429 || status >= 500 ? AGAIN : STOPPED, cause);
}

// A whole answer (200) to a question for the rest: the server knows no ranges, or the file has changed.
static size_t start_anew(struct transfer *t) {
    t->from = t->at = 0;
    if (ftruncate(t->file, 0) || lseek(t->file, 0, SEEK_SET))
        return refuse_system(t, errno);
    return 1;
}

static size_t write_notes(struct transfer *t) {
    struct error err = {.message = "out of memory"};
    json_t *notes = json_pack("{ssss}", "url", t->d->url, "validator", validator(t));
    int failed = !notes || json_write(t->notes, notes, &err);
    json_decref(notes);
    t->system_cause = failed ? err.cause : 0;
    return failed ? refuse(t, STOPPED, err.cause ? strerror(err.cause) : err.message) : 1;
}

// An answer that ends with its connection looks like one that broke off, unless size or digest is known.
// (HTTP/2 and later mark the end.)
static int end_is_known(const struct transfer *t, curl_off_t total) {
    long version = 0;
    curl_easy_getinfo(t->curl, CURLINFO_HTTP_VERSION, &version);
    return total >= 0 || t->d->bytes > 0 || t->d->verifiable || version > CURL_HTTP_VERSION_1_1 ||
           !strncasecmp(t->encoding, "chunked", 7);
}

// The answer's first byte is there, and with it the whole head.
static size_t begin(struct transfer *t) {
    char cause[200];
    long status = 0;
    curl_off_t length = -1;
    t->begun = 1;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (!check_status(t, status))
        return 0;
    if (!strncasecmp(t->type, "text/html", 9))
        return refuse(t, STOPPED, "an HTML page instead of the file");
    if (status == 206 && t->range_from != t->from)
        return refuse(t, ANEW, "the server answers with another range than was asked for");
    if (status == 200 && t->from && !start_anew(t))
        return 0;
    curl_off_t total = status == 206 ? t->range_total : length;
    if (t->d->bytes > 0 && total >= 0 && (double)total != t->d->bytes) {
        snprintf(cause, sizeof cause, "%lld bytes instead of %.0f", (long long)total, t->d->bytes);
        return refuse(t, HOPELESS, cause);
    }
    if (total >= 0 && (double)total > bound(t))
        return refuse_large(t);
    if (!end_is_known(t, total))
        return refuse(t, STOPPED, "the server does not say how long the file is");
    t->progress.total = total > 0 ? (double)total : t->d->bytes;
    t->progress.done_at_start = (double)t->from;
    return status == 200 ? write_notes(t) : 1;
}

// ---------------------------------------------------------------------------------------- its body

static int is_html(const char *text, size_t size) {
    static const char *const openings[] = {"<!doctype html", "<html", "<head", "<?xml"};
    while (size && isspace((unsigned char)*text))
        text++, size--;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (size >= strlen(openings[i]) && !strncasecmp(text, openings[i], strlen(openings[i])))
            return 1;
    return 0;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *context) {
    struct transfer *t = context;
    size *= one;
    if (!t->begun && !begin(t))
        return 0;
    if (t->at == 0 && is_html(bytes, size < SNIFF ? size : SNIFF))
        return refuse(t, HOPELESS, "an HTML page instead of the file");
    if ((double)t->at + (double)size > bound(t))
        return refuse_large(t);
    for (size_t done = 0; done < size;) {
        ssize_t written = write(t->file, bytes + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return refuse_system(t, written ? errno : EIO);
        done += (size_t)written;
        t->at += written;
    }
    return size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t up_now) {
    struct transfer *t = context;
    (void)total, (void)up, (void)up_now;
    if ((double)now > bound(t) + HEADERS_MAXIMUM &&
        !t->cause[0]) // the page of a redirection, which on_body does not see
        refuse_large(t);
    progress_update(&t->progress, (double)t->at, NULL);
    return interrupt_requested() || t->cause[0];
}

// ---------------------------------------------------------------------------------------- one try

const char *download_redirections(const char *url) {
    return strncasecmp(url, "https:", 6) ? "http,https" : "https";
}

// Only libcurl's own failures come here; what a callback refused has its cause.
static enum transfer_outcome judge(struct transfer *t, CURLcode code, const char *detail) {
    const char *text = *detail ? detail : curl_easy_strerror(code);
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (t->cause[0])
        return t->outcome;
    if (code == CURLE_OK && !t->begun) { // no body: an error status without words, or an empty file
        t->begun = 1;
        if (!check_status(t, status))
            return t->outcome;
        return (refuse(t, AGAIN, "an empty answer"), AGAIN);
    }
    if (code == CURLE_OK && t->d->bytes > 0 && (double)t->at < t->d->bytes) {
        snprintf(t->cause, sizeof t->cause, "truncated: %lld of %.0f bytes", (long long)t->at, t->d->bytes);
        return AGAIN;
    }
    if (code == CURLE_OK)
        return WHOLE;
    if (code == CURLE_OPERATION_TIMEDOUT && t->begun)
        snprintf(t->cause, sizeof t->cause, "stalled: less than %d bytes/s for %d seconds, after %lld bytes",
                 SLOW, t->d->patience, (long long)t->at);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        snprintf(t->cause, sizeof t->cause, "no answer within %d seconds", t->d->patience);
    else if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
        snprintf(t->cause, sizeof t->cause, "the connection broke off after %lld bytes", (long long)t->at);
    else if (code == CURLE_UNSUPPORTED_PROTOCOL)
        snprintf(t->cause, sizeof t->cause, "a redirection that is not followed (%s)", text);
    else
        snprintf(t->cause, sizeof t->cause, "%s", text);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return AGAIN;
    default: // no such host, connection refused, certificates, too many redirections
        return STOPPED;
    }
}

static int configure(struct transfer *t, struct curl_slist **headers, char range[64]) {
    char line[VALIDATOR + 16];
    CURL *c = t->curl;
    int bad = 0;
    bad |= curl_easy_setopt(c, CURLOPT_URL, t->d->url);
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "reff/" REFF_VERSION);
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, download_redirections(t->d->url));
    bad |= curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTIONS);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)t->d->patience);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)t->d->patience);
    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    if (t->from) { // CURLOPT_RESUME_FROM would fail on an answer of 200, which is welcome here
        snprintf(range, 64, "%lld-", (long long)t->from);
        bad |= curl_easy_setopt(c, CURLOPT_RANGE, range);
        snprintf(line, sizeof line, "If-Range: %s", t->kept);
        if (t->kept[0])
            bad |= !(*headers = curl_slist_append(NULL, line));
        bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers);
    }
    return bad;
}

// Reads what an earlier call left: how many bytes, and what identifies the server's file. Where the system does not tell,
// the transfer is refused: the bytes that are there stay.
static void recall(struct transfer *t) {
    struct error unread = {0};
    struct stat status;
    t->kept[0] = 0;
    if (fstat(t->file, &status)) {
        refuse(t, STOPPED, strerror(errno));
        return;
    }
    t->from = t->at = status.st_size;
    int there = file_is_there(t->notes, &unread);
    json_t *notes = there > 0 ? json_read(t->notes, &unread) : NULL; // damaged ones say nothing
    if (unread.cause) {
        refuse(t, STOPPED, unread.message);
        return;
    }
    const char *url = json_string_value(json_object_get(notes, "url")),
               *kept = json_string_value(json_object_get(notes, "validator"));
    if (url && kept && !strcmp(url, t->d->url))
        snprintf(t->kept, sizeof t->kept, "%s", kept);
    else if (!t->d->verifiable || !notes)
        t->from = 0; // from another or an unknown address
    if ((!t->kept[0] && !t->d->verifiable) || (double)t->at > bound(t))
        t->from = 0;
    if (!t->from && t->at)
        start_anew(t);
    if (lseek(t->file, t->at, SEEK_SET) < 0)
        refuse(t, STOPPED, strerror(errno));
    json_decref(notes);
}

static enum transfer_outcome try_once(struct transfer *t) {
    struct curl_slist *headers = NULL;
    char detail[CURL_ERROR_SIZE] = "", range[64];
    t->cause[0] = 0;
    t->system_cause = t->begun = 0;
    t->headers = 0;
    recall(t);
    if (t->cause[0])
        return t->outcome;
    if (t->d->bytes > 0 && (double)t->at == t->d->bytes)
        return WHOLE; // an earlier call ended between the last byte and its publication
    t->curl = curl_easy_init();
    if (!t->curl || configure(t, &headers, range) || curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, detail)) {
        refuse(t, STOPPED, "libcurl cannot be set up");
    } else {
        progress_start(&t->progress, t->d->target, "bytes", t->d->bytes, (double)t->from);
        t->outcome = judge(t, curl_easy_perform(t->curl), detail);
        progress_end(&t->progress);
    }
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(headers);
    return t->outcome;
}

// ---------------------------------------------------------------------------------------- all tries

// One, two, four ... seconds between tries; a signal ends the wait.
static void wait_before(int try) {
    for (double until = seconds_now() + (1 << (try < 5 ? try : 5)); seconds_now() < until;) {
        if (interrupt_requested())
            return;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

static int run(struct transfer *t, int *resumed, struct error *err) {
    const struct download *d = t->d;
    int anew = 0;
    *resumed = 0;
    for (int try = 0;; try++) {
        enum transfer_outcome outcome = try_once(t);
        *resumed |= t->from > 0;
        if (interrupt_requested())
            return fail_interrupted(err, "%s: interrupted; the next call goes on after %lld bytes", d->target,
                                    (long long)t->at);
        if (outcome == WHOLE)
            return fsync(t->file) ? fail_system(err, errno, "%s", d->target) : 0;
        if (outcome == ANEW && !anew++) { // what is there fits the server's file no more
            start_anew(t);
            continue;
        }
        if (outcome == HOPELESS || outcome == ANEW)
            start_anew(t);
        if (outcome != AGAIN || try + 1 >= d->tries)
            return t->system_cause ? fail_system(err, t->system_cause, "%s: %s", d->target, d->url)
                                   : fail(err, "%s: %s: %s", d->target, d->url, t->cause);
        wait_before(try);
    }
}

// Opens and locks the partial file. Between opening and locking another process may have published it.
static int open_partial(const char *partial, const char *target, struct error *err) {
    for (;;) {
        struct stat by_name, by_lock;
        int file = open(partial, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0)
            return fail_system(err, errno, "%s", target);
        if (flock(file, LOCK_EX | LOCK_NB)) {
            int cause = errno;
            close(file);
            return cause == EWOULDBLOCK ? fail(err, "%s: another process is fetching it", target)
                                        : fail_system(err, cause, "%s", target);
        }
        if (!fstat(file, &by_lock) && !stat(partial, &by_name) && by_lock.st_ino == by_name.st_ino)
            return file;
        close(file);
    }
}

static int notes_path(const char *partial, char notes[PATH_SIZE], struct error *err) {
    return snprintf(notes, PATH_SIZE, "%s.json", partial) < PATH_SIZE
               ? 0
               : fail(err, "%.200s...: path too long", partial);
}

int download_run(const struct download *d, struct download_result *result, struct error *err) {
    struct transfer t = {.d = d, .partial = result->partial};
    char notes[PATH_SIZE];
    if (snprintf(result->partial, PATH_SIZE, "%s.fetching", d->target) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", d->target);
    if (notes_path(result->partial, notes, err) || file_check_target(d->target, err) ||
        (t.file = open_partial(result->partial, d->target, err)) < 0)
        return -1;
    t.notes = notes;
    curl_global_init(CURL_GLOBAL_DEFAULT); // counted: libcurl is set up once however often this is called
    int failed = run(&t, &result->resumed, err);
    curl_global_cleanup();
    result->lock = t.file;
    if (failed && !t.at)
        download_discard(result);
    else if (failed)
        close(t.file);
    return failed;
}

int download_publish(struct download_result *result, const char *target, struct error *err) {
    char notes[PATH_SIZE];
    int failed = file_publish(result->partial, target, err);
    if (!failed && !notes_path(result->partial, notes, err))
        unlink(notes);
    close(result->lock);
    return failed;
}

void download_discard(struct download_result *result) {
    struct error ignored;
    char notes[PATH_SIZE];
    if (!notes_path(result->partial, notes, &ignored))
        unlink(notes);
    unlink(result->partial);
    close(result->lock);
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/browser.h"

#include "core/base/text.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char chromium[] = "/usr/bin/chromium", driver[] = "/usr/bin/chromedriver";

int browser_is_there(void) {
    return !access(chromium, X_OK) && !access(driver, X_OK);
}

// ---------------------------------------------------------------------------------------------- the protocol

static size_t take(char *bytes, size_t size, size_t count, void *context) {
    text_add_bytes(context, bytes, size * count);
    return size * count;
}

// "value" of the answer, a new reference; NULL where the driver does not answer or says an error, which is printed.
static json_t *ask(const struct browser *b, const char *method, const char *path, json_t *body) {
    struct text url = {0}, answer = {0};
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(curl);
    text_printf(&url, "http://127.0.0.1:%d%s", b->port, path);
    curl_easy_setopt(curl, CURLOPT_URL, text_string(&url));
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (text)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    CURLcode result = curl_easy_perform(curl);
    json_t *whole = result ? NULL : json_loads(text_string(&answer), 0, NULL);
    json_t *value = json_incref(json_object_get(whole, "value"));
    if (json_is_string(json_object_get(value, "error"))) {
        printf("browser: %.400s ", json_string_value(json_object_get(value, "message")));
        json_decref(value);
        value = NULL;
    }
    json_decref(whole);
    json_decref(body);
    free(text);
    text_free(&url), text_free(&answer);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return value;
}

static json_t *tell(const struct browser *b, const char *command, json_t *body) {
    char path[160];
    snprintf(path, sizeof path, "/session/%s%s", b->session, command);
    json_t *value = ask(b, "POST", path, body);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

// ---------------------------------------------------------------------------------------------- starting, ending

// A port that is free now.
static int free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(s >= 0 && !bind(s, (struct sockaddr *)&address, size) &&
                    !getsockname(s, (struct sockaddr *)&address, &size));
    close(s);
    return ntohs(address.sin_port);
}

static void start_driver(struct browser *b) {
    char port[32];
    b->port = free_port();
    snprintf(port, sizeof port, "--port=%d", b->port);
    b->driver = fork();
    CU_ASSERT_FATAL(b->driver >= 0);
    if (!b->driver) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setenv("HOME", suite_folder(), 1); // its profile and caches go with the suite's folder
        setenv("TMPDIR", suite_folder(), 1);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(127);
        execl(driver, driver, port, NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 300; tries++) {
        json_t *status = ask(b, "GET", "/status", NULL);
        int ready = json_is_true(json_object_get(status, "ready"));
        json_decref(status);
        if (ready)
            return;
        usleep(100000);
    }
    CU_FAIL_FATAL("chromedriver does not answer");
}

void browser_open(struct browser *b, const char *path, int width, int height, int dark) {
    char size[64];
    *b = (struct browser){0};
    start_driver(b);
    snprintf(size, sizeof size, "--window-size=%d,%d", width, height);
    json_t *arguments = json_pack("[s, s, s, s, s]", "--headless=new", "--no-sandbox", "--disable-gpu",
                                  "--disable-dev-shm-usage", size);
    if (dark)
        json_array_append_new(arguments, json_string("--blink-settings=preferredColorScheme=0"));
    json_t *value =
        ask(b, "POST", "/session",
            json_pack("{s:{s:{s:s, s:{s:s, s:s}, s:{s:s, s:o}}}}", "capabilities", "alwaysMatch",
                      "browserName", "chrome", "goog:loggingPrefs", "browser", "ALL", "performance", "ALL",
                      "goog:chromeOptions", "binary", chromium, "args", arguments));
    const char *id = json_string_value(json_object_get(value, "sessionId"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(id);
    snprintf(b->session, sizeof b->session, "%s", id ? id : "");
    json_decref(value);
    browser_load(b, path, "");
}

void browser_close(struct browser *b) {
    char path[160];
    snprintf(path, sizeof path, "/session/%s", b->session);
    json_decref(ask(b, "DELETE", path, NULL));
    kill(b->driver, SIGTERM);
    waitpid(b->driver, NULL, 0);
}

// ---------------------------------------------------------------------------------------------- the page

void browser_load(struct browser *b, const char *path, const char *fragment) {
    struct text url = {0};
    json_decref(tell(b, "/url",
                     json_pack("{s:s}", "url", "about:blank"))); // another fragment alone would load nothing
    text_printf(&url, "file://%s%s%s", path, *fragment ? "#" : "", fragment);
    json_decref(tell(b, "/url", json_pack("{s:s}", "url", text_string(&url))));
    text_free(&url);
}

json_t *browser_run(struct browser *b, const char *script) {
    return tell(b, "/execute/sync", json_pack("{s:s, s:[]}", "script", script, "args"));
}

double browser_number(struct browser *b, const char *script) {
    json_t *value = browser_run(b, script);
    CU_ASSERT(json_is_number(value));
    double number = json_number_value(value);
    json_decref(value);
    return number;
}

void browser_shrink(struct browser *b, int width, int height) {
    json_decref(
        tell(b, "/goog/cdp/execute",
             json_pack("{s:s, s:{s:i, s:i, s:i, s:b}}", "cmd", "Emulation.setDeviceMetricsOverride", "params",
                       "width", width, "height", height, "deviceScaleFactor", 2, "mobile", 1)));
}

void browser_click(struct browser *b, const char *selector) {
    json_t *found = tell(b, "/element", json_pack("{s:s, s:s}", "using", "css selector", "value", selector));
    char path[200];
    snprintf(path, sizeof path, "/element/%s/click",
             json_string_value(json_object_iter_value(json_object_iter(found))));
    json_decref(found);
    json_decref(tell(b, path, json_object()));
}

static json_t *read_log(struct browser *b, const char *type) {
    return tell(b, "/se/log", json_pack("{s:s}", "type", type));
}

int browser_complaints(struct browser *b) {
    size_t i;
    json_t *entry, *log = read_log(b, "browser");
    int count = 0;
    json_array_foreach(log, i, entry) {
        const char *level = json_string_value(json_object_get(entry, "level"));
        if (!level || (strcmp(level, "SEVERE") && strcmp(level, "WARNING")))
            continue;
        if (!count++)
            printf("console: %.300s ", json_string_value(json_object_get(entry, "message")));
    }
    json_decref(log);
    return count;
}

int browser_requests(struct browser *b) {
    size_t i;
    json_t *entry, *log = read_log(b, "performance");
    int count = 0;
    json_array_foreach(log, i, entry) {
        json_t *event = json_loads(json_string_value(json_object_get(entry, "message")), 0, NULL),
               *message = json_object_get(event, "message");
        const char *method = json_string_value(json_object_get(message, "method")),
                   *url = json_string_value(json_object_get(
                       json_object_get(json_object_get(message, "params"), "request"), "url"));
        if (method && url && !strcmp(method, "Network.requestWillBeSent") && strncmp(url, "file:", 5) &&
            strncmp(url, "data:", 5) && strcmp(url, "about:blank")) {
            if (!count++)
                printf("request: %.200s ", url);
        }
        json_decref(event);
    }
    json_decref(log);
    return count;
}

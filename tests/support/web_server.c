// SPDX-License-Identifier: Apache-2.0
#include "tests/support/web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1, port;
static pthread_t thread;
static atomic_int stopping, requests, changes;
static atomic_long last_range = -1;

static const char page[] =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n";

unsigned char web_byte(int i) {
    unsigned u = (unsigned)i * 2654435761u;
    return (unsigned char)(u >> 13 ^ u >> 24);
}

struct request {
    int client;
    char way[64];
    long from;         // of the range, -1: none
    char if_range[64]; // "" none
};

static void send_all(int client, const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(client, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        done += (size_t)sent;
    }
}

__attribute__((format(printf, 2, 3))) static void send_text(int client, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_all(client, text, (size_t)length);
}

static void send_bytes(int client, long from, long to, int wrong) {
    unsigned char bytes[4096];
    while (from < to) {
        size_t n = 0;
        for (; n < sizeof bytes && from < to; n++, from++)
            bytes[n] = (unsigned char)(web_byte((int)from) ^ (wrong && from == WEB_SIZE - 1));
        send_all(client, bytes, n);
    }
}

static void send_page(const struct request *r, int status, const char *type) {
    send_text(
        r->client,
        "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
        status, type, strlen(page), page);
}

// The file from where it is asked for to `size`, of which only the bytes before `until` come.
static void send_file(const struct request *r, const char *etag, long size, long until, int ranges,
                      int wrong) {
    int part = ranges && r->from >= 0 && (!*r->if_range || !strcmp(r->if_range, etag));
    long from = part ? r->from : 0;
    if (from >= size && part) {
        send_text(r->client, "HTTP/1.1 416 Out of range\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    send_text(r->client, "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n",
              part ? "206 Partial Content" : "200 OK");
    if (*etag)
        send_text(r->client, "ETag: %s\r\n", etag);
    if (part)
        send_text(r->client, "Content-Range: bytes %ld-%ld/%ld\r\n", from, size - 1, size);
    send_text(r->client, "Content-Length: %ld\r\n\r\n", size - from);
    send_bytes(r->client, from, until > from || !part ? until : from + (size - from) / 2, wrong);
}

static void send_redirection(const struct request *r, const char *to) {
    send_text(r->client,
              "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", to);
}

// More headers than any server has reason to send.
static void send_many_headers(const struct request *r) {
    send_text(r->client, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20000; i++)
        send_text(r->client, "X-Filler-%d: %0100d\r\n", i, i);
    send_text(r->client, "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

// A redirection whose page has more bytes than the file may have.
static void send_large_redirection(const struct request *r) {
    send_text(r->client, "HTTP/1.1 302 Found\r\nLocation: /good/file\r\nContent-Length: %d\r\n\r\n", 8 << 20);
    send_bytes(r->client, 0, 8 << 20, 0);
}

static void send_elsewhere(const struct request *r) {
    if (r->from < 0) {
        send_file(r, "\"e\"", WEB_SIZE, WEB_CUT, 1, 0);
        return;
    }
    send_text(r->client,
              "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %ld-%d/%d\r\n"
              "Content-Length: %ld\r\nConnection: close\r\n\r\n",
              r->from + 1, WEB_SIZE - 1, WEB_SIZE, WEB_SIZE - r->from - 1);
    send_bytes(r->client, r->from + 1, WEB_SIZE, 0);
}

static void send_chunked(const struct request *r) {
    send_text(r->client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    for (long at = 0; at < WEB_SIZE; at += 10000) {
        send_text(r->client, "%x\r\n", 10000);
        send_bytes(r->client, at, at + 10000, 0);
        send_text(r->client, "\r\n");
    }
    send_text(r->client, "0\r\n\r\n");
}

static void send_unbounded(const struct request *r, long size) {
    send_text(r->client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    send_bytes(r->client, 0, size, 0);
}

// Sends no more, until the client closes its end.
static void hold(const struct request *r) {
    struct pollfd end = {.fd = r->client, .events = POLLIN};
    for (int waited = 0; waited < 300 && !stopping; waited++) {
        char byte;
        if (poll(&end, 1, 100) > 0 && recv(r->client, &byte, 1, 0) <= 0)
            return;
    }
}

static void answer_file(const struct request *r) {
    char etag[32];
    if (!strcmp(r->way, "cut"))
        send_file(r, "\"c\"", WEB_SIZE, WEB_CUT, 1, 0);
    else if (!strcmp(r->way, "short"))
        send_file(r, "\"s\"", WEB_CUT, WEB_CUT, 1, 0);
    else if (!strcmp(r->way, "wrong"))
        send_file(r, "\"w\"", WEB_SIZE, WEB_SIZE, 1, 1);
    else if (!strcmp(r->way, "whole"))
        send_file(r, "", WEB_SIZE, WEB_SIZE, 0, 0);
    else if (!strcmp(r->way, "stall")) {
        send_file(r, "\"g\"", WEB_SIZE, WEB_CUT, 0, 0);
        hold(r);
    } else if (!strcmp(r->way, "changed")) {
        snprintf(etag, sizeof etag, "\"%d\"", changes++);
        send_file(r, etag, WEB_SIZE, changes == 1 ? WEB_CUT : WEB_SIZE, 1, 0);
    } else
        send_file(r, "\"g\"", WEB_SIZE, WEB_SIZE, 1, 0);
}

static void answer(const struct request *r) {
    if (!strcmp(r->way, "html"))
        send_page(r, 200, "text/html; charset=utf-8");
    else if (!strcmp(r->way, "page"))
        send_page(r, 200, "application/octet-stream");
    else if (!strcmp(r->way, "403") || !strcmp(r->way, "404"))
        send_page(r, atoi(r->way), "text/html");
    else if (!strcmp(r->way, "503once") && requests == 1)
        send_page(r, 503, "text/html");
    else if (!strcmp(r->way, "redirect"))
        send_redirection(r, "/good/file");
    else if (!strcmp(r->way, "round"))
        send_redirection(r, "/round/file");
    else if (!strcmp(r->way, "away"))
        send_redirection(r, "file:///etc/passwd");
    else if (!strcmp(r->way, "headers"))
        send_many_headers(r);
    else if (!strcmp(r->way, "large-redirect"))
        send_large_redirection(r);
    else if (!strcmp(r->way, "elsewhere"))
        send_elsewhere(r);
    else if (!strcmp(r->way, "chunked"))
        send_chunked(r);
    else if (!strcmp(r->way, "endless"))
        send_unbounded(r, WEB_SIZE);
    else if (!strcmp(r->way, "long"))
        send_unbounded(r, 2L * WEB_SIZE);
    else if (strcmp(r->way, "empty") != 0)
        answer_file(r);
}

static void serve(int client) {
    char text[8192] = "";
    size_t used = 0;
    struct request r = {.client = client, .from = -1};
    while (used + 1 < sizeof text && !strstr(text, "\r\n\r\n")) {
        ssize_t got = recv(client, text + used, sizeof text - used - 1, 0);
        if (got <= 0)
            return;
        text[used += (size_t)got] = 0;
    }
    const char *range = strcasestr(text, "\r\nRange: bytes="), *held = strcasestr(text, "\r\nIf-Range: ");
    if (range)
        r.from = atol(range + strlen("\r\nRange: bytes="));
    if (held)
        snprintf(r.if_range, sizeof r.if_range, "%.*s", (int)strcspn(held + strlen("\r\nIf-Range: "), "\r"),
                 held + strlen("\r\nIf-Range: "));
    if (sscanf(text, "GET /%63[^/ ]/", r.way) != 1)
        return;
    requests++;
    last_range = r.from;
    answer(&r);
}

static void *run(void *unused) {
    (void)unused;
    while (!stopping) {
        struct pollfd end = {.fd = listener, .events = POLLIN};
        if (poll(&end, 1, 100) <= 0)
            continue;
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        serve(client);
        shutdown(client, SHUT_WR);
        close(client);
    }
    return NULL;
}

int web_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    stopping = 0;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return -1;
    port = ntohs(address.sin_port);
    return pthread_create(&thread, NULL, run, NULL);
}

int web_stop(void) {
    stopping = 1;
    return pthread_join(thread, NULL) || close(listener) ? -1 : 0;
}

const char *web_url(const char *way) {
    static char urls[8][128];
    static unsigned next;
    char *url = urls[next++ % 8];
    snprintf(url, sizeof urls[0], "http://127.0.0.1:%d/%s/file", port, way);
    return url;
}

void web_reset(void) {
    requests = changes = 0;
    last_range = -1;
}

int web_requests(void) {
    return requests;
}

long web_last_range(void) {
    return last_range;
}

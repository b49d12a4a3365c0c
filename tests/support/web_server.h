// SPDX-License-Identifier: Apache-2.0
// A web server on 127.0.0.1 that behaves badly on purpose, in a thread of the test.
//
// It has one file, WEB_SIZE bytes that web_byte() tells, and gives it under http://127.0.0.1:PORT/WAY/NAME,
// where WAY says how:
//
//   good        as it is, with an ETag and ranges
//   cut         the connection breaks off after WEB_CUT bytes, of a range too
//   short       a file of WEB_CUT bytes, complete in itself
//   wrong       right size, one byte wrong (also of a range, if it lies there)
//   html        an HTML page, status 200, said to be text/html
//   page        the same, said to be application/octet-stream
//   403, 404    that status, with an HTML page
//   503once     status 503 the first time, then as good
//   empty       the connection ends without an answer
//   stall       WEB_CUT bytes, then nothing (until the client or the test goes)
//   redirect    status 302 to /good/NAME; round: to itself
//   away        status 302 to file:///etc/passwd
//   large-redirect  status 302 to /good/NAME, with a page of 8 MiB
//   headers     more than 2 MiB of them
//   whole       as good, but knows no ranges and gives no ETag
//   changed     another ETag each time: a range asked for under an old one gets the whole
//   elsewhere   answers a range with one that begins a byte later
//   endless     no length, the end of the connection ends it; chunked: no length, but chunks
//   long        more bytes than the file has, without a length
#ifndef REFF_TESTS_SUPPORT_WEB_SERVER_H
#define REFF_TESTS_SUPPORT_WEB_SERVER_H

enum { WEB_SIZE = 300000, WEB_CUT = 100000 };

unsigned char web_byte(int i);

int web_start(void); // set-up of a suite; 0 on success
int web_stop(void);
const char *web_url(const char *way); // ".../WAY/file"; valid for the next 7 calls

// Since web_reset(): requests that came, and where the last range began (-1: none was asked for).
void web_reset(void);
int web_requests(void);
long web_last_range(void);

#endif

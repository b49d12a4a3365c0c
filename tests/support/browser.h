// SPDX-License-Identifier: Apache-2.0
// A browser without a window, where one is installed: headless Chromium, driven through chromedriver (WebDriver, W3C).
#ifndef REFF_TESTS_SUPPORT_BROWSER_H
#define REFF_TESTS_SUPPORT_BROWSER_H

#include <jansson.h>
#include <sys/types.h>

struct browser {
    pid_t driver;
    int port;
    char session[64];
};

// 1 where both programs are there.
int browser_is_there(void);

// Opens a window of that size, in light or dark, and loads the file. Ends the test where that fails.
void browser_open(struct browser *b, const char *path, int width, int height, int dark);
void browser_close(struct browser *b);

// Loads the file again, with what follows '#' in its address ("": nothing).
void browser_load(struct browser *b, const char *path, const char *fragment);

// The value of a JavaScript function's body: new reference.
json_t *browser_run(struct browser *b, const char *script);
double browser_number(struct browser *b, const char *script);

// As wide and high as a phone: narrower than a window can be.
void browser_shrink(struct browser *b, int width, int height);

// A click with the mouse on the first element of a CSS selector.
void browser_click(struct browser *b, const char *selector);

// Messages of the console at the level of errors or warnings since the page was opened: their number, the first printed.
int browser_complaints(struct browser *b);

// Requests that the network was asked for since the window was opened, but those of files and of data in the page.
int browser_requests(struct browser *b);

#endif

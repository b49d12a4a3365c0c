// SPDX-License-Identifier: Apache-2.0
// Text in HTML. What a record, a definition or a path says goes through these: it is shown as it is and does nothing.
#ifndef REFF_EXPERIMENTS_PAGE_HTML_H
#define REFF_EXPERIMENTS_PAGE_HTML_H

#include "core/base/text.h"

// Appends text, for between tags and for attributes in double quotes: what HTML gives a meaning is escaped, control
// characters are shown as \xNN, bytes that are no UTF-8 become U+FFFD.
void html_text(struct text *out, const char *text);

// ` name="text"`.
void html_attribute(struct text *out, const char *name, const char *text);

// ` href="PATH"` of a path: all but unreserved characters and '/' are %NN (RFC 3986), ':' among them, so that no path is
// taken for a scheme.
void html_link(struct text *out, const char *path);

// A number as it is shown, with its whole value beside it for programs: <data value="53.466666666666669">53.47</data>.
void html_number(struct text *out, double value, int digits);

// The same with its sign and two digits.
void html_effect(struct text *out, double value);

// Bytes in base 64.
void html_base64(struct text *out, const void *bytes, size_t size);

#endif

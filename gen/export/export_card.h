// SPDX-License-Identifier: Apache-2.0
// README.md: the data set's card, for people, with YAML front matter that Hugging Face reads.
#ifndef REFF_GEN_EXPORT_EXPORT_CARD_H
#define REFF_GEN_EXPORT_EXPORT_CARD_H

#include "gen/export/export.h"

int export_card(const struct export_job *job, const struct export_format *format, struct text *out,
                struct error *err);

#endif

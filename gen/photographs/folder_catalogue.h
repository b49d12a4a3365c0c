// SPDX-License-Identifier: Apache-2.0
// What is in a folder of images: which files are images, of which class, split and group each is, and where
// its annotation is. Three layouts, the first that fits:
//
//   --labels FILE.csv             a row a file
//   metadata.csv, metadata.jsonl  in the folder or in each split's (Hugging Face's imagefolder; WILDS)
//   [SPLIT/]CLASS/.../FILE        folders say it
//
// An image's id is its path below the folder without its ending.
#ifndef REFF_GEN_PHOTOGRAPHS_FOLDER_CATALOGUE_H
#define REFF_GEN_PHOTOGRAPHS_FOLDER_CATALOGUE_H

#include "core/base/text.h"
#include "gen/photographs/catalogue.h"
#include "gen/photographs/folder.h"

enum { SPLIT_UNTOLD = -1 };

struct folder_box { // a coarse annotation, in pixels of the file, y downwards
    double x, y, width, height;
    int next; // box of the same image, -1: none
};

struct folder_image {
    char name[LISTED_ID_SIZE];   // path below the folder
    char id[LISTED_ID_SIZE];     // the same without its ending
    char mask[LISTED_ID_SIZE];   // its mask's path, likewise; "" none
    char class[CLASS_NAME_SIZE]; // as the source says it; a number or a word
    char title[CLASS_NAME_SIZE]; // of the class, where that is a number and has a name; ""
    char group[CLASS_NAME_SIZE]; // ""
    int used;                    // 0: no image, or none that the list names
    int split, first_box;        // first_box -1: none
    int line;                    // of the list
};

struct folder {
    const struct folder_settings *settings;
    const char *masks_path; // where masks are read from: --masks or --images; NULL: there are none
    int count;
    struct folder_image *images; // sorted by name
    int *by_file;                // their numbers, sorted by the file's own name
    int box_count;
    struct folder_box *boxes;
    int mask_count; // (mask's name, number of its image), sorted by name
    struct folder_mask {
        char name[LISTED_ID_SIZE];
        int image;
    } * masks;
    size_t image_strip, mask_strip; // bytes of the folders that an archive has around all of its files
    int groups;
    char (*group_names)[2 * CLASS_NAME_SIZE];
    int has_groups; // the source says which group an image is in
    struct remarks skipped, notes;
    int unlisted, stray_masks; // pictures that the list does not name; masks without an image
    int classless;             // lists without a column for classes: folders say them
    int split_told;            // the source says which split an image is in
};

// Lists everything, and fills the catalogue with the images of all splits. Both must be freed, after failures
// too.
int folder_open(struct folder *f, const struct folder_settings *settings, struct catalogue *c,
                struct error *err);
void folder_free(struct folder *f);

// Adds the rows of a list: --labels, or the metadata below `below` ("train/", ""). Names are those of struct
// folder.
int folder_take_csv(struct folder *f, const char *name, const char *text, size_t size, const char *below,
                    struct error *err);
int folder_take_jsonl(struct folder *f, const char *name, const char *text, size_t size, const char *below,
                      struct error *err);

// The split that a word or WILDS's number says; SPLIT_UNTOLD where it says none.
int folder_split_of(const char *word, size_t length);

// The image of that path, of that path without its ending, or the only one of that file name.
enum { FOLDER_NONE = -1, FOLDER_SEVERAL = -2 };
int folder_find(const struct folder *f, const char *name);

#endif

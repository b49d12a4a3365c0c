// SPDX-License-Identifier: Apache-2.0
#include "gen/write/output_folder.h"

#include "core/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// There is nothing at `path`, or an empty folder.
static int check_free(const char *path, struct error *err) {
    DIR *folder = opendir(path);
    if (!folder && errno == ENOENT)
        return 0;
    if (!folder && errno != ENOTDIR)
        return fail_system(err, errno, "%s", path);
    struct dirent *entry;
    int found = folder ? folder_next(folder, path, &entry, err) : 1;
    if (folder)
        closedir(folder);
    if (found < 0)
        return -1;
    return found ? fail(err, "%s: is there already, and is no empty folder", path) : 0;
}

int output_folder_begin(struct output_folder *folder, const char *path, struct error *err) {
    memset(folder, 0, sizeof *folder);
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') // "digits/" would put the temporary folder inside
        length--;
    if (!length || length >= PATH_SIZE)
        return fail_usage(err, "'%.200s': no name for a folder", path);
    memcpy(folder->path, path, length);
    if (check_free(folder->path, err) || file_temporary(folder->path, folder->temporary, err))
        return -1;
    if (!mkdir(folder->temporary, 0777))
        return 0;
    folder->temporary[0] = 0;
    return fail_system(err, errno, "%s", folder->path);
}

int output_folder_write(const struct output_folder *folder, const char *name, const void *bytes, size_t size,
                        struct error *err) {
    char path[PATH_SIZE];
    if (path_join(path, err, folder->temporary, name))
        return -1;
    char *slash = strrchr(path, '/');
    *slash = 0;
    if (folder_make(path, err)) // its message would name the temporary folder
        return fail_system(err, err->cause, "%s/%s", folder->path, name);
    *slash = '/';
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail_system(err, errno, "%s/%s", folder->path, name);
    int bad = fwrite(bytes, 1, size, file) != size, cause = errno;
    if (fclose(file) && !bad) {
        bad = 1;
        cause = errno;
    }
    return bad ? fail_system(err, cause, "%s/%s", folder->path, name) : 0;
}

int output_folder_finish(struct output_folder *folder, struct error *err) {
    if (memory_check(err)) { // a file may lack what found no memory (file_publish asks the same)
        output_folder_discard(folder);
        return -1;
    }
    int descriptor = open(folder->temporary, O_RDONLY | O_DIRECTORY);
    // One flush of the file system instead of one for each of thousands of files.
    int bad = descriptor < 0 || syncfs(descriptor), cause = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!bad && rename(folder->temporary, folder->path)) {
        bad = 1;
        cause = errno;
    }
    if (bad) {
        output_folder_discard(folder);
        return fail_system(err, cause, "%s", folder->path);
    }
    folder->temporary[0] = 0;
    return folder_sync(folder->path, err);
}

void output_folder_discard(struct output_folder *folder) {
    if (folder->temporary[0])
        folder_remove(folder->temporary);
    folder->temporary[0] = 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "storage-identity.h"

size_t storage_identity_argv(const char **argv, bool privileged) {
        static const char *const words[STORAGE_IDENTITY_ARGUMENTS] = {
                        "setpriv", "--reuid=36", "--regid=36", "--clear-groups", "--no-new-privs", "--",
        };

        if (!privileged)
                return 0;
        memcpy(argv, words, sizeof(words));
        return STORAGE_IDENTITY_ARGUMENTS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command line, words separated by line ends: parsed, and completed at every place. */

#include "fuzz.h"

#include "arguments.h"
#include "complete.h"
#include "text.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *)data, size), *message = NULL;
        char *words[WORDS_MAX + 1] = { (char *)"rhvctl" }, *rest = text, *word;
        static bool initialized;
        Invocation invocation;
        Settings settings;
        int n = 1, r;

        if (!initialized)
                text_init();
        initialized = true;
        while (n < WORDS_MAX && (word = strsep(&rest, "\n")))
                words[n++] = word;

        r = arguments_parse(n, words, &settings, &invocation, &message);
        /* wrong is always said, in one harmless line; right is always a command or help */
        if (r < 0 ? !message || strpbrk(message, "\n\r\033") : !invocation.command && !settings.help && !settings.version)
                abort();
        invocation_done(&invocation);

        for (int i = 0; i <= n; i++) {
                Completion completion;

                if (complete_line((const char *const *)words, n, i, &completion) < 0)
                        abort();
                completion_done(&completion);
        }

        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent-outcome.h"

#include <ctype.h>
#include <strings.h>

#include "parse-util.h"

/* Exit statuses of the agents' library (fencing.py: EC_…). */
enum {
        EXIT_STATUS_OFF = 2,
        EXIT_LOGIN_DENIED = 3,
        EXIT_TIMED_OUT = 5,
        EXIT_PASSWORD_MISSING = 10,
        EXIT_INVALID_PRIVILEGES = 11,
};

/* Sentences of the same library (fencing.py: fail()), and what ipmitool says of a refused password. */
static const struct {
        const char *text;
        FenceOutcome outcome;
} sentences[] = {
        { "Unable to connect/login to fencing device", FENCE_OUTCOME_DENIED },
        { "does not have the correct privileges", FENCE_OUTCOME_DENIED },
        { "You have to set login password", FENCE_OUTCOME_DENIED },
        { "RAKP 2 HMAC is invalid", FENCE_OUTCOME_DENIED },
        { "Connection timed out", FENCE_OUTCOME_TIMEOUT },
        { "Timed out waiting to power", FENCE_OUTCOME_FAILED },
};

/* What the last "Status: …" line of stdout says. */
static FenceStatus printed_status(const char *out) {
        FenceStatus status = FENCE_STATUS_UNKNOWN;

        for (const char *line = out; line; line = strchr(line, '\n')) {
                const char *word;

                if (*line == '\n')
                        line++;
                word = startswith(line, "Status: ");
                if (!word)
                        continue;
                if (strncasecmp(word, "off", 3) == 0 && !isalnum((unsigned char)word[3]))
                        status = FENCE_STATUS_OFF;
                else if (strncasecmp(word, "on", 2) == 0 && !isalnum((unsigned char)word[2]))
                        status = FENCE_STATUS_ON;
                else
                        status = FENCE_STATUS_UNKNOWN;
        }
        return status;
}

static FenceOutcome failure(int exit_status, const char *err) {
        for (size_t i = 0; i < ELEMENTSOF(sentences); i++)
                if (strstr(err, sentences[i].text))
                        return sentences[i].outcome;

        switch (exit_status) {
        case EXIT_LOGIN_DENIED:
        case EXIT_PASSWORD_MISSING:
        case EXIT_INVALID_PRIVILEGES:
                return FENCE_OUTCOME_DENIED;
        case EXIT_TIMED_OUT:
                return FENCE_OUTCOME_TIMEOUT;
        default:
                return FENCE_OUTCOME_FAILED;
        }
}

FenceOutcome agent_outcome(FenceAction run, int exit_status, const char *out, const char *err) {
        FenceStatus status = printed_status(out);

        if (run != FENCE_ACTION_STATUS)
                return exit_status == 0 ? FENCE_OUTCOME_SWITCHED : failure(exit_status, err);

        if (exit_status == EXIT_STATUS_OFF && status == FENCE_STATUS_OFF)
                return FENCE_OUTCOME_OFF;
        if (exit_status == 0)
                return status == FENCE_STATUS_OFF ? FENCE_OUTCOME_FAILED : FENCE_OUTCOME_ON;
        return failure(exit_status, err);
}

/* "2026-01-31 10:00:00,123 ERROR: text" -> "text". */
static const char *skip_stamp(const char *line) {
        static const char *const levels[] = { " ERROR: ", " WARNING: ", " CRITICAL: " };

        if (!isdigit((unsigned char)*line))
                return line;
        for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
                const char *level = strstr(line, levels[i]);

                if (level && level - line < 32)
                        return level + strlen(levels[i]);
        }
        return line;
}

static bool says_something(const char *line) {
        /* Python's remarks about the agent's own code, with the quoted source line indented below. */
        if (isempty(line) || isspace((unsigned char)*line) || strstr(line, "DeprecationWarning"))
                return false;
        return !startswith(line, "Please use '-h' for usage");
}

static void clean_line(char *line) {
        size_t n = strlen(line);

        if (n > AGENT_COMPLAINT_MAX)
                line[n = AGENT_COMPLAINT_MAX] = 0;
        for (char *p = line; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = ' ';
        while (n > 0 && line[n - 1] == ' ')
                line[--n] = 0;
        if (!utf8_is_valid(line, n))
                for (char *p = line; *p; p++)
                        if ((unsigned char)*p >= 0x80)
                                *p = '?';
}

char *agent_complaint(const char *err) {
        _cleanup_free_ char *copy = strdup(err), *complaint = strdup("");
        char *state = NULL;

        if (!copy || !complaint)
                return NULL;
        for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                char *next;

                if (!says_something(line) || !says_something(skip_stamp(line)))
                        continue;
                next = strdup(skip_stamp(line));
                if (!next)
                        return NULL;
                free(complaint);
                complaint = next;
        }
        clean_line(complaint);
        return TAKE_PTR(complaint);
}

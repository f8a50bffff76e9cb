/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi-words.h"

#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"

bool iscsi_name_is_valid(const char *name) {
        if (!startswith(name, "iqn.") && !startswith(name, "eui.") && !startswith(name, "naa."))
                return false;
        return strlen(name) > 4 && strlen(name) <= ISCSI_NAME_MAX && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-:")] == '\0';
}

/* Where the address ends; its length. Return: false for what has no address in front. */
static bool address_length(const char *portal, size_t *ret) {
        size_t n;

        if (*portal == '[') {
                n = strspn(portal + 1, "0123456789abcdefABCDEF:.");
                *ret = n + 2;
                return n > 1 && portal[n + 1] == ']';
        }
        *ret = strspn(portal, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");
        return *ret > 0 && *portal != '-' && *portal != '.';
}

bool iscsi_portal_is_valid(const char *portal) {
        uint64_t port;
        size_t n;

        if (strlen(portal) > ISCSI_PORTAL_MAX || !address_length(portal, &n))
                return false;
        return portal[n] == '\0' || (portal[n] == ':' && parse_u64(portal + n + 1, &port) >= 0 && port >= 1 && port <= 65535);
}

char *iscsi_portal_full(const char *portal) {
        size_t n;
        char *full;

        if (!address_length(portal, &n) || portal[n] == ':')
                return strdup(portal);
        return asprintf(&full, "%s:%u", portal, ISCSI_PORT) < 0 ? NULL : full;
}

char *iscsi_portal_record(const char *portal) {
        const char *colon = strrchr(portal, ':');
        const bool brackets = *portal == '[';
        char *record;

        if (!colon)
                return NULL;
        return asprintf(&record, "%.*s,%s", (int)(colon - portal) - (brackets ? 2 : 0), portal + (brackets ? 1 : 0), colon + 1) < 0 ? NULL : record;
}

/* ---- what the tool says ---- */

static json_t *target_parse(const char *line, size_t length) {
        _cleanup_free_ char *copy = strndup(line, length);
        char *space, *comma, *end;
        long group;

        if (!copy || memchr(line, 0, length))
                return NULL;
        space = strchr(copy, ' ');
        if (!space)
                return NULL;
        *space = '\0';
        comma = strrchr(copy, ',');
        if (!comma)
                return NULL;
        *comma = '\0';
        group = strtol(comma + 1, &end, 10);
        if (end == comma + 1 || *end || group < 0 || group > 65535 || !iscsi_portal_is_valid(copy) || !iscsi_name_is_valid(space + 1))
                return NULL;
        return json_pack("{s:s, s:s, s:i}", "target", space + 1, "portal", copy, "group", (int)group);
}

json_t *iscsi_targets_parse(const char *text, size_t size) {
        _cleanup_json_ json_t *targets = json_array();
        const char *end = text + size;

        while (targets && text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                const size_t length = (size_t)((newline ?: end) - text);

                if (length > 0 && json_array_append_new(targets, target_parse(text, length)) < 0)
                        return NULL;
                text += length + 1;
        }
        return TAKE_PTR(targets);
}

/* ---- records ---- */

static bool line_is(const char *line, const char *name) {
        const size_t n = strlen(name);

        return strncmp(line, name, n) == 0 && startswith(line + n, " = ");
}

char *iscsi_record_set(const char *text, const IscsiSetting *settings, size_t n) {
        char *record = NULL;
        size_t size;
        FILE *f = open_memstream(&record, &size);

        if (!f)
                return NULL;
        for (const char *line = text; *line;) {
                const size_t length = strcspn(line, "\n");
                bool ours = startswith(line, "# END RECORD");

                for (size_t i = 0; i < n && !ours; i++)
                        ours = line_is(line, settings[i].name);
                if (!ours)
                        (void) fprintf(f, "%.*s\n", (int)length, line);
                line += length + (line[length] == '\n');
        }
        for (size_t i = 0; i < n; i++)
                if (settings[i].value)
                        (void) fprintf(f, "%s = %s\n", settings[i].name, settings[i].value);
        (void) fputs("# END RECORD\n", f);
        if (fclose(f) != 0) {
                free(record);
                return NULL;
        }
        return record;
}

/* ---- what went wrong ---- */

/* "iscsiadm: initiator reported error (24 - iSCSI login failed due to authorization failure)"; a discovery says it in words only. */
int iscsi_failure(int r, const char *words, sd_bus_error *error) {
        static const struct {
                const char *words;
                int r;
                const char *name, *message;
        } known[] = {
                        {"(24 - ", -EACCES, RHV_ERROR_ACCESS_DENIED, "The target refuses that user and password"},
                        {"authorization failure", -EACCES, RHV_ERROR_ACCESS_DENIED, "The target refuses that user and password"},
                        {"Login failed to authenticate", -EACCES, RHV_ERROR_ACCESS_DENIED, "The target refuses that user and password"},
                        {"(15 - ", -EISCONN, RHV_ERROR_ALREADY_EXISTS, "There is a session with it already"},
                        {"already present", -EISCONN, RHV_ERROR_ALREADY_EXISTS, "There is a session with it already"},
                        {"(19 - ", -ENOENT, RHV_ERROR_NOT_FOUND, "There is no such target"},
                        {"(21 - ", -ENOENT, RHV_ERROR_NOT_FOUND, "There is no such record or session"},
                        {"No records found", -ENOENT, RHV_ERROR_NOT_FOUND, "There is no such record or session"},
                        {"No matching sessions found", -ENOENT, RHV_ERROR_NOT_FOUND, "There is no such session"},
                        {"(8 - ", -EHOSTDOWN, RHV_ERROR_BACKEND_UNAVAILABLE, "The portal does not answer"},
                        {"(4 - ", -EHOSTDOWN, RHV_ERROR_BACKEND_UNAVAILABLE, "The portal cannot be reached"},
                        {"cannot make connection", -EHOSTDOWN, RHV_ERROR_BACKEND_UNAVAILABLE, "The portal cannot be reached"},
                        {"connection login retries", -EHOSTDOWN, RHV_ERROR_BACKEND_UNAVAILABLE, "The portal does not answer"},
        };

        for (size_t i = 0; words && i < ELEMENTSOF(known); i++)
                if (strstr(words, known[i].words)) {
                        sd_bus_error_set(error, known[i].name, known[i].message);
                        return known[i].r;
                }
        sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, words ?: "open-iscsi failed without a word");
        return r;
}

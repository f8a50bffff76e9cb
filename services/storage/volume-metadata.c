/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "key-value.h"
#include "volume-metadata.h"

#define SECTOR_BYTES 512U

static int bad(sd_bus_error *error, const char *what, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s", what, why);
        return -EBADMSG;
}

static int bad_value(sd_bus_error *error, const char *what, const char *key, const char *value) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s has the value \"%.64s\", which it cannot have", what,
                          key, value);
        return -EBADMSG;
}

static int missing(const char *what, const char *key, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: the key %s is missing", what, key);
        return -EBADMSG;
}

static int required(const KeyValueList *list, const char *key, const char *what, const char **ret,
                    sd_bus_error *error) {
        *ret = key_value_get(list, key);
        return *ret ? 0 : missing(what, key, error);
}

/* Absent: fallback, or an error where there is none (UINT64_MAX). */
static int read_number(const KeyValueList *list, const char *key, uint64_t max, uint64_t fallback, const char *what,
                       uint64_t *ret, sd_bus_error *error) {
        const char *value = key_value_get(list, key);
        uint64_t number;

        if (!value) {
                if (fallback == UINT64_MAX)
                        return missing(what, key, error);
                *ret = fallback;
                return 0;
        }
        if (parse_u64(value, &number) < 0 || number > max)
                return bad_value(error, what, key, value);
        *ret = number;
        return 0;
}

static int read_id(const KeyValueList *list, const char *key, const char *what, char ret[static UUID_STRING_MAX],
                   sd_bus_error *error) {
        const char *value;
        int r;

        r = required(list, key, what, &value, error);
        if (r < 0)
                return r;
        if (!uuid_is_valid(value))
                return bad_value(error, what, key, value);
        memcpy(ret, value, UUID_STRING_MAX);
        return 0;
}

static int read_text(const KeyValueList *list, const char *key, const char *what, char *ret, size_t size,
                     sd_bus_error *error) {
        const char *value;
        int r;

        r = required(list, key, what, &value, error);
        if (r < 0)
                return r;
        if (strlen(value) >= size)
                return bad_value(error, what, key, value);
        memcpy(ret, value, strlen(value) + 1);
        return 0;
}

/* Evaluates to the enum's value, or is negative with an error set. */
#define READ_WORD(list, key, from_string, what, ret, error)                                                           \
        ({                                                                                                            \
                const char *_word;                                                                                    \
                int _r = required(list, key, what, &_word, error);                                                    \
                if (_r >= 0) {                                                                                        \
                        *(ret) = from_string(_word);                                                                  \
                        if ((int)*(ret) < 0)                                                                          \
                                _r = bad_value(error, what, key, _word);                                              \
                }                                                                                                     \
                _r;                                                                                                   \
        })

/* CAP wins; SIZE in sectors is what versions before 5 write. */
static int read_capacity(const KeyValueList *list, const char *what, uint64_t *ret, sd_bus_error *error) {
        uint64_t sectors;
        int r;

        if (key_value_get(list, "CAP"))
                return read_number(list, "CAP", INT64_MAX, UINT64_MAX, what, ret, error);
        r = read_number(list, "SIZE", INT64_MAX / SECTOR_BYTES, UINT64_MAX, what, &sectors, error);
        if (r < 0)
                return r;
        *ret = sectors * SECTOR_BYTES;
        return 0;
}

static int read_keys(const KeyValueList *list, const char *what, VolumeMetadata *m, sd_bus_error *error) {
        uint64_t generation = 0, sequence = 0;
        int r;

        r = read_capacity(list, what, &m->capacity_bytes, error);
        if (r >= 0)
                r = read_number(list, "CTIME", INT64_MAX, UINT64_MAX, what, &m->created_sec, error);
        if (r >= 0)
                r = read_number(list, "GEN", VOLUME_GENERATIONS - 1, 0, what, &generation, error);
        if (r >= 0)
                r = read_number(list, "SEQ", UINT32_MAX, 0, what, &sequence, error);
        if (r >= 0)
                r = read_id(list, "DOMAIN", what, m->domain, error);
        if (r >= 0)
                r = read_id(list, "IMAGE", what, m->image, error);
        if (r >= 0)
                r = read_id(list, "PUUID", what, m->parent, error);
        if (r >= 0)
                r = read_text(list, "DESCRIPTION", what, m->description, sizeof(m->description), error);
        if (r >= 0)
                r = read_text(list, "DISKTYPE", what, m->disk_type, sizeof(m->disk_type), error);
        if (r >= 0)
                r = READ_WORD(list, "FORMAT", disk_format_from_string, what, &m->format, error);
        if (r >= 0)
                r = READ_WORD(list, "TYPE", disk_allocation_from_string, what, &m->allocation, error);
        if (r >= 0)
                r = READ_WORD(list, "LEGALITY", disk_legality_from_string, what, &m->legality, error);
        if (r >= 0)
                r = READ_WORD(list, "VOLTYPE", disk_role_from_string, what, &m->role, error);
        m->generation = (unsigned)generation;
        m->sequence = (uint32_t)sequence;
        return r;
}

int volume_metadata_parse(const char *text, size_t size, const char *what, VolumeMetadata *ret, sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        VolumeMetadata metadata = {};
        bool ended = false;
        int r;

        if (size > VOLUME_METADATA_BYTES_MAX)
                return bad(error, what, "the text is larger than 512 bytes");

        for (const char *line = text, *end; line < text + size && !ended; line = end + 1) {
                end = memchr(line, '\n', (size_t)(text + size - line));
                if (!end)
                        return bad(error, what, "the last line is cut off");
                if ((size_t)(end - line) >= 3 && memcmp(line, "EOF", 3) == 0) {
                        ended = true;
                        continue;
                }
                if (memchr(line, '\0', (size_t)(end - line)) || !utf8_is_valid(line, (size_t)(end - line)))
                        return bad(error, what, "a line is not text");
                r = key_value_set_line(&list, line, (size_t)(end - line), true);
                if (r < 0)
                        return r;
        }
        if (!ended)
                return bad(error, what, "the EOF line is missing");

        r = read_keys(&list, what, &metadata, error);
        if (r < 0)
                return r;
        *ret = metadata;
        return 0;
}

int volume_metadata_format(const VolumeMetadata *metadata, unsigned version,
                           char ret[static VOLUME_METADATA_BYTES_MAX + 1]) {
        char first[48] = "", modified[16] = "", sequence[32] = "", size[48] = "";
        int n;

        if (version >= 5)
                (void) snprintf(first, sizeof(first), "CAP=%" PRIu64 "\n", metadata->capacity_bytes);
        if (version >= 5 && version != VOLUME_METADATA_4_AND_5)
                (void) snprintf(sequence, sizeof(sequence), "SEQ=%u\n", metadata->sequence);
        else {
                (void) snprintf(modified, sizeof(modified), "MTIME=0\n");
                (void) snprintf(size, sizeof(size), "SIZE=%" PRIu64 "\n", metadata->capacity_bytes / SECTOR_BYTES);
        }

        n = snprintf(ret, VOLUME_METADATA_BYTES_MAX + 1,
                     "%sCTIME=%" PRIu64 "\nDESCRIPTION=%s\nDISKTYPE=%s\nDOMAIN=%s\nFORMAT=%s\nGEN=%u\nIMAGE=%s\n"
                     "LEGALITY=%s\n%sPUUID=%s\n%s%sTYPE=%s\nVOLTYPE=%s\nEOF\n",
                     first, metadata->created_sec, metadata->description, metadata->disk_type, metadata->domain,
                     disk_format_to_string(metadata->format), metadata->generation, metadata->image,
                     disk_legality_to_string(metadata->legality), modified, metadata->parent, sequence, size,
                     disk_allocation_to_string(metadata->allocation), disk_role_to_string(metadata->role));
        return n > (int)VOLUME_METADATA_BYTES_MAX ? -EMSGSIZE : n;
}

bool volume_has_parent(const VolumeMetadata *metadata) {
        return !streq(metadata->parent, BLANK_UUID);
}

bool volume_is_ovf_store(const VolumeMetadata *metadata) {
        return streq(metadata->disk_type, "OVFS") || strstr(metadata->description, "OVF_STORE");
}

bool volume_is_iso(const VolumeMetadata *metadata) {
        return streq(metadata->disk_type, VOLUME_DISK_TYPE_ISO);
}

bool volume_description_is_valid(const char *description) {
        size_t characters = 0;

        if (isempty(description))
                return true;
        if (!label_is_valid(description, VOLUME_METADATA_BYTES_MAX))
                return false;
        for (const char *c = description; *c; c++)
                characters += ((unsigned char)*c & 0xc0U) != 0x80U;
        return characters <= VOLUME_DESCRIPTION_MAX;
}

bool volume_disk_type_is_valid(const char *word) {
        static const char *const words[] = {"DATA", "ISOF", "MEMD", "MEMM", "OVFS",
                                            "HEVD", "HESD", "HEMD", "HECI", "SCRD"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(word, words[i]))
                        return true;
        return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lvm-tag.h"

#include <stdio.h>

#include "utf8.h"

static bool is_plain(uint32_t code) {
        return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') ||
               (code > 0 && code < 0x80 && strchr("_+.-/=!:#", (int)code));
}

char *lvm_tag_encode(const char *text) {
        char *tag = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&tag, &size);
        if (!f)
                return NULL;
        while (*text) {
                uint32_t code = utf8_next(&text);

                if (is_plain(code))
                        (void) fputc((int)code, f);
                else
                        (void) fprintf(f, "&%u&", (unsigned)code);
        }
        if (fclose(f) != 0) {
                free(tag);
                return NULL;
        }
        return tag;
}

/* The digits between two ampersands, of which *s is the first; it moves behind the second. Return: the code point's bytes, 0 for nonsense. */
static size_t decode_code(const char **s, const char *end, char ret[static UTF8_BYTES_MAX]) {
        const char *close = memchr(*s + 1, '&', (size_t)(end - *s - 1));
        char digits[8];
        uint32_t code;
        size_t n;

        if (!close)
                return 0;
        n = (size_t)(close - *s - 1);
        if (n == 0 || n >= sizeof(digits))
                return 0;
        memcpy(digits, *s + 1, n);
        digits[n] = '\0';
        *s = close + 1;
        return parse_u32(digits, &code) < 0 || code == 0 ? 0 : utf8_put(code, ret);
}

int lvm_tag_decode(const char *tag, size_t length, char **ret) {
        _cleanup_free_ char *text = malloc(length + 1);
        const char *end = tag + length;
        char *out = text;

        if (!text)
                return -ENOMEM;
        while (tag < end) {
                char bytes[UTF8_BYTES_MAX];
                size_t n;

                if (*tag != '&') {
                        *out++ = *tag++;
                        continue;
                }
                n = decode_code(&tag, end, bytes);
                if (n == 0)
                        return -EBADMSG;
                memcpy(out, bytes, n); /* never longer than its code */
                out += n;
        }
        *out = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

/* ---- lists ---- */

/* The next of those between commas; *s moves behind it. Return: false at the end. */
static bool next_tag(const char **s, const char **ret, size_t *ret_length) {
        if (!*s || !**s)
                return false;
        *ret = *s;
        *ret_length = strcspn(*s, ",");
        *s += *ret_length + ((*s)[*ret_length] == ',');
        return true;
}

/* What comes after prefix. Return: NULL where the tag does not begin with it. */
static const char *after(const char *tag, size_t length, const char *prefix) {
        size_t n = strlen(prefix);

        return length >= n && memcmp(tag, prefix, n) == 0 ? tag + n : NULL;
}

bool lvm_tags_have(const char *tags, const char *tag) {
        const char *each;
        size_t length;

        while (next_tag(&tags, &each, &length))
                if (length == strlen(tag) && memcmp(each, tag, length) == 0)
                        return true;
        return false;
}

/* Which of two comes last is LVM's to say, so neither is believed. */
static int note_key(KeyValueList *seen, const char *line) {
        _cleanup_free_ char *key = strndup(line, strcspn(line, "="));

        if (!key)
                return -ENOMEM;
        return key_value_get(seen, key) ? -ENOTUNIQ : key_value_set(seen, key, "");
}

int lvm_tags_to_metadata(const char *tags, char **ret) {
        _cleanup_(key_value_clear) KeyValueList seen = {};
        _cleanup_free_ char *text = NULL;
        const char *tag, *line;
        size_t length, size;
        int bad = 0;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        while (bad >= 0 && next_tag(&tags, &tag, &length)) {
                _cleanup_free_ char *decoded = NULL;
                int r;

                line = after(tag, length, LVM_TAG_METADATA);
                if (!line)
                        continue;
                r = lvm_tag_decode(line, length - strlen(LVM_TAG_METADATA), &decoded);
                bad = r < 0 || strchr(decoded, '\n') ? -EBADMSG : note_key(&seen, decoded);
                if (bad >= 0)
                        (void) fprintf(f, "%s\n", decoded);
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        if (bad < 0)
                return bad;
        if (size == 0)
                return -ENOENT;
        *ret = TAKE_PTR(text);
        return 0;
}

void lvm_tags_free(char **tags) {
        for (size_t i = 0; tags && tags[i]; i++)
                free(tags[i]);
        free(tags);
}
DEFINE_CLEANUP(char **, lvm_tags_free)

static int metadata_tag(const char *line, size_t length, char **ret) {
        _cleanup_free_ char *copy = strndup(line, length), *encoded = NULL;

        encoded = copy ? lvm_tag_encode(copy) : NULL;
        if (!encoded)
                return -ENOMEM;
        if (asprintf(ret, LVM_TAG_METADATA "%s", encoded) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return strlen(*ret) < LVM_TAG_BYTES ? 0 : -ENAMETOOLONG;
}

int lvm_tags_of_metadata(const char *text, char ***ret) {
        _cleanup_(lvm_tags_freep) char **tags = calloc(KEY_VALUE_MAX + 1, sizeof(*tags));
        size_t n = 0;

        if (!tags)
                return -ENOMEM;
        while (*text && n < KEY_VALUE_MAX) {
                size_t length = strcspn(text, "\n");
                int r;

                r = metadata_tag(text, length, &tags[n++]);
                if (r < 0)
                        return r;
                text += length + (text[length] == '\n');
        }
        *ret = TAKE_PTR(tags);
        return 0;
}

/* ---- volumes ---- */

static int set_id(char ret[static UUID_STRING_MAX], const char *text, size_t length) {
        char id[UUID_STRING_MAX];

        if (*ret || length != UUID_STRING_MAX - 1)
                return -EBADMSG;
        memcpy(id, text, length);
        id[length] = '\0';
        if (!uuid_is_valid(id))
                return -EBADMSG;
        memcpy(ret, id, sizeof(id));
        return 0;
}

static int parse_slot(const char *text, size_t length, uint32_t *ret) {
        char digits[11];

        if (length >= sizeof(digits))
                return -EBADMSG;
        memcpy(digits, text, length);
        digits[length] = '\0';
        return parse_u32(digits, ret) < 0 || *ret == LVM_SLOT_NONE ? -EBADMSG : 0;
}

static int set_slot(uint32_t *ret, const char *text, size_t length) {
        uint32_t slot;

        if (*ret != LVM_SLOT_NONE || parse_slot(text, length, &slot) < 0)
                return -EBADMSG;
        *ret = slot;
        return 0;
}

static int read_tag(const char *tag, size_t length, LvmVolumeTags *ret) {
        const char *end = tag + length, *rest;

        if (length == strlen(LVM_TAG_INITIALIZING) && after(tag, length, LVM_TAG_INITIALIZING))
                ret->initializing = true;
        else if ((rest = after(tag, length, LVM_TAG_REMOVED_ZERO))) {
                ret->removed = ret->zero = true;
                return set_id(ret->image, rest, (size_t)(end - rest));
        } else if ((rest = after(tag, length, LVM_TAG_REMOVED))) {
                ret->removed = true;
                return set_id(ret->image, rest, (size_t)(end - rest));
        } else if ((rest = after(tag, length, LVM_TAG_IMAGE)))
                return set_id(ret->image, rest, (size_t)(end - rest));
        else if ((rest = after(tag, length, LVM_TAG_PARENT)))
                return set_id(ret->parent, rest, (size_t)(end - rest));
        else if ((rest = after(tag, length, LVM_TAG_SLOT)))
                return set_slot(&ret->slot, rest, (size_t)(end - rest));
        return 0;
}

void lvm_volume_tags_parse(const char *tags, LvmVolumeTags *ret) {
        const char *tag;
        size_t length;

        *ret = (LvmVolumeTags){.slot = LVM_SLOT_NONE};
        while (next_tag(&tags, &tag, &length))
                if (read_tag(tag, length, ret) < 0)
                        ret->bad = true;
}

bool lvm_volume_tags_next_slot(const char **tags, uint32_t *ret) {
        const char *tag, *digits;
        size_t length;

        while (next_tag(tags, &tag, &length)) {
                digits = after(tag, length, LVM_TAG_SLOT);
                if (digits && parse_slot(digits, length - strlen(LVM_TAG_SLOT), ret) >= 0)
                        return true;
        }
        return false;
}

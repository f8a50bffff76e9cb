/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>

#include "bus-error.h"
#include "domain-attach.h"
#include "domain-class.h"
#include "domain-metadata.h"
#include "seal.h"
#include "storage-word.h"

void domain_facts_clear(DomainFacts *facts) {
        free(facts->name);
        free(facts->remote_path);
        free(facts->type_word);
        free(facts->class_word);
        free(facts->data_centers);
        *facts = (DomainFacts){};
}

static int bad(sd_bus_error *error, const char *what, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s", what, why);
        return -EBADMSG;
}

static int check_seal(const KeyValueList *list, const char *what, bool *ret_sealed, sd_bus_error *error) {
        const char *stored = key_value_get(list, SEAL_KEY);
        char computed[SEAL_STRING_MAX];

        *ret_sealed = stored != NULL;
        if (!stored)
                return 0;
        seal_compute(list, computed);
        if (streq(stored, computed))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: the seal is broken: it says %.40s, the contents make %s",
                          what, stored, computed);
        return -EBADMSG;
}

int domain_metadata_parse(const char *text, size_t size, const char *what, KeyValueList *ret, bool *ret_sealed,
                          sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        bool sealed;
        int r;

        while (size > 0 && text[size - 1] == '\0')
                size--;
        if (size == 0)
                return bad(error, what, "the file is empty");
        if (size > DOMAIN_METADATA_BYTES_MAX)
                return bad(error, what, "the file is too large for domain metadata");
        if (memchr(text, '\0', size) || !utf8_is_valid(text, size))
                return bad(error, what, "the file is not text");
        if (text[size - 1] != '\n')
                return bad(error, what, "the last line is cut off");

        for (const char *line = text, *end; line < text + size; line = end + 1) {
                end = memchr(line, '\n', (size_t)(text + size - line));
                r = key_value_set_line(&list, line, (size_t)(end - line), false);
                if (r == -E2BIG)
                        return bad(error, what, "too many keys");
                if (r < 0)
                        return r;
        }

        r = check_seal(&list, what, &sealed, error);
        if (r < 0)
                return r;
        if (ret_sealed)
                *ret_sealed = sealed;
        *ret = list;
        list = (KeyValueList){};
        return 0;
}

char *domain_metadata_format(const KeyValueList *list) {
        char seal[SEAL_STRING_MAX];
        char *text = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (size_t i = 0; i < list->n; i++)
                if (!streq(list->pairs[i].key, SEAL_KEY))
                        (void) fprintf(f, "%s=%s\n", list->pairs[i].key, list->pairs[i].value);
        seal_compute(list, seal);
        (void) fprintf(f, SEAL_KEY "=%s\n", seal);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static int required(const KeyValueList *list, const char *key, const char *what, const char **ret,
                    sd_bus_error *error) {
        *ret = key_value_get(list, key);
        if (*ret)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: the key %s is missing", what, key);
        return -EBADMSG;
}

static int bad_value(sd_bus_error *error, const char *what, const char *key, const char *value) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s has the value \"%.64s\", which it cannot have", what,
                          key, value);
        return -EBADMSG;
}

static int read_version(const KeyValueList *list, const char *what, unsigned *ret, sd_bus_error *error) {
        const char *value;
        uint32_t version;
        int r;

        r = required(list, "VERSION", what, &value, error);
        if (r < 0)
                return r;
        if (parse_u32(value, &version) < 0)
                return bad_value(error, what, "VERSION", value);
        if (version > DOMAIN_VERSION_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_NEWER_VERSION,
                                  "%s: the domain has version %u; this service knows versions up to %u", what, version,
                                  DOMAIN_VERSION_MAX);
                return -EPROTO;
        }
        if (version < DOMAIN_VERSION_MIN && version != DOMAIN_VERSION_OLDEST)
                return bad_value(error, what, "VERSION", value);
        *ret = version;
        return 0;
}

/* Absent keys mean 512 and 1 MiB; below V5 nothing else is possible. */
static int read_geometry(const KeyValueList *list, const char *what, DomainFacts *facts, sd_bus_error *error) {
        const char *block = key_value_get(list, "BLOCK_SIZE"), *alignment = key_value_get(list, "ALIGNMENT");
        uint32_t value;

        facts->block_size_bytes = 512;
        facts->alignment_bytes = DOMAIN_ALIGNMENT_DEFAULT;
        if (block) {
                if (parse_u32(block, &value) < 0 || (value != 512 && (value != 4096 || facts->version < 5)))
                        return bad_value(error, what, "BLOCK_SIZE", block);
                facts->block_size_bytes = value;
        }
        if (alignment) {
                if (parse_u32(alignment, &value) < 0 ||
                    (value != 1 * MIB &&
                     (facts->version < 5 || (value != 2 * MIB && value != 4 * MIB && value != 8 * MIB))))
                        return bad_value(error, what, "ALIGNMENT", alignment);
                facts->alignment_bytes = value;
        }
        return 0;
}

static int read_identity(const KeyValueList *list, const char *what, DomainFacts *facts, sd_bus_error *error) {
        const char *value, *pool, *role;
        int r;

        r = required(list, "SDUUID", what, &value, error);
        if (r < 0)
                return r;
        if (!uuid_is_valid(value))
                return bad_value(error, what, "SDUUID", value);
        memcpy(facts->id, value, UUID_STRING_MAX);

        r = required(list, "ROLE", what, &role, error);
        if (r < 0)
                return r;
        if (strcasecmp(role, "Master") != 0 && strcasecmp(role, "Regular") != 0)
                return bad_value(error, what, "ROLE", role);
        facts->master = strcasecmp(role, "Master") == 0;

        r = required(list, "POOL_UUID", what, &pool, error);
        if (r < 0)
                return r;
        facts->data_centers = domain_data_centers(pool);
        if (!facts->data_centers)
                return errno == EBADMSG ? bad_value(error, what, "POOL_UUID", pool) : -ENOMEM;
        if (*facts->data_centers)
                memcpy(facts->pool, facts->data_centers, UUID_STRING_MAX - 1);
        return 0;
}

static int read_words(const KeyValueList *list, const char *what, DomainFacts *facts, sd_bus_error *error) {
        const char *name, *type, *class, *remote;
        int r;

        r = required(list, "TYPE", what, &type, error);
        if (r >= 0)
                r = required(list, "CLASS", what, &class, error);
        if (r >= 0)
                r = required(list, "DESCRIPTION", what, &name, error);
        if (r < 0)
                return r;
        if (domain_class_from_string(class) < 0)
                return bad_value(error, what, "CLASS", class);
        if (!domain_class_has_version(domain_class_from_string(class), facts->version))
                return bad_value(error, what, "VERSION", key_value_get(list, "VERSION"));

        remote = key_value_get(list, "REMOTE_PATH");
        facts->name = strdup(name);
        facts->remote_path = remote ? strdup(remote) : NULL;
        facts->type_word = strdup(type);
        facts->class_word = strdup(class);
        return facts->name && facts->type_word && facts->class_word && !facts->remote_path == !remote ? 0 : -ENOMEM;
}

int domain_metadata_facts(const KeyValueList *list, const char *what, DomainFacts *ret, sd_bus_error *error) {
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        int r;

        r = read_version(list, what, &facts.version, error);
        if (r >= 0)
                r = read_identity(list, what, &facts, error);
        if (r >= 0)
                r = read_geometry(list, what, &facts, error);
        if (r >= 0)
                r = read_words(list, what, &facts, error);
        if (r < 0)
                return r;
        *ret = facts;
        facts = (DomainFacts){};
        return 0;
}

int domain_metadata_new(const DomainFacts *facts, const char *remote_path, KeyValueList *ret) {
        /* The five lease keys matter only to locks older than sanlock, but are always there. */
        static const KeyValue fixed[] = {
                        {(char *)"IOOPTIMEOUTSEC", (char *)"10"},
                        {(char *)"LEASERETRIES", (char *)"3"},
                        {(char *)"LEASETIMESEC", (char *)"60"},
                        {(char *)"LOCKPOLICY", (char *)""},
                        {(char *)"LOCKRENEWALINTERVALSEC", (char *)"5"},
                        {(char *)"ROLE", (char *)"Regular"},
        };
        _cleanup_(key_value_clear) KeyValueList list = {};
        char number[16];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(fixed); i++)
                r = key_value_set(&list, fixed[i].key, fixed[i].value);
        if (r >= 0)
                r = key_value_set(&list, "CLASS", facts->class_word);
        if (r >= 0)
                r = key_value_set(&list, "DESCRIPTION", facts->name);
        if (r >= 0 && remote_path)
                r = key_value_set(&list, "REMOTE_PATH", remote_path);
        if (r >= 0)
                r = key_value_set(&list, "POOL_UUID", facts->data_centers ?: "");
        if (r >= 0)
                r = key_value_set(&list, "SDUUID", facts->id);
        if (r >= 0)
                r = key_value_set(&list, "TYPE", facts->type_word);
        (void) snprintf(number, sizeof(number), "%u", facts->version);
        if (r >= 0)
                r = key_value_set(&list, "VERSION", number);
        if (r >= 0 && facts->version >= 5) {
                (void) snprintf(number, sizeof(number), "%u", facts->block_size_bytes);
                r = key_value_set(&list, "BLOCK_SIZE", number);
                (void) snprintf(number, sizeof(number), "%u", facts->alignment_bytes);
                if (r >= 0)
                        r = key_value_set(&list, "ALIGNMENT", number);
        }
        if (r < 0)
                return r;
        *ret = list;
        list = (KeyValueList){};
        return 0;
}

int domain_metadata_upgrade(KeyValueList *list, unsigned version) {
        /* What had no say before was always so. */
        static const KeyValue geometry[] = {{(char *)"BLOCK_SIZE", (char *)"512"}, {(char *)"ALIGNMENT", (char *)"1048576"}};
        char number[16];
        int r;

        (void) snprintf(number, sizeof(number), "%u", version + 1);
        r = key_value_set(list, "VERSION", number);
        if (version + 1 < 5)
                return r;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(geometry); i++)
                r = key_value_set(list, geometry[i].key, geometry[i].value);
        key_value_unset(list, "LOGBLKSIZE");
        key_value_unset(list, "PHYBLKSIZE");
        return r;
}

bool domain_name_is_valid(const char *name) {
        size_t characters = 0;

        if (!label_is_valid(name, 4 * DOMAIN_NAME_MAX))
                return false;
        for (const char *c = name; *c; c++)
                characters += ((unsigned char)*c & 0xc0U) != 0x80U;
        return characters <= DOMAIN_NAME_MAX;
}

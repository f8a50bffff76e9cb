/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The text of dom_md/metadata: read with its seal verified, written back to the identical bytes.
 *
 * Keys we do not know are kept and sealed, so that a domain that comes from oVirt goes back unharmed. What is broken
 * is refused with the reason and the place, never repaired. Pure: bytes in, bytes out. Source of the format: VDSM,
 * lib/vdsm/storage/persistent.py, fileSD.py, sd.py.
 */

#include "key-value.h"
#include "parse-util.h"

/* Bytes of the largest file we read: a master domain of 100 domains needs about 6 KiB. */
#define DOMAIN_METADATA_BYTES_MAX (128 * KIB)
#define DOMAIN_VERSION_MIN 3U
/* Of ISO and export domains only (domain-class.h). */
#define DOMAIN_VERSION_OLDEST 0U
#define DOMAIN_VERSION_MAX 5U
/* Characters, not bytes. */
#define DOMAIN_NAME_MAX 50U
#define DOMAIN_ALIGNMENT_DEFAULT (1 * MIB)

/* What the keys say, typed and checked. */
typedef struct DomainFacts {
        char id[UUID_STRING_MAX];
        char pool[UUID_STRING_MAX]; /* the first data center it belongs to, or empty */
        char *data_centers;         /* all of them, between commas */
        char *name;
        char *remote_path; /* REMOTE_PATH; NULL where there is none */
        char *type_word;  /* TYPE: "LOCALFS", "NFS", … */
        char *class_word; /* CLASS: "Data", "Iso", "Backup" */
        bool master;      /* ROLE=Master */
        unsigned version;
        uint32_t block_size_bytes; /* 512 or 4096 */
        uint32_t alignment_bytes;  /* 1, 2, 4 or 8 MiB */
        unsigned io_timeout_sec;   /* of its lockspace, not of its metadata; 0: it has none, or none that can be read */
} DomainFacts;

void domain_facts_clear(DomainFacts *facts);

/* Reads text of size bytes. what: names the file in messages. ret_sealed (may be NULL): false where the seal line is
 * absent, which VDSM accepts with a warning. Return: 0, -ENOMEM, or -EBADMSG with BadFormat set. */
int domain_metadata_parse(const char *text, size_t size, const char *what, KeyValueList *ret, bool *ret_sealed,
                          sd_bus_error *error);

/* Sorted lines with a fresh seal last. Return: new string, NULL when out of memory. */
char *domain_metadata_format(const KeyValueList *list);

/* Return: 0, -ENOMEM, -EBADMSG with BadFormat or -EPROTO with NewerVersion set. */
int domain_metadata_facts(const KeyValueList *list, const char *what, DomainFacts *ret, sd_bus_error *error);

/* The keys of a domain of the next higher version, from those of one of version (its own). Return: 0, -ENOMEM, -E2BIG. Source: VDSM,
 * lib/vdsm/storage/formatconverter.py. */
int domain_metadata_upgrade(KeyValueList *list, unsigned version);

/* The keys of a new domain of facts->version; facts->data_centers may be NULL: of nobody. remote_path: NULL on a block domain, which has further keys.
 * Return: 0 or -ENOMEM. */
int domain_metadata_new(const DomainFacts *facts, const char *remote_path, KeyValueList *ret);

/* 1 to DOMAIN_NAME_MAX characters a person can read. */
bool domain_name_is_valid(const char *name);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-class.h"

#include "bus-error.h"
#include "domain-metadata.h"

static const char *const domain_class_table[_DOMAIN_CLASS_MAX] = {
                [DOMAIN_DATA] = "Data",
                [DOMAIN_ISO] = "Iso",
                [DOMAIN_EXPORT] = "Backup",
};
DEFINE_STRING_TABLE(domain_class, DomainClass, _DOMAIN_CLASS_MAX)

/* What a class is not for, and why; NULL: it is. */
static const char *const refusals[_DOMAIN_CLASS_MAX][_DOMAIN_USE_MAX] = {
                [DOMAIN_DATA] = {
                        [DOMAIN_USE_FILES] = "a data domain has images; an ISO image in it is one of them",
                        [DOMAIN_USE_DEFINE] = "a data domain has OVF stores, and no file for each definition",
                },
                [DOMAIN_ISO] = {
                        [DOMAIN_USE_LIST] = "an ISO domain has files, and no images",
                        [DOMAIN_USE_READ] = "an ISO domain has files, and no images",
                        [DOMAIN_USE_CHANGE] = "an ISO domain holds no disks",
                        [DOMAIN_USE_RECEIVE] = "an ISO domain holds no disks",
                        [DOMAIN_USE_GUEST] = "an ISO domain has files, and no images",
                        [DOMAIN_USE_STORE] = "an ISO domain holds no definitions of VMs",
                        [DOMAIN_USE_DEFINE] = "an ISO domain holds no definitions of VMs",
                },
                [DOMAIN_EXPORT] = {
                        [DOMAIN_USE_CHANGE] = "an export domain holds no disks of guests",
                        [DOMAIN_USE_GUEST] = "no guest runs from an export domain: import it",
                        [DOMAIN_USE_STORE] = "an export domain has a file for each definition, and no OVF stores",
                        [DOMAIN_USE_FILES] = "an export domain has no files of CD-ROMs",
                },
};

int domain_class_check(DomainClass class, DomainUse use, const char *id, sd_bus_error *error) {
        const char *why = refusals[class][use];

        if (!why)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Storage domain %s: %s", id, why);
        return -EOPNOTSUPP;
}

/* The oldest has neither sanlock's leases nor volumes with leases of their own, which nobody needs to read. */
unsigned domain_class_version(DomainClass class) {
        return class == DOMAIN_DATA ? DOMAIN_VERSION_MAX : DOMAIN_VERSION_OLDEST;
}

bool domain_class_has_version(DomainClass class, unsigned version) {
        if (version == DOMAIN_VERSION_OLDEST)
                return class != DOMAIN_DATA;
        return version >= DOMAIN_VERSION_MIN && version <= DOMAIN_VERSION_MAX;
}

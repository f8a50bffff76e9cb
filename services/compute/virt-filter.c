/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virt-filter.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

#include "log.h"
#include "nic-options.h"

/* No frame with another sender than the NIC's own address, nor ARP that claims one: what VDSM's filter of that name is. */
static const char spoofing_xml[] = "<filter name='" NIC_FILTER_SPOOFING "' chain='root'>"
                                   "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/></filter>";
static const char *const spoofing_parts[] = { "no-mac-spoofing", "no-arp-mac-spoofing" };

static bool has(virConnectPtr conn, const char *name) {
        virNWFilterPtr filter = virNWFilterLookupByName(conn, name);

        if (filter)
                virNWFilterFree(filter);
        return filter;
}

static void make_spoofing(virConnectPtr conn) {
        virNWFilterPtr filter;

        if (has(conn, NIC_FILTER_SPOOFING))
                return;
        for (size_t i = 0; i < ELEMENTSOF(spoofing_parts); i++)
                if (!has(conn, spoofing_parts[i]))
                        return;
        filter = virNWFilterDefineXML(conn, spoofing_xml);
        if (filter)
                virNWFilterFree(filter);
        else
                log_warning("Cannot make libvirt's network filter " NIC_FILTER_SPOOFING ": %s", virGetLastErrorMessage());
}

static int compare(const void *a, const void *b) {
        return strcmp(virNWFilterGetName(*(const virNWFilterPtr *)a), virNWFilterGetName(*(const virNWFilterPtr *)b));
}

json_t *virt_filters(virConnectPtr conn) {
        json_t *names = json_array();
        virNWFilterPtr *filters = NULL;
        int n;

        if (!names)
                return NULL;
        make_spoofing(conn);
        n = virConnectListAllNWFilters(conn, &filters, 0);
        if (n > 1)
                qsort(filters, (size_t)n, sizeof *filters, compare);
        for (int i = 0; i < n; i++) {
                (void) json_array_append_new(names, json_string(virNWFilterGetName(filters[i])));
                virNWFilterFree(filters[i]);
        }
        free(filters);
        virResetLastError();
        return names;
}

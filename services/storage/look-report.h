/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What InspectForeign says of a domain, in a directory or on devices. Pure. */

#include "layout.h"

typedef struct LookReport {
        json_t *images;   /* {id: image_report()} */
        json_t *vms;      /* {id: ovf_summary()} */
        json_t *files;    /* of an ISO domain: [file_iso_list()] */
        json_t *problems; /* [text] */
} LookReport;

/* Return: 0 or -ENOMEM; look_report_clear() in either case. */
int look_report_init(LookReport *report);
void look_report_clear(LookReport *report);
/* "what: why" becomes one of the problems. Return: 0 or -ENOMEM. */
int look_report_problem(LookReport *report, const char *what, const char *why);
/* The whole. path: where it is, for messages. Return: new, NULL when out of memory. */
json_t *look_report_make(LookReport *report, const DomainLook *look, const char *path);

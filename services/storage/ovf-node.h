/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tree of a definition while it is written, and the base64 of what stands in it. Pure. Whatever fails is remembered in the writer, so that nobody needs to
 * look at each node; nodes of NULL are taken for a failure before.
 */

#include <stdarg.h>

#include "xml-util.h"

typedef struct OvfWriter {
        xmlDoc *doc;
        xmlNs *ovf, *rasd, *vssd, *xsi;
        bool failed;
} OvfWriter;

/* The document with its root, which has the four namespaces. Return: the root, or NULL. */
xmlNode *ovf_begin(OvfWriter *w);
/* ret: new, UTF-8; the writer is empty afterwards in any case. Return: 0 or -ENOMEM. */
int ovf_end(OvfWriter *w, char **ret);

xmlNode *ovf_add_ns(OvfWriter *w, xmlNode *parent, xmlNs *ns, const char *name);
/* Without a namespace. */
xmlNode *ovf_add(OvfWriter *w, xmlNode *parent, const char *name);
void ovf_text(OvfWriter *w, xmlNode *parent, const char *name, const char *format, ...) _printf_(4, 5);
void ovf_rasd(OvfWriter *w, xmlNode *parent, const char *name, const char *format, ...) _printf_(4, 5);
void ovf_attribute(OvfWriter *w, xmlNode *node, xmlNs *ns, const char *name, const char *format, ...) _printf_(5, 6);
/* type: without "ovf:" and "_Type". */
xmlNode *ovf_section(OvfWriter *w, xmlNode *parent, const char *type);

/* Return: new strings, NULL when out of memory; of what is no base64 -EBADMSG. ret: NUL-terminated, as what is in there is a text. */
char *ovf_base64(const char *text);
int ovf_base64_read(const char *text, char **ret, size_t *ret_size);

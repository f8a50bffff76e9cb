/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The little of libxml2's tree that reading needs. Nothing is fetched from anywhere, no entity is expanded. */

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "macro.h"

#define XML_UTIL_PARSE_FLAGS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

static inline _unused_ void xml_string_freep(xmlChar **s) {
        if (*s)
                xmlFree(*s);
}
#define _cleanup_xml_string_ _cleanup_(xml_string_freep)

/* The first child element of that name, or NULL. */
static inline _unused_ xmlNode *xml_child(const xmlNode *node, const char *name) {
        for (xmlNode *child = node->children; child; child = child->next)
                if (child->type == XML_ELEMENT_NODE && streq((const char *)child->name, name))
                        return child;
        return NULL;
}

/* The next element of the same name after node, or NULL. */
static inline _unused_ xmlNode *xml_next(const xmlNode *node) {
        for (xmlNode *next = node->next; next; next = next->next)
                if (next->type == XML_ELEMENT_NODE && xmlStrEqual(next->name, node->name))
                        return next;
        return NULL;
}

/* New string or NULL. */
static inline _unused_ xmlChar *xml_attribute(xmlNode *node, const char *name) {
        return xmlGetNoNsProp(node, (const xmlChar *)name);
}

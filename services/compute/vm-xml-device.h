/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The devices of a guest in XML, and the small writer that vm-xml.c and vm-xml-device.c share. */

#include <libxml/xmlwriter.h>

#include "macro.h"
#include "vm-xml.h"

/* What is being written, and the first error: writers do not look at it, the builder does at the end. */
typedef struct Xml {
        xmlTextWriterPtr writer;
        const json_t *description;
        const json_t *prepared;
        const VmXmlHost *host;
        uint64_t created_usec;
        int r;
} Xml;

/* Names and values alternate, ended by a NULL name; an attribute whose value is NULL is left out, so a value must follow each name. */
void xml_open(Xml *x, const char *name, ...);
void xml_empty(Xml *x, const char *name, ...);
/* One more attribute of the element just opened. */
void xml_attributef(Xml *x, const char *name, const char *format, ...) _printf_(3, 4);
void xml_content(Xml *x, const char *format, ...) _printf_(2, 3);
/* <name>text</name> */
void xml_text(Xml *x, const char *name, const char *format, ...) _printf_(3, 4);
void xml_close(Xml *x);

void vm_xml_devices(Xml *x, const char *id);
void vm_xml_nic(Xml *x, const json_t *nic);
/* Without an address: it has the one it has. prepared: NULL for an empty drive. */
void vm_xml_cdrom(Xml *x, const json_t *disk, const json_t *prepared, const char *target);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-node.h"

#include <nettle/base64.h>
#include <stdio.h>

#define OVF_NAMESPACE "http://schemas.dmtf.org/ovf/envelope/1/"
#define RASD_NAMESPACE "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
#define VSSD_NAMESPACE "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
#define XSI_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"

xmlNode *ovf_add_ns(OvfWriter *w, xmlNode *parent, xmlNs *ns, const char *name) {
        xmlNode *node = parent ? xmlNewChild(parent, ns, (const xmlChar *)name, NULL) : NULL;

        w->failed |= !node;
        /* xmlNewChild() gives a child its parent's namespace where it is asked for none */
        if (node && !ns)
                xmlSetNs(node, NULL);
        return node;
}

xmlNode *ovf_add(OvfWriter *w, xmlNode *parent, const char *name) {
        return ovf_add_ns(w, parent, NULL, name);
}

static void set_text(OvfWriter *w, xmlNode *node, const char *format, va_list ap) _printf_(3, 0);
static void set_text(OvfWriter *w, xmlNode *node, const char *format, va_list ap) {
        _cleanup_free_ char *text = NULL;
        xmlNode *content;

        if (vasprintf(&text, format, ap) < 0) {
                text = NULL;
                w->failed = true;
                return;
        }
        content = node ? xmlNewDocText(w->doc, (const xmlChar *)text) : NULL;
        if (!content || !xmlAddChild(node, content))
                w->failed = true;
}

void ovf_text(OvfWriter *w, xmlNode *parent, const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        set_text(w, ovf_add(w, parent, name), format, ap);
        va_end(ap);
}

void ovf_rasd(OvfWriter *w, xmlNode *parent, const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        set_text(w, ovf_add_ns(w, parent, w->rasd, name), format, ap);
        va_end(ap);
}

void ovf_attribute(OvfWriter *w, xmlNode *node, xmlNs *ns, const char *name, const char *format, ...) {
        _cleanup_free_ char *value = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&value, format, ap);
        va_end(ap);
        if (n < 0)
                value = NULL;
        if (!value || !node || !xmlNewNsProp(node, ns, (const xmlChar *)name, (const xmlChar *)value))
                w->failed = true;
}

xmlNode *ovf_section(OvfWriter *w, xmlNode *parent, const char *type) {
        xmlNode *node = ovf_add(w, parent, "Section");

        ovf_attribute(w, node, w->xsi, "type", "ovf:%s_Type", type);
        return node;
}

xmlNode *ovf_begin(OvfWriter *w) {
        xmlNode *envelope;

        w->doc = xmlNewDoc((const xmlChar *)"1.0");
        envelope = w->doc ? xmlNewDocNode(w->doc, NULL, (const xmlChar *)"Envelope", NULL) : NULL;
        if (!envelope) {
                w->failed = true;
                return NULL;
        }
        (void) xmlDocSetRootElement(w->doc, envelope);
        w->ovf = xmlNewNs(envelope, (const xmlChar *)OVF_NAMESPACE, (const xmlChar *)"ovf");
        w->rasd = xmlNewNs(envelope, (const xmlChar *)RASD_NAMESPACE, (const xmlChar *)"rasd");
        w->vssd = xmlNewNs(envelope, (const xmlChar *)VSSD_NAMESPACE, (const xmlChar *)"vssd");
        w->xsi = xmlNewNs(envelope, (const xmlChar *)XSI_NAMESPACE, (const xmlChar *)"xsi");
        w->failed |= !w->ovf || !w->rasd || !w->vssd || !w->xsi;
        if (!w->failed)
                xmlSetNs(envelope, w->ovf);
        return envelope;
}

int ovf_end(OvfWriter *w, char **ret) {
        xmlChar *dumped = NULL;
        int size = 0, r;

        if (!w->failed)
                xmlDocDumpMemoryEnc(w->doc, &dumped, &size, "UTF-8");
        *ret = dumped ? strdup((const char *)dumped) : NULL;
        r = *ret ? 0 : -ENOMEM;
        if (dumped)
                xmlFree(dumped);
        if (w->doc)
                xmlFreeDoc(w->doc);
        *w = (OvfWriter){};
        return r;
}

/* ---- base64 ---- */

char *ovf_base64(const char *text) {
        const size_t size = strlen(text);
        struct base64_encode_ctx context;
        char *ret = malloc(BASE64_ENCODE_LENGTH(size) + BASE64_ENCODE_FINAL_LENGTH + 1);
        size_t length;

        if (!ret)
                return NULL;
        base64_encode_init(&context);
        length = base64_encode_update(&context, ret, size, (const uint8_t *)text);
        length += base64_encode_final(&context, ret + length);
        ret[length] = '\0';
        return ret;
}

int ovf_base64_read(const char *text, char **ret, size_t *ret_size) {
        const size_t length = strlen(text);
        _cleanup_free_ char *bytes = malloc(BASE64_DECODE_LENGTH(length) + 1);
        struct base64_decode_ctx context;
        size_t size = BASE64_DECODE_LENGTH(length);

        if (!bytes)
                return -ENOMEM;
        base64_decode_init(&context);
        if (!base64_decode_update(&context, &size, (uint8_t *)bytes, length, text) || !base64_decode_final(&context))
                return -EBADMSG;
        bytes[size] = '\0';
        *ret = TAKE_PTR(bytes);
        *ret_size = size;
        return 0;
}

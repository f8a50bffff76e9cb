/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent-metadata.h"

#include <fnmatch.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "dict.h"

static const char *const secret_patterns[] = {
        "*passw*", "*passphrase*", "*secret*", "*token*", "*apikey*", "*api[_-]key*", "access[_-]key", "*community*", "hexadecimal_kg",
};

static const char *const reserved_patterns[] = {
        /* chosen by the caller's action, or by us */
        "action", "option", "help", "version", "usage", "quiet", "verbose*", "debug*", "logfile", "separator",
        /* programs run as root, directly or through ssh's and kubectl's own options */
        "*[_-]path", "*_script", "exec", "ssh_options", "ssh-options", "kubeconfig",
        /* files written as root */
        "status_file", "cookie_file", "token_file",
        /* a second way to give the address, past its check; no end to waiting; "unknown" read as "off" */
        "port_as_ip", "disable_timeout", "missing_as_off",
};

static bool matches(const char *name, const char *const *patterns, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
                        return true;
        return false;
}

bool agent_parameter_is_reserved(const char *name) {
        /* The path part of a URL, not a program. */
        if (streq(name, "api_path"))
                return false;
        return matches(name, reserved_patterns, ELEMENTSOF(reserved_patterns));
}

bool agent_parameter_is_secret(const char *name) {
        return !agent_parameter_is_reserved(name) && matches(name, secret_patterns, ELEMENTSOF(secret_patterns));
}

/* Names become keys of lines on an agent's stdin: nothing that could end a line or a key. */
static bool word_is_valid(const char *s) {
        size_t n = strlen(s);

        if (n == 0 || n > AGENT_WORD_MAX)
                return false;
        return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n && s[0] != '-' &&
               s[0] != '.';
}

/* White space runs become one blank, other control characters go: descriptions are one line for people. */
static void text_normalise(char *s) {
        char *to = s;

        for (const char *from = s; *from; from++) {
                bool blank = (unsigned char)*from <= ' ' || *from == 0x7f;

                if (!blank)
                        *to++ = *from;
                else if (to > s && to[-1] != ' ')
                        *to++ = ' ';
        }
        while (to > s && to[-1] == ' ')
                to--;
        *to = 0;
}

static void xml_free(void *p) {
        if (*(void **)p)
                xmlFree(*(void **)p);
}
#define _cleanup_xml_ __attribute__((cleanup(xml_free)))

static bool element_is(const xmlNode *node, const char *name) {
        return node->type == XML_ELEMENT_NODE && streq((const char *)node->name, name);
}

static const xmlNode *child_named(const xmlNode *parent, const char *name) {
        for (const xmlNode *node = parent ? parent->children : NULL; node; node = node->next)
                if (element_is(node, name))
                        return node;
        return NULL;
}

static char *attribute(const xmlNode *node, const char *name) {
        return node ? (char *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

static bool attribute_is_true(const xmlNode *node, const char *name) {
        _cleanup_xml_ char *value = attribute(node, name);

        return value && streq(value, "1");
}

/* Takes s (libxml2's). Sets key unless s is NULL or, with skip_empty, blank. */
static int set_text(json_t *object, const char *key, char *s, bool skip_empty) {
        _cleanup_xml_ char *text = s;

        if (!text)
                return 0;
        if (strlen(text) > AGENT_TEXT_MAX)
                return -E2BIG;
        text_normalise(text);
        if (skip_empty && !*text)
                return 0;
        return json_object_set_new(object, key, json_string(text)) < 0 ? -ENOMEM : 0;
}

static const char *known_type(const char *type) {
        static const char *const types[] = { "integer", "second", "boolean", "select" };

        for (size_t i = 0; type && i < ELEMENTSOF(types); i++)
                if (streq(type, types[i]))
                        return types[i];
        return "string";
}

static int read_options(const xmlNode *content, json_t *ret_options) {
        for (const xmlNode *node = content ? content->children : NULL; node; node = node->next) {
                _cleanup_xml_ char *value = NULL;

                if (!element_is(node, "option"))
                        continue;
                value = attribute(node, "value");
                if (!value)
                        return -EBADMSG;
                if (json_array_size(ret_options) >= AGENT_OPTIONS_MAX || strlen(value) > AGENT_TEXT_MAX)
                        return -E2BIG;
                if (json_array_append_new(ret_options, json_string(value)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_parameter(const xmlNode *node, json_t **ret) {
        const xmlNode *content = child_named(node, "content"), *description = child_named(node, "shortdesc");
        _cleanup_xml_ char *name = attribute(node, "name"), *type = attribute(content, "type"),
                           *replaces = attribute(node, "obsoletes");
        _cleanup_json_ json_t *parameter = NULL;
        int r;

        if (!name || !word_is_valid(name) || (replaces && !word_is_valid(replaces)))
                return -EBADMSG;

        parameter = json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:[], s:s}", "name", name, "type", known_type(type), "required",
                              attribute_is_true(node, "required"), "secret", agent_parameter_is_secret(name), "reserved",
                              agent_parameter_is_reserved(name), "deprecated", attribute_is_true(node, "deprecated"),
                              "options", "description", "");
        if (!parameter)
                return -ENOMEM;
        if (replaces && json_object_set_new(parameter, "replaces", json_string(replaces)) < 0)
                return -ENOMEM;

        r = set_text(parameter, "default", attribute(content, "default"), true);
        if (r < 0)
                return r;
        r = set_text(parameter, "description", description ? (char *)xmlNodeGetContent(description) : NULL, false);
        if (r < 0)
                return r;
        r = read_options(content, json_object_get(parameter, "options"));
        if (r < 0)
                return r;

        *ret = TAKE_PTR(parameter);
        return 0;
}

static int read_parameters(const xmlNode *list, json_t *metadata) {
        json_t *parameters = json_object_get(metadata, "parameters");

        for (const xmlNode *node = list ? list->children : NULL; node; node = node->next) {
                _cleanup_json_ json_t *parameter = NULL;
                int r;

                if (!element_is(node, "parameter"))
                        continue;
                if (json_array_size(parameters) >= AGENT_PARAMETERS_MAX)
                        return -E2BIG;
                r = read_parameter(node, &parameter);
                if (r < 0)
                        return r;
                /* Some agents say a parameter twice; the first is the one their help shows. */
                if (agent_metadata_find(metadata, dict_string(parameter, "name", "")))
                        continue;
                if (json_array_append(parameters, parameter) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_actions(const xmlNode *list, json_t *actions) {
        for (const xmlNode *node = list ? list->children : NULL; node; node = node->next) {
                _cleanup_xml_ char *name = NULL;

                if (!element_is(node, "action"))
                        continue;
                name = attribute(node, "name");
                if (!name || !word_is_valid(name))
                        return -EBADMSG;
                if (json_array_size(actions) >= AGENT_ACTIONS_MAX)
                        return -E2BIG;
                if (json_array_append_new(actions, json_string(name)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_document(xmlDoc *document, json_t **ret) {
        const xmlNode *root = xmlDocGetRootElement(document);
        _cleanup_json_ json_t *metadata = NULL;
        int r;

        /* Real agents declare no DTD; entities have no business here. */
        if (!root || !element_is(root, "resource-agent") || xmlGetIntSubset(document))
                return -EBADMSG;

        metadata = json_pack("{s:s, s:[], s:[]}", "summary", "", "actions", "parameters");
        if (!metadata)
                return -ENOMEM;
        r = set_text(metadata, "summary", attribute(root, "shortdesc"), false);
        if (r < 0)
                return r;
        r = read_parameters(child_named(root, "parameters"), metadata);
        if (r < 0)
                return r;
        r = read_actions(child_named(root, "actions"), json_object_get(metadata, "actions"));
        if (r < 0)
                return r;

        *ret = TAKE_PTR(metadata);
        return 0;
}

int agent_metadata_parse(const char *bytes, size_t size, json_t **ret) {
        xmlDoc *document;
        int r;

        if (size > AGENT_METADATA_BYTES_MAX)
                return -E2BIG;
        if (size == 0)
                return -EBADMSG;

        document = xmlReadMemory(bytes, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        if (!document)
                return -EBADMSG;
        r = read_document(document, ret);
        xmlFreeDoc(document);
        return r;
}

const json_t *agent_metadata_find(const json_t *metadata, const char *name) {
        size_t i;
        json_t *parameter;

        json_array_foreach(json_object_get(metadata, "parameters"), i, parameter) {
                if (streq(dict_string(parameter, "name", ""), name))
                        return parameter;
        }
        return NULL;
}

const char *agent_metadata_canonical(const json_t *metadata, const char *name) {
        size_t i;
        json_t *parameter;

        json_array_foreach(json_object_get(metadata, "parameters"), i, parameter) {
                if (streq(dict_string(parameter, "replaces", ""), name))
                        return dict_string(parameter, "name", name);
        }
        return name;
}

bool agent_metadata_has_action(const json_t *metadata, const char *action) {
        size_t i;
        json_t *name;

        json_array_foreach(json_object_get(metadata, "actions"), i, name) {
                if (streq(json_string_value(name), action))
                        return true;
        }
        return false;
}

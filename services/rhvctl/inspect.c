/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "inspect.h"

#include <stdio.h>

#include "dict.h"
#include "kind.h"
#include "text.h"

static const Column image_columns[] = {
        { "IMAGE", "id", FORMAT_TEXT, false },
        { "TYPE", "disk_type", FORMAT_TEXT, false },
        { "FORMAT", "format", FORMAT_TEXT, false },
        { "CAPACITY", "capacity", FORMAT_SIZE, false, TABLE_RIGHT },
        { "ON STORAGE", "true_size", FORMAT_SIZE, false, TABLE_RIGHT },
        { "VOLUMES", "chain", FORMAT_COUNT, false, TABLE_RIGHT },
        { "USABLE", "usable", FORMAT_TEXT, false },
        { "DESCRIPTION", "description", FORMAT_TEXT, true },
        {},
};
static const Column vm_columns[] = {
        { "VM", "id", FORMAT_TEXT, false },
        { "NAME", "name", FORMAT_TEXT, true },
        { "TEMPLATE", "template", FORMAT_TEXT, false },
        { "CPUS", "cpus", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MEMORY", "memory", FORMAT_SIZE, false, TABLE_RIGHT },
        { "DISKS", "disks", FORMAT_COUNT, false, TABLE_RIGHT },
        { "NICS", "nics", FORMAT_COUNT, false, TABLE_RIGHT },
        {},
};

int inspect_print_images(Client *client, const json_t *images) {
        return client_print_rows(client, images, image_columns, NULL);
}

int inspect_print_vms(Client *client, const json_t *vms) {
        return client_print_rows(client, vms, vm_columns, NULL);
}

/* {id: object} as rows with their ids, in the order of ids. Return: new, NULL when out of memory. */
static json_t *rows_of(const json_t *objects) {
        json_t *rows = json_array(), *value;
        const char *id;

        /* images come in order and VMs nearly so: from the end the place is found at once */
        json_object_foreach((json_t *)objects, id, value) {
                json_t *row = json_copy(value);
                size_t i = json_array_size(rows);

                if (!rows || !row || json_object_set_new(row, "id", json_string(id)) < 0) {
                        json_decref(row);
                        json_decref(rows);
                        return NULL;
                }
                while (i > 0 && strcmp(dict_string(json_array_get(rows, i - 1), "id", ""), id) > 0)
                        i--;
                if (json_array_insert_new(rows, i, row) < 0) {
                        json_decref(rows);
                        return NULL;
                }
        }
        return rows;
}

static void print_problem(const char *where, const json_t *problem) {
        _cleanup_free_ char *text = text_escape(json_string_value(problem) ?: "");

        printf("problem: %s%s%s\n", where, *where ? ": " : "", text ?: "");
}

static void print_problems(const json_t *report, const json_t *images) {
        const json_t *image, *problem;
        size_t i, k;

        puts("");
        json_array_foreach(json_object_get(report, "problems"), i, problem)
                print_problem("", problem);
        json_array_foreach((json_t *)images, i, image)
                json_array_foreach(json_object_get(image, "problems"), k, problem)
                        print_problem(dict_string(image, "id", ""), problem);
}

static int print_report(Client *client, const json_t *report) {
        _cleanup_json_ json_t *head = json_copy((json_t *)report), *images = rows_of(json_object_get(report, "images")),
                              *vms = rows_of(json_object_get(report, "vms"));
        int r;

        if (!head || !images || !vms)
                return client_no_memory(client);
        (void) json_object_del(head, "images");
        (void) json_object_del(head, "vms");
        (void) json_object_del(head, "problems");
        r = client_print_object(client, head, NULL);
        if (r >= 0 && json_array_size(images) > 0) {
                puts("");
                r = inspect_print_images(client, images);
        }
        if (r >= 0 && json_array_size(vms) > 0) {
                puts("");
                r = inspect_print_vms(client, vms);
        }
        if (r < 0)
                return r;
        print_problems(report, images);
        return 0;
}

json_t *devices_of(const char *path) {
        json_t *devices = json_array();

        while (*path) {
                size_t n = strcspn(path, ",");

                (void) json_array_append_new(devices, json_stringn(path, n));
                path += n + (path[n] == ',');
        }
        return devices;
}

int domain_run_inspect(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *report = NULL, *options = json_object(), *domain = NULL;
        const char *path = dict_string(invocation->spec, "path", "");
        int r;

        domain = strncmp(path, "/dev/", 5) == 0 ? json_pack("{s:o}", "devices", devices_of(path)) : json_incref(invocation->spec);
        if (!domain)
                return client_no_memory(client);
        r = client_query(client, "/org/rhv/Storage", "org.rhv.Storage", "InspectForeign", &report, "@@", domain, options);
        if (r < 0)
                return r;
        return client->settings->json ? client_print_json(client, report) : print_report(client, report);
}

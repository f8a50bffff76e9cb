/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * qemu-img's command lines, as VDSM gives them, and its JSON answers. Pure: nothing is run here.
 * Source of the options: VDSM, lib/vdsm/storage/qemuimg.py.
 */

#include "layout.h"

/* Longest vector we make, with the NULL. */
#define QEMU_IMG_ARGUMENTS_MAX 24U

typedef struct QemuImgCommand {
        const char *argv[QEMU_IMG_ARGUMENTS_MAX];
        char numbers[24]; /* what argv borrows from here */
} QemuImgCommand;

/* `qemu-img create` for a planned volume of a domain of version, run as 36:36 where privileged. parent: BLANK_UUID or
 * the backing name, which is the bare volume id, not opened. Strings are borrowed from the plan and the request. */
void qemu_img_create(const VolumePlan *plan, unsigned version, bool privileged, QemuImgCommand *ret);

/* qcow2 images are made for QEMU's "compat" of the domain's version: 1.1 from V4 on. */
const char *qemu_img_compat(unsigned version) _const_;

typedef struct QemuImgInfo {
        uint64_t virtual_bytes;
        bool has_backing;
        bool has_data_file;
        bool corrupt;
        char format[16];
} QemuImgInfo;

/* Reads `qemu-img info --output=json`. Return: 0, or -EBADMSG with BackendFailed set. */
int qemu_img_info_parse(const char *text, size_t size, QemuImgInfo *ret, sd_bus_error *error);
/* Is that what a qcow2 volume without parent may hold? Return: 0, or -EBADMSG with BadFormat set. */
int qemu_img_info_check(const QemuImgInfo *info, uint64_t capacity_bytes, sd_bus_error *error);

/* Reads `qemu-img check --output=json`: exit status 0 clean, 3 leaks only (harmless), 2 corrupt. Return as above,
 * BadFormat for corruption. */
int qemu_img_check_result(int exit_status, const char *text, size_t size, sd_bus_error *error);
/* Of an answer that is fine: where the image's last cluster ends, in bytes. Return: 0, or -EBADMSG with BackendFailed set. */
int qemu_img_check_end(const char *text, size_t size, uint64_t *ret, sd_bus_error *error);

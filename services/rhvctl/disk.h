/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Disks in and out of files: the file is opened here and travels as a descriptor. */

#include "client.h"

int disk_run_upload(Client *client, const Invocation *invocation);
int disk_run_extend(Client *client, const Invocation *invocation);
int disk_run_download(Client *client, const Invocation *invocation);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Message ids of Cluster; the texts are in units/rhv-cluster.catalog. */

#define MESSAGE_ID_EVENT "5c0b6c1a6f3e4b0c9a4f0d5f7a3be101"
#define MESSAGE_ID_EVENT_WARNING "5c0b6c1a6f3e4b0c9a4f0d5f7a3be102"
#define MESSAGE_ID_EVENT_ERROR "5c0b6c1a6f3e4b0c9a4f0d5f7a3be103"
#define MESSAGE_ID_EVENT_ALERT "5c0b6c1a6f3e4b0c9a4f0d5f7a3be104"
#define MESSAGE_ID_REFUSED "5c0b6c1a6f3e4b0c9a4f0d5f7a3be105"
#define MESSAGE_ID_STORE_FAILED "5c0b6c1a6f3e4b0c9a4f0d5f7a3be106"
#define MESSAGE_ID_BACKEND_FAILED "5c0b6c1a6f3e4b0c9a4f0d5f7a3be107"
#define MESSAGE_ID_PEER_KEY_FAILED "5c0b6c1a6f3e4b0c9a4f0d5f7a3be108"

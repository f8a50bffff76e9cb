/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages an administrator may want to look up; the texts are in units/rhv-storage.catalog. */

#define MESSAGE_ID_DOMAIN_FAILED "b3a1f0d2c7e84a5f9d6203c1a45e7710"
#define MESSAGE_ID_DOMAIN_ACTIVE "5c9d7be1f2a04c3d8b17e6a90f4d2233"
#define MESSAGE_ID_DOMAIN_CLEANED "e0f6a2b97d3c4418a5be91c27d60f8a4"
#define MESSAGE_ID_DOMAIN_UNSEALED "7f4be8126a0d4f19b3c2d5e8907a61bc"
#define MESSAGE_ID_HOST_ID_LOST "1e6b0d94c8f24b7fa0539d27e4c6b8a1"
#define MESSAGE_ID_LEASE_LOST "c47a9f3e60b14d5e8d12f7b05a93e6cd"
#define MESSAGE_ID_TRANSFER_FAILED "94d1c06e5b7f4a2e8c30f71b6ad5e982"

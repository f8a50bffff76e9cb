/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Message ids of Compute; what each means and what to do stands in units/rhv-compute.catalog. */

#define MESSAGE_ID_LIBVIRT_FAILED "3a5f0d1c6f5b4b0d9f6d2a4f8c1e7b21"
#define MESSAGE_ID_LIBVIRT_READY "5c1b7e0b6a7a4d2e8f1a9c3d5e7f9b42"
#define MESSAGE_ID_VM_RUNNING "7d2c8f1a9b3e4c5d8e6f1a2b3c4d5e63"
#define MESSAGE_ID_VM_DOWN "9e3d1a2b4c5f4d6e8a7b9c0d1e2f3a84"
#define MESSAGE_ID_VM_START_FAILED "b14e6c7d8f904a1b9c2d3e4f5a6b7ca5"
#define MESSAGE_ID_VM_IO_ERROR "d25f7e8a9b1c4d3e8f4a5b6c7d8e9fc6"
#define MESSAGE_ID_VM_ADOPTED "f36a8b9c1d2e4f5a8b6c7d8e9f0a1be7"
#define MESSAGE_ID_NETWORK_FAILED "4be0f1a2c3d44e5f8a6b7c8d9e0f1a39"
#define MESSAGE_ID_VM_RELEASE_FAILED "1a47c9d0e2f34a5b9c6d7e8f9a0b1c28"

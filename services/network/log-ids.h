/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What these mean and what to do: units/rhv-network.catalog. */
#define MESSAGE_ID_NETWORK_COMMITTED "179dd0b54bc94c1a86e959fcf2301f1b"
#define MESSAGE_ID_NETWORK_ROLLED_BACK "1e65f5ba960f4e898255ccef7137fbe6"
#define MESSAGE_ID_NETWORK_RECOVERED "ee555cb265814a7792e257f05f15f801"
#define MESSAGE_ID_NETWORK_MANAGER_GONE "c3d746c8927a4eda9f0a468c482c378e"
#define MESSAGE_ID_NETWORK_LOST "5b0b3d0c0f554d44a6d1b6c9a7f0c4e1"
#define MESSAGE_ID_NETWORK_RESTORED "a7e6f0f93d7f4b0f8f4c0a3f4c1d2b57"

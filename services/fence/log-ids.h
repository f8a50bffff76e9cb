/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Message ids of Fence; each has its text in units/rhv-fence.catalog. */

#define MESSAGE_ID_FENCE_CONFIRMED "cbc5362c86e2445093c5bfddc14a7c0a"
#define MESSAGE_ID_FENCE_FAILED "d27176c89e054ad6954e5d9ccae91f82"
#define MESSAGE_ID_FENCE_AGENT_BROKEN "94f85d7fa7954bed98223eee0f8cb2ef"

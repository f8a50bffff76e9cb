/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Message ids of what every service may log; texts in units/rhv-common.catalog. */

#define MESSAGE_ID_BUS_LOST "a3f4920b9e5c4cffb7596afefe3adce7"
#define MESSAGE_ID_CALL_STUCK "7c32995f07a342c5befffa8c35039c94"
#define MESSAGE_ID_JOB_FAILED "9a440ada88174c909f0548ff2e2a8896"

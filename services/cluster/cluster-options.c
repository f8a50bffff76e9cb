/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-options.h"

#include "log.h"

static const char *management_network = "yes";

const DaemonOption cluster_options[] = {
        { "management-network", "yes: make ovirtmgmt at the first start (default); no: leave the network alone",
          &management_network },
        { NULL },
};

int cluster_options_management(bool *ret) {
        if (!streq(management_network, "yes") && !streq(management_network, "no"))
                return log_error_errno(-EINVAL, "--management-network=%s: must be yes or no", management_network);

        *ret = streq(management_network, "yes");
        return 0;
}

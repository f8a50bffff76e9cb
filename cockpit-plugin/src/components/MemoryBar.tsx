/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Progress } from '@patternfly/react-core/dist/esm/components/Progress';
import cockpit from 'cockpit';

import type { Host } from '../model';
import { bytes } from '../words';

const _ = cockpit.gettext;

export function MemoryBar({ host }: { host: Host }) {
    if (host.memoryTotal <= 0)
        return <>{_("not known yet")}</>;
    const used = Math.max(host.memoryTotal - host.memoryFree, 0);

    return (
        <Progress
            aria-label={_("Memory in use")}
            size="sm"
            value={100 * used / host.memoryTotal}
            label={cockpit.format(_("$0 of $1 used"), bytes(used), bytes(host.memoryTotal))}
            measureLocation="top"
        />
    );
}

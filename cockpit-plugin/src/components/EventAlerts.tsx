/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core/dist/esm/components/Alert';
import cockpit from 'cockpit';

import type { ClusterEvent } from '../model';

const _ = cockpit.gettext;

/* Long enough to read three lines. What is worse than a warning stays until it is closed. */
const WARNING_MS = 15_000;

/** what just happened in the cluster and is not as it should be, whoever caused it */
export function EventAlerts({ events, onDismiss }: { events: ClusterEvent[]; onDismiss: (id: number) => void }) {
    return (
        <AlertGroup isToast isLiveRegion>
            {events.map(event => (
                <Alert
                    key={event.id}
                    variant={event.severity === 'warning' ? 'warning' : 'danger'}
                    timeout={event.severity === 'warning' ? WARNING_MS : false}
                    onTimeout={() => onDismiss(event.id)}
                    title={event.message || event.code}
                    actionClose={<AlertActionCloseButton aria-label={_("Close this event")} onClose={() => onDismiss(event.id)} />}
                >
                    {event.user && cockpit.format(_("by $0"), event.user)}
                </Alert>
            ))}
        </AlertGroup>
    );
}

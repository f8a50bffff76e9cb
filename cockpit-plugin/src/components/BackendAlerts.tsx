/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Alert } from '@patternfly/react-core/dist/esm/components/Alert';
import { StackItem } from '@patternfly/react-core/dist/esm/layouts/Stack';
import cockpit from 'cockpit';

import type { Backend } from '../model';

const _ = cockpit.gettext;

/** what the service leans on and cannot reach now */
export function BackendAlerts({ backends }: { backends: Backend[] }) {
    return backends.filter(backend => backend.state !== 'ready').map(backend => (
        <StackItem key={backend.name}>
            <Alert
                isInline
                isLiveRegion
                variant={backend.state === 'failed' ? 'danger' : 'warning'}
                title={cockpit.format(backend.state === 'failed' ? _("The backend $0 is not available") : _("Waiting for the backend $0"), backend.name)}
            >
                {backend.reason}
            </Alert>
        </StackItem>
    ));
}

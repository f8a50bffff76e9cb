/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Icon } from '@patternfly/react-core/dist/esm/components/Icon';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import cockpit from 'cockpit';

import type { Host } from '../model';

const _ = cockpit.gettext;

/** KVM, or the host's own words why not */
export function Kvm({ host }: { host: Host }) {
    if (host.kvm === undefined)
        return <>{_("not known yet")}</>;
    if (host.kvm)
        return <><Icon status="success" isInline><CheckCircleIcon /></Icon> {_("KVM")}</>;
    return (
        <>
            <Icon status="warning" isInline><ExclamationTriangleIcon /></Icon> {_("not available")}
            {host.kvmReason && <div className="rhv-secondary">{host.kvmReason}</div>}
        </>
    );
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core/dist/esm/components/Card';
import { EmptyState, EmptyStateBody } from '@patternfly/react-core/dist/esm/components/EmptyState';
import VirtualMachineIcon from '@patternfly/react-icons/dist/esm/icons/virtual-machine-icon';
import cockpit from 'cockpit';

import type { VmActions } from '../hooks';
import type { Host, Vm } from '../model';
import { VmTable } from './VmTable';

const _ = cockpit.gettext;

interface VmCardProps {
    vms: Vm[];
    hosts: Host[];
    actions: VmActions;
    live: boolean;
}

export function VmCard({ vms, hosts, actions, live }: VmCardProps) {
    return (
        <Card component="section" aria-label={_("Virtual machines")}>
            <CardHeader><CardTitle component="h2">{_("Virtual machines")}</CardTitle></CardHeader>
            <CardBody>
                {vms.length === 0
                    ? (
                        <EmptyState titleText={_("No virtual machines")} headingLevel="h3" icon={VirtualMachineIcon} variant="sm">
                            <EmptyStateBody>{_("A machine made with \"rhvctl vm create\" appears here at once.")}</EmptyStateBody>
                        </EmptyState>
                    )
                    : <VmTable vms={vms} hosts={hosts} actions={actions} live={live} />}
            </CardBody>
        </Card>
    );
}

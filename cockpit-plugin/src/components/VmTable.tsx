/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Table, Tbody, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import cockpit from 'cockpit';
import { useState } from 'react';

import type { VmActions } from '../hooks';
import { hostName, type Host, type Vm } from '../model';
import { PowerOffDialog } from './PowerOffDialog';
import { VmRow } from './VmRow';

const _ = cockpit.gettext;

interface VmTableProps {
    vms: Vm[];
    hosts: Host[];
    actions: VmActions;
    /** false while the service is away: nothing can be done then */
    live: boolean;
}

export function VmTable({ vms, hosts, actions, live }: VmTableProps) {
    const [toPowerOff, setToPowerOff] = useState<Vm | null>(null);

    return (
        <>
            <Table aria-label={_("Virtual machines")} variant="compact" gridBreakPoint="grid-md">
                <Thead>
                    <Tr>
                        <Th>{_("Name")}</Th>
                        <Th>{_("State")}</Th>
                        <Th>{_("Host")}</Th>
                        <Th>{_("CPUs")}</Th>
                        <Th>{_("Memory")}</Th>
                        <Th>{_("Addresses")}</Th>
                        <Th screenReaderText={_("Actions")} />
                    </Tr>
                </Thead>
                <Tbody>
                    {vms.map(vm => (
                        <VmRow
                            key={vm.path}
                            vm={vm}
                            host={hostName(hosts, vm)}
                            pending={actions.pending.get(vm.path)}
                            live={live}
                            onRun={actions.run}
                            onPowerOff={setToPowerOff}
                        />
                    ))}
                </Tbody>
            </Table>
            {toPowerOff &&
                <PowerOffDialog
                    vm={toPowerOff}
                    onCancel={() => setToPowerOff(null)}
                    onConfirm={() => {
                        actions.run(toPowerOff, 'PowerOff');
                        setToPowerOff(null);
                    }}
                />}
        </>
    );
}

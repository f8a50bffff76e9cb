/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Td, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import cockpit from 'cockpit';
import { memo } from 'react';

import type { Verb } from '../actions';
import type { Vm } from '../model';
import { bytes, vmState } from '../words';
import { StateLabel } from './StateLabel';
import { VmButtons } from './VmButtons';

const _ = cockpit.gettext;

interface VmRowProps {
    vm: Vm;
    host: string;
    pending: Verb | undefined;
    live: boolean;
    onRun: (vm: Vm, verb: Verb) => void;
    onPowerOff: (vm: Vm) => void;
}

/** drawn again only when this VM changes */
export const VmRow = memo(function VmRow({ vm, host, pending, live, onRun, onPowerOff }: VmRowProps) {
    return (
        <Tr data-path={vm.path}>
            <Td dataLabel={_("Name")}>
                {vm.name}
                {vm.description && <div className="rhv-secondary">{vm.description}</div>}
            </Td>
            <Td dataLabel={_("State")}><StateLabel word={vmState(vm.state)} reason={vm.stateReason} /></Td>
            <Td dataLabel={_("Host")}>{host}</Td>
            <Td dataLabel={_("CPUs")}>{vm.cpus || ''}</Td>
            <Td dataLabel={_("Memory")} className="rhv-nowrap">{vm.memory ? bytes(vm.memory) : ''}</Td>
            <Td dataLabel={_("Addresses")}>{vm.addresses.map(address => <div key={address}>{address}</div>)}</Td>
            <Td isActionCell>
                <VmButtons vm={vm} pending={pending} live={live} onRun={onRun} onPowerOff={onPowerOff} />
            </Td>
        </Tr>
    );
});

/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Flex, FlexItem } from '@patternfly/react-core/dist/esm/layouts/Flex';
import cockpit from 'cockpit';

import { verbsFor, type Verb } from '../actions';
import type { Vm } from '../model';

const _ = cockpit.gettext;

const labels: Record<Verb, string> = {
    Start: _("Start"),
    Shutdown: _("Shut down"),
    PowerOff: _("Power off"),
};

interface VmButtonsProps {
    vm: Vm;
    pending: Verb | undefined;
    live: boolean;
    onRun: (vm: Vm, verb: Verb) => void;
    onPowerOff: (vm: Vm) => void;
}

/** Power off asks first, and stays at hand while another job works on the VM: it is the way out of one that hangs. */
export function VmButtons({ vm, pending, live, onRun, onPowerOff }: VmButtonsProps) {
    const verbs = verbsFor(vm.state);
    const busy = vm.busy || pending !== undefined;
    // the verb under way stays in view although the state has moved on
    const shown = pending && !verbs.includes(pending) ? [pending, ...verbs] : verbs;

    return (
        <Flex columnGap={{ default: 'columnGapSm' }} flexWrap={{ default: 'nowrap' }} justifyContent={{ default: 'justifyContentFlexEnd' }}>
            {shown.map(verb => (
                <FlexItem key={verb}>
                    <Button
                        size="sm"
                        variant="secondary"
                        isDanger={verb === 'PowerOff'}
                        isLoading={pending === verb}
                        isDisabled={!live || pending === verb || (busy && verb !== 'PowerOff')}
                        aria-label={`${labels[verb]} ${vm.name}`}
                        onClick={() => verb === 'PowerOff' ? onPowerOff(vm) : onRun(vm, verb)}
                    >
                        {labels[verb]}
                    </Button>
                </FlexItem>
            ))}
        </Flex>
    );
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core/dist/esm/components/Card';
import {
    DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm,
} from '@patternfly/react-core/dist/esm/components/DescriptionList';
import { Flex, FlexItem } from '@patternfly/react-core/dist/esm/layouts/Flex';
import cockpit from 'cockpit';
import { memo, type ReactNode } from 'react';

import type { Host } from '../model';
import { hostState, topology } from '../words';
import { Kvm } from './Kvm';
import { MemoryBar } from './MemoryBar';
import { StateLabel } from './StateLabel';

const _ = cockpit.gettext;

function Fact({ term, children }: { term: string; children: ReactNode }) {
    return (
        <DescriptionListGroup>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription>{children}</DescriptionListDescription>
        </DescriptionListGroup>
    );
}

export const HostCard = memo(function HostCard({ host }: { host: Host }) {
    return (
        <Card component="section" aria-label={cockpit.format(_("Host $0"), host.name)}>
            <CardHeader>
                <Flex>
                    <FlexItem><CardTitle component="h2">{host.name}</CardTitle></FlexItem>
                    <FlexItem><StateLabel word={hostState(host.state)} reason={host.stateReason} /></FlexItem>
                </Flex>
            </CardHeader>
            <CardBody>
                <DescriptionList columnModifier={{ default: '1Col', md: '2Col', lg: '3Col' }}>
                    <Fact term={_("Processor")}>
                        {host.cpu.model || _("not known yet")}
                        <div className="rhv-secondary">{topology(host.cpu)}</div>
                    </Fact>
                    <Fact term={_("Memory")}><MemoryBar host={host} /></Fact>
                    <Fact term={_("Processor load")}>{cockpit.format(_("$0 %"), Math.round(host.cpuPercent))}</Fact>
                    <Fact term={_("Hardware virtualization")}><Kvm host={host} /></Fact>
                    <Fact term={_("Hypervisor")}>{host.hypervisor || _("not known yet")}</Fact>
                    <Fact term={_("Running virtual machines")}>{host.vmCount}</Fact>
                </DescriptionList>
            </CardBody>
        </Card>
    );
});

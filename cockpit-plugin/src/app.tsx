/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Page, PageSection } from '@patternfly/react-core/dist/esm/components/Page';
import { Stack, StackItem } from '@patternfly/react-core/dist/esm/layouts/Stack';
import cockpit from 'cockpit';

import type { Cluster } from './cluster';
import { BackendAlerts } from './components/BackendAlerts';
import { EventAlerts } from './components/EventAlerts';
import { FailureAlert } from './components/FailureAlert';
import { HostCard } from './components/HostCard';
import { Connecting } from './components/Connecting';
import { LostAlert } from './components/LostAlert';
import { VmCard } from './components/VmCard';
import { useEvents, useSnapshot, useVmActions } from './hooks';

const _ = cockpit.gettext;

export function Application({ cluster }: { cluster: Cluster }) {
    const { link, problem, backends, hosts, vms } = useSnapshot(cluster);
    const actions = useVmActions(cluster);
    const { events, dismiss } = useEvents(cluster);

    if (link === 'connecting')
        return <Page className="rhv-page" mainTabIndex={0}><Connecting problem={problem} onRetry={cluster.reconnect} /></Page>;

    return (
        <Page className="rhv-page" mainTabIndex={0}>
            <EventAlerts events={events} onDismiss={dismiss} />
            <PageSection hasBodyWrapper={false} variant="secondary" isFilled>
                <h1 className="pf-v6-screen-reader">{_("Virtualization")}</h1>
                <Stack hasGutter>
                    {link === 'lost' && <StackItem><LostAlert problem={problem} onRetry={cluster.reconnect} /></StackItem>}
                    <BackendAlerts backends={backends} />
                    {actions.failures.map(failure =>
                        <StackItem key={failure.id}><FailureAlert failure={failure} onDismiss={actions.dismiss} /></StackItem>)}
                    {hosts.map(host => <StackItem key={host.path}><HostCard host={host} /></StackItem>)}
                    <StackItem><VmCard vms={vms} hosts={hosts} actions={actions} live={link === 'ready'} /></StackItem>
                </Stack>
            </PageSection>
        </Page>
    );
}

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// page-look.mjs HOST USER: what everybody may see: the host's facts as the service tells them, and VMs that come, change and go
// while the page stays.

import assert from 'node:assert/strict';
import { onPage, ROOT, SERVICE, step, VM } from './page.mjs';

const [hostName, user] = process.argv.slice(2);

const HOST = 'org.rhv.Cluster.Host';
const VM_ID = '7d3f1f5e-0f7a-4a53-9a49-3a5b1c0d2e01';

function hostPath(page) {
    const paths = page.host('busctl', 'tree', '--list', SERVICE).split('\n').filter(path => path.startsWith(`${ROOT}/host/`));
    assert.equal(paths.length, 1, 'this host is the only one');
    return paths[0];
}

await onPage(hostName, user, async page => {
    step('host facts');
    const path = hostPath(page);
    const capabilities = page.property(path, HOST, 'Capabilities');
    const card = page.frame.getByRole('region', { name: `Host ${hostName}` });
    await card.getByText('Up', { exact: true }).waitFor();
    await card.getByText(capabilities.cpu_model.data).waitFor();
    await card.getByText(`${capabilities.cores_per_socket.data} core`).waitFor();
    const gib = Math.round(page.property(path, HOST, 'MemoryTotal') / 2 ** 30);
    await card.getByText(`of ${gib} GiB used`).waitFor();
    if (!capabilities.kvm.data)
        await card.getByText(capabilities.kvm_reason.data).waitFor();
    await page.frame.getByRole('heading', { name: 'No virtual machines' }).waitFor();
    await page.accessible();
    await page.shot(`page-empty-${user}`);

    step('a VM comes, changes and goes');
    const [vm] = page.call(ROOT, SERVICE, 'CreateVm', 'a{sv}a{sv}', '5', 'id', 's', VM_ID, 'name', 's', 'passing', 'cluster', 's', 'Default',
                           'memory', 't', '134217728', 'cpus', 'u', '1', '0');
    await page.state('passing', 'Down');
    await page.row('passing').getByText('128 MiB').waitFor();
    page.call(vm, VM, 'Update', 'a{sv}a{sv}', '1', 'description', 's', 'seen by everybody', '0');
    await page.row('passing').getByText('seen by everybody').waitFor();
    await page.accessible();
    page.call(vm, VM, 'Remove', 'a{sv}', '0');
    await page.row('passing').waitFor({ state: 'detached' });

    step('dark when the shell is, and narrow when the window is');
    await page.theme('dark');
    await page.accessible();
    await page.shot(`page-dark-${user}`);
    await page.theme('light');
    await page.cockpit.page.setViewportSize({ width: 480, height: 900 });
    await page.accessible();
    await page.shot(`page-narrow-${user}`);
    await page.notReloaded();
});

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// page-faults.mjs HOST VM: what the page shows when what is behind it fails and comes back. VM is down at first and at the end.

import assert from 'node:assert/strict';
import { onPage, ROOT, SERVICE, step } from './page.mjs';

const [hostName, vm] = process.argv.slice(2);

const CLUSTER = 'rhv-cluster.service';
const COMPUTE = 'rhv-compute.service';

await onPage(hostName, 'admin', async page => {
    const pid = unit => page.host('systemctl', 'show', '--property=MainPID', '--value', unit);
    await page.cockpit.becomeAdmin();

    step('a guest dies: its state, and an event');
    await page.button('Start', vm).click();
    await page.state(vm, 'Running');
    page.host('pkill', '-KILL', '-f', `guest=${vm}`);
    await page.alert(`The VM ${vm}`);
    await page.state(vm, 'Down');
    await page.shot('page-event');

    step('a backend fails and comes back');
    page.host('systemctl', 'mask', '--runtime', '--now', COMPUTE);
    await page.alert('The backend compute is not available');
    await page.shot('page-backend');
    page.host('systemctl', 'unmask', '--runtime', COMPUTE);
    await page.frame.getByText('The backend compute').waitFor({ state: 'detached' });

    step('the service dies and comes back');
    const before = pid(CLUSTER);
    page.host('systemctl', 'kill', '--signal=KILL', CLUSTER);
    await page.live(vm);
    page.call(ROOT, SERVICE, 'CreateVm', 'a{sv}a{sv}', '1', 'name', 's', 'after', '0');
    await page.state('after', 'Down');
    assert.notEqual(pid(CLUSTER), before, 'it was restarted');

    step('the service stays away: what was known stays in view, and nothing can be asked for');
    page.host('systemctl', 'mask', '--runtime', '--now', CLUSTER);
    await page.alert('The cluster service is away');
    await page.button('Start', vm).and(page.frame.locator(':disabled')).waitFor();
    await page.shot('page-away');
    page.host('systemctl', 'unmask', '--runtime', CLUSTER);
    await page.live(vm);
    await page.state('after', 'Down');
    await page.notReloaded();

    step('a page that is opened while the service is away');
    page.host('systemctl', 'mask', '--runtime', '--now', CLUSTER);
    await page.cockpit.page.reload();
    await page.frame.getByRole('heading', { name: 'The cluster service does not answer' }).waitFor();
    await page.shot('page-absent');
    page.host('systemctl', 'unmask', '--runtime', CLUSTER);
    await page.live(vm);
});

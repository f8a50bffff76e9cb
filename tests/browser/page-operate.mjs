// SPDX-License-Identifier: LGPL-2.1-or-later
//
// page-operate.mjs HOST VM BIG: an administrator starts, shuts down and powers off VM, whose guest answers the power button, and is told
// why BIG does not start. The page is loaded once and stays live all the time.

import { onPage, step } from './page.mjs';

const [hostName, vm, big] = process.argv.slice(2);

await onPage(hostName, 'admin', async page => {
    step('with limited access: refused, by name');
    await page.button('Start', vm).click();
    await page.alert(`${vm} was not started`, 'org.rhv.Error.AccessDenied', 'administrative access');
    await page.state(vm, 'Down');
    await page.shot('page-refused-admin');
    await page.dismiss();

    step('administrative access');
    await page.cockpit.becomeAdmin();

    step('start');
    await page.button('Start', vm).click();
    await page.booted(vm);
    await page.row(vm).getByText(hostName, { exact: true }).waitFor();
    await page.shot('page-running');

    step('shut down');
    await page.button('Shut down', vm).click();
    await page.state(vm, 'Down');

    step('power off asks first');
    await page.button('Start', vm).click();
    await page.state(vm, 'Running');
    await page.button('Power off', vm).click();
    await page.dialog().getByText(`Power off ${vm}?`).waitFor();
    await page.shot('page-power-off');
    await page.dialog().getByRole('button', { name: 'Cancel' }).click();
    await page.dialog().waitFor({ state: 'detached' });
    await page.state(vm, 'Running');
    await page.button('Power off', vm).click();
    await page.dialog().getByRole('button', { name: 'Power off' }).click();
    await page.state(vm, 'Down');

    step('a start that is refused');
    await page.button('Start', big).click();
    await page.alert(`${big} was not started`, 'org.rhv.Error.NoHost');
    await page.shot('page-refused-start');
    await page.dismiss();
    await page.state(big, 'Down');

    step('what others do is seen at once');
    page.host('rhvctl', 'vm', 'start', vm);
    await page.state(vm, 'Running');
    await page.enabled('Shut down', vm);
    page.host('rhvctl', 'vm', 'poweroff', vm);
    await page.state(vm, 'Down');
    await page.enabled('Start', vm);

    await page.notReloaded();
});

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// page-rights.mjs HOST: alice may do nothing; then the site's rule is copied in (polkit/org.rhv.rules.example), and she may start and
// shut down web1, but not pull its plug, nor touch another VM.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { onPage, step, VM } from './page.mjs';

const [hostName] = process.argv.slice(2);
const rule = readFileSync(new URL('../../polkit/org.rhv.rules.example', import.meta.url), 'utf8');

await onPage(hostName, 'alice', async page => {
    async function refused(verb, vm, title, state) {
        await page.button(verb, vm).click();
        if (verb === 'Power off')
            await page.dialog().getByRole('button', { name: verb }).click();
        await page.alert(`${vm} ${title}`, 'org.rhv.Error.AccessDenied');
        await page.state(vm, state);
        assert.equal(page.property(await page.path(vm), VM, 'State'), state.toLowerCase());
    }

    step('refused, by name, and nothing happened');
    await refused('Start', 'web1', 'was not started', 'Down');
    await page.shot('page-refused-alice');
    await page.dismiss();

    step('a rule of the site permits two verbs on one VM');
    page.host('sh', '-c', 'cat > /etc/polkit-1/rules.d/60-site.rules <<"END"\n' + rule + '\nEND');
    page.host('systemctl', 'restart', 'polkit.service');
    await page.button('Start', 'web1').click();
    await page.booted('web1');
    await refused('Power off', 'web1', 'was not powered off', 'Running');
    await page.dismiss();
    await page.button('Shut down', 'web1').click();
    await page.state('web1', 'Down');
    await refused('Start', 'other', 'was not started', 'Down');
    await page.notReloaded();
});

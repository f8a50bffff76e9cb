// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The page of RHV in Cockpit on a lab host, and the host itself, for the scenarios beside this file.
//
//     await onPage('host1', 'alice', async page => {
//         page.host('systemctl', 'is-active', 'rhv-cluster.service');     // in the host, as root; its output
//         await page.state('web1', 'Running');                             // waits
//     });
//
// A scenario fails at the first thing that is not as it should be, and at an error in the browser's console. Its last
// screenshot and the console's messages are kept then.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import { open } from './cockpit.mjs';

const lab = fileURLToPath(new URL('../lab/lab', import.meta.url));

export const SERVICE = 'org.rhv.Cluster';
export const ROOT = '/org/rhv/Cluster';
export const VM = 'org.rhv.Cluster.Vm';

// Timeline: a signal is drawn in 0.1 s, a guest is running in 3 s and down in 5 s; a loaded machine takes ten times that.
const WAIT_MS = 60_000;

export async function onPage(hostName, user, scenario) {
    const cockpit = await open(hostName, { user });

    try {
        await scenario(await pageOf(cockpit, hostName));
        assert.deepEqual(cockpit.faults, [], 'errors in the browser console');
    } catch (error) {
        console.error(cockpit.messages.join('\n'));
        console.error('screenshot:', await cockpit.screenshot(`failed-${user}`).catch(problem => problem.message));
        throw error;
    } finally {
        await cockpit.close();
    }
}

export function step(text) {
    console.log(`--- ${text}`);
}

async function pageOf(cockpit, hostName) {
    const host = (...command) => execFileSync(lab, ['x', hostName, ...command], { encoding: 'utf8' }).trim();
    const busctl = (...args) => JSON.parse(host('busctl', '--json=short', ...args) || '{}').data;

    const page = {
        cockpit,
        frame: null,
        host,

        // a call of the service as root; the reply's values
        call: (path, iface, method, ...args) => busctl('call', SERVICE, path, iface, method, ...args),
        property: (path, iface, name) => busctl('get-property', SERVICE, path, iface, name),

        async open() {
            page.frame = await cockpit.goto('/rhv');
            await page.frame.getByRole('heading', { name: 'Virtual machines', exact: true }).waitFor();
            await page.frame.locator('body').evaluate(body => { body.dataset.kept = 'yes'; });
        },

        // fails if the page was loaded anew since open()
        async notReloaded() {
            assert.equal(await page.frame.locator('body').getAttribute('data-kept'), 'yes', 'the page was reloaded');
        },

        // no fault that axe-core knows, in what the page shows now
        async accessible() {
            const frame = await (await page.frame.locator('body').elementHandle()).ownerFrame();
            await frame.evaluate(axe.source);
            const { violations } = await frame.evaluate(() => window.axe.run());
            assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`), []);
        },

        // as the switch in Cockpit's shell does, and drawn
        async theme(style) {
            await page.frame.locator('body').evaluate((_body, chosen) => {
                window.dispatchEvent(new CustomEvent('cockpit-style', { detail: { style: chosen } }));
            }, style);
            await page.frame.locator(style === 'dark' ? 'html.pf-v6-theme-dark' : 'html:not(.pf-v6-theme-dark)').waitFor();
            await page.cockpit.page.waitForFunction(() => document.getAnimations().length === 0);
        },

        shot: name => cockpit.screenshot(name),
        row: vm => page.frame.getByRole('row', { name: new RegExp(`^${vm}\\b`) }),
        path: vm => page.row(vm).getAttribute('data-path'),
        button: (verb, vm) => page.frame.getByRole('button', { name: `${verb} ${vm}`, exact: true }),
        dialog: () => page.frame.getByRole('dialog'),
        state: (vm, word) => page.row(vm).getByText(word, { exact: true }).waitFor({ timeout: WAIT_MS }),

        // its agent tells an address: before that, a guest does not listen to the power button
        async booted(vm) {
            await page.state(vm, 'Running');
            await page.row(vm).getByText(/^10\.88\.0\./).waitFor({ timeout: WAIT_MS });
        },

        enabled: (verb, vm) => page.button(verb, vm).and(page.frame.locator(':enabled')).waitFor({ timeout: WAIT_MS }),

        // the service is there, and something can be asked of this VM, which is down
        async live(vm) {
            await page.frame.getByText('The cluster service is away').waitFor({ state: 'detached', timeout: WAIT_MS });
            await page.enabled('Start', vm);
        },

        // closes the only message
        async dismiss() {
            const close = page.frame.getByRole('button', { name: 'Close this message' });
            await close.click();
            await close.waitFor({ state: 'detached' });
        },

        // an alert whose text has all of these
        async alert(...texts) {
            let alert = page.frame.locator('.pf-v6-c-alert');
            for (const text of texts)
                alert = alert.filter({ hasText: text });
            await alert.first().waitFor({ timeout: WAIT_MS });
            return alert.first();
        },
    };
    await page.open();
    return page;
}

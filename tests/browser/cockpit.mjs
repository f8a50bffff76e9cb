// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A browser on a lab host's Cockpit. The lab is the one RHV_LAB names.
//
//     const cockpit = await open('host1', { user: 'admin' });
//     const frame = await cockpit.goto('/system');        // a page of Cockpit, inside its shell
//     await frame.getByText('host1').first().waitFor();
//     await cockpit.becomeAdmin();                         // Cockpit's administrative access, by the password
//     await cockpit.screenshot('overview');                // into RHV_LOGS or the given directory
//     cockpit.faults                                       // errors and exceptions in the browser's console so far
//     await cockpit.close();

import { chromium } from 'playwright-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const chrome = fileURLToPath(new URL('./chrome', import.meta.url));

// without the first three it does not run as root and without a GPU; the others keep it from calling home
const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

// Timeline: login page 2 s, logged in 5 s, a page in the shell 7 s, on a loaded machine four times that.
export const WAIT_MS = 60_000;

export async function open(host, { user = 'admin', password = user, logs = process.env.RHV_LOGS ?? '.' } = {}) {
    const browser = await chromium.launch({ executablePath: chrome, args });
    const base = `http://10.77.0.1${host.replace('host', '')}:9090`;
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.setDefaultTimeout(WAIT_MS);

    const session = {
        browser,
        page,
        messages: [],
        faults: [],

        // the content of a page sits in a frame of its own, named after host and page; others stay loaded behind it
        async goto(path) {
            await page.goto(base + path);
            const name = `cockpit1:localhost${path.replace(/[#?].*/, '')}`;
            const frame = page.frameLocator(`iframe[data-active="true"][name^="${name}"]`);
            await frame.locator('body').waitFor();
            return frame;
        },

        async becomeAdmin() {
            await page.getByRole('button', { name: 'Limited access' }).click();
            await page.getByLabel(/^Password for/).fill(password);
            await page.getByRole('button', { name: 'Authenticate' }).click();
            await page.getByText('Administrative access', { exact: true }).waitFor();
        },

        async screenshot(name) {
            mkdirSync(logs, { recursive: true });
            const path = join(logs, `${name}.png`);
            await page.screenshot({ path });
            return path;
        },

        async close() {
            await browser.close();
        },
    };

    page.on('console', message => {
        const text = `${message.type()}: ${message.text()} (${message.location().url})`;
        session.messages.push(text);
        // the login page asks whether there is a session already, and is told no
        if (message.type() === 'error' && !/\/cockpit\/login$/.test(message.location().url))
            session.faults.push(text);
    });
    page.on('pageerror', error => {
        session.messages.push(`exception: ${error.message}`);
        session.faults.push(`exception: ${error.stack}`);
    });

    try {
        await page.goto(base);
        await page.fill('#login-user-input', user);
        await page.fill('#login-password-input', password);
        await page.click('#login-button');
        await page.waitForSelector('#content, iframe[name^="cockpit1:"]', { state: 'attached' });
    } catch (error) {
        await session.screenshot('login-failed').catch(() => {});
        await browser.close();
        throw error;
    }
    return session;
}

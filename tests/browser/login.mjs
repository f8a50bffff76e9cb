// SPDX-License-Identifier: LGPL-2.1-or-later
//
// login.mjs HOST [USER]: log in to Cockpit, look at the overview, keep a screenshot

import { open } from './cockpit.mjs';

const [host, user = 'admin'] = process.argv.slice(2);
const cockpit = await open(host, { user });

try {
    const frame = await cockpit.goto('/system');
    await frame.getByText(host).first().waitFor();
    console.log(await cockpit.screenshot('cockpit-overview'));
} catch (error) {
    console.error(cockpit.messages.join('\n'));
    await cockpit.screenshot('cockpit-failed');
    throw error;
} finally {
    await cockpit.close();
}

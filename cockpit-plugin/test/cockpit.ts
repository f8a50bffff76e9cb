/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the code under test needs of Cockpit's script outside a browser: texts as they stand in the source. */
export default {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, n: number) => n === 1 ? one : many,
    format: (text: string, ...args: unknown[]) => text.replace(/\$(\d)/g, (_match, index) => String(args[Number(index)])),
};

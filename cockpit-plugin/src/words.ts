/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service's words in the user's language, and numbers for people. */

import cockpit from 'cockpit';

import type { Cpu } from './model';

const _ = cockpit.gettext;

export type Tone = 'success' | 'warning' | 'danger' | 'info' | 'neutral';

export interface Word {
    label: string;
    tone: Tone;
}

const vmStates: Record<string, Word> = {
    starting: { label: _("Starting"), tone: 'info' },
    running: { label: _("Running"), tone: 'success' },
    blocked: { label: _("Blocked"), tone: 'success' },
    paused: { label: _("Paused"), tone: 'warning' },
    'powering-down': { label: _("Powering down"), tone: 'info' },
    rebooting: { label: _("Rebooting"), tone: 'info' },
    pmsuspended: { label: _("Suspended"), tone: 'warning' },
    crashed: { label: _("Crashed"), tone: 'danger' },
    down: { label: _("Down"), tone: 'neutral' },
    unknown: { label: _("Unknown"), tone: 'warning' },
};

const hostStates: Record<string, Word> = {
    up: { label: _("Up"), tone: 'success' },
    installing: { label: _("Installing"), tone: 'info' },
    'non-operational': { label: _("Non-operational"), tone: 'danger' },
    'non-responsive': { label: _("Non-responsive"), tone: 'danger' },
    'preparing-for-maintenance': { label: _("Preparing for maintenance"), tone: 'info' },
    maintenance: { label: _("Maintenance"), tone: 'warning' },
    unknown: { label: _("Unknown"), tone: 'warning' },
};

/* a word of a newer service is shown as it is */
function wordFor(words: Record<string, Word>, state: string): Word {
    return Object.hasOwn(words, state) ? words[state]! : { label: state, tone: 'neutral' };
}

export const vmState = (state: string): Word => wordFor(vmStates, state);
export const hostState = (state: string): Word => wordFor(hostStates, state);

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** binary units, three digits at most before it goes to the next: 512 MiB, 1.5 GiB, 16 GiB */
export function bytes(value: number): string {
    const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
    const scaled = value / 1024 ** power;
    return `${scaled.toLocaleString(undefined, { maximumFractionDigits: scaled < 10 ? 1 : 0 })} ${units[power]}`;
}

/** "1 socket × 2 cores × 1 thread"; empty while unknown */
export function topology(cpu: Cpu): string {
    if (!cpu.sockets || !cpu.coresPerSocket || !cpu.threadsPerCore)
        return cpu.cpus ? count(cpu.cpus, cockpit.ngettext("$0 CPU", "$0 CPUs", cpu.cpus)) : '';
    return [
        count(cpu.sockets, cockpit.ngettext("$0 socket", "$0 sockets", cpu.sockets)),
        count(cpu.coresPerSocket, cockpit.ngettext("$0 core", "$0 cores", cpu.coresPerSocket)),
        count(cpu.threadsPerCore, cockpit.ngettext("$0 thread", "$0 threads", cpu.threadsPerCore)),
    ].join(' × ');
}

function count(n: number, format: string): string {
    return cockpit.format(format, n);
}

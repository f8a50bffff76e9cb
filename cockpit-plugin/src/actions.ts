/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be done to a VM, and when. Pure. The states are Compute's words, see org.rhv.Cluster.xml, Vm.State. */

export type Verb = 'Start' | 'Shutdown' | 'PowerOff';

/* A state this page does not know yet offers power off: it is not "down", so something may run. */
const offered: Record<string, Verb[]> = {
    down: ['Start'],
    starting: ['PowerOff'],
    running: ['Shutdown', 'PowerOff'],
    blocked: ['Shutdown', 'PowerOff'],
    unknown: [],
};
const otherwise: Verb[] = ['PowerOff'];

export function verbsFor(state: string): Verb[] {
    return Object.hasOwn(offered, state) ? offered[state]! : otherwise;
}

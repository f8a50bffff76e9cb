/* SPDX-License-Identifier: LGPL-2.1-or-later */

import cockpit from 'cockpit';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';

import type { Verb } from './actions';
import type { Cluster, Snapshot } from './cluster';
import type { ClusterEvent, Vm } from './model';
import { asProblem, type Problem } from './problem';

const _ = cockpit.gettext;

/* What a person can take in, and what a page that is left open for weeks may keep. */
const FAILURES_MAX = 5;
const EVENTS_MAX = 3;

export function useSnapshot(cluster: Cluster): Snapshot {
    return useSyncExternalStore(cluster.subscribe, cluster.snapshot);
}

export interface Failure {
    id: number;
    title: string;
    problem: Problem;
}

const failureTitles: Record<Verb, string> = {
    Start: _("$0 was not started"),
    Shutdown: _("$0 was not shut down"),
    PowerOff: _("$0 was not powered off"),
};

export interface VmActions {
    /** what is under way for which VM, by path */
    pending: ReadonlyMap<string, Verb>;
    run: (vm: Vm, verb: Verb) => void;
    failures: Failure[];
    dismiss: (id: number) => void;
}

export function useVmActions(cluster: Cluster): VmActions {
    const [pending, setPending] = useState<ReadonlyMap<string, Verb>>(new Map());
    const [failures, setFailures] = useState<Failure[]>([]);
    const last = useRef(0);

    const run = useCallback((vm: Vm, verb: Verb) => {
        setPending(before => new Map(before).set(vm.path, verb));
        cluster.actOnVm(vm.path, verb)
                .catch((reason: unknown) => {
                    const failure = { id: ++last.current, title: cockpit.format(failureTitles[verb], vm.name), problem: asProblem(reason) };
                    setFailures(before => [failure, ...before].slice(0, FAILURES_MAX));
                })
                // a later action of the same VM has taken the place of this one
                .finally(() => setPending(before => {
                    if (before.get(vm.path) !== verb)
                        return before;
                    const after = new Map(before);
                    after.delete(vm.path);
                    return after;
                }));
    }, [cluster]);
    const dismiss = useCallback((id: number) => setFailures(before => before.filter(failure => failure.id !== id)), []);

    return { pending, run, failures, dismiss };
}

/** the last events worth a look that came while the page was open */
export function useEvents(cluster: Cluster): { events: ClusterEvent[]; dismiss: (id: number) => void } {
    const [events, setEvents] = useState<ClusterEvent[]>([]);

    useEffect(() => cluster.onEvent(event => {
        if (event.severity !== 'normal')
            // what is said again is said once
            setEvents(before => [event, ...before.filter(({ message }) => message !== event.message)].slice(0, EVENTS_MAX));
    }), [cluster]);
    const dismiss = useCallback((id: number) => setEvents(before => before.filter(event => event.id !== id)), []);

    return { events, dismiss };
}

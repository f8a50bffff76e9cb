/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The live model: what org.rhv.Cluster says now, kept up by its signals, through restarts of the service.
 *
 * Order matters. Cockpit delivers replies and signals of one client in the order of the bus, but only to callbacks that hang
 * directly on its promise. So a reply is taken over in then(), never after an await: a signal that came before the reply to
 * GetManagedObjects is older than it and is overwritten by it, one that comes later is applied to it.
 */

import { jobDone, type JobSource } from './job';
import {
    backendsFrom, byName, eventFrom, HOST, hostFrom, JOB, ROOT, SERVICE, VM, vmFrom,
    type Backend, type ClusterEvent, type Host, type Vm,
} from './model';
import { asProblem, type Problem } from './problem';
import { Service, type OpenBus } from './service';
import { ObjectTree } from './tree';
import { asDict, asInterfaces, asManaged, asStrings, text, type Dict } from './values';

export interface Snapshot {
    /** "connecting": nothing known yet. "ready": live. "lost": what is shown was true when the service went away. */
    link: 'connecting' | 'ready' | 'lost';
    /** why it is not ready; null while the first attempt is under way */
    problem: Problem | null;
    version: string;
    backends: Backend[];
    hosts: Host[];
    vms: Vm[];
}

const PROPERTIES = 'org.freedesktop.DBus.Properties';
const OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager';

/* 2,000 VMs tell of themselves in as many signals; they are drawn together. Below what an eye sees as a delay. */
const DRAW_MS = 20;

export class Cluster implements JobSource {
    private readonly service: Service;
    private readonly tree = new ObjectTree();
    /** what was made from the tree; an object that changes is made anew, the others stay the same for React */
    private readonly hosts = new Map<string, Host>();
    private readonly vms = new Map<string, Vm>();
    private readonly listeners = new Set<() => void>();
    private readonly eventListeners = new Set<(event: ClusterEvent) => void>();
    private readonly watchers = new Map<string, Set<() => void>>();
    private link: Snapshot['link'] = 'connecting';
    private problem: Problem | null = null;
    private turn = 0;
    private draw: ReturnType<typeof setTimeout> | undefined;
    private current: Snapshot = { link: 'connecting', problem: null, version: '', backends: [], hosts: [], vms: [] };

    constructor(open: OpenBus) {
        this.service = new Service(open, ROOT, {
            load: () => this.load(),
            lost: problem => this.lost(problem),
            signal: (path, iface, name, args) => this.signal(path, iface, name, args),
        });
        this.service.connect();
    }

    readonly snapshot = (): Snapshot => this.current;

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    };

    readonly onEvent = (listener: (event: ClusterEvent) => void): (() => void) => {
        this.eventListeners.add(listener);
        return () => this.eventListeners.delete(listener);
    };

    readonly reconnect = (): void => this.service.connect();

    close(): void {
        this.turn++;
        clearTimeout(this.draw);
        this.service.close();
    }

    /** Calls a method (a{sv} options) -> [o job] of a VM and waits for the job's end. Rejects with a Problem. */
    async actOnVm(path: string, method: string): Promise<void> {
        const [job] = await this.service.act(path, VM, method, [{}], 'a{sv}');
        if (typeof job === 'string')
            await jobDone(this, job);
    }

    readJob(path: string): Promise<Dict> {
        return this.service.read(path, PROPERTIES, 'GetAll', [JOB]).then(
            ([properties]) => asDict(properties),
            reason => Promise.reject(asProblem(reason)));
    }

    watchObject(path: string, changed: () => void): () => void {
        const set = this.watchers.get(path) ?? new Set();
        this.watchers.set(path, set.add(changed));
        return () => {
            set.delete(changed);
            if (set.size === 0)
                this.watchers.delete(path);
        };
    }

    /* ---- from the service ---- */

    private load(): void {
        const turn = ++this.turn;
        const failed = (reason: unknown) => {
            if (turn === this.turn)
                this.service.lost(asProblem(reason));
        };

        this.service.read(ROOT, OBJECT_MANAGER, 'GetManagedObjects', []).then(([managed]) => {
            if (turn !== this.turn)
                return;
            this.tree.reset(asManaged(managed));
            this.hosts.clear();
            this.vms.clear();
            this.loadRoot(turn, failed);
        }).catch(failed);
    }

    /* the root object is not among those it manages */
    private loadRoot(turn: number, failed: (reason: unknown) => void): void {
        this.service.read(ROOT, PROPERTIES, 'GetAll', [SERVICE]).then(([properties]) => {
            if (turn !== this.turn)
                return;
            this.tree.added(ROOT, { [SERVICE]: asDict(properties) });
            this.service.loaded();
            this.show('ready', null);
            for (const path of this.watchers.keys())
                this.tellWatchers(path);
        }).catch(failed);
    }

    private lost(problem: Problem): void {
        this.turn++;
        this.show(this.link === 'connecting' ? 'connecting' : 'lost', problem);
    }

    private signal(path: string, iface: string, name: string, args: unknown[]): void {
        if (iface === PROPERTIES && name === 'PropertiesChanged')
            this.propertiesChanged(path, String(args[0]), asDict(args[1]), asStrings(args[2]));
        else if (iface === OBJECT_MANAGER && name === 'InterfacesAdded')
            this.objectChanged(String(args[0]), () => this.tree.added(String(args[0]), asInterfaces(args[1])));
        else if (iface === OBJECT_MANAGER && name === 'InterfacesRemoved')
            this.objectChanged(String(args[0]), () => this.tree.removed(String(args[0]), asStrings(args[1])));
        else if (iface === SERVICE && name === 'EventAdded') {
            const event = eventFrom(asDict(args[0]));
            this.eventListeners.forEach(listener => listener(event));
        }
    }

    private propertiesChanged(path: string, iface: string, changes: Dict, invalidated: string[]): void {
        this.objectChanged(path, () => this.tree.changed(path, iface, changes));
        if (invalidated.length === 0 || !this.tree.get(path, iface))
            return;
        const turn = this.turn;
        this.service.read(path, PROPERTIES, 'GetAll', [iface]).then(([properties]) => {
            if (turn === this.turn)
                this.objectChanged(path, () => this.tree.changed(path, iface, asDict(properties)));
        }).catch(() => { /* it is gone, or so is the service: both are told by themselves */ });
    }

    private objectChanged(path: string, apply: () => void): void {
        apply();
        this.hosts.delete(path);
        this.vms.delete(path);
        this.tellWatchers(path);
        this.draw ??= setTimeout(() => this.show(this.link, this.problem), DRAW_MS);
    }

    private tellWatchers(path: string): void {
        for (const changed of [...this.watchers.get(path) ?? []])
            changed();
    }

    /* ---- to the page ---- */

    private show(link: Snapshot['link'], problem: Problem | null): void {
        const root = this.tree.get(ROOT, SERVICE) ?? {};

        clearTimeout(this.draw);
        this.draw = undefined;
        this.link = link;
        this.problem = problem;
        this.current = {
            link,
            problem,
            version: text(root, 'Version'),
            backends: backendsFrom(root),
            hosts: this.all(HOST, this.hosts, hostFrom),
            vms: this.all(VM, this.vms, vmFrom),
        };
        this.listeners.forEach(listener => listener());
    }

    private all<T extends { name: string; id: string }>(iface: string, made: Map<string, T>,
                                                        make: (path: string, properties: Dict) => T): T[] {
        const list: T[] = [];

        for (const [path, properties] of this.tree.having(iface)) {
            const object = made.get(path) ?? make(path, properties);
            made.set(path, object);
            list.push(object);
        }
        return list.sort(byName);
    }
}

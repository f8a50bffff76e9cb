/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The connection to a service that may restart at any time: it says when there is something to load, and when what was
 * loaded is not live any more, and tries again until it is closed. It knows nothing of what is loaded.
 */

import type { DBusClient, SignalHandler } from 'cockpit';

import { asProblem, type Problem } from './problem';

/** a new client of the service; with administrative access, where the user has it switched on */
export type OpenBus = (superuser?: 'try') => DBusClient;

export interface ServiceListener {
    /** the service is there, or may be: load. Answer with loaded() or lost(). */
    load(): void;
    lost(problem: Problem): void;
    signal: SignalHandler;
}

/* A read is answered from memory in milliseconds. One that hangs is given up at the bus's own usual limit. */
const READ_TIMEOUT_MS = 25_000;
/* After a loss: soon enough to follow a restart, then slower, so that an absent service costs next to nothing. A call to a
 * service that is not there also starts it. */
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 10_000;

export class Service {
    private readonly open: OpenBus;
    private readonly listener: ServiceListener;
    private readonly root: string;
    private reader: DBusClient | null = null;
    /** undefined before the bus has told */
    private owner: string | null | undefined = undefined;
    private retry: ReturnType<typeof setTimeout> | undefined;
    private retryMs = RETRY_FIRST_MS;
    private closed = false;

    constructor(open: OpenBus, root: string, listener: ServiceListener) {
        this.open = open;
        this.root = root;
        this.listener = listener;
    }

    /** a read-only call, as the user without more */
    read(path: string, iface: string, method: string, args: unknown[]): Promise<unknown[]> {
        if (!this.reader)
            return Promise.reject({ name: 'disconnected', message: '' } satisfies Problem);
        return this.reader.call(path, iface, method, args, { timeout: READ_TIMEOUT_MS });
    }

    /**
     * A call that changes something, with administrative access where the user has it, else as the user; polkit may ask.
     * Without a time limit: a person may be asked for a password. Rejects with a Problem.
     */
    act(path: string, iface: string, method: string, args: unknown[], type: string): Promise<unknown[]> {
        // a client of its own: whether it has administrative access is decided when it is opened, and the user may have
        // switched that on or off since the last time
        const client = this.open('try');
        return client.call(path, iface, method, args, { type, flags: 'i' })
                .then(reply => reply, reason => Promise.reject(asProblem(reason)))
                .finally(() => client.close());
    }

    /** at first, and when the user does not want to wait for the next attempt */
    connect(): void {
        clearTimeout(this.retry);
        if (this.closed)
            return;
        if (!this.reader)
            this.openReader();
        this.listener.load();
    }

    /** what load() asked for has arrived */
    loaded(): void {
        clearTimeout(this.retry);
        this.retryMs = RETRY_FIRST_MS;
    }

    /** load() did not work, or the service went away */
    lost(problem: Problem): void {
        clearTimeout(this.retry);
        if (this.closed)
            return;
        this.retry = setTimeout(() => this.connect(), this.retryMs);
        this.retryMs = Math.min(2 * this.retryMs, RETRY_LAST_MS);
        this.listener.lost(problem);
    }

    close(): void {
        this.closed = true;
        clearTimeout(this.retry);
        this.reader?.close();
        this.reader = null;
    }

    private openReader(): void {
        const client = this.open();

        this.reader = client;
        this.owner = undefined;
        client.addEventListener('owner', (_event, owner) => {
            if (client === this.reader)
                this.ownerChanged(owner);
        });
        client.addEventListener('close', (_event, reason) => {
            if (client !== this.reader)
                return;
            this.reader = null;
            this.lost(asProblem(reason));
        });
        client.subscribe({ path_namespace: this.root }, this.listener.signal);
    }

    private ownerChanged(owner: string | null): void {
        const before = this.owner;

        this.owner = owner;
        if (owner === before || this.closed)
            return;
        if (!owner && before)
            this.lost({ name: 'org.freedesktop.DBus.Error.NameHasNoOwner', message: '' });
        // the first owner told of is the one that the load under way asks
        else if (owner && before !== undefined)
            this.connect();
    }
}

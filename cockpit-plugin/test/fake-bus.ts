/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bus client in the hands of a test: calls wait until the test answers, signals and owners come when the test says. */

import type { DBusClient, DBusMatch, SignalHandler } from 'cockpit';

interface Call {
    path: string;
    method: string;
    args: unknown[];
    reply: (...values: unknown[]) => void;
    fail: (error: unknown) => void;
}

type Handler = (event: Event, value: never) => void;

export class FakeClient implements DBusClient {
    readonly calls: Call[] = [];
    readonly superuser: string | undefined;
    closed = false;
    private readonly handlers: Record<string, Handler[]> = {};
    private onSignal: SignalHandler = () => {};

    constructor(superuser?: string) {
        this.superuser = superuser;
    }

    call(path: string, _iface: string, method: string, args: unknown[] = []): Promise<unknown[]> {
        return new Promise((resolve, reject) => {
            this.calls.push({ path, method, args, reply: (...values) => resolve(values), fail: reject });
        });
    }

    subscribe(_match: DBusMatch, handler: SignalHandler) {
        this.onSignal = handler;
        return { remove: () => { this.onSignal = () => {}; } };
    }

    addEventListener(event: string, handler: Handler): void {
        (this.handlers[event] ??= []).push(handler);
    }

    close(): void {
        this.closed = true;
    }

    owner(name: string | null): void {
        this.dispatch('owner', name);
    }

    drop(problem: string): void {
        this.dispatch('close', { problem });
    }

    signal(path: string, iface: string, name: string, ...args: unknown[]): void {
        this.onSignal(path, iface, name, args);
    }

    /** the oldest call of this method that has no answer yet; fails the test where there is none within a second */
    async pending(method: string): Promise<Call> {
        for (let i = 0; i < 200; i++) {
            const index = this.calls.findIndex(call => call.method === method);
            if (index >= 0)
                return this.calls.splice(index, 1)[0]!;
            await new Promise(resolve => setTimeout(resolve, 5));
        }
        throw new Error(`nobody called ${method}; waiting: ${this.calls.map(call => call.method).join(' ') || 'nothing'}`);
    }

    private dispatch(event: string, value: unknown): void {
        for (const handler of this.handlers[event] ?? [])
            handler(new Event(event), value as never);
    }
}

/** lets what hangs on promises and on short timers run */
export const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 40));

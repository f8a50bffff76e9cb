/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What this page uses of Cockpit's own script (../base1/cockpit.js), which the host brings. Source of the shapes: Cockpit's
 * documentation, "cockpit.js: DBus client" and "cockpit.js: localization".
 */
declare module 'cockpit' {
    export interface Subscription {
        remove(): void;
    }

    export interface CallOptions {
        /** signature of the arguments; without it the bridge introspects first */
        type?: string;
        /** "i": polkit may ask the user */
        flags?: string;
        /** milliseconds; none without it */
        timeout?: number;
    }

    export interface DBusMatch {
        path?: string;
        path_namespace?: string;
        interface?: string;
        member?: string;
    }

    export type SignalHandler = (path: string, iface: string, name: string, args: unknown[]) => void;

    /** rejects with { name, message } of the D-Bus error, or { problem, message } when Cockpit could not reach the bus */
    export interface DBusClient {
        call(path: string, iface: string, method: string, args?: unknown[], options?: CallOptions): Promise<unknown[]>;
        subscribe(match: DBusMatch, handler: SignalHandler): Subscription;
        addEventListener(event: 'owner', handler: (event: Event, owner: string | null) => void): void;
        addEventListener(event: 'close', handler: (event: Event, reason: { problem?: string; message?: string }) => void): void;
        close(): void;
    }

    interface Cockpit {
        dbus(name: string, options: { bus: 'system'; superuser?: 'try' | 'require' }): DBusClient;
        gettext(text: string): string;
        ngettext(one: string, many: string, n: number): string;
        /** "$0" to "$9" are replaced by the arguments */
        format(text: string, ...args: unknown[]): string;
    }

    const cockpit: Cockpit;
    export default cockpit;
}

declare module '*.css';

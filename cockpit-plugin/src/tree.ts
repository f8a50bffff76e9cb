/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The service's objects as its ObjectManager tells of them: a snapshot, then changes. Pure; what the values mean is decided
 * in model.ts.
 */

import type { Dict, Managed } from './values';

export class ObjectTree {
    private readonly objects = new Map<string, Map<string, Dict>>();

    /** everything anew */
    reset(managed: Managed): void {
        this.objects.clear();
        for (const [path, interfaces] of Object.entries(managed))
            this.added(path, interfaces);
    }

    /** an object, or further interfaces of one */
    added(path: string, interfaces: Record<string, Dict>): void {
        const known = this.objects.get(path) ?? new Map<string, Dict>();
        for (const [name, properties] of Object.entries(interfaces))
            known.set(name, properties);
        this.objects.set(path, known);
    }

    /** an object is gone with its last interface */
    removed(path: string, interfaces: string[]): void {
        const known = this.objects.get(path);
        if (!known)
            return;
        for (const name of interfaces)
            known.delete(name);
        if (known.size === 0)
            this.objects.delete(path);
    }

    /** false for an object nobody told of: it came before its snapshot, or after its end */
    changed(path: string, iface: string, changes: Dict): boolean {
        const known = this.objects.get(path);
        const properties = known?.get(iface);
        if (!known || !properties)
            return false;
        known.set(iface, { ...properties, ...changes });
        return true;
    }

    get(path: string, iface: string): Dict | undefined {
        return this.objects.get(path)?.get(iface);
    }

    /** all objects with this interface */
    * having(iface: string): Generator<[path: string, properties: Dict]> {
        for (const [path, interfaces] of this.objects) {
            const properties = interfaces.get(iface);
            if (properties)
                yield [path, properties];
        }
    }
}

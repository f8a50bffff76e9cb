/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * D-Bus values as Cockpit hands them out, read with a type and a default. Everything that comes from the bus passes through
 * here: what is missing or has another type becomes the default, never an exception somewhere in a component. Pure.
 */

/** a variant: its signature and what it holds */
export interface Variant {
    t: string;
    v: unknown;
}

/** an a{sv} */
export type Dict = Record<string, Variant>;

/** what GetManagedObjects answers: object path, interface, properties */
export type Managed = Record<string, Record<string, Dict>>;

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVariant(value: unknown): value is Variant {
    return isRecord(value) && typeof value.t === 'string' && 'v' in value;
}

/** any value as a{sv}; entries that are not variants are left out */
export function asDict(value: unknown): Dict {
    if (!isRecord(value))
        return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Variant] => isVariant(entry[1])));
}

/** any value as a{sa{sv}} */
export function asInterfaces(value: unknown): Record<string, Dict> {
    if (!isRecord(value))
        return {};
    return Object.fromEntries(Object.entries(value).map(([name, properties]) => [name, asDict(properties)]));
}

/** any value as a{oa{sa{sv}}} */
export function asManaged(value: unknown): Managed {
    if (!isRecord(value))
        return {};
    return Object.fromEntries(Object.entries(value).map(([path, interfaces]) => [path, asInterfaces(interfaces)]));
}

export function asStrings(value: unknown): string[] {
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

export function text(dict: Dict, key: string, otherwise = ''): string {
    const value = dict[key]?.v;
    return typeof value === 'string' ? value : otherwise;
}

/** integers and doubles; beyond 2^53 JSON has rounded them, which for bytes nobody sees */
export function number(dict: Dict, key: string, otherwise = 0): number {
    const value = dict[key]?.v;
    return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** undefined where it is not said */
export function flag(dict: Dict, key: string): boolean | undefined {
    const value = dict[key]?.v;
    return typeof value === 'boolean' ? value : undefined;
}

export function strings(dict: Dict, key: string): string[] {
    return asStrings(dict[key]?.v);
}

export function dict(of: Dict, key: string): Dict {
    return asDict(of[key]?.v);
}

/** an array of structs of strings, such as a(sss) */
export function rows(of: Dict, key: string): string[][] {
    const value = of[key]?.v;
    return Array.isArray(value) ? value.filter(Array.isArray).map(asStrings) : [];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What went wrong, as the bus or Cockpit names it. Pure. */

export interface Problem {
    /** D-Bus error name, or Cockpit's word where the bus was not reached */
    name: string;
    /** a sentence for a person, from who refused */
    message: string;
}

/** from whatever a promise was rejected with */
export function asProblem(reason: unknown): Problem {
    if (typeof reason !== 'object' || reason === null)
        return { name: 'unknown', message: String(reason) };
    const { name, problem, message } = reason as { name?: unknown; problem?: unknown; message?: unknown };
    const word = [name, problem].find((value): value is string => typeof value === 'string' && value !== '');
    const sentence = typeof message === 'string' && message !== '' ? message : undefined;
    return { name: word ?? 'unknown', message: sentence ?? word ?? String(reason) };
}

const refusals = new Set([
    'org.freedesktop.DBus.Error.AccessDenied',
    'org.freedesktop.DBus.Error.AuthFailed',
    'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
    'org.rhv.Error.AccessDenied',
    'access-denied',
]);

/** the caller may not do this; somebody else may */
export function isRefusal(problem: Problem): boolean {
    return refusals.has(problem.name);
}

const absences = new Set([
    'org.freedesktop.DBus.Error.ServiceUnknown',
    'org.freedesktop.DBus.Error.NameHasNoOwner',
    'not-found',
]);

/** there is no such service on this host */
export function isAbsence(problem: Problem): boolean {
    return absences.has(problem.name);
}

const interruptions = new Set([
    'org.freedesktop.DBus.Error.NoReply',
    'org.freedesktop.DBus.Error.Disconnected',
    'disconnected',
    'timeout',
]);

/** nobody answered: this says nothing about what was asked for */
export function isAway(problem: Problem): boolean {
    return isAbsence(problem) || interruptions.has(problem.name);
}

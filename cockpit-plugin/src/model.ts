/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The cluster's objects as this page knows them, made from their D-Bus properties. Pure. Property names and units:
 * org.rhv.Cluster.xml; keys of Capabilities: org.rhv.Compute.xml.
 */

import { dict, flag, number, rows, strings, text, type Dict } from './values';

export const SERVICE = 'org.rhv.Cluster';
export const ROOT = '/org/rhv/Cluster';
export const HOST = 'org.rhv.Cluster.Host';
export const VM = 'org.rhv.Cluster.Vm';
export const JOB = 'org.rhv.Job';

export interface Cpu {
    model: string;
    sockets: number;
    coresPerSocket: number;
    threadsPerCore: number;
    /** logical CPUs in all; 0 while unknown */
    cpus: number;
}

export interface Host {
    path: string;
    id: string;
    name: string;
    state: string;
    stateReason: string;
    cpu: Cpu;
    numaNodes: number;
    /** undefined while unknown */
    kvm: boolean | undefined;
    /** why there is no KVM; empty where there is */
    kvmReason: string;
    hypervisor: string;
    /** bytes; 0 while unknown */
    memoryTotal: number;
    memoryFree: number;
    cpuPercent: number;
    vmCount: number;
}

export interface Vm {
    path: string;
    id: string;
    name: string;
    description: string;
    state: string;
    /** a word for why it is in this state; for one that is down, the sentence how its last run ended */
    stateReason: string;
    /** whether a job works on it, whoever asked for it */
    busy: boolean;
    /** id of the host it runs on; empty for none */
    host: string;
    cpus: number;
    /** bytes */
    memory: number;
    addresses: string[];
    autostart: boolean;
}

export interface Backend {
    name: string;
    /** "connecting", "ready" or "failed" */
    state: string;
    reason: string;
}

export interface ClusterEvent {
    id: number;
    /** "normal", "warning", "error" or "alert" */
    severity: string;
    code: string;
    message: string;
    user: string;
}

export interface Job {
    state: string;
    errorName: string;
    errorMessage: string;
}

function cpuFrom(capabilities: Dict): Cpu {
    return {
        model: text(capabilities, 'cpu_model'),
        sockets: number(capabilities, 'sockets'),
        coresPerSocket: number(capabilities, 'cores_per_socket'),
        threadsPerCore: number(capabilities, 'threads_per_core'),
        cpus: number(capabilities, 'cpus'),
    };
}

export function hostFrom(path: string, properties: Dict): Host {
    const capabilities = dict(properties, 'Capabilities');
    const numa = capabilities['numa_nodes']?.v;

    return {
        path,
        id: text(properties, 'Id'),
        name: text(properties, 'Name'),
        state: text(properties, 'State', 'unknown'),
        stateReason: text(properties, 'StateReason'),
        cpu: cpuFrom(capabilities),
        numaNodes: Array.isArray(numa) ? numa.length : 0,
        kvm: flag(capabilities, 'kvm'),
        kvmReason: text(capabilities, 'kvm_reason'),
        hypervisor: text(capabilities, 'hypervisor'),
        memoryTotal: number(properties, 'MemoryTotal') || number(capabilities, 'memory'),
        memoryFree: number(properties, 'MemoryFree'),
        cpuPercent: number(properties, 'CpuPercent'),
        vmCount: number(properties, 'VmCount'),
    };
}

/* what an object's Job property says where there is none */
const NO_JOB = '/';

export function vmFrom(path: string, properties: Dict): Vm {
    const state = text(properties, 'State', 'unknown');

    return {
        path,
        id: text(properties, 'Id'),
        name: text(properties, 'Name'),
        description: text(properties, 'Description'),
        state,
        stateReason: (state === 'down' && text(properties, 'ExitMessage')) || text(properties, 'StateReason'),
        busy: text(properties, 'Job', NO_JOB) !== NO_JOB,
        host: text(properties, 'Host'),
        cpus: number(properties, 'Cpus'),
        memory: number(properties, 'Memory'),
        addresses: strings(properties, 'GuestAddresses'),
        autostart: flag(properties, 'Autostart') ?? false,
    };
}

export function backendsFrom(properties: Dict): Backend[] {
    return rows(properties, 'Backends').map(([name = '', state = '', reason = '']) => ({ name, state, reason }));
}

export function eventFrom(event: Dict): ClusterEvent {
    return {
        id: number(event, 'id'),
        severity: text(event, 'severity', 'normal'),
        code: text(event, 'code'),
        message: text(event, 'message'),
        user: text(event, 'user'),
    };
}

export function jobFrom(properties: Dict): Job {
    return {
        state: text(properties, 'State', 'failed'),
        errorName: text(properties, 'ErrorName', 'org.rhv.Error.Interrupted'),
        errorMessage: text(properties, 'ErrorMessage'),
    };
}

/* made once: it is slow to make, and a list of 1,000 asks 10,000 times */
const names = new Intl.Collator(undefined, { numeric: true });

/** as people sort names: web2 before web10 */
export function byName(a: { name: string; id: string }, b: { name: string; id: string }): number {
    return names.compare(a.name, b.name) || names.compare(a.id, b.id);
}

/** the name of the host a VM runs on; the id where the host is not known */
export function hostName(hosts: Host[], vm: Vm): string {
    return hosts.find(host => host.id === vm.host || host.path === vm.host)?.name ?? vm.host;
}

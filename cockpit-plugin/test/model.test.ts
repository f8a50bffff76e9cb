/* SPDX-License-Identifier: LGPL-2.1-or-later */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { verbsFor } from '../src/actions';
import { byName, hostFrom, hostName, vmFrom } from '../src/model';
import { asProblem, isAbsence, isAway, isRefusal } from '../src/problem';
import { bytes, hostState, topology, vmState } from '../src/words';

test('a host without facts is shown as such, not as zero', () => {
    const host = hostFrom('/h', {});
    assert.equal(host.kvm, undefined);
    assert.equal(host.state, 'unknown');
    assert.equal(topology(host.cpu), '');
    assert.equal(host.memoryTotal, 0);
});

test('topology in words', () => {
    const cpu = { model: '', sockets: 2, coresPerSocket: 1, threadsPerCore: 2, cpus: 4 };
    assert.equal(topology(cpu), '2 sockets × 1 core × 2 threads');
    assert.equal(topology({ ...cpu, sockets: 0 }), '4 CPUs');
});

test('bytes for people', () => {
    assert.equal(bytes(0), '0 B');
    assert.equal(bytes(1023), `${(1023).toLocaleString()} B`);
    assert.equal(bytes(512 * 2 ** 20), '512 MiB');
    assert.equal(bytes(1.5 * 2 ** 30), `${(1.5).toLocaleString()} GiB`);
    assert.equal(bytes(16 * 2 ** 30), '16 GiB');
    assert.equal(bytes(2 ** 63), '8 EiB');
});

test('every state of the contract has a word; one of a newer service is shown as it is', () => {
    for (const state of ['starting', 'running', 'blocked', 'paused', 'powering-down', 'rebooting', 'pmsuspended', 'crashed', 'down', 'unknown'])
        assert.notEqual(vmState(state).label, state, state);
    for (const state of ['up', 'installing', 'non-operational', 'non-responsive', 'preparing-for-maintenance', 'maintenance'])
        assert.notEqual(hostState(state).label, state, state);
    assert.equal(vmState('migrating').label, 'migrating');
    assert.equal(vmState('constructor').label, 'constructor');
});

test('what can be done when', () => {
    assert.deepEqual(verbsFor('down'), ['Start']);
    assert.deepEqual(verbsFor('running'), ['Shutdown', 'PowerOff']);
    assert.deepEqual(verbsFor('powering-down'), ['PowerOff']);
    assert.deepEqual(verbsFor('unknown'), []);
    assert.deepEqual(verbsFor('of a newer service'), ['PowerOff']);
});

test('names sort as people do, and equal names by id', () => {
    const names = ['web10', 'web2', 'Web1', 'db'].map(name => ({ name, id: '' })).sort(byName).map(vm => vm.name);
    assert.deepEqual(names, ['db', 'Web1', 'web2', 'web10']);
    assert.ok(byName({ name: 'a', id: '1' }, { name: 'a', id: '2' }) < 0);
});

test('the host of a VM by name, an unknown one by id, none as nothing', () => {
    const hosts = [hostFrom('/h', { Id: { t: 's', v: 'abc' }, Name: { t: 's', v: 'host1' } })];
    const on = (id: string) => hostName(hosts, vmFrom('/v', { Host: { t: 's', v: id } }));
    assert.equal(on('abc'), 'host1');
    assert.equal(on('def'), 'def');
    assert.equal(on(''), '');
});

test('a job and the end of the last run', () => {
    const s = (v: string) => ({ t: 's', v });
    const vm = (state: string, job: string) => vmFrom('/v', {
        State: s(state), StateReason: s('user'), ExitMessage: s('Powered off by the guest.'), Job: { t: 'o', v: job },
    });
    assert.equal(vm('down', '/').stateReason, 'Powered off by the guest.');
    assert.equal(vm('running', '/').stateReason, 'user');
    assert.equal(vm('running', '/').busy, false);
    assert.equal(vm('running', '/org/rhv/Cluster/job/1').busy, true);
    assert.equal(vmFrom('/v', {}).busy, false);
});

test('problems from D-Bus, from Cockpit, and from neither', () => {
    const refused = asProblem({ name: 'org.rhv.Error.AccessDenied', message: 'no', problem: null });
    assert.deepEqual(refused, { name: 'org.rhv.Error.AccessDenied', message: 'no' });
    assert.ok(isRefusal(refused));
    assert.ok(!isRefusal({ name: 'org.rhv.Error.NoHost', message: '' }));
    const gone = asProblem({ name: null, problem: 'not-found', message: '' });
    assert.deepEqual(gone, { name: 'not-found', message: 'not-found' });
    assert.ok(isAbsence(gone) && isAway(gone));
    assert.equal(asProblem(undefined).name, 'unknown');
});

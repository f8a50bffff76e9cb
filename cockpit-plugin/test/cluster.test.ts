/* SPDX-License-Identifier: LGPL-2.1-or-later */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { Cluster } from '../src/cluster';
import { FakeClient, settle } from './fake-bus';

const ROOT = '/org/rhv/Cluster';
const WEB = `${ROOT}/vm/1`;
const VM = 'org.rhv.Cluster.Vm';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const MANAGER = 'org.freedesktop.DBus.ObjectManager';

const s = (v: string) => ({ t: 's', v });
const vm = (name: string, state: string) => ({ [VM]: { Id: s(name), Name: s(name), State: s(state) } });
const root = { Version: s('0.1.0'), Backends: { t: 'a(sss)', v: [['org.rhv.Compute', 'ready', '']] } };

function start(t: TestContext) {
    const clients: FakeClient[] = [];
    const cluster = new Cluster(superuser => {
        const client = new FakeClient(superuser);
        clients.push(client);
        return client;
    });
    t.after(() => cluster.close());
    const states = () => Object.fromEntries(cluster.snapshot().vms.map(({ name, state }) => [name, state]));
    return { cluster, clients, client: clients[0]!, states };
}

async function answer(client: FakeClient, managed: object) {
    (await client.pending('GetManagedObjects')).reply(managed);
    (await client.pending('GetAll')).reply(root);
    await settle();
}

test('loading, then live', async t => {
    const { cluster, client, states } = start(t);
    assert.equal(cluster.snapshot().link, 'connecting');
    assert.equal(cluster.snapshot().problem, null);
    await answer(client, { [WEB]: vm('web', 'down') });
    assert.equal(cluster.snapshot().link, 'ready');
    assert.equal(cluster.snapshot().version, '0.1.0');
    assert.equal(cluster.snapshot().backends[0]!.state, 'ready');

    client.signal(ROOT, MANAGER, 'InterfacesAdded', `${ROOT}/vm/2`, vm('db', 'starting'));
    client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, { State: s('running') }, []);
    await settle();
    assert.deepEqual(states(), { db: 'starting', web: 'running' });

    client.signal(ROOT, MANAGER, 'InterfacesRemoved', `${ROOT}/vm/2`, [VM]);
    await settle();
    assert.deepEqual(states(), { web: 'running' });
});

test('a signal from before the snapshot does not outlive it', async t => {
    const { client, states } = start(t);
    client.signal(ROOT, MANAGER, 'InterfacesAdded', `${ROOT}/vm/2`, vm('old', 'down'));
    await answer(client, { [WEB]: vm('web', 'down') });
    assert.deepEqual(states(), { web: 'down' });
});

test('a signal between the two replies is kept', async t => {
    const { client, states } = start(t);
    (await client.pending('GetManagedObjects')).reply({ [WEB]: vm('web', 'down') });
    const all = await client.pending('GetAll');
    client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, { State: s('running') }, []);
    all.reply(root);
    await settle();
    assert.deepEqual(states(), { web: 'running' });
});

test('other objects stay the same objects', async t => {
    const { cluster, client } = start(t);
    await answer(client, { [WEB]: vm('web', 'down'), [`${ROOT}/vm/2`]: vm('db', 'down') });
    const [db, web] = cluster.snapshot().vms;
    client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, { State: s('running') }, []);
    await settle();
    assert.equal(cluster.snapshot().vms[0], db);
    assert.notEqual(cluster.snapshot().vms[1], web);
});

test('an invalidated property is fetched', async t => {
    const { client, states } = start(t);
    await answer(client, { [WEB]: vm('web', 'down') });
    client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, {}, ['State']);
    (await client.pending('GetAll')).reply({ State: s('running') });
    await settle();
    assert.deepEqual(states(), { web: 'running' });
});

test('many changes are drawn once', async t => {
    const { cluster, client } = start(t);
    await answer(client, { [WEB]: vm('web', 'down') });
    let drawn = 0;
    cluster.subscribe(() => drawn++);
    for (let i = 0; i < 1000; i++)
        client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, { State: s(i % 2 ? 'running' : 'paused') }, []);
    await settle();
    assert.equal(drawn, 1);
});

test('garbage on the bus is survived', async t => {
    const { client, states } = start(t);
    await answer(client, { [WEB]: vm('web', 'down'), '/x': 7, '/y': { [VM]: null }, '/z': { [VM]: { State: s('odd') } } });
    client.signal(WEB, PROPERTIES, 'PropertiesChanged');
    client.signal(WEB, PROPERTIES, 'PropertiesChanged', VM, { State: { t: 'u', v: 5 } }, 'no list');
    client.signal(ROOT, MANAGER, 'InterfacesAdded', null, null);
    client.signal(ROOT, 'org.rhv.Cluster', 'EventAdded');
    await settle();
    assert.equal(states().web, 'unknown');
});

test('a restart: what was known stays on show, then it is loaded anew', async t => {
    const { cluster, client, states } = start(t);
    client.owner(':1.5');
    await answer(client, { [WEB]: vm('web', 'running') });
    client.owner(null);
    assert.equal(cluster.snapshot().link, 'lost');
    assert.deepEqual(states(), { web: 'running' });
    client.owner(':1.9');
    await answer(client, { [WEB]: vm('web', 'down') });
    assert.equal(cluster.snapshot().link, 'ready');
    assert.equal(cluster.snapshot().problem, null);
    assert.deepEqual(states(), { web: 'down' });
});

test('the answer of an owner that is gone is not taken', async t => {
    const { client, states } = start(t);
    client.owner(':1.5');
    await answer(client, { [WEB]: vm('web', 'running') });
    client.owner(null);
    client.owner(':1.9');
    const stale = await client.pending('GetManagedObjects');
    client.owner(null);
    client.owner(':1.10');
    const fresh = await client.pending('GetManagedObjects');
    fresh.reply({ [WEB]: vm('web', 'down') });
    (await client.pending('GetAll')).reply(root);
    stale.reply({});
    await settle();
    assert.deepEqual(states(), { web: 'down' });
});

test('an absent service is asked again until it is there', async t => {
    const { cluster, client } = start(t);
    const absent = { name: 'org.freedesktop.DBus.Error.ServiceUnknown', message: 'not provided by any .service files' };
    (await client.pending('GetManagedObjects')).fail(absent);
    await settle();
    assert.equal(cluster.snapshot().link, 'connecting');
    assert.deepEqual(cluster.snapshot().problem, absent);
    await answer(client, {});
    assert.equal(cluster.snapshot().link, 'ready');
});

test('a lost bridge is replaced', async t => {
    const { cluster, clients, client } = start(t);
    await answer(client, {});
    client.drop('disconnected');
    assert.equal(cluster.snapshot().link, 'lost');
    cluster.reconnect();
    assert.equal(clients.length, 2);
    await answer(clients[1]!, { [WEB]: vm('web', 'down') });
    assert.equal(cluster.snapshot().link, 'ready');
});

async function act(t: TestContext) {
    const it = start(t);
    await answer(it.client, { [WEB]: vm('web', 'down') });
    const outcome = it.cluster.actOnVm(WEB, 'Start').then(() => 'done', problem => problem);
    const actor = it.clients[1]!;
    assert.equal(actor.superuser, 'try');
    const call = await actor.pending('Start');
    assert.equal(call.path, WEB);
    assert.deepEqual(call.args, [{}]);
    return { ...it, outcome, call };
}

const job = (state: string, name = '', message = '') => ({ State: s(state), ErrorName: s(name), ErrorMessage: s(message) });

test('an action ends with its job', async t => {
    const { client, outcome, call } = await act(t);
    call.reply(`${ROOT}/job/1`);
    (await client.pending('GetAll')).reply(job('running'));
    await settle();
    client.signal(`${ROOT}/job/1`, PROPERTIES, 'PropertiesChanged', 'org.rhv.Job', { State: s('done') }, []);
    (await client.pending('GetAll')).reply(job('done'));
    assert.equal(await outcome, 'done');
});

test('each action is asked with the rights the user has then', async t => {
    const { cluster, clients, client, call } = await act(t);
    call.reply(`${ROOT}/job/1`);
    (await client.pending('GetAll')).reply(job('done'));
    await settle();
    assert.equal(clients[1]!.closed, true);
    void cluster.actOnVm(WEB, 'Shutdown').catch(() => {});
    assert.equal(clients.length, 3);
    assert.equal(clients[2]!.superuser, 'try');
    assert.equal(clients[0]!.closed, false);
});

test('a job that fails says why', async t => {
    const { client, outcome, call } = await act(t);
    call.reply(`${ROOT}/job/1`);
    (await client.pending('GetAll')).reply(job('failed', 'org.rhv.Error.BackendFailed', 'QEMU said no'));
    assert.deepEqual(await outcome, { name: 'org.rhv.Error.BackendFailed', message: 'QEMU said no' });
});

test('a refusal is passed on with name and message', async t => {
    const { outcome, call } = await act(t);
    call.fail({ name: 'org.rhv.Error.AccessDenied', message: 'not yours', problem: null });
    assert.deepEqual(await outcome, { name: 'org.rhv.Error.AccessDenied', message: 'not yours' });
});

test('a job is asked again after a restart, and may be gone', async t => {
    const { client, outcome, call } = await act(t);
    client.owner(':1.5');
    call.reply(`${ROOT}/job/1`);
    (await client.pending('GetAll')).fail({ name: 'org.freedesktop.DBus.Error.NoReply', message: 'disconnected from message bus' });
    client.owner(null);
    client.owner(':1.9');
    await answer(client, { [WEB]: vm('web', 'down') });
    (await client.pending('GetAll')).fail({ name: 'org.freedesktop.DBus.Error.UnknownObject', message: 'no such job' });
    assert.deepEqual(await outcome, { name: 'org.freedesktop.DBus.Error.UnknownObject', message: 'no such job' });
});

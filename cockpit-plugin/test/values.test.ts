/* SPDX-License-Identifier: LGPL-2.1-or-later */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asDict, asManaged, dict, flag, number, rows, strings, text } from '../src/values';

const sample = asDict({
    name: { t: 's', v: 'web1' },
    memory: { t: 't', v: 1073741824 },
    load: { t: 'd', v: 0.5 },
    kvm: { t: 'b', v: false },
    addresses: { t: 'as', v: ['10.0.0.1', 'fe80::1'] },
    inner: { t: 'a{sv}', v: { v: { t: 's', v: 'deep' }, t: { t: 's', v: 'key named as a variant\'s' } } },
    backends: { t: 'a(sss)', v: [['libvirt', 'failed', 'no socket'], ['NetworkManager', 'ready', '']] },
});

test('what is there is read with its type', () => {
    assert.equal(text(sample, 'name'), 'web1');
    assert.equal(number(sample, 'memory'), 1073741824);
    assert.equal(number(sample, 'load'), 0.5);
    assert.equal(flag(sample, 'kvm'), false);
    assert.deepEqual(strings(sample, 'addresses'), ['10.0.0.1', 'fe80::1']);
    assert.equal(text(dict(sample, 'inner'), 'v'), 'deep');
    assert.equal(text(dict(sample, 'inner'), 't'), 'key named as a variant\'s');
    assert.deepEqual(rows(sample, 'backends')[0], ['libvirt', 'failed', 'no socket']);
});

test('what is missing or has another type becomes the default', () => {
    assert.equal(text(sample, 'memory', 'none'), 'none');
    assert.equal(number(sample, 'name', 7), 7);
    assert.equal(flag(sample, 'name'), undefined);
    assert.deepEqual(strings(sample, 'name'), []);
    assert.deepEqual(dict(sample, 'addresses'), {});
    assert.deepEqual(rows(sample, 'absent'), []);
    assert.equal(text(sample, 'constructor'), '');
});

test('garbage in place of a dictionary is an empty one', () => {
    for (const garbage of [null, undefined, 3, 'text', [], [1, 2], { key: 'no variant' }, { key: { t: 1, v: 2 } }]) {
        assert.deepEqual(asDict(garbage), {});
        assert.equal(typeof asManaged(garbage), 'object');
    }
});

/* SPDX-License-Identifier: LGPL-2.1-or-later */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ObjectTree } from '../src/tree';

const state = (v: string) => ({ State: { t: 's', v } });

test('a snapshot replaces what was known', () => {
    const tree = new ObjectTree();
    tree.reset({ '/a': { x: state('up') }, '/b': { x: state('down'), y: {} } });
    assert.deepEqual([...tree.having('x')].map(([path]) => path), ['/a', '/b']);
    tree.reset({ '/b': { y: {} } });
    assert.deepEqual([...tree.having('x')], []);
    assert.deepEqual(tree.get('/b', 'y'), {});
});

test('changes are merged, and never into what others hold', () => {
    const tree = new ObjectTree();
    tree.reset({ '/a': { x: { ...state('up'), Name: { t: 's', v: 'a' } } } });
    const before = tree.get('/a', 'x');
    assert.equal(tree.changed('/a', 'x', state('down')), true);
    assert.equal(before!.State!.v, 'up');
    assert.equal(tree.get('/a', 'x')!.State!.v, 'down');
    assert.equal(tree.get('/a', 'x')!.Name!.v, 'a');
});

test('an object that nobody told of is not made by a change', () => {
    const tree = new ObjectTree();
    assert.equal(tree.changed('/a', 'x', state('up')), false);
    tree.added('/a', { y: {} });
    assert.equal(tree.changed('/a', 'x', state('up')), false);
    assert.equal(tree.get('/a', 'x'), undefined);
});

test('an object goes with its last interface', () => {
    const tree = new ObjectTree();
    tree.added('/a', { x: {} });
    tree.added('/a', { y: {} });
    tree.removed('/a', ['x']);
    assert.deepEqual([...tree.having('y')].length, 1);
    tree.removed('/a', ['y', 'z']);
    tree.removed('/never', ['y']);
    assert.deepEqual([...tree.having('y')], []);
});

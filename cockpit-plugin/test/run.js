// SPDX-License-Identifier: LGPL-2.1-or-later

// Bundles the unit tests, since not every Node.js this runs on reads TypeScript, and runs them with Node's own runner.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const tests = readdirSync(here).filter(name => name.endsWith('.test.ts'));
const outdir = mkdtempSync(join(tmpdir(), 'rhv-page-'));

try {
    await build({
        entryPoints: tests.map(name => join(here, name)),
        outdir,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        outExtension: { '.js': '.cjs' },
        sourcemap: 'inline',
        alias: { cockpit: join(here, 'cockpit.ts') },
        logLevel: 'warning',
    });
    const bundles = tests.map(name => join(outdir, name.replace(/ts$/, 'cjs')));
    process.exitCode = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...bundles], { stdio: 'inherit' }).status ?? 1;
} finally {
    rmSync(outdir, { recursive: true });
}

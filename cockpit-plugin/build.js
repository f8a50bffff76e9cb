#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later

// Bundles the page into dist/. "--watch" goes on and rebuilds at each change; NODE_ENV=development leaves it readable.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const development = watch || process.env.NODE_ENV === 'development';
const outdir = 'dist';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));

// Cockpit's script is the host's, loaded before the bundle, which finds it as a global
const cockpitGlobal = {
    name: 'cockpit-global',
    setup(build) {
        build.onResolve({ filter: /^cockpit$/ }, () => ({ path: 'cockpit', namespace: 'global' }));
        build.onLoad({ filter: /.*/, namespace: 'global' }, () => ({ contents: 'export default window.cockpit;' }));
    },
};

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir);
for (const file of ['index.html', 'manifest.json'])
    cpSync(`src/${file}`, `${outdir}/${file}`);

const build = await context({
    entryPoints: ['src/index.tsx'],
    outdir,
    bundle: true,
    minify: !development,
    sourcemap: development ? 'linked' : false,
    define: { 'process.env.NODE_ENV': development ? '"development"' : '"production"' },
    target: ['es2022'],
    jsx: 'automatic',
    legalComments: 'external',
    loader: { '.woff2': 'file', '.svg': 'file' },
    assetNames: 'assets/[name]',
    plugins: [cockpitGlobal],
    logLevel: watch ? 'info' : 'warning',
});

if (watch)
    await build.watch();
else {
    await build.rebuild();
    await build.dispose();
    // Cockpit hands out FILE.gz where there is no FILE, and the browser unpacks it
    for (const file of development ? [] : ['index.css', 'index.js']) {
        writeFileSync(`${outdir}/${file}.gz`, gzipSync(readFileSync(`${outdir}/${file}`), { level: 9 }));
        rmSync(`${outdir}/${file}`);
    }
}

'use strict';
// A small random model, which the program TRITIUM_MAKE_MODEL writes, and a package folder in which `tritium` is found.

const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tritium-'));
process.on('exit', () => fs.rmSync(folder, {recursive: true, force: true}));
const model = path.join(folder, 'model.gguf');
execFileSync(process.env.TRITIUM_MAKE_MODEL, [model]);
fs.mkdirSync(path.join(folder, 'node_modules'));
fs.symlinkSync(path.join(__dirname, '..'), path.join(folder, 'node_modules/tritium'));

const tritium = require('..');
const load = (backend = 'cpu', options = {}) => tritium.load(model, {backend, ...options});

async function ids(generation) {
  const all = [];
  for await (const token of generation) all.push(token.id);
  return all;
}

/** After the same few tokens, from the session's beginning. */
async function logitsAnew(session) {
  await session.rewind();
  await session.feed([1, 70, 80]);
  return session.logits();
}

const LONG = Int32Array.from({length: 500}, (_, i) => 3 + i % 256);  // the reference takes a second
const SOON = 500;  // ms; a tenth of a second is promised, and what a busy machine adds is not this library's

module.exports = {LONG, SOON, folder, ids, load, logitsAnew, model, tritium};

'use strict';
// The programs of examples/ run as they are, in a folder that has the package, a model and a text.

const assert = require('node:assert/strict');
const {execFile} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {promisify} = require('node:util');
const {folder} = require('./support.js');

async function run(name) {
  fs.copyFileSync(path.join(__dirname, '../../../examples', name), path.join(folder, name));
  const {stdout, stderr} = await promisify(execFile)(process.execPath, [name], {cwd: folder});
  assert.equal(stderr, '');
  return stdout;
}

test('generate', async () => assert.match(await run('generate.mjs'), /\d+ tokens\/s\n$/));

test('cancel', async () => assert.match(await run('cancel.mjs'), /after \d+ tokens: (cancelled|max_tokens|context_full)\n$/));

test('adapter', async () => {
  fs.writeFileSync(path.join(folder, 'book.txt'), 'the quick brown fox jumps over the lazy dog. '.repeat(100));
  assert.match(await run('adapter.mjs'), /held-out loss \d+\.\d+ -> \d+\.\d+\n./);
});

test('chat', async () => assert.ok((await run('chat.mjs')).length > 2));

test('fine-tune', async () => {
  fs.writeFileSync(path.join(folder, 'book.txt'), 'the quick brown fox jumps over the lazy dog. '.repeat(100));
  assert.match(await run('finetune.mjs'), /step 4 of 4[\s\S]*held-out loss \d+\.\d+ -> \d+\.\d+/);
  assert.ok(fs.existsSync(path.join(folder, 'tuned.gguf')));
});

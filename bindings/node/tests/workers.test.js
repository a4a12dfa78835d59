'use strict';
// Threads of Node.js: each loads the addon for itself.

const assert = require('node:assert/strict');
const {test} = require('node:test');
const {Worker} = require('node:worker_threads');
const {ids, load, model: file} = require('./support.js');

const PROGRAM = `
const {parentPort, workerData} = require('node:worker_threads');
const tritium = require(workerData.tritium);
(async () => {
  const session = await (await tritium.load(workerData.file, {backend: workerData.backend})).createSession();
  const tokens = [];
  for await (const token of session.generate([1, 70], {maxTokens: workerData.count, ignoreEnd: true})) {
    tokens.push(token.id);
    if (tokens.length === 1) parentPort.postMessage('began');
  }
  parentPort.postMessage(tokens);
})();`;

function start(count, backend = 'cpu') {
  const workerData = {tritium: require.resolve('..'), file, backend, count};
  return new Worker(PROGRAM, {eval: true, workerData});
}

test('several threads write at the same time, and end clean', async () => {
  const expected = await ids((await (await load()).createSession()).generate([1, 70], {maxTokens: 12, ignoreEnd: true}));
  const results = await Promise.all(Array.from({length: 3}, () => new Promise((resolve, reject) => {
    let last;
    start(12).on('message', (message) => { last = message; }).on('error', reject).on('exit', (code) => resolve([code, last]));
  })));
  for (const result of results) assert.deepEqual(result, [0, expected]);
});

test('a thread is terminated within a generation', async () => {
  const worker = start(500, 'reference');
  await new Promise((resolve) => worker.once('message', resolve));
  assert.equal(await worker.terminate(), 1);
  const tokens = await ids((await (await load()).createSession()).generate([1, 70], {maxTokens: 4, ignoreEnd: true}));
  assert.equal(tokens.length, 4);
});

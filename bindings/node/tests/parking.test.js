'use strict';
// Models whose weights leave the memory and come back, and those that come by descriptor.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {LONG, folder, load, logitsAnew, model: file, tritium} = require('./support.js');

function copyOfTheModel(name) {
  const copy = path.join(folder, name);
  fs.copyFileSync(file, copy);
  return copy;
}

test('parked weights come back with the next token', async () => {
  const model = await load(), session = await model.createSession();
  const expected = await logitsAnew(session);
  await model.park();
  assert.equal(model.parked, true);
  assert.deepEqual(await logitsAnew(session), expected);
  assert.equal(model.parked, false);
});

test('parked weights come back when they are asked to', async () => {
  const model = await load();
  await model.park();
  await assert.rejects(model.unpark({signal: AbortSignal.abort(new Error('not now'))}), /not now/);
  assert.equal(model.parked, true);
  await model.unpark();
  assert.equal(model.parked, false);
});

test('weights that would not come back stay', async () => {
  const copy = copyOfTheModel('away.gguf');
  const model = await tritium.load(copy, {backend: 'cpu'});
  fs.unlinkSync(copy);
  await assert.rejects(model.park(), {code: 'not_found', message: /the weights stay/});
  assert.equal((await logitsAnew(await model.createSession())).length, 259);
});

test('asking waits for no evaluation', async () => {
  const model = await load('reference'), session = await model.createSession();
  let asked = 0;
  const clock = setInterval(() => {
    assert.equal(model.parked, false);
    ++asked;
  }, 1);
  await session.feed(LONG);
  clearInterval(clock);
  assert.ok(asked > 50, `asked ${asked} times`);
});

test('a file is enough, also when it has no name any more', async () => {
  const runtime = await tritium.Runtime.create({backend: 'cpu'}), copy = copyOfTheModel('unnamed.gguf');
  const opened = await fs.promises.open(copy);
  fs.unlinkSync(copy);
  const seen = [], progress = (fraction) => { seen.push(fraction); };
  const model = await runtime.loadDescriptor(opened, {progress});
  await opened.close();
  assert.ok(seen.length > 0);
  const session = await model.createSession(), expected = await logitsAnew(await (await load()).createSession());
  assert.deepEqual(await logitsAnew(session), expected);
  await model.park();
  assert.deepEqual(await logitsAnew(session), expected);
});

test('a number is a descriptor, and what is none is refused', async () => {
  const runtime = await tritium.Runtime.create({backend: 'cpu'}), descriptor = fs.openSync(file);
  assert.equal((await (await runtime.loadDescriptor(descriptor)).info()).path, `descriptor ${descriptor}`);
  fs.closeSync(descriptor);
  await assert.rejects(runtime.loadDescriptor(-1), {code: 'io_error'});
  for (const other of [undefined, file, 1.5, 2 ** 40]) await assert.rejects(runtime.loadDescriptor(other), {name: 'TypeError'});
});

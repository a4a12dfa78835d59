'use strict';
// Adapters that sessions take on and off.

const assert = require('node:assert/strict');
const path = require('node:path');
const {before, beforeEach, test} = require('node:test');
const {folder, load, logitsAnew, model: file, tritium} = require('./support.js');

const adapterFile = path.join(folder, 'adapter.gguf');
const CONFIG = {
  model: file, text: 'the quick brown fox '.repeat(75), steps: 2, context: 16, batch: 2, learning_rate: 0.05,
  attention: 'lora', feed_forward: 'lora', embedding: 'frozen', head: 'frozen', norms: 'frozen', routers: 'frozen',
  lora_rank: 2, export_type: 'adapter', output: adapterFile};
let model, adapter, plain, session;
before(async () => {
  await tritium.train(CONFIG);
  model = await load();
  adapter = await model.loadAdapter(adapterFile);
  plain = await logitsAnew(await model.createSession());
});
beforeEach(async () => { session = await model.createSession(); });

const withOptions = async (options) => logitsAnew(await (await load('cpu', options)).createSession());

test('a session takes one on and off', async () => {
  await session.attach(adapter);
  const adapted = await logitsAnew(session);
  assert.notDeepEqual(adapted, plain);
  assert.deepEqual(adapted, await withOptions({adapter: adapterFile}));
  await session.detach();
  assert.deepEqual(await logitsAnew(session), plain);
});

test('what it adds is multiplied by its strength', async () => {
  await session.attach(adapter, 0.5);
  assert.deepEqual(await logitsAnew(session), await withOptions({adapter: adapterFile, adapterStrength: 0.5}));
});

test('each session has its own, and keeps it', async () => {
  const other = await model.loadAdapter(adapterFile);
  assert.equal(other.model, model);
  await session.attach(other);
  other.close();
  assert.notDeepEqual(await logitsAnew(session), plain);
  assert.deepEqual(await logitsAnew(await model.createSession()), plain);
  await assert.rejects(session.attach(other), /closed/);
});

test('a generation ends with it', async () => {
  const generation = session.generate([1, 70], {maxTokens: 8, ignoreEnd: true});
  await generation.next();
  await session.attach(adapter);
  assert.equal(session.position, 2);
  await assert.rejects(generation.next(), {code: 'invalid_argument'});
});

test('what does not belong here is refused', async () => {
  await assert.rejects(session.attach(await (await load()).loadAdapter(adapterFile)),
                       {code: 'invalid_argument', message: /another model/});
  await assert.rejects(session.attach(adapter, NaN), {code: 'invalid_argument', message: /strength/});
  await assert.rejects(session.attach(adapter, '1'), {name: 'TypeError', message: /strength must be a number/});
  for (const other of [undefined, null, model]) await assert.rejects(session.attach(other), {name: 'TypeError'});
  await assert.rejects(model.loadAdapter('no such file'), {code: 'not_found'});
  await assert.rejects(model.loadAdapter(file), {code: 'invalid_argument', message: /not a LoRA adapter/});
  await assert.rejects(model.loadAdapter(adapterFile, {signal: AbortSignal.abort()}), {name: 'AbortError'});
  assert.deepEqual(await logitsAnew(session), plain);
});

'use strict';
// Steps that the application takes, beside sessions.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {folder, load, logitsAnew, model: file, tritium} = require('./support.js');

const CONFIG = {model: file, text: 'the quick brown fox '.repeat(75), steps: 3, context: 16, batch: 2};

test('steps are taken one by one beside a session', async () => {
  const session = await (await load()).createSession(), before = await logitsAnew(session);
  const trainer = await tritium.Trainer.create(CONFIG);
  const first = await trainer.step();
  assert.deepEqual([first.step, first.steps, Number.isFinite(first.trainLoss)], [1, 3, true]);
  const [second, beside] = await Promise.all([trainer.step(), logitsAnew(session)]);
  assert.equal(second.step, 2);
  assert.deepEqual(beside, before);
  assert.ok(Number.isFinite((await trainer.evaluate()).validLoss));
  assert.equal(trainer.ended, false);
  assert.equal((await trainer.step(5)).step, 3);
  assert.equal(trainer.ended, true);
  const checkpoint = path.join(folder, 'stepped.ckpt'), output = path.join(folder, 'stepped.gguf');
  await trainer.save(checkpoint);
  assert.ok(fs.existsSync(checkpoint));
  assert.equal((await trainer.export(output)).stop, 'finished');
  trainer.close();
  assert.equal((await (await tritium.load(output, {backend: 'cpu'})).info()).dim, 256);
  await assert.rejects(trainer.step(), /closed/);
});

test('a step that a signal ended is taken again', async () => {
  const trainer = await tritium.Trainer.create(CONFIG);
  await assert.rejects(trainer.step(1, {signal: AbortSignal.abort()}), {name: 'AbortError'});
  assert.equal((await trainer.step()).step, 1);
  await assert.rejects(trainer.save(), {code: 'invalid_argument'});
  await assert.rejects(trainer.step(0), {code: 'invalid_argument'});
  await assert.rejects(tritium.Trainer.create({...CONFIG, stepz: 1}), {code: 'invalid_argument', message: /stepz/});
});

'use strict';
// Calls end when a signal, a callback or the end of the process says so, and the event loop goes on meanwhile.

const assert = require('node:assert/strict');
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {LONG, SOON, folder, load, model: file, tritium} = require('./support.js');

const CONFIG = {model: file, text: 'the quick brown fox '.repeat(75), steps: 2, context: 16, batch: 2};

function abortSoon() {
  const controller = new AbortController(), at = {};
  setTimeout(() => { at.ms = performance.now(); controller.abort(); }, 50);
  return {signal: controller.signal, checkSoon: () => assert.ok(performance.now() - at.ms < SOON)};
}

test('a prompt ends with the signal\'s reason and changes nothing', async () => {
  const session = await (await load('reference')).createSession();
  const {signal, checkSoon} = abortSoon();
  await assert.rejects(session.feed(LONG, {signal}), {name: 'AbortError'});
  checkSoon();
  assert.equal(session.position, 0);
  await assert.rejects(session.feed([1], {signal}), {name: 'AbortError'});
  await session.feed([1]);
});

test('a generation ends in its prompt and between tokens', async () => {
  const session = await (await load('reference')).createSession();
  for (const prompt of [LONG, [1, 70]]) {
    const {signal, checkSoon} = abortSoon();
    const generation = session.generate(prompt, {maxTokens: 500, ignoreEnd: true, signal});
    await assert.rejects(generation.text(), {name: 'AbortError'});
    checkSoon();
    await session.rewind();
  }
  assert.equal((await session.generate([1], {maxTokens: 3, ignoreEnd: true}).text()).length > 0, true);
});

test('a load and an embedding end', async () => {
  const signal = AbortSignal.abort(new Error('not now'));
  await assert.rejects(load('cpu', {signal}), /not now/);
  await assert.rejects((await load()).embed('red', {signal}), /not now/);
});

test('the event loop goes on during a call', async () => {
  const session = await (await load('reference')).createSession();
  let steps = 0;
  const clock = setInterval(() => ++steps, 1);
  await session.feed(LONG);
  clearInterval(clock);
  assert.ok(steps > 10);
});

test('a session under way refuses a second call and outlives close', async () => {
  const session = await (await load('reference')).createSession();
  let underWay = true, refused;
  const feeding = session.feed(LONG).finally(() => { underWay = false; });
  await new Promise((resolve) => setTimeout(resolve, 50));
  while (underWay && !refused) refused = await session.rewind().catch((error) => error);
  assert.equal(refused?.code, 'invalid_argument');
  session.close();
  await feeding;
  assert.throws(() => session.position, /closed/);
});

test('what is released waits for an evaluation, and the event loop does not', async () => {
  const model = await load('reference'), other = await model.createSession(), busy = await model.createSession({batch: LONG.length});
  const feeding = busy.feed(LONG);
  await new Promise((resolve) => setTimeout(resolve, 50));
  other.close();
  model.close();
  assert.equal(busy.position, 0);
  await feeding;
  assert.equal(busy.position, LONG.length);
});

test('a model is trained from an object, and tells how it goes', async () => {
  const output = path.join(folder, 'tuned.gguf'), told = [];
  const report = await tritium.train({...CONFIG, output}, {progress: (now) => { told.push(now.step); }});
  assert.deepEqual([report.stop, report.step, told.at(-1)], ['finished', 2, 2]);
  assert.equal((await (await tritium.load(output, {backend: 'cpu'})).info()).dim, 256);
  const plan = await tritium.trainPlan(CONFIG);
  assert.ok(plan.memoryBytes > 0 && plan.steps === 2);
  await assert.rejects(tritium.trainPlan({...CONFIG, stepz: 1}), {code: 'invalid_argument', message: /stepz/});
});

test('false and an error of progress end a training', async () => {
  const config = {...CONFIG, steps: 500, eval_every: 1, output: path.join(folder, 'ended.gguf')};
  const report = await tritium.train(config, {progress: (now) => now.step < 1});
  assert.equal(report.stop, 'interrupted');
  await assert.rejects(tritium.train(config, {progress: () => { throw new Error('mine'); }}), /mine/);
  await assert.rejects(tritium.train(config, {signal: AbortSignal.abort()}), {name: 'AbortError'});
});

test('a process that exits ends what is under way', async () => {
  const program = path.join(folder, 'exits.js');
  fs.writeFileSync(program, `
    const tritium = require('tritium');
    (async () => {
      const model = await tritium.load(${JSON.stringify(file)}, {backend: 'reference'});
      const sessions = await Promise.all([model.createSession(), model.createSession()]);
      sessions[0].feed(new Int32Array(500).fill(5)).catch(() => {});
      sessions[1].generate(new Int32Array(500).fill(5)).next().catch(() => {});
      setTimeout(() => { process.send(performance.timeOrigin + performance.now()); process.exit(3); }, 50);
    })();`);
  const child = spawn(process.execPath, [program], {stdio: ['ignore', 'inherit', 'inherit', 'ipc']});
  let at;
  child.on('message', (message) => { at = message; });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 3);
  assert.ok(performance.timeOrigin + performance.now() - at < SOON);
});

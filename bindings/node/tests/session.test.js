'use strict';
// Sessions: what they evaluate, write and keep.

const assert = require('node:assert/strict');
const {before, beforeEach, test} = require('node:test');
const {ids, load, tritium} = require('./support.js');

const PROMPT = [1, 70, 80];
let model, session;
before(async () => { model = await load(); });
beforeEach(async () => { session = await model.createSession(); });

const few = (options = {}, prompt = PROMPT) => session.generate(prompt, {maxTokens: 12, ignoreEnd: true, ...options});

test('a generation is iterated over', async () => {
  const generation = few();
  assert.equal((await ids(generation)).length, 12);
  assert.equal(session.position, PROMPT.length + 11);  // the last one is not evaluated yet
  assert.deepEqual(await generation.next(), {done: true, value: undefined});
  await session.rewind();
  const {stop, tokens} = await generation.result();  // also when the session has gone on
  assert.deepEqual([stop, tokens], ['max_tokens', 12]);
});

test('a text goes on without another beginning', async () => {
  const prompts = [];
  for (const text of ['Once', 'upon']) {
    const generation = few({}, text);
    await generation.text();
    prompts.push((await generation.result()).promptTokens);
  }
  assert.deepEqual(prompts, [(await model.tokenize('Once')).length, (await model.tokenize('upon')).length - 1]);
});

test('without a prompt it goes on', async () => {
  await session.feed(PROMPT);
  const after = await ids(few({}, null));
  await session.rewind();
  assert.deepEqual(await ids(few()), after);
});

test('leaving the loop leaves the session usable', async () => {
  const whole = await ids(few());
  await session.rewind();
  const left = few();
  let count = 0;
  for await (const token of left) if (token && ++count === 3) break;
  assert.equal(session.position, PROMPT.length + 2);
  assert.equal((await left.result()).tokens, 3);
  await session.rewind();
  assert.deepEqual(await ids(few()), whole);
});

test('a generation is ended by the next and by other calls', async () => {
  const first = few();
  await first.next();
  await session.rewind();
  await assert.rejects(first.next(), {code: 'invalid_argument'});
  const second = few(), third = few();
  await second.next();
  await third.next();
  await assert.rejects(second.next(), /another generation/);
  assert.equal((await ids(third)).length, 11);
});

test('figures are those of the generation that is asked for them', async () => {
  const first = few(), second = few({maxTokens: 3});
  await assert.rejects(first.result(), /has not begun/);
  await first.next();
  await second.text();
  await assert.rejects(first.result(), /another generation/);
  assert.equal((await second.result()).tokens, 3);
});

test('tokens that are not awaited come one after another', async () => {
  const expected = await ids(few());
  await session.rewind();
  const generation = few();
  const tokens = await Promise.all(Array.from({length: 12}, () => generation.next()));
  assert.deepEqual(tokens.map(({value}) => value.id), expected);
});

test('the seed decides', async () => {
  const texts = [];
  for (const seed of [1, 1n, 2]) {
    await session.rewind();
    texts.push(await ids(few({seed})));
  }
  assert.deepEqual(texts[0], texts[1]);
  assert.notDeepEqual(texts[0], texts[2]);
  await session.rewind();
  const drawn = few({seed: null});
  const tokens = await ids(drawn);
  await session.rewind();
  assert.deepEqual(await ids(few({seed: (await drawn.result()).seed})), tokens);
});

test('log-probabilities come with tokens, and a bias forbids them', async () => {
  const [token] = (await few({temperature: 0, logProbabilities: 2, maxTokens: 1}).next()).value.mostProbable;
  await session.rewind();
  const [other] = await ids(few({temperature: 0, maxTokens: 1, logitBias: {[token.token]: -Infinity}}));
  assert.notEqual(other, token.token);
  assert.ok(token.logProbability <= 0);
});

test('experts come with tokens', async () => {
  const {layers, experts, expertsUsed} = await session.model.info();
  for await (const token of few({experts: true})) {
    assert.equal(token.experts.length, layers * expertsUsed);
    assert.ok(token.experts.every((expert) => expert >= 0 && expert < experts));
  }
  await session.rewind();
  assert.equal((await few().next()).value.experts.length, 0);
});

test('stop texts end it and are not in it', async () => {
  const text = await few({maxTokens: 30}).text();
  const stop = [...text.slice(5)].find((letter) => letter < '\x7f' && !text.slice(0, 5).includes(letter));
  await session.rewind();
  const generation = few({maxTokens: 30, stop: ['never in it', stop]});
  assert.equal(await generation.text(), text.slice(0, text.indexOf(stop)));
  const {stop: why, stopText} = await generation.result();
  assert.deepEqual([why, stopText], ['text', 1]);
});

test('a grammar and a schema hold the text', async () => {
  assert.match(await session.generate(PROMPT, {grammar: 'root ::= "<" [0-9]{3} ">"'}).text(), /^<\d\d\d>$/);
  const jsonSchema = {type: 'object', properties: {n: {enum: [1, 2]}}, required: ['n'], additionalProperties: false};
  assert.ok([1, 2].includes(JSON.parse(await session.generate(PROMPT, {jsonSchema}).text()).n));
  await assert.rejects(session.generate(PROMPT, {grammar: 'root ::= ('}).text(), {code: 'invalid_argument'});
});

test('logits are those that tokens are drawn from', async () => {
  await assert.rejects(session.logits(), {code: 'invalid_argument'});
  await session.feed(PROMPT);
  const logits = await session.logits();
  assert.equal(logits.length, 259);
  assert.equal((await session.top(1))[0].token, logits.indexOf(Math.max(...logits)));
});

test('a fork and a saved session go on alike', async () => {
  await session.feed(PROMPT);
  const fork = await session.fork(), saved = await session.save(), restored = await model.createSession();
  await restored.restore(saved);
  const options = {maxTokens: 12, ignoreEnd: true};
  const expected = await ids(few({}, null));
  assert.deepEqual(await ids(fork.generate(null, options)), expected);
  assert.deepEqual(await ids(restored.generate(null, options)), expected);
  saved[saved.length - 1] ^= 1;
  await assert.rejects(restored.restore(saved), {code: 'corrupt_file'});
});

const begun = (sessions) => sessions.map((one, i) => one.generate([70 + i, 80], {maxTokens: 8 + i, ignoreEnd: true}));

test('sessions together get what each gets alone', async () => {
  const alone = await Promise.all(begun([session, await session.fork(), await session.fork()]).map(ids));
  const got = [[], [], []];
  for await (const [index, token] of tritium.together(begun(await model.createSessions(3)))) got[index].push(token.id);
  assert.deepEqual(got, alone);
});

test('what fails for one concerns no other', async () => {
  const sessions = await model.createSessions(2);
  const generations = begun(sessions);
  await tritium.nextOfEach(generations);
  await sessions[0].rewind();
  const tokens = await tritium.nextOfEach(generations);
  assert.equal(tokens[0], null);
  assert.equal(generations[0].error.code, 'invalid_argument');
  assert.equal(typeof tokens[1].id, 'number');
  await assert.rejects(async () => { for await (const token of tritium.together(generations)) assert.ok(token); },
                       {code: 'invalid_argument'});
  assert.equal((await generations[1].result()).tokens, 9);
});

test('sessions that nobody has are collected before they pile up', async () => {
  let collected = 0;
  const registry = new FinalizationRegistry(() => ++collected);
  for (let i = 0; i < 100; ++i) {
    registry.register(await model.createSession());
    await new Promise(setImmediate);  // finalizers run between turns
  }
  assert.ok(collected > 50, `${collected} of 100`);
});

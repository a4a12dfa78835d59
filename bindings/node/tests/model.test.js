'use strict';
// Devices, runtimes, models, and what they say of themselves and of texts.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {folder, load, model: file, tritium} = require('./support.js');

test('the package is the library\'s version', () => {
  assert.equal(tritium.version, require('../package.json').version);
});

test('devices are listed', async () => {
  const devices = await tritium.devices();
  assert.ok(devices.find(({backend}) => backend === 'cpu').available);
});

test('a runtime says what it is and why', async () => {
  const runtime = await tritium.Runtime.create({backend: 'cpu', threads: 1});
  assert.equal(runtime.backend, 'cpu');
  assert.match(runtime.reason, /cpu/);
  runtime.close();
  await assert.rejects(runtime.load(file), /closed/);
});

test('a failure has its status for a code', async () => {
  await assert.rejects(tritium.Runtime.create({backend: 'abacus'}), {code: 'invalid_argument', message: /abacus/});
  await assert.rejects(tritium.inspect('no such file'), {code: 'not_found', message: /no such file/});
  const damaged = path.join(folder, 'damaged.gguf');
  fs.writeFileSync(damaged, fs.readFileSync(file).subarray(0, 1 << 20));
  await assert.rejects(tritium.load(damaged, {backend: 'cpu'}), {code: 'corrupt_file', message: /damaged\.gguf/});
});

test('values of another type are refused with the name of the option', async () => {
  await assert.rejects(tritium.Runtime.create({threads: 'two'}), {name: 'TypeError', message: /threads must be a number/});
  await assert.rejects(tritium.Runtime.create({layout: 'round'}), {name: 'TypeError', message: /layout must be one of/});
  await assert.rejects(tritium.Runtime.create({backend: 'cpu\0'}), /zero byte/);
  const session = await (await load()).createSession();
  await assert.rejects(session.generate([1, 70], {maxTokens: 1.5}).text(), /maxTokens must be an integer/);
  await assert.rejects(session.generate([1, 70], {stop: [7]}).text(), /stop must be a string/);
  await assert.rejects(load('cpu', {progress: 'yes'}), {name: 'TypeError', message: /progress must be a function/});
});

test('an option that there is not is refused', async () => {
  const unknown = {name: 'TypeError', message: /there is no option "tempurature"/}, wrong = {tempurature: 0.5};
  await assert.rejects(tritium.Runtime.create(wrong), unknown);
  await assert.rejects(load('cpu', wrong), unknown);
  const model = await load();
  await assert.rejects(model.createSession(wrong), unknown);
  await assert.rejects(model.embed('a', wrong), unknown);
  await assert.rejects(model.formatChat([{role: 'user', content: 'a'}], wrong), unknown);
  const session = await model.createSession({context: 64, kv: 'f16', batch: undefined});
  await assert.rejects(session.generate([1, 70], wrong).text(), unknown);
  await assert.rejects(session.feed([1], wrong), unknown);
  await assert.rejects(tritium.train({}, wrong), unknown);
});

test('what is no token id is refused', async () => {
  const model = await load(), session = await model.createSession();
  for (const tokens of ['12', 12, {length: 1}, ['a'], [1.5], [NaN], [2 ** 32 + 70], [70n], [undefined]]) {
    await assert.rejects(model.detokenize(tokens), {name: 'TypeError', message: /token id/});
    if (typeof tokens === 'string') continue;  // these take texts, too
    await assert.rejects(model.parseReply(tokens), {name: 'TypeError', message: /token id/});
    await assert.rejects(session.feed(tokens), {name: 'TypeError', message: /token id/});
  }
  assert.equal(session.position, 0);
  assert.equal(await model.detokenize(Int32Array.of(70)), await model.detokenize([70]));
});

test('progress of a load rises and is told before the load is done', async () => {
  const seen = [];
  await load('cpu', {progress: (fraction) => { seen.push(fraction); }});
  assert.ok(seen.length > 0 && seen.at(-1) <= 1);
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
});

test('what a callback throws comes out of the call', async () => {
  const failure = new Error('mine');
  await assert.rejects(load('cpu', {progress: () => { throw failure; }}), failure);
});

test('facts are those of the file', async () => {
  const info = await (await load()).info();
  assert.deepEqual([info.architecture, info.dim, info.layers, info.experts, info.hasTokenizer], ['maple', 256, 4, 8, true]);
  assert.deepEqual((await tritium.inspect(file)).tensors, info.tensors);
  assert.ok(info.tensors[0].shape.length > 0 && info.memory.length === 3);
});

test('text becomes tokens and comes back', async () => {
  const model = await load();
  const tokens = await model.tokenize('a\0b,😀');
  assert.equal(tokens[0], model.beginOfText);
  assert.ok((await model.detokenize(tokens)).endsWith('a\0b,😀'));
  assert.deepEqual(await model.tokenize(Buffer.from('a\0b,😀')), tokens);
  await assert.rejects(model.detokenize([1 << 30]), {code: 'invalid_argument'});
});

test('a conversation is formatted', async () => {
  const model = await load();
  const messages = [{role: 'user', content: 'hi'}];
  assert.equal(model.hasChatTemplate, false);
  await assert.rejects(model.formatChat(messages), {code: 'not_found'});
  const chatTemplate = '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}:{% endif %}';
  const chat = await model.formatChat(messages, {chatTemplate});
  assert.equal(chat.text, '<user>hi:');
  assert.deepEqual(chat.tokens, await model.tokenize(chat.text));
  assert.equal((await model.formatChat(messages, {chatTemplate, generationPrompt: false})).text, '<user>hi');
  const known = await model.formatChat(messages, {chatTemplate: '{{ mood }}{{ tools[0].name }}', variables: {mood: 'calm '},
                                                  tools: [{name: 'look'}]});
  assert.equal(known.text, 'calm look');
});

test('a reply is taken apart', async () => {
  const model = await load();
  const tools = [{name: 'look', parameters: {type: 'object', properties: {at: {type: 'string'}}}}];
  const known = {chatTemplate: '{# </think> <tool_call></tool_call> #}', tools};
  const written = '<think>t</think>Ja.\n<tool_call>\n{"name": "look", "arguments": {"at": "Zürich"}}\n</tool_call>';
  const reply = await model.parseReply(written, known);
  const call = {type: 'function', function: {name: 'look', arguments: {at: 'Zürich'}}};
  assert.deepEqual(reply, {content: 'Ja.', reasoning_content: 't', tool_calls: [call]});
  const tokens = await model.tokenize('<tool_call>{"name":"look","arguments":{"at":"Zürich"}}');
  assert.deepEqual((await model.parseReply(tokens, known)).tool_calls, [call]);
  assert.equal((await model.parseReply('<tool_call>')).content, '<tool_call>');
  const {toolGrammar, toolGrammarTriggers} = await model.formatChat([], known);
  assert.deepEqual(toolGrammarTriggers, ['<tool_call>']);
  assert.ok(toolGrammar.startsWith('root ::= '));
});

test('a reply is taken apart as it comes', async () => {
  const model = await load();
  const known = {chatTemplate: '{# </think> <tool_call></tool_call> #}'};
  const written = '<think>nü</think>Ja.\n<tool_call>\n{"name":"look","arguments":{"at":"Zürich"}}\n</tool_call>';
  // Without the beginning of a text, and a space, which bytes do not bring back.
  const tokens = (await model.tokenize(written)).slice(4);
  for (const pieces of [[...written], written.match(/.{1,7}/gs), tokens]) {
    const stream = await model.replyStream(known);
    const parts = [...Array.from(pieces, (piece) => stream.append(piece)), stream.finish()];
    const whole = {content: parts.map((part) => part.content).join(''),
                   reasoning_content: parts.map((part) => part.reasoning_content).join(''),
                   tool_calls: parts.flatMap((part) => part.tool_calls)};
    assert.deepEqual(whole, await model.parseReply(written, known));
    assert.throws(() => stream.append('more'), {code: 'invalid_argument'});
    stream.close();
    assert.throws(() => stream.append('more'), /closed/);
  }
});

test('a text has a vector of length one', async () => {
  const model = await load();
  const square = (vector) => vector.reduce((sum, value) => sum + value * value, 0);
  const vector = await model.embed('red', {pooling: 'mean'});
  assert.equal(vector.length, 256);
  assert.ok(Math.abs(square(vector) - 1) < 1e-3);
  assert.ok(Math.abs(square(await model.embed('red', {pooling: 'mean', normalized: false})) - 1) > 1e-3);
});

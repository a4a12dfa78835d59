// What of the page needs no browser: node --test modules_test.mjs
import assert from "node:assert/strict";
import {test} from "node:test";

const page = new URL("../../../apps/server/page/", import.meta.url);
// Modules look at these when they are loaded; nothing of them is called here.
globalThis.matchMedia = () => ({matches: false, addEventListener() {}});
globalThis.document = {getElementById: () => undefined};
const load = (name) => import(new URL(name, page));

const {serverSentEvents} = await load("sse.js");
const {parseMarkdown, parseInline, safeAddress} = await load("markdown.js");
const {Conversations, LIMIT, newConversation, titleOf} = await load("conversations.js");
const {ticks, shortNumber} = await load("chart.js");
const {trail, Counts} = await load("experts.js");
const {requestBody, sentMessages, streamAnswer} = await load("answer.js");
const {jobBody} = await load("training.js");
const {duration} = await load("job.js");

async function eventsOf(chunks) {
  const events = [];
  for await (const event of serverSentEvents((async function* () { yield* chunks; })())) events.push(event);
  return events;
}

test("events are the same wherever bytes are cut", async () => {
  const bytes = new TextEncoder().encode("id: 7\r\ndata: {\"text\": \"Grüße 🙂\"}\r\n\r\n: keep-alive\n\ndata: one\ndata: two\n\nevent: end\ndata:[DONE]\n\n");
  const whole = await eventsOf([bytes]);
  assert.deepEqual(whole.map(({data}) => data), ["{\"text\": \"Grüße 🙂\"}", "one\ntwo", "[DONE]"]);
  assert.equal(whole[0].id, "7");
  assert.equal(whole[2].event, "end");
  for (let at = 1; at < bytes.length; ++at) assert.deepEqual(await eventsOf([bytes.slice(0, at), bytes.slice(at)]), whole, `cut at ${at}`);
});

test("an event that was not ended is none", async () => {
  assert.deepEqual(await eventsOf([new TextEncoder().encode("data: half")]), []);
});

const kinds = (source) => parseMarkdown(source).map(({kind}) => kind);
const textOf = (source, nodes) => nodes.map((node) => (node.children ? textOf(source, node.children) : source.slice(node.from, node.to))).join("");

test("Markdown has these blocks", () => {
  assert.deepEqual(kinds("# a\n\ntext\nmore\n\n- x\n- y\n\n1. z\n\n> q\n\n---\n\n```c\nint\n```\n\n|a|b|\n|-|-|\n|1|2|"),
                   ["heading", "paragraph", "list", "list", "quote", "rule", "code", "table"]);
});

test("code that is not closed yet is code", () => {
  const [block] = parseMarkdown("```py\nx = 1\n# no heading");
  assert.deepEqual([block.kind, block.language, block.closed, block.lines.length], ["code", "py", false, 2]);
});

test("lists are nested by their indentation", () => {
  const [list] = parseMarkdown("- a\n  - b\n    - c\n- d");
  assert.equal(list.items.length, 2);
  assert.equal(list.items[0][1].items[0][1].kind, "list");
});

test("a list goes on over blank lines, and has as many items as marks", () => {
  for (const [source, count] of [["1. a\n2. b\n3. c", 3], ["- a\n\n- b\n\n\n- c", 3], ["- a\nlazy\n- b", 2], ["- a\n\n  more\n- b", 2], ["1. a\n\ntext", 1]]) {
    assert.equal(parseMarkdown(source)[0].items.length, count, source);
  }
  assert.deepEqual(kinds("- a\n\ntext"), ["list", "paragraph"]);
  assert.deepEqual(kinds("- a\n1. b"), ["list", "list"]);
});

test("a block's place is its own in the source", () => {
  const source = "para\n\n> quoted *text*\n\n- item";
  const blocks = parseMarkdown(source);
  assert.deepEqual(blocks.map(({from, to}) => source.slice(from, to)), ["para", "> quoted *text*", "- item"]);
  assert.deepEqual(blocks[1].blocks[0].lines, [{from: 8, to: 21}]);
});

test("emphasis, code and links are found, and what is not closed is text", () => {
  const of = (source) => parseInline(source).map((node) => [node.kind, textOf(source, [node])]);
  assert.deepEqual(of("a **b** `c*d*` *e*"), [["text", "a "], ["strong", "b"], ["text", " "], ["code", "c*d*"], ["text", " "], ["emphasis", "e"]]);
  assert.deepEqual(of("**not closed"), [["text", "**not closed"]]);
  assert.deepEqual(of("snake_case_name 2 * 3 * 4"), [["text", "snake_case_name 2 * 3 * 4"]]);
  assert.deepEqual(of("see https://a.example/b_c. Yes"), [["text", "see "], ["link", "https://a.example/b_c"], ["text", ". Yes"]]);
});

test("links lead to the web or to mail alone", () => {
  assert.equal(safeAddress("javascript:alert(1)"), undefined);
  assert.equal(safeAddress("data:text/html,x"), undefined);
  assert.equal(safeAddress("/v1/models"), undefined);
  assert.equal(safeAddress("https://a.example/"), "https://a.example/");
  assert.deepEqual(parseInline("[x](javascript:alert(1))").map(({kind}) => kind), ["text"]);
});

test("all of a text is shown, whatever it is", () => {
  for (const source of ["<script>alert(1)</script>", "a < b > c & d", "* * *x", "|", "``` ` ```", "[](", "\\* \\_", "1.\n2.", "> > > deep", "-"]) {
    assert.ok(parseMarkdown(source).length > 0, source);
  }
  const html = "<b onclick=x>y</b>";
  assert.equal(textOf(html, parseInline(html)), html);
});

class Storage {
  constructor(room = Infinity) { this.room = room; this.kept = new Map(); }
  getItem(name) { return this.kept.get(name) ?? null; }
  setItem(name, text) {
    if (text.length > this.room) throw new Error("QuotaExceededError");
    this.kept.set(name, text);
  }
}

const conversation = (text) => ({...newConversation(), messages: [{role: "user", content: text}, {role: "assistant", content: "x", tokens: [{picks: [[1]]}]}]});

test("conversations come back, without the experts of their tokens", () => {
  const storage = new Storage();
  new Conversations(storage).save(conversation("Hello"));
  const [back] = new Conversations(storage).list();
  assert.equal(titleOf(back), "Hello");
  assert.equal(back.messages[1].tokens, undefined);
});

test("the oldest conversations go when there are too many, or they are too long", () => {
  const all = new Conversations(new Storage());
  for (let i = 0; i < LIMIT.count + 5; ++i) {
    const one = conversation(`number ${i}`);
    all.save(one);
    one.updated = i;
  }
  all.save(conversation("last"));
  assert.equal(all.list().length, LIMIT.count);
  assert.equal(titleOf(all.list()[0]), "last");
  all.save(conversation("y".repeat(LIMIT.characters)));
  assert.equal(all.list().length, 1);
});

test("a browser without room keeps what fits, and nothing fails", () => {
  const all = new Conversations(new Storage(2000));
  for (let i = 0; i < 50; ++i) all.save(conversation(`number ${i}`));
  assert.ok(all.list().length >= 1 && all.list().length < 50);
  const none = new Conversations(new Storage(0));
  none.save(conversation("Hello"));
  assert.equal(none.list().length, 1);
});

test("two tabs do not take each other's conversations away", () => {
  const storage = new Storage();
  const [one, other] = [new Conversations(storage), new Conversations(storage)];
  const mine = conversation("mine");
  one.save(mine);
  other.save(conversation("yours"));
  mine.messages[1].tokens = [];
  one.save(mine);
  assert.deepEqual(one.list().map(titleOf).sort(), ["mine", "yours"]);
  assert.equal(one.get(mine.id), mine, "what is open stays the same object");
  other.remove(mine.id);
  one.reload();
  assert.deepEqual(one.list().map(titleOf), ["yours"]);
});

test("damaged storage is as if there was none", () => {
  const storage = new Storage();
  storage.setItem("tritium.conversations", "{\"half");
  assert.deepEqual(new Conversations(storage).list(), []);
});

test("ticks are round and inside", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(2.13, 3.87, 4), [2.5, 3, 3.5]);
  assert.deepEqual(ticks(0, 0.003, 3), [0, 0.001, 0.002, 0.003]);
  assert.ok(ticks(5, 5, 4).length > 1);
});

test("numbers are short", () => {
  assert.deepEqual([0, 2.2148, 0.00075, 12345.6, 3e7].map(shortNumber), ["0", "2.21", "7.5e-4", "12345.6", "3.0e7"]);
  assert.deepEqual([3.2, 61, 3661].map(duration), ["4 s", "1 min", "1 h 1 min"]);
});

const tokens = [{picks: [[0, 1], [2, 3]]}, {picks: [[1, 2], [0, 3]]}];

test("a token's picks are strongest, those before it weaker", () => {
  const values = trail(tokens, 1, 4);
  assert.deepEqual([...values].map((value) => (value === 1 ? 1 : value > 0 ? 0.5 : 0)), [0.5, 1, 1, 0, 1, 0, 0.5, 1]);
  assert.deepEqual([...trail(tokens, 0, 4)], [1, 1, 0, 0, 0, 0, 1, 1]);
});

test("picks are counted by layer and expert, while an answer grows and when another is looked at", () => {
  const counts = new Counts();
  const growing = [tokens[0]];
  assert.deepEqual([...counts.of(growing, 4)], [1, 1, 0, 0, 0, 0, 1, 1]);
  growing.push(tokens[1]);
  assert.deepEqual([...counts.of(growing, 4)], [1, 2, 1, 0, 1, 0, 1, 2]);
  assert.deepEqual([...counts.of([tokens[1]], 4)], [0, 1, 1, 0, 1, 0, 0, 1]);
});

test("a request has what was set, and nothing else", () => {
  const messages = [{role: "user", content: "Hi"}];
  assert.deepEqual(requestBody({id: "m", chat: true}, {system: " ", temperature: 0}, messages, false),
    {path: "v1/chat/completions", body: {model: "m", stream: true, stream_options: {include_usage: true}, temperature: 0, messages}});
  assert.deepEqual(requestBody({id: "m", chat: false}, {max_tokens: 9}, messages, true),
    {path: "v1/completions", body: {model: "m", stream: true, stream_options: {include_usage: true}, max_tokens: 9, tritium: {experts: true}, prompt: "Hi"}});
});

test("answers that did not come are not sent back, calls and their results are", () => {
  const call = {id: "c", type: "function", function: {name: "f", arguments: "{}"}};
  assert.deepEqual(sentMessages("S", [{role: "user", content: "a"}, {role: "assistant", content: "", error: "lost"}, {role: "assistant", content: "", tool_calls: [call]},
                                      {role: "tool", tool_call_id: "c", name: "f", content: "1"}]),
    [{role: "system", content: "S"}, {role: "user", content: "a"}, {role: "assistant", content: null, tool_calls: [call]}, {role: "tool", tool_call_id: "c", content: "1"}]);
});

// A response of the server for streamAnswer(), as fetch() gives it.
function serve(...chunks) {
  const body = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + "data: [DONE]\n\n";
  globalThis.sessionStorage = {getItem: () => null};
  globalThis.fetch = async () => new Response(body);
}

async function answerOf(...chunks) {
  serve(...chunks);
  const answer = {};
  await streamAnswer(answer, {path: "v1/chat/completions", body: {}}, undefined, () => {});
  return answer;
}

const chunk = (delta, more = {}) => ({choices: [{index: 0, delta, finish_reason: null, ...more}]});

test("a chunk that ends thoughts may begin the answer", async () => {
  const answer = await answerOf(chunk({role: "assistant", content: ""}), chunk({reasoning_content: "hm"}), chunk({reasoning_content: ".", content: "Yes"}), chunk({content: "!"}));
  assert.deepEqual([answer.reasoning, answer.content], ["hm.", "Yes!"]);
});

test("a token's experts stand at its text, of several tokens in a chunk at the same", async () => {
  const [one, two] = [[[0, 1], [2, 3]], [[4, 5], [6, 7]]];
  const {tokens} = await answerOf(chunk({reasoning_content: "hm"}, {experts: one}), chunk({content: "a"}, {experts: two}), chunk({content: "é"}, {experts: [one, two]}));
  assert.deepEqual(tokens, [{field: "reasoning", from: 0, to: 2, picks: one}, {field: "content", from: 0, to: 1, picks: two},
                            {field: "content", from: 1, to: 2, picks: one}, {field: "content", from: 1, to: 2, picks: two}]);
});

test("calls come whole or in pieces, and the server's figures win", async () => {
  const answer = await answerOf(chunk({tool_calls: [{index: 0, id: "c", type: "function", function: {name: "f", arguments: "{\"a\""}}]}),
    chunk({tool_calls: [{index: 0, function: {arguments: ": 1}"}}]}, {finish_reason: "tool_calls"}),
    {choices: [], usage: {completion_tokens: 9}, tritium: {tokens_per_second: 12, seconds_to_first_token: 0.5}});
  assert.deepEqual(answer.tool_calls, [{id: "c", type: "function", function: {name: "f", arguments: "{\"a\": 1}"}}]);
  assert.deepEqual([answer.finish, answer.figures], ["tool_calls", {usage: {completion_tokens: 9}, tokensPerSecond: 12, secondsToFirst: 0.5}]);
});

test("an error in a stream is thrown as the server says it, and what had come is kept", async () => {
  serve(chunk({content: "half"}), {error: {message: "the device was lost", code: null}});
  const answer = {};
  await assert.rejects(streamAnswer(answer, {path: "x", body: {}}, undefined, () => {}), /the device was lost/);
  assert.equal(answer.content, "half");
});

test("a stream that breaks off is not taken for a whole answer", async () => {
  globalThis.fetch = async () => new Response("data: {\"choices\": []}\n\n");
  await assert.rejects(streamAnswer({}, {path: "x", body: {}}, undefined, () => {}), /ended before/);
});

test("a job has OpenAI's options in their place, and this server's in \"tritium\"", () => {
  assert.deepEqual(jobBody({model: "m", training_file: "a.jsonl", validation_file: "", suffix: " x ", n_epochs: "2", batch_size: "", learning_rate: "0.01", lora_rank: "8", mode: "",
                            context: "", steps: "", minutes: "", seed: "3"}),
    {model: "m", training_file: "a.jsonl", suffix: "x", seed: 3, hyperparameters: {n_epochs: 2}, tritium: {learning_rate: 0.01, lora_rank: 8}});
});

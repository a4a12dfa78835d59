// Talking to a model. A case with `mock` needs the scripted model; the others hold for every server.
import assert from "node:assert/strict";

const waitFor = async (condition) => {
  for (let i = 0; i < 200 && !condition(); ++i) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.ok(condition(), String(condition));
};

export const cases = [
  {name: "an answer streams in, and figures stand under it", async run(visitor) {
    await visitor.send("Tell me about mixtures. slow");
    await visitor.streaming();
    const early = await visitor.lastAnswer();
    await visitor.until((length) => [...document.querySelectorAll(".message.assistant .prose:not(.quiet)")].pop().textContent.length > length ||
                                    !document.querySelector("#send.stop"), early.length);
    await visitor.press("Escape");
    await visitor.answered();
    await visitor.ask("And now briefly.");
    assert.match((await visitor.texts(".figures")).pop(), /\d tokens\/s · first after (\d+ ms|\d+\.\d\d s) · \d+ tokens/);
  }},

  {name: "the device and its speed are shown", async run(visitor) {
    await visitor.ask("Hello");
    await visitor.until(() => /tokens\/s/.test(document.getElementById("status-text").textContent));
    assert.ok((await visitor.text("#about")).length > 10);
  }},

  {name: "stop ends the answer here and at the server, and keeps what there is", async run(visitor, mock) {
    await visitor.send("Go on for long. slow");
    await visitor.streaming();
    await visitor.click("#send");
    await visitor.answered();
    assert.match(await visitor.text(".figures"), /stopped$/);
    assert.ok((await visitor.lastAnswer()).length > 3);
    if (mock) await waitFor(() => mock.ended > 0);
  }},

  {name: "regenerate replaces the last answer", async run(visitor) {
    const first = await visitor.ask("What is a router?");
    await visitor.click(".regenerate");
    await visitor.answered();
    assert.equal((await visitor.texts(".message.assistant")).length, 1);
    assert.notEqual(await visitor.lastAnswer(), first);
  }},

  {name: "an edited message begins anew from there", async run(visitor, mock) {
    await visitor.ask("First question");
    await visitor.ask("Second question");
    await visitor.click(".message.user button");  // of the first
    await visitor.fill(".editor textarea", "Another question");
    await visitor.page.keyboard.press("Enter");
    await visitor.asked("Another question");
    await visitor.answered();
    assert.deepEqual(await visitor.texts(".bubble"), ["Another question"]);
    assert.equal((await visitor.texts(".message.assistant")).length, 1);
    if (mock) assert.deepEqual(mock.bodies.at(-1).messages, [{role: "user", content: "Another question"}]);
  }},

  {name: "a message that is edited while its answer streams stops that answer", async run(visitor) {
    await visitor.send("Go on for long. slow");
    await visitor.streaming();
    await visitor.click(".message.user button");
    await visitor.fill(".editor textarea", "Short, please");
    await visitor.page.keyboard.press("Enter");
    await visitor.asked("Short, please");
    await visitor.answered();
    assert.equal((await visitor.texts(".message.assistant")).length, 1);
    assert.doesNotMatch(await visitor.text(".figures"), /stopped/);
  }},

  {name: "the system prompt and the sampler's options go with a request, what is empty does not", mock: true, async run(visitor, mock) {
    await visitor.press("Alt", "s");
    await visitor.fill("[name=system]", "Be brief.");
    await visitor.fill("[name=temperature]", "0.2");
    await visitor.fill("[name=top_k]", "7");
    await visitor.ask("Hello");
    assert.deepEqual(mock.bodies.at(-1), {model: "maple", stream: true, stream_options: {include_usage: true}, temperature: 0.2, tritium: {top_k: 7, experts: true},
                                          messages: [{role: "system", content: "Be brief."}, {role: "user", content: "Hello"}]});
  }},

  {name: "what the server refuses is said as it says it, and can be tried again", mock: true, async run(visitor) {
    await visitor.ask("Please fail");
    assert.match(await visitor.text(".problem"), /the model could not be loaded: model\.gguf: 40 bytes expected, file has 12/);
    await visitor.click(".problem button");
    await visitor.answered();
    assert.ok(await visitor.visible(".problem"));
    await visitor.ask("Now break in the middle");
    assert.match((await visitor.texts(".problem")).pop(), /the device was lost/);
    assert.ok((await visitor.lastAnswer()).length > 3, "what had come before is kept");
  }},

  {name: "a server that is away is said, and found again", mock: true, async run(visitor) {
    await visitor.page.setOfflineMode(true);
    await visitor.ask("Hello?");
    assert.match(await visitor.text(".problem"), /does not answer/);
    await visitor.page.setOfflineMode(false);
    await visitor.click(".problem button");
    await visitor.answered();
    assert.ok((await visitor.lastAnswer()).length > 3);
  }},

  {name: "thoughts are folded away, and open", mock: true, async run(visitor) {
    await visitor.ask("think about it");
    assert.equal(await visitor.visible(".folded .prose"), false);
    await visitor.click(".folded summary");
    assert.match(await visitor.text(".folded .prose"), /a newsroom will do/);
    assert.doesNotMatch(await visitor.lastAnswer(), /a newsroom will do/);
  }},

  {name: "a call of a tool is shown, and answered by hand", mock: true, async run(visitor, mock) {
    await visitor.ask("What about the weather?");
    assert.match(await visitor.text(".call"), /get_weather.*"city": "Bern"/s);
    await visitor.fill(".call textarea", "sunny");
    await visitor.click(".call .button");
    await visitor.answered(2);
    const {messages} = mock.bodies.at(-1);
    assert.equal(messages[1].tool_calls[0].function.name, "get_weather");
    assert.deepEqual(messages[2], {role: "tool", tool_call_id: "call-1", content: "sunny"});
  }},

  {name: "Markdown is rendered, and code is copied", mock: true, async run(visitor) {
    await visitor.context.setPermission(new URL(visitor.base).origin, {permission: {name: "clipboard-write"}, state: "granted"}).catch(() => {});
    await visitor.ask("markdown");
    assert.deepEqual(await visitor.texts(".prose ol > li"), ["add where the trit is +1,", "subtract where it is -1,", "leave out the rest."]);
    assert.deepEqual(await visitor.texts(".prose th"), ["weights", "bits", "a billion"]);
    assert.match(await visitor.text(".prose pre code"), /^int32_t sum = 0;\nfor .*activation_scale;$/s);
    await visitor.click(".code-head button");
    await visitor.until(() => document.getElementById("announcer").textContent.startsWith("Cop"));
  }},

  {name: "conversations are kept over a reload, and removed when asked to", async run(visitor) {
    const answer = await visitor.ask("Remember this");
    await visitor.press("Alt", "n");
    await visitor.ask("Another one");
    await visitor.load();
    assert.deepEqual(await visitor.texts(".history-open"), ["Another one", "Remember this"]);
    await visitor.click("#history li:last-child .history-open");
    assert.equal(await visitor.lastAnswer(), answer);
    await visitor.click("#history li:last-child .icon-button");
    await visitor.click("dialog[open] .danger");
    await visitor.until(() => document.querySelectorAll("#history li").length === 1);
    await visitor.load();
    assert.deepEqual(await visitor.texts(".history-open"), ["Another one"]);
  }},

  {name: "an adapter is a model that can be chosen", mock: true, async run(visitor, mock) {
    await visitor.page.select("#model", "maple:poet");
    await visitor.ask("A line, please");
    assert.equal(mock.bodies.at(-1).model, "maple:poet");
  }},

  {name: "a model without a chat template continues the text", mock: true, async run(visitor, mock) {
    await visitor.page.select("#model", "base");
    assert.ok(await visitor.visible("#model-note"));
    await visitor.ask("Once upon a time");
    assert.equal(mock.bodies.at(-1).prompt, "Once upon a time");
    assert.ok((await visitor.lastAnswer()).length > 3);
  }},

  {name: "a server with a key is asked for it once", mock: true, async run(visitor, mock) {
    mock.key = "secret";
    await visitor.page.goto(visitor.base);
    await visitor.page.waitForSelector("#key[open]");
    await visitor.page.type("#key-value", "secret");
    await visitor.page.keyboard.press("Enter");
    await visitor.until(() => document.getElementById("model").options.length > 0);
    assert.ok((await visitor.ask("Hello")).length > 3);
  }},
];

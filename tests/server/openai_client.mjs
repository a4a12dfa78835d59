// OpenAI's own client, as npm has it, against this server. Arguments: the folder that holds node_modules, the server's
// address. stdout: what it got, as JSON, for openai_client_test.py to look at.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const require = createRequire(process.argv[2] + "/");
const {default: OpenAI} = await import(pathToFileURL(require.resolve("openai")));
const client = new OpenAI({baseURL: process.argv[3] + "/v1", apiKey: "secret", maxRetries: 0});
const messages = [{role: "user", content: "ping"}];
const model = "small";
const got = {};

got.models = (await client.models.list()).data.map((m) => m.id);
got.chat = (await client.chat.completions.create({model, messages, temperature: 0})).choices[0].message.content;

got.pieces = [];
const stream = await client.chat.completions.create({model, messages: [{role: "user", content: "hi"}], temperature: 0, stream: true, stream_options: {include_usage: true}});
for await (const chunk of stream) {
  if (chunk.choices[0]?.delta.content) got.pieces.push(chunk.choices[0].delta.content);
  if (chunk.usage) got.usage = chunk.usage;
}

const parameters = {type: "object", properties: {city: {enum: ["Oslo", "Rome"]}}, required: ["city"], additionalProperties: false};
const tools = [{type: "function", function: {name: "weather", parameters}}];
const called = await client.chat.completions.create({model, messages, tools, tool_choice: {type: "function", function: {name: "weather"}}});
got.call = called.choices[0].message.tool_calls[0].function;
got.finish = called.choices[0].finish_reason;
const answered = await client.chat.completions.create({
  model, tools, max_tokens: 3,
  messages: [...messages, called.choices[0].message, {role: "tool", tool_call_id: called.choices[0].message.tool_calls[0].id, content: "sunny"}],
});
got.answered = answered.choices[0].finish_reason;

const format = {type: "json_schema", json_schema: {name: "place", strict: true, schema: parameters}};
got.json = JSON.parse((await client.chat.completions.create({model, messages, response_format: format})).choices[0].message.content);

got.embedding = (await client.embeddings.create({model, input: "ping"})).data[0].embedding; // asked for as base64
got.floats = (await client.embeddings.create({model, input: "ping", encoding_format: "float"})).data[0].embedding;
got.completion = (await client.completions.create({model, prompt: "user: p", max_tokens: 4, temperature: 0})).choices[0].text;

got.response = (await client.responses.create({model, input: "ping", temperature: 0})).output_text;
got.events = [];
for await (const event of await client.responses.create({model, input: "ping", temperature: 0, stream: true})) got.events.push(event.type);

got.errors = {};
for (const [name, ask] of Object.entries({
  model: () => client.chat.completions.create({model: "none", messages}),
  temperature: () => client.chat.completions.create({model, messages, temperature: 7}),
  key: () => new OpenAI({baseURL: process.argv[3] + "/v1", apiKey: "wrong", maxRetries: 0}).models.list(),
})) {
  try {
    await ask();
  } catch (error) {
    got.errors[name] = {class: error.constructor.name, status: error.status, code: error.code, param: error.param};
  }
}

const abort = new AbortController();
try {
  const long = await client.chat.completions.create({model, messages, stream: true, temperature: 1, logit_bias: {2: -100}}, {signal: abort.signal});
  for await (const chunk of long) if (chunk.choices.length) abort.abort();
  got.aborted = true;
} catch (error) {
  got.aborted = error.constructor.name;
}

const files = await client.fineTuning.jobs.list();
got.jobs = files.data.length;
console.log(JSON.stringify(got));

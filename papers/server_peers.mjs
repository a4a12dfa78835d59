// llama.cpp behind HTTP, for server_peers.py: node server_peers.mjs FOLDER MODEL THREADS SEQUENCES CONTEXT; FOLDER holds node_modules.
// POST /v1/completions takes {"prompt": [tokens], "max_tokens"}, decodes greedily past ends of text, and streams as OpenAI's API does.
// GET /health says what the batches were.
import http from "node:http";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const kBatch = 512;
const [folder, modelPath, threads, sequences, contextSize] = process.argv.slice(2);
const require = createRequire(folder + "/");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: Number(threads)});
const emptyBytes = process.memoryUsage().rss;
const model = await llama.loadModel({modelPath, gpuLayers: 0});
const context = await model.createContext({
  sequences: Number(sequences), contextSize: Number(contextSize), batchSize: kBatch, threads: Number(threads)
});
const native = context._ctx, free = Array.from({length: Number(sequences)}, (_, i) => i);

// Continuous batching, as llama.cpp's own server does it: each batch has the next token of who decodes, and as much of prompts as
// there is room for. (node-llama-cpp's would do, but it begins no prompt until all others have their answers.)
const active = new Set(), batches = {count: 0, tokens: 0, seconds: 0};

function fillBatch() {
  native.initBatch(kBatch);
  const added = [];
  let room = kBatch;
  for (const one of [...active].sort((a, b) => a.tokens.length - b.tokens.length)) {
    const part = one.tokens.splice(0, room), last = one.tokens.length === 0;
    if (part.length === 0) break;
    const [logits] = native.addToBatch(one.sequence, one.position, Uint32Array.from(part), Uint32Array.from(last ? [part.length - 1] : []));
    one.position += part.length;
    room -= part.length;
    if (last) added.push({one, logits});
  }
  batches.count++;
  batches.tokens += kBatch - room;
  return added;
}

let running = false;

async function run() {
  running = true;
  while (active.size > 0) {
    const added = fillBatch(), begin = performance.now();
    await native.decodeBatch();
    batches.seconds += (performance.now() - begin) / 1000;
    for (const {one, logits} of added) {
      const token = await native.sampleToken(logits, one.sampler);
      one.tokens = [token];
      if (one.take(token)) continue;
      active.delete(one);
      native.disposeSequence(one.sequence);
      free.push(one.sequence);
      one.end();
    }
    await new Promise(setImmediate); // requests that came meanwhile
  }
  running = false;
}

async function complete(request, response) {
  let body = "", n = 0;
  for await (const part of request) body += part;
  const {prompt, max_tokens: most} = JSON.parse(body);
  response.writeHead(200, {"Content-Type": "text/event-stream"});
  const event = (choices, rest) => response.write(`data: ${JSON.stringify({object: "text_completion", choices, ...rest})}\n\n`);
  const sampler = new llama._bindings.AddonSampler(model._model);
  sampler.applyConfig({temperature: 0});
  active.add({
    sequence: free.pop(), // there are as many as clients
    position: 0, tokens: [...prompt], sampler,
    take: (token) => { // whether there is more to come
      event([{text: model.detokenize([token]), index: 0, finish_reason: null}]);
      return ++n < most;
    },
    end: () => {
      event([], {usage: {prompt_tokens: prompt.length, completion_tokens: n}});
      response.end("data: [DONE]\n\n");
      sampler.dispose();
    }
  });
  if (!running) run();
}

const server = http.createServer((request, response) => {
  if (request.method === "POST") return complete(request, response);
  response.end(JSON.stringify({batches, empty_bytes: emptyBytes, flash_attention: context.flashAttention}));
});
server.listen(0, "127.0.0.1", () => console.error(`listening on http://127.0.0.1:${server.address().port} `));
process.on("SIGTERM", () => process.exit(0));

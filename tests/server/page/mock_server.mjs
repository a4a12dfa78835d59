// The server of papers/server.md without an engine: page, chat, files and fine-tuning, so that the page is tested without a
// build. It refuses what the contract does not name, as the real one does.
// node mock_server.mjs [PORT] serves until it is stopped.
import {createHash} from "node:crypto";
import {readFile} from "node:fs/promises";
import {createServer} from "node:http";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {FineTuning} from "./mock_training.mjs";
import {answerTo, picksOf} from "./scripted_model.mjs";

const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../apps/server/page");
const TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
               ".svg": "image/svg+xml"};
const CHAT_KEYS = new Set(["model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "seed", "tools", "tritium",
                           "chat_template_kwargs"]);
const TRITIUM_KEYS = new Set(["top_k", "min_p", "repeat_penalty", "experts"]);

function modelOf(id, fields) {
  return {id, object: "model", created: 0, owned_by: "tritium", tritium: {adapter_of: null, architecture: "qwen3moe", parameters: 1_420_000_000,
    active_parameters: 310_000_000, layers: 6, experts: 16, experts_used: 4, context: 4096, vocabulary: 32000, chat: true, parked: false, bytes: 3e8,
    warnings: [], ...fields}};
}

const failure = (status, message, fields = {}) => Object.assign(new Error(message), {status, fields});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class MockServer {
  models = [modelOf("maple", {}), modelOf("maple:poet", {adapter_of: "maple"}), modelOf("wide", {layers: 24, experts: 128, experts_used: 8}),
            modelOf("plain", {architecture: "llama", experts: 0, experts_used: 0}), modelOf("base", {chat: false})];
  requests = [];  // "METHOD path" of each
  bodies = [];    // of chat requests
  ended = 0;      // streams that the client left
  asked = 0;
  active = 0;
  key = undefined;  // as --api-key
  trains = true;    // as --jobs

  constructor() {
    this.training = new FineTuning(this.models, modelOf);
    this.server = createServer((request, response) => this.#answer(request, response).catch((error) => this.#fail(response, error)));
  }

  async listen(port = 0) {
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}/`;
  }

  close() {
    this.training.end();
    this.server.closeAllConnections();
    this.server.close();
  }

  #fail(response, error) {
    if (!error.status) console.error(error);
    const body = {error: {message: error.message, type: "invalid_request_error", param: null, code: null, ...error.fields}};
    if (response.headersSent) response.end(`data: ${JSON.stringify(body)}\n\n`);
    else response.writeHead(error.status ?? 500, {"Content-Type": "application/json"}).end(JSON.stringify(body));
  }

  async #answer(request, response) {
    const url = new URL(request.url, "http://127.0.0.1");
    this.requests.push(`${request.method} ${url.pathname}`);
    const json = (value) => response.writeHead(200, {"Content-Type": "application/json"}).end(JSON.stringify(value));
    if (url.pathname === "/" || TYPES[path.extname(url.pathname)]) return this.#file(url.pathname, request, response);
    if (url.pathname === "/health") return json(this.#health());
    if (this.key && request.headers.authorization !== `Bearer ${this.key}`) {
      throw failure(401, "this server needs a key: Authorization: Bearer KEY", {code: "invalid_api_key"});
    }
    const body = request.method === "POST" ? await bodyOf(request) : undefined;
    if (!this.trains && /^\/v1\/(files|fine_tuning)/.test(url.pathname)) throw failure(404, "this server fine-tunes nothing", {code: "not_found"});
    switch (`${request.method} ${url.pathname}`) {
      case "GET /v1/models": return json({object: "list", data: this.models});
      case "POST /v1/chat/completions": return this.#chat(body, response, "chat.completion.chunk");
      case "POST /v1/completions": return this.#chat(body, response, "text_completion");
      case "GET /v1/files": return json({object: "list", data: [["chat.jsonl", 48213], ["letters/1912.txt", 1_934_002]].map(([id, bytes]) =>
        ({id, object: "file", bytes, created_at: 1700000000, filename: id, purpose: "fine-tune"}))});
    }
    if (url.pathname.startsWith("/v1/fine_tuning/jobs")) return this.training.answer(request, url, body, response, json, failure);
    throw failure(404, `there is nothing at ${url.pathname}`, {code: "not_found"});
  }

  async #file(name, request, response) {
    const file = name === "/" ? "index.html" : name.slice(1);
    const content = /^[a-z_]+\.[a-z]+$/.test(file) && await readFile(path.join(PAGE, file)).catch(() => undefined);
    if (!content) throw failure(404, `there is nothing at ${name}`, {code: "not_found"});
    const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`;
    const policy = (await readFile(path.join(PAGE, "content_security_policy.txt"), "utf8")).trim();
    const headers = {"Content-Type": TYPES[path.extname(file)], ETag: etag, "Cache-Control": "no-cache", "Content-Security-Policy": policy,
                     "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"};
    if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end(content);
  }

  #health() {
    return {status: "ok", version: "0.1.0", seconds: 12.5, device: {backend: "cpu", description: "A processor of sixteen cores", driver: "avx512-vnni", memory_bytes: 0},
            connections: 1, requests: {active: this.active, queued: 0},
            models: this.models.map(({id}) => ({id, parked: false, active: 0, queued: 0, sessions: 1, tokens_per_second: id === "maple" && this.asked ? 78.4 : 0})),
            fine_tuning: {enabled: this.trains, running: this.training.running?.id ?? null}};
  }

  #check(body, chat) {
    for (const name of Object.keys(body)) {
      if (!CHAT_KEYS.has(name) && (chat || name !== "prompt")) throw failure(400, `there is no field "${name}"`, {param: name, code: "unknown_parameter"});
    }
    for (const name of Object.keys(body.tritium ?? {})) {
      if (!TRITIUM_KEYS.has(name)) {
        throw failure(400, `tritium: there is no field "${name}"`, {param: `tritium.${name}`, code: "unknown_parameter"});
      }
    }
    if (body.temperature > 2) throw failure(400, `temperature: ${body.temperature} is not from 0 to 2`, {param: "temperature"});
    const model = this.models.find(({id}) => id === body.model);
    if (!model) throw failure(404, `there is no model "${body.model}"`, {code: "model_not_found"});
    return model;
  }

  async #chat(body, response, object) {
    const chat = object === "chat.completion.chunk";
    const model = this.#check(body, chat);
    this.bodies.push(body);
    const last = chat ? body.messages[body.messages.length - 1] : {content: body.prompt};
    const question = last.role === "tool" ? `It gave ${last.content}` : last.content;
    if (/fail/.test(question)) throw failure(500, "the model could not be loaded: model.gguf: 40 bytes expected, file has 12", {type: "server_error"});
    const {pieces, delayMs, calls, breaksAfter} = answerTo(question, this.asked++);
    response.writeHead(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-store"});
    const send = (choices, more = {}) => response.write(`data: ${JSON.stringify({id: "c-1", object, created: 0, model: body.model, choices, ...more})}\n\n`);
    const delta = (piece) => (chat ? {delta: piece.reasoning ? {reasoning_content: piece.reasoning} : {content: piece.content}} : {text: piece.content});
    ++this.active;
    try {
      response.write(": keep-alive\n\n");
      await pause(60);
      if (chat) send([{index: 0, delta: {role: "assistant", content: ""}, finish_reason: null}]);
      for (const [t, piece] of pieces.entries()) {
        if (response.destroyed) {
          ++this.ended;
          return;
        }
        if (t === breaksAfter) throw failure(500, "the device was lost", {type: "server_error"});
        const experts = body.tritium?.experts && model.tritium.experts ? {experts: picksOf(model, t, piece.content ?? piece.reasoning)} : {};
        send([{index: 0, ...delta(piece), finish_reason: null, ...experts}]);
        await pause(delayMs);
      }
      if (calls) send([{index: 0, delta: {tool_calls: calls}, finish_reason: null}]);
      send([{index: 0, ...(chat ? {delta: {}} : {text: ""}), finish_reason: calls ? "tool_calls" : "stop"}]);
      const usage = {prompt_tokens: 21, completion_tokens: pieces.length, total_tokens: 21 + pieces.length};
      send([], {usage, tritium: {seed: 7, tokens_per_second: 78.4, seconds_to_first_token: 0.06}});
      response.end("data: [DONE]\n\n");
    } finally {
      --this.active;
    }
  }
}

async function bodyOf(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text ? JSON.parse(text) : {};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await new MockServer().listen(Number(process.argv[2] ?? 8080)));

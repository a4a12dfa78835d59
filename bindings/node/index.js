'use strict';
// Runtime (a device) -> Model (weights, shared) -> Session (a conversation) -> Generation (an async iterator of tokens).
// Each keeps alive what it needs. What takes time is a promise: it runs on a thread of libuv's.

const {native, endable, only, choice, asJson, tokenIds} = require('./lib/native.js');
const {Generation, nextOfEach, together} = require('./lib/generation.js');

const ACTIVATIONS = ['int8', 'int8_block', 'f32'];
const KV = ['f16', 'int8', 'f32'];
const LAYOUTS = ['automatic', 'two_bit', 'base3'];
const POOLINGS = ['of_model', 'last', 'mean'];
const TRAIN_STOPS = ['finished', 'interrupted', 'early'];

class Owned {
  constructor(handle) { this._handle = handle; }

  /** Releases it now and not when it is collected; calls under way end first. */
  close() { native.close(this._handle); }
}

class Runtime extends Owned {
  /** A device, opened: "auto" takes a real GPU, else the CPU; or "reference", "cpu", "vulkan", "vulkan:INDEX". */
  static async create(options = {}) {
    const made = await native.runtimeCreate({...options, layout: choice(LAYOUTS, options.layout, 'layout')});
    const runtime = new Runtime(made.handle);
    return Object.assign(runtime, {backend: made.backend, reason: made.reason});
  }

  /** A GGUF file, any part of a split one, or a Hugging Face folder. `progress` gets a fraction; false ends the load. */
  load(path, options) { return this.#load(native.modelLoad, path, options); }

  /** A GGUF file in one part that is open for reading: a number or a FileHandle, which may be closed afterwards. */
  loadDescriptor(descriptor, options) {
    return this.#load(native.modelLoadDescriptor, typeof descriptor === 'number' ? descriptor : descriptor?.fd, options);
  }

  #load(by, source, options = {}) {
    const {progress, signal, cache, ...others} = options;
    return endable(options, async (cancel, guard) => {
      const given = {...others, cache: cache === true ? 'auto' : cache || undefined, cancel};
      const {handle, kvBytesPerToken, workBytes, ...facts} = await by(this._handle, source, given, guard(progress));
      return Object.assign(new Model(handle), facts, {runtime: this, _memory: {kvBytesPerToken, workBytes}});
    });
  }
}

class Model extends Owned {
  #info;

  info() {
    this.#info ??= native.modelInfo(this._handle);
    return this.#info;
  }

  /** A string or bytes; the beginning-of-text token comes first when the model wants one. */
  tokenize(text) { return native.tokenize(this._handle, text); }

  async detokenize(tokens) { return native.detokenize(this._handle, tokenIds(tokens)); }

  /** Messages ({role, content}; or JSON) as the model was trained to continue them. */
  async formatChat(messages, options = {}) {
    const {calls, ...chat} = await native.formatChat(this._handle, asJson(messages), chatOptions(options));
    const {grammar, triggers} = JSON.parse(calls);
    return {...chat, toolGrammar: grammar, toolGrammarTriggers: triggers};
  }

  /** What the model wrote after formatChat() with these options (text or token ids): content, reasoning and calls. */
  async parseReply(reply, options = {}) {
    const given = chatOptions(options);
    return JSON.parse(typeof reply === 'string' ? await native.parseReply(this._handle, reply, given)
                                                : await native.parseReplyTokens(this._handle, tokenIds(reply), given));
  }

  /** The same while it is generated: append() text or tokens as they come, then finish(). */
  async replyStream(options = {}) { return new ReplyStream(await native.replyStream(this._handle, chatOptions(options))); }

  /** What a text means to the model: a Float32Array. */
  embed(text, options = {}) {
    const {signal, normalized, pooling, ...others} = options;
    return endable(options, (cancel) => native.embed(this._handle, text, {
      ...others, ...storage(options), pooling: choice(POOLINGS, pooling, 'pooling'), notNormalized: normalized === false, cancel}));
  }

  async createSession(options = {}) { return (await this.#sessions(options, 0))[0]; }

  /** Sessions whose next tokens together() evaluates by one pass, which reads the weights once for all of them. */
  async createSessions(count, options = {}) {
    if (count < 1) throw new RangeError(`count is ${count}, must be 1 to 1024`);
    return this.#sessions(options, count);
  }

  #sessions(options, count) {
    return endable(options, async (cancel) => {
      const {signal, ...others} = options;
      const made = await native.sessionsCreate(this._handle, {...others, ...storage(options), ...this._memory, cancel}, count);
      return made.map((handle) => new Session(handle, this));
    });
  }

  /** The weights leave the memory, and come back with the next token, or by unpark(), from the files. */
  async park() { return native.modelPark(this._handle); }
  async unpark(options) { return endable(only(options, 'signal'), async (cancel) => native.modelUnpark(this._handle, cancel)); }
  get parked() { return native.modelIsParked(this._handle); }

  /** A GGUF file of LoRA matrices, for attach() of this model's sessions. */
  async loadAdapter(path, options) {
    return endable(only(options, 'signal'), async (cancel) => new Adapter(await native.adapterLoad(this._handle, path, cancel), this));
  }
}

/** A reply as it comes: each call gives what became certain with it, and all together is parseReply()'s. */
class ReplyStream extends Owned {
  append(piece) { return part(native.replyAppend(this._handle, piece)); }
  finish() { return part(native.replyFinish(this._handle)); }
}

const part = ({content, reasoning, calls}) => ({content, reasoning_content: reasoning, tool_calls: calls ? JSON.parse(calls) : []});

class Adapter extends Owned {
  constructor(handle, model) {
    super(handle);
    this.model = model;
  }
}

const chatOptions = ({tools, variables, now, generationPrompt = true, ...others}) => ({
  ...others, tools: asJson(tools), variables: asJson(variables), noGenerationPrompt: !generationPrompt,
  now: now instanceof Date ? localTime(now) : now});
const localTime = (date) => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
const storage = ({activations, kv}) => ({activations: choice(ACTIVATIONS, activations, 'activations'), kv: choice(KV, kv, 'kv')});

class Session extends Owned {
  constructor(handle, model) {
    super(handle);
    this.model = model;
  }

  get position() { return native.sessionPosition(this._handle); }
  get context() { return native.sessionContext(this._handle); }

  /** Tokens after the prompt (text or token ids; null: after what the session holds), as they come. */
  generate(prompt, options) { return new Generation(this, prompt, options); }

  async rewind(position = 0) { return native.sessionRewind(this._handle, position); }
  async fork() {
    const {kvBytesPerToken, workBytes} = this.model._memory;
    const handle = await native.sessionFork(this._handle, workBytes + kvBytesPerToken * this.context);
    return new Session(handle, this.model);
  }

  async save() { return native.sessionSave(this._handle); }
  async restore(saved) { return native.sessionRestore(this._handle, saved); }

  async feed(prompt, options) {
    return endable(only(options, 'signal'), async (cancel) => native.sessionFeed(this._handle, await this._tokens(prompt), cancel));
  }

  async logits() { return native.sessionLogits(this._handle); }
  async top(count) { return native.sessionTop(this._handle, count); }

  /** A text that goes on at a position is without the beginning-of-text token. */
  async _tokens(prompt) {
    if (typeof prompt !== 'string') return tokenIds(prompt ?? []);
    const tokens = await this.model.tokenize(prompt);
    return this.position > 0 && tokens[0] === this.model.beginOfText ? tokens.slice(1) : tokens;
  }

  /** From here on tokens are evaluated with an adapter beside the weights, in place of the one before. */
  async attach(adapter, strength) {
    if (!(adapter instanceof Adapter)) throw new TypeError('adapter must be what loadAdapter() gives');
    return native.sessionAttach(this._handle, adapter._handle, {strength});
  }

  async detach() { return native.sessionDetach(this._handle); }
}

/** A model on a runtime of its own. */
async function load(path, {backend = 'auto', ...options} = {}) {
  return (await Runtime.create({backend})).load(path, options);
}

async function trainPlan(config) { return native.trainPlan(asJson(config)); }

/** The whole run, with the model in the config's "output". `progress` may return false: it saves a checkpoint and stops. */
async function train(config, options = {}) {
  return endable(only(options, 'signal', 'progress'), async (cancel, guard) => {
    return report(await native.train(asJson(config), {cancel}, guard(options.progress)));
  });
}

const report = (numbers) => ({...numbers, stop: TRAIN_STOPS[numbers.stop]});

/** A run whose steps the application takes: train() is step() until it has ended, then export(). */
class Trainer extends Owned {
  static async create(config, options) {
    return endable(only(options, 'signal'), async (cancel) => new Trainer(await native.trainerCreate(asJson(config), cancel)));
  }

  /** Steps, fewer where the run ends, none where it has. One that is cut short was not taken. */
  async step(count = 1, options = {}) { return endable(only(options, 'signal'), async (cancel) => native.trainerStep(this._handle, count, cancel)); }
  get ended() { return native.trainerHasEnded(this._handle); }

  async evaluate(options) { return endable(only(options, 'signal'), async (cancel) => native.trainerEvaluate(this._handle, cancel)); }

  /** A checkpoint, for the config's "resume"; without a path in the run's folder. */
  async save(path) { return native.trainerSave(this._handle, path); }

  /** The model as train() would leave it now; without a path in the config's "output". */
  async export(path, options) {
    return endable(only(options, 'signal'), async (cancel) => report(await native.trainerExport(this._handle, path, cancel)));
  }
}

if (Symbol.dispose) Owned.prototype[Symbol.dispose] = Owned.prototype.close;

const {devices, inspect} = native;
const version = native.version();
module.exports = {Adapter, Generation, Model, ReplyStream, Runtime, Session, Trainer, devices, inspect, load, nextOfEach, together, train, trainPlan, version};

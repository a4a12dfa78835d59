'use strict';
// Tokens as they come: of one session, or of several by one pass.

const {native, Ender, choice, asJson} = require('./native.js');

const STOPS = ['end_of_text', 'max_tokens', 'context_full', 'cancelled', 'text'];
const WHEN_FULL = ['stop', 'error', 'slide'];
const RANDOM_SEED = 2n ** 64n - 1n;

const list = (value) => (typeof value === 'string' ? [value] : value);

/** From Session.generate(): begins with its first token. */
class Generation {
  #ended = false;
  #result;
  #ender;
  #last = Promise.resolve();
  #begin;

  constructor(session, prompt, options = {}) {
    this.session = session;
    this.error = undefined;  // what it failed by, where it failed
    const {signal, ...others} = options;
    const given = {...others, stop: list(options.stop), grammarTriggers: list(options.grammarTriggers),
                   jsonSchema: asJson(options.jsonSchema), whenFull: choice(WHEN_FULL, options.whenFull, 'whenFull'),
                   seed: options.seed === null ? RANDOM_SEED : options.seed,
                   logitBias: options.logitBias &&
                       Object.entries(options.logitBias).map(([token, bias]) => ({token: Number(token), bias}))};
    this.#begin = async () => {
      this.#ender = new Ender(signal);
      session._generation = this;
      await native.sessionBegin(session._handle, await session._tokens(prompt), {...given, cancel: this.#ender.cancel});
    };
  }

  get ended() { return this.#ended; }

  /** One after another, also where they are not awaited. */
  next() {
    this.#last = this.#last.then(() => this.#next());
    const next = this.#last;
    this.#last = this.#last.catch(() => {});
    return next;
  }

  async #next() {
    if (this.#ended) return {done: true, value: undefined};
    try {
      await this._ready();
      return await this._took(await this.#ender.during(() => native.sessionNext(this.session._handle)));
    } catch (error) {
      throw this._failed(error);
    }
  }

  /** Begun, and still what its session is at. */
  async _ready() {
    if (this.#begin) {
      const begin = this.#begin;
      this.#begin = undefined;
      await begin();
    } else {
      this.#checkItIsTheLast();
    }
  }

  #checkItIsTheLast() {
    if (this.session._generation !== this) throw new Error('the session has begun another generation, which has ended this one');
  }

  _during(call) { return this.#ender.during(call); }

  async _took(token) {
    if (token !== null) return {done: false, value: token};
    this.#result = await this.#ask();
    this.#end();
    if (this.#result.stop === 'cancelled') this.#ender.throwIfEnded();
    return {done: true, value: undefined};
  }

  _failed(error) {
    this.#end();
    this.error = error;
    if (error.code === 'cancelled' && this.#ender?.signal?.aborted) this.error = this.#ender.signal.reason;
    return this.error;
  }

  #end() {
    this.#ended = true;
    this.#ender?.finish();
  }

  /** Leaving the loop leaves the session usable. */
  async return(value) {
    await this.#last;
    if (this.#ender && !this.#result && this.session._generation === this && !this.error) this.#result = await this.#ask();
    this.#end();
    return {done: true, value};
  }

  /** All that is still to come. */
  async text() {
    let text = '';
    for await (const token of this) text += token.text;
    return text;
  }

  /** How it went until now, or to its end. */
  async result() {
    if (this.#result) return this.#result;
    if (this.#begin) throw new Error('the generation has not begun: its first token is still to be asked for');
    this.#checkItIsTheLast();
    return this.#ask();
  }

  async #ask() {
    const result = await native.sessionGeneration(this.session._handle);
    return {...result, stop: STOPS[result.stop]};
  }

  [Symbol.asyncIterator]() { return this; }
}

/** The next token of each, null of those that have ended. What fails for one, its `error`, concerns no other. */
async function nextOfEach(generations) {
  const going = generations.filter((generation) => !generation.ended);
  const came = new Map();
  await Promise.all(going.map((generation) => generation._ready().catch((error) => generation._failed(error))));
  const ready = going.filter((generation) => !generation.ended);
  if (ready.length) {
    const handles = ready.map((generation) => generation.session._handle);
    const tokens = await ready.reduceRight((call, generation) => () => generation._during(call),
                                           () => native.sessionsNext(handles))();
    for (const [i, token] of tokens.entries()) {
      const generation = ready[i];
      if (token instanceof Error) generation._failed(token);
      else came.set(generation, (await generation._took(token).catch((error) => generation._failed(error))).value);
    }
  }
  return generations.map((generation) => came.get(generation) ?? null);
}

/** [index, token] as they come, until all have ended; then the first failure is thrown. */
async function* together(generations) {
  while (generations.some((generation) => !generation.ended)) {
    for (const [index, token] of (await nextOfEach(generations)).entries()) if (token) yield [index, token];
  }
  for (const {error} of generations) if (error) throw error;
}

module.exports = {Generation, nextOfEach, together};

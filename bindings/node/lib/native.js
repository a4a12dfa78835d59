'use strict';
// The addon, and what every call of it shares: how it is ended, and what is thrown.

const path = require('node:path');

// TRITIUM_NODE, or where `npm install` builds it.
const native = require(path.resolve(process.env.TRITIUM_NODE || path.join(__dirname, '../build/tritium.node')));

const active = new Set();  // the cancels of calls under way: those of this thread, which has its own copy of this file
process.on('exit', () => active.forEach((cancel) => native.cancelSet(cancel)));

/** Something that a signal, a callback or the end of the process ends. finish() when nothing is to be ended any more. */
class Ender {
  constructor(signal) {
    this.cancel = native.cancelCreate();
    this.signal = signal;
    this.raised = undefined;  // by a callback
    this.stop = () => native.cancelSet(this.cancel);
    if (signal?.aborted) this.stop();
    signal?.addEventListener('abort', this.stop, {once: true});
  }

  /** A call that has the cancel. */
  async during(call) {
    active.add(this.cancel);
    try {
      return await call();
    } finally {
      active.delete(this.cancel);
    }
  }

  finish() {
    this.signal?.removeEventListener('abort', this.stop);
  }

  /** `callback`, which may return false to end the call; what it throws ends it, too, and is thrown by throwIfEnded(). */
  guard(callback) {
    if (callback === undefined) return undefined;
    if (typeof callback !== 'function') throw new TypeError('progress must be a function');
    return (value) => {
      if (this.raised) return;
      try {
        if (callback(value) === false) this.stop();
      } catch (error) {
        this.raised = {error};
        this.stop();
      }
    };
  }

  throwIfEnded() {
    if (this.raised) throw this.raised.error;
    this.signal?.throwIfAborted();
  }
}

/** await endable(options, (cancel, guard) => promise): rejects with the signal's reason where that ended it. */
async function endable({signal} = {}, call) {
  const ender = new Ender(signal);
  try {
    ender.throwIfEnded();
    const result = await ender.during(() => call(ender.cancel, (callback) => ender.guard(callback)));
    if (ender.raised) throw ender.raised.error;
    return result;
  } catch (error) {
    if (error.code === 'cancelled') ender.throwIfEnded();
    throw error;
  } finally {
    ender.finish();
  }
}

/** Options of a call that has no others: one that is misspelt would be ignored silently. */
function only(options = {}, ...names) {
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name) && value !== undefined) throw new TypeError(`there is no option "${name}" here`);
  }
  return options;
}

/** A name's place in a list, which is its number in C. */
function choice(names, value, option) {
  if (value === undefined) return 0;
  const index = names.indexOf(value);
  if (index < 0) throw new TypeError(`${option} must be one of ${names.join(', ')}, not ${value}`);
  return index;
}

/** Token ids for C. Int32Array.from() would make numbers of whatever it gets: those of a text's digits, 0 of an object. */
function tokenIds(tokens) {
  if (tokens instanceof Int32Array) return tokens;
  if (typeof tokens === 'string' || typeof tokens?.[Symbol.iterator] !== 'function') throw new TypeError('tokens must be an array of token ids');
  return Int32Array.from(tokens, (token) => {
    if (!Number.isInteger(token) || token !== (token | 0)) throw new TypeError(`a token id must be an integer of 32 bits, not ${String(token)}`);
    return token;
  });
}

const asJson = (value) => (value === undefined || typeof value === 'string' ? value : JSON.stringify(value));

module.exports = {native, Ender, endable, only, choice, asJson, tokenIds};

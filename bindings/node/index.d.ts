// Runtime (a device) -> Model (weights, shared) -> Session (a conversation) -> Generation (an async iterator of tokens).
// Each keeps alive what it needs; close() releases at once. Errors have the status for a code: "not_found". Where an
// AbortSignal ended a call, it rejects with the signal's reason.

export type ErrorCode =
  | 'invalid_argument' | 'not_found' | 'corrupt_file' | 'unsupported' | 'out_of_memory' | 'io_error' | 'device_error'
  | 'cancelled' | 'internal';

export interface Device {
  backend: string;  // what Runtime.create takes
  description: string;
  driver: string;
  reason: string;  // why it is not available
  features: string[];
  memoryBytes: number;  // 0: unknown
  available: boolean;
  software: boolean;  // a Vulkan driver that runs on the CPU: never chosen by "auto"
  chosenByAuto: boolean;
}

export interface Info {
  path: string;
  architecture: string;
  name: string;
  tokenizerProblem: string;  // why there is none, when the file has one that is not supported
  hasTokenizer: boolean;
  vocabSize: number;
  dim: number;
  layers: number;
  heads: number;  // these three: the largest of any layer
  kvHeads: number;
  headDim: number;
  experts: number;  // 0: dense
  expertsUsed: number;
  contextLength: number;
  parameters: number;
  activeParameters: number;
  ternaryParameters: number;
  activeTernaryParameters: number;
  tokenWeightBytes: number;
  memory: {backend: string; weightBytes: number; kvBytesPerToken: number; workBytes: number}[];
  tensors: {name: string; type: string; shape: number[]; bytes: number}[];
  warnings: string[];
}

export interface RuntimeOptions {
  backend?: string;  // "auto" (a real GPU, else the CPU), "reference", "cpu", "vulkan", "vulkan:INDEX"
  threads?: number;
  pin?: boolean;
  layout?: 'automatic' | 'two_bit' | 'base3';
  strict?: boolean;  // without a real GPU "auto" is an error
}

export interface Endable {
  signal?: AbortSignal;
}

export interface LoadOptions extends Endable {
  progress?: (fraction: number) => boolean | void;  // false ends the load
  adapter?: string;  // a GGUF file of LoRA adapters, for sessions that attach() no other
  adapterStrength?: number;
  tokenizerPre?: string;
  cache?: boolean | string;  // where laid out weights are kept for the next process; true: the usual folder
  i2sInterleave64?: boolean;
}

export type Text = string | Uint8Array;
export type Prompt = string | ArrayLike<number>;

export interface Message {
  role: string;
  content?: unknown;
  [key: string]: unknown;
}

export interface ChatOptions {
  tools?: string | object[];
  variables?: string | object;  // what the template shall know besides
  now?: string | Date;
  chatTemplate?: string;  // Jinja, instead of the model's
  templateName?: string;
  generationPrompt?: boolean;  // true: ends where the assistant begins to speak
  controlTokensInMessages?: boolean;
}

export interface Chat {
  text: string;
  tokens: Int32Array;
  toolGrammar: string;  // for generate(): holds it to calls of the tools; '': none, or no JSON between marks
  toolGrammarTriggers: string[];
}

export interface Reply {
  content: string;
  reasoning_content: string;
  tool_calls: {id?: string; type: 'function'; function: {name: string; arguments: Record<string, unknown>}}[];
}

export interface StorageOptions {
  activations?: 'int8' | 'int8_block' | 'f32';
  kv?: 'f16' | 'int8' | 'f32';
}

export interface EmbeddingOptions extends StorageOptions, Endable {
  pooling?: 'of_model' | 'last' | 'mean';
  normalized?: boolean;
}

export interface SessionOptions extends StorageOptions, Endable {
  context?: number;  // tokens the KV cache holds; 0: the model's, at most 4096
  batch?: number;
}

export interface SamplerOptions {
  seed?: number | bigint | null;  // 0; same seed, same tokens; null: another one each time
  topK?: number;
  temperature?: number;
  topP?: number;
  minP?: number;
  typicalP?: number;
  topNSigma?: number;
  xtcProbability?: number;
  xtcThreshold?: number;
  repeatPenalty?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  penaltyLastN?: number;
  dryMultiplier?: number;
  dryBase?: number;
  dryAllowedLength?: number;
  dryPenaltyLastN?: number;
  drySequenceBreakers?: string[];
  logitBias?: Record<number, number>;  // -Infinity forbids a token
  mirostat?: 0 | 1 | 2;
  mirostatTau?: number;
  mirostatEta?: number;
}

export interface GenerateOptions extends SamplerOptions, Endable {
  maxTokens?: number;  // 128
  stop?: string | string[];  // texts before which it ends
  logProbabilities?: number;  // of each token, and of so many most probable ones
  guess?: number;
  grammar?: string;  // GBNF
  jsonSchema?: string | object;
  grammarTriggers?: string | string[];
  whenFull?: 'stop' | 'error' | 'slide';
  sinks?: number;
  ignoreEnd?: boolean;
  experts?: boolean;  // of each token, those that the layers chose
}

export interface LogProbability {
  token: number;
  logProbability: number;
}

export interface Token {
  text: string;  // whole characters that became complete with it; may be empty
  id: number;  // -1: text that was held back until the text ended
  logProbability: number;
  mostProbable: LogProbability[];
  experts: Int32Array;  // of each layer Info.expertsUsed, for the token before it
}

export interface GenerationResult {
  stop: 'end_of_text' | 'max_tokens' | 'context_full' | 'cancelled' | 'text';
  stopText: number;
  seed: bigint;
  tokens: number;
  promptTokens: number;
  guessed: number;
  accepted: number;
  secondsToFirstToken: number;
  seconds: number;
  tokensPerSecond: number;
  slides: number;
}

export class Runtime {
  private constructor();
  static create(options?: RuntimeOptions): Promise<Runtime>;
  readonly backend: string;
  readonly reason: string;
  load(path: string, options?: LoadOptions): Promise<Model>;
  /** A GGUF file in one part that is open for reading, until the promise settles: a number, or a FileHandle. */
  loadDescriptor(descriptor: number | {readonly fd: number}, options?: Omit<LoadOptions, 'cache'>): Promise<Model>;
  close(): void;
}

export class Model {
  private constructor();
  readonly runtime: Runtime;
  readonly beginOfText: number;
  readonly endOfText: number;
  readonly hasChatTemplate: boolean;
  info(): Promise<Info>;
  tokenize(text: Text): Promise<Int32Array>;
  detokenize(tokens: ArrayLike<number>): Promise<string>;
  formatChat(messages: string | Message[], options?: ChatOptions): Promise<Chat>;
  /** Formats whose marks are control tokens (Mistral, Llama, LFM2, DeepSeek, Granite) need the tokens. */
  parseReply(reply: Prompt, options?: ChatOptions): Promise<Reply>;
  /** The same while it is generated. */
  replyStream(options?: ChatOptions): Promise<ReplyStream>;
  embed(text: Text, options?: EmbeddingOptions): Promise<Float32Array>;
  createSession(options?: SessionOptions): Promise<Session>;
  createSessions(count: number, options?: SessionOptions): Promise<Session[]>;
  close(): void;
  /**
   * The weights leave the memory; sessions keep their caches, adapters their matrices. They come back with the next
   * token, or by unpark(), from the files, which must be there and unchanged: park() looks before it lets go.
   */
  park(): Promise<void>;
  unpark(options?: Endable): Promise<void>;
  readonly parked: boolean;
  loadAdapter(path: string, options?: Endable): Promise<Adapter>;
}

/** A reply as it comes: each call gives what became certain with it, and all together is parseReply()'s. */
export class ReplyStream {
  private constructor();
  /** A piece of the text, or a token in place of its text, for marks that are control tokens. */
  append(piece: Text | number): Reply;
  /** What was held back; nothing can be appended any more. */
  finish(): Reply;
  close(): void;
}

/** A LoRA adapter on its model's device. Sessions that have it keep it: it may be closed. */
export class Adapter {
  private constructor();
  readonly model: Model;
  close(): void;
}

/** One call at a time. */
export class Session {
  private constructor();
  readonly model: Model;
  readonly position: number;
  readonly context: number;
  generate(prompt: Prompt | null, options?: GenerateOptions): Generation;
  feed(tokens: Prompt, options?: Endable): Promise<void>;
  rewind(position?: number): Promise<void>;
  fork(): Promise<Session>;
  save(): Promise<Buffer>;
  restore(saved: Uint8Array): Promise<void>;
  logits(): Promise<Float32Array>;
  top(count: number): Promise<LogProbability[]>;
  close(): void;
  /**
   * From here on tokens are evaluated with an adapter of this model beside the weights, in place of the one before; what
   * it adds is multiplied by `strength` (1). What was evaluated stays as it is: rewind() begins anew. Sessions of one
   * createSessions() share it: the last call counts for all.
   */
  attach(adapter: Adapter, strength?: number): Promise<void>;
  /** Without an adapter, that of load() included. */
  detach(): Promise<void>;
}

/** Begins with its first token. Leaving the loop leaves the session usable; its other calls end the generation. */
export class Generation implements AsyncIterableIterator<Token> {
  private constructor();
  readonly session: Session;
  readonly ended: boolean;
  readonly error: unknown;
  next(): Promise<IteratorResult<Token, undefined>>;
  return(value?: undefined): Promise<IteratorResult<Token, undefined>>;
  text(): Promise<string>;
  result(): Promise<GenerationResult>;
  [Symbol.asyncIterator](): this;
}

export interface TrainPlan {
  parameters: number;
  activeParameters: number;
  ternaryParameters: number;
  memoryBytes: number;
  availableBytes: number;
  fittingBytes: number;
  trainTokens: number;
  validTokens: number;
  steps: number;
}

export interface TrainProgress {
  step: number;
  steps: number;
  trainLoss: number;
  validLoss: number;
  bitsPerByte: number;
  learningRate: number;
  gradientNorm: number;
  tokensPerSecond: number;
  seconds: number;
  secondsLeft: number;
}

export interface TrainReport {
  stop: 'finished' | 'interrupted' | 'early';
  step: number;
  exportedStep: number;
  trainLoss: number;
  validLoss: number;
  bitsPerByte: number;
  firstValidLoss: number;
  seconds: number;
  tokensPerSecond: number;
  exportDifference: number;
  packedBytes: number;
}

export const version: string;
export function devices(): Promise<Device[]>;
export function inspect(path: string): Promise<Info>;
export function load(path: string, options?: LoadOptions & {backend?: string}): Promise<Model>;
/** The next token of each, by one pass for sessions of one createSessions(); null of those that have ended. */
export function nextOfEach(generations: Generation[]): Promise<(Token | null)[]>;
export function together(generations: Generation[]): AsyncGenerator<[number, Token], void, void>;
export function trainPlan(config: string | object): Promise<TrainPlan>;
export function train(
  config: string | object, options?: Endable & {progress?: (now: TrainProgress) => boolean | void}): Promise<TrainReport>;
/**
 * A run whose steps the application takes: train() is step() until it has ended, then export(). The config says how long
 * the run is, by which rates follow their schedule, and what happens along the way. One call at a time. It has its device
 * and its folder until it is closed.
 */
export class Trainer {
  private constructor();
  /** Up to the first step, the first look at the held-out text included. */
  static create(config: string | object, options?: Endable): Promise<Trainer>;
  /**
   * Steps (1), fewer where the run ends, none where it has: means of these, NaN without any. Where a signal ends it,
   * steps that were taken before stay, and one that was cut short was not taken.
   */
  step(count?: number, options?: Endable): Promise<TrainProgress>;
  readonly ended: boolean;  // its steps, epochs or minutes are over, or early_stop has ended it
  /** Where it is, with validLoss and bitsPerByte of all held-out text. */
  evaluate(options?: Endable): Promise<TrainProgress>;
  /** A checkpoint, for the config's "resume"; without a path in the run's folder. */
  save(path?: string): Promise<void>;
  /** The model as train() would leave it now, in the config's "output" without a path. Training can go on. */
  export(path?: string, options?: Endable): Promise<TrainReport>;
  close(): void;
}

// Fine-tuning of the mock server: jobs whose losses fall by a formula.

const STEPS = 60;
const STEP_MS = 60;
const ENDED = ["succeeded", "failed", "cancelled"];
const JOB_KEYS = new Set(["model", "training_file", "validation_file", "suffix", "seed", "hyperparameters", "tritium"]);

export class FineTuning {
  jobs = [];
  #events = new Map();   // of a job's id
  #listeners = new Set();
  #timers = new Set();

  constructor(models, modelOf) {
    Object.assign(this, {models, modelOf});
    const old = this.#create({model: "maple", training_file: "letters/1912.txt", suffix: "poet", tritium: {mode: "ste"}}, 1_700_000_000);
    Object.assign(old, {status: "succeeded", fine_tuned_model: "maple:poet", finished_at: old.created_at + 90});
    for (let step = 1; step <= STEPS; ++step) this.#metrics(old, step);
    const failed = this.#create({model: "wide", training_file: "chat.jsonl", suffix: ""}, 1_700_003_600);
    Object.assign(failed, {status: "failed", error: {code: null, message: "chat.jsonl:12: a message has no role", param: "training_file"}});
    this.#say(failed, "error", failed.error.message);
  }

  get running() { return this.jobs.find((job) => job.status === "running"); }

  end() {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async answer(request, url, body, response, json, failure) {
    const [id, verb] = url.pathname.split("/").slice(4);
    if (!id && request.method === "POST") {
      for (const name of Object.keys(body)) {
        if (!JOB_KEYS.has(name)) throw failure(400, `there is no field "${name}"`, {param: name, code: "unknown_parameter"});
      }
      if (body.tritium?.lora_rank > 4096) throw failure(400, `tritium.lora_rank: ${body.tritium.lora_rank} is not from 1 to 4096`, {param: "tritium.lora_rank"});
      const job = this.#create(body, Math.floor(Date.now() / 1000));
      this.#run(job);
      return json(job);
    }
    if (!id) return json({object: "list", data: [...this.jobs].sort((a, b) => b.created_at - a.created_at), has_more: false});
    const job = this.jobs.find((one) => one.id === id);
    if (!job) throw failure(404, `there is no job ${id}`, {code: "not_found"});
    if (verb === "cancel") {
      job.status = "cancelled";
      this.#say(job, "info", "cancelled");
      return json(job);
    }
    if (verb !== "events") return json(job);
    return this.#stream(job, request, response);
  }

  #create(body, created) {
    const job = {id: `ftjob-${this.jobs.length + 1}`, object: "fine_tuning.job", created_at: created, finished_at: null, status: "queued", model: body.model,
                 fine_tuned_model: null, training_file: body.training_file, validation_file: body.validation_file ?? null,
                 hyperparameters: {n_epochs: 3, batch_size: 16, learning_rate_multiplier: 1, ...body.hyperparameters}, trained_tokens: 0, result_files: [],
                 seed: body.seed ?? 0, error: null, tritium: {options: body.tritium ?? {}, progress: null, resumed: 0}};
    this.jobs.push(job);
    this.#events.set(job.id, []);
    job.suffix = body.suffix || `job${this.jobs.length}`;
    return job;
  }

  #run(job) {
    job.status = "running";
    this.#say(job, "info", `${job.training_file}: 48213 bytes, 11880 tokens, a tenth of them held out`);
    let step = 0;
    const timer = setInterval(() => {
      if (job.status === "running") this.#metrics(job, ++step);
      if (step === STEPS) {
        job.status = "succeeded";
        job.fine_tuned_model = `${job.model}:${job.suffix}`;
        this.models.push(this.modelOf(job.fine_tuned_model, {adapter_of: job.model}));
        this.#say(job, "info", `served as ${job.fine_tuned_model}`);
      }
      if (ENDED.includes(job.status)) clearInterval(timer);
    }, STEP_MS);
    this.#timers.add(timer);
  }

  #metrics(job, step) {
    const noise = Math.sin(step * 12.9898) * 0.06;
    const loss = 2.1 + 1.7 * Math.exp(-step / 18) + noise;
    const {layers, experts} = this.models.find(({id}) => id === job.model).tritium;
    const share = (layer, expert) => (1 + 0.8 * Math.sin(expert * 1.7 + layer) * Math.exp(-step / 60)) / experts;
    const progress = {step, steps: STEPS, train_loss: loss, valid_loss: step % 10 === 0 ? loss + 0.18 - noise : null, bits_per_byte: null,
                      learning_rate: 0.001 * Math.min(1, (STEPS - step) / 24), gradient_norm: 0.5, tokens_per_second: 912, seconds: step * 1.5,
                      seconds_left: (STEPS - step) * 1.5, flipped_percent: job.tritium.options.mode === "ste" ? 0.012 * step / (1 + step / 40) : 0, zero_percent: 33.1, router_entropy: 1.9,
                      expert_load: Array.from({length: layers}, (_, layer) => Array.from({length: experts}, (_, expert) => share(layer, expert)))};
    job.tritium.progress = progress;
    this.#say(job, "info", `step ${step} of ${STEPS}: loss ${loss.toFixed(2)}`, "metrics", progress);
  }

  #say(job, level, message, type = "message", data = {}) {
    const events = this.#events.get(job.id);
    events.push({id: `ftevent-${events.length + 1}`, object: "fine_tuning.job.event", created_at: job.created_at + events.length, level, type, message, data});
    for (const listener of this.#listeners) listener();
  }

  async #stream(job, request, response) {
    response.writeHead(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-store"});
    const events = this.#events.get(job.id);
    let at = Number(request.headers["last-event-id"]?.split("-")[1] ?? 0);
    const send = () => {
      for (; at < events.length; ++at) response.write(`id: ${events[at].id}\ndata: ${JSON.stringify(events[at])}\n\n`);
      if (!ENDED.includes(job.status) || response.writableEnded) return;
      response.end("data: [DONE]\n\n");
      this.#listeners.delete(later);
    };
    const later = () => queueMicrotask(() => response.destroyed ? this.#listeners.delete(later) : send());
    this.#listeners.add(later);
    send();
  }
}

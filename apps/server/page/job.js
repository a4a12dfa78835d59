// One fine-tuning job: how its losses move, what it changes in the weights, how the load of the experts lies, and what it says.
import {getJson, request, streamed} from "./api.js";
import {Chart, shortNumber} from "./chart.js";
import {announce, byId, confirmed, element} from "./dom.js";
import {Heatmap} from "./heatmap.js";

export const ENDED = ["succeeded", "failed", "cancelled"];
const AGAIN_MS = [500, 1000, 2000, 5000];  // a stream that broke is taken up again where it ended
const SHOWN_EVENTS = 200;

export const statusText = {validating_files: "reading the files", queued: "waiting", running: "running", succeeded: "done", failed: "failed",
                           cancelled: "cancelled"};

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export class JobView {
  #stop;  // of the stream of events
  #rows = [];

  /** @param actions  {useInChat(model), changed()} */
  constructor(actions) {
    this.actions = actions;
    this.loss = new Chart(byId("job-loss"), {label: "Loss", lines: [{key: "train_loss", name: "train"}, {key: "valid_loss", name: "held-out"}]});
    this.flips = new Chart(byId("job-flips"), {label: "Trits that flipped", height: 150, from: 0, unit: " %",
                                               lines: [{key: "flipped_percent", name: "flipped"}]});
    this.load = new Heatmap(byId("job-load"), (row, column) => this.#describeLoad(row, column));
    byId("job-cancel").addEventListener("click", () => this.#cancel());
    byId("job-use").addEventListener("click", () => this.actions.useInChat(this.job.fine_tuned_model));
  }

  /** Shows a job and follows it; undefined: none. */
  open(job) {
    this.#stop?.abort();
    this.job = job;
    this.#rows = [];
    byId("job").hidden = !job;
    byId("job-none").hidden = Boolean(job);
    byId("job-events").replaceChildren();
    if (!job) return;
    this.#show();
    this.#drawCharts();
    this.#stop = new AbortController();
    this.#follow(job.id, this.#stop.signal);
  }

  close() { this.#stop?.abort(); }

  async #follow(id, signal) {
    let last;
    for (let attempt = 0; !signal.aborted; ++attempt) {
      try {
        for await (const {value, id: event} of streamed(`v1/fine_tuning/jobs/${encodeURIComponent(id)}/events?stream=true`,
                                                        {signal, headers: last ? {"Last-Event-ID": last} : {}})) {
          last = event ?? value.id;
          attempt = 0;
          this.#take(value);
        }
        break;
      } catch (error) {
        if (signal.aborted) return;
        if (attempt >= AGAIN_MS.length) return this.#event({level: "error", message: error.message, created_at: Date.now() / 1000});
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS[attempt]));
      }
    }
    // Its events end a moment before it does, where what it made is still being loaded.
    for (const wait of [0, ...AGAIN_MS, ...AGAIN_MS]) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (signal.aborted) return;
      await this.#reload();
      if (ENDED.includes(this.job.status)) break;
    }
    announce(`The job ${this.job.id} is ${statusText[this.job.status]}.`);
  }

  async #reload() {
    this.job = await getJson(`v1/fine_tuning/jobs/${encodeURIComponent(this.job.id)}`);
    this.#show();
    this.actions.changed();
  }

  #take(event) {
    const progress = event.data;
    if (event.type === "metrics" && Number.isFinite(progress?.step)) {
      // A job that was resumed goes over some steps again.
      while (this.#rows.length && this.#rows[this.#rows.length - 1].step > progress.step) this.#rows.pop();
      const last = this.#rows[this.#rows.length - 1];
      if (last?.step === progress.step) Object.assign(last, Object.fromEntries(Object.entries(progress).filter(([, value]) => value !== null)));
      else this.#rows.push({...progress});
      this.#drawSoon();
      if (this.job.status !== "running" && !ENDED.includes(this.job.status)) this.#reload().catch(() => {});
    }
    this.#event(event);
  }

  #drawSoon() {
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      this.#drawCharts();
    });
  }

  #event({level, message, created_at: at}) {
    const list = byId("job-events");
    list.prepend(element("li", {class: level}, element("time", {}, new Date(at * 1000).toLocaleTimeString()), element("span", {}, message)));
    while (list.childElementCount > SHOWN_EVENTS) list.lastElementChild.remove();
  }

  #show() {
    const {job} = this;
    byId("job-title").textContent = job.fine_tuned_model ?? `${job.model} on ${job.training_file}`;
    byId("job-status").textContent = statusText[job.status] ?? job.status;
    byId("job-status").dataset.status = job.status;
    byId("job-cancel").hidden = ENDED.includes(job.status);
    byId("job-use").hidden = !(job.status === "succeeded" && job.fine_tuned_model);
    byId("job-error").hidden = !job.error;
    byId("job-error").textContent = job.error?.message ?? "";
    this.#showFacts();
  }

  #showFacts() {
    const {job} = this;
    const last = this.#rows[this.#rows.length - 1] ?? job.tritium?.progress;
    const valid = this.#rows.filter((row) => Number.isFinite(row.valid_loss)).pop()?.valid_loss ?? last?.valid_loss;
    const running = !ENDED.includes(job.status);
    const facts = [
      ["Step", last && `${last.step} of ${last.steps}`],
      ["Left", running && last && Number.isFinite(last.seconds_left) && duration(last.seconds_left)],
      ["Took", !running && last && duration(last.seconds)],
      ["Train loss", Number.isFinite(last?.train_loss) && shortNumber(last.train_loss)],
      ["Held-out loss", Number.isFinite(valid) && shortNumber(valid)],
      ["Speed", last?.tokens_per_second > 0 && `${Math.round(last.tokens_per_second)} tokens/s`],
      ["Learning rate", last?.learning_rate > 0 && shortNumber(last.learning_rate)],
      ["Zero trits", Number.isFinite(last?.zero_percent) && `${last.zero_percent.toFixed(1)} %`],
      ["Taken up again", job.tritium?.resumed > 0 && `${job.tritium.resumed} times`],
    ].filter(([, value]) => value);
    byId("job-facts").replaceChildren(...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
    const bar = byId("job-bar");
    bar.max = last?.steps || 1;
    bar.value = job.status === "succeeded" ? bar.max : last?.step ?? 0;
  }

  #drawCharts() {
    const last = this.#rows[this.#rows.length - 1] ?? this.job.tritium?.progress;
    this.loss.show(this.#rows, last?.steps);
    const flips = this.#rows.some((row) => row.flipped_percent > 0);
    byId("job-flips").hidden = !flips;
    byId("job-no-flips").hidden = flips;
    byId("job-flips-part").hidden = this.#rows.length === 0;
    if (flips) this.flips.show(this.#rows, last?.steps);
    this.#drawLoad(last?.expert_load ?? []);
    this.#showFacts();
  }

  // An even share is where a cell is half as bright as with twice of it or more.
  #drawLoad(load) {
    byId("job-load-part").hidden = load.length === 0;
    this.shares = load;
    if (load.length === 0) return;
    const experts = load[0].length;
    this.load.show(load.length, experts, Float32Array.from(load.flat(), (share) => Math.min(1, share * experts / 2)));
    this.#describeLoad();
  }

  #describeLoad(row, column) {
    const experts = this.shares?.[0]?.length ?? 1;
    const share = this.shares?.[row]?.[column];
    byId("job-load-cell").textContent = share === undefined ?
      `An even share is ${(100 / experts).toFixed(1)} %; the strongest have twice as much or more.` :
      `Layer ${row + 1}, expert ${column}: ${(100 * share).toFixed(1)} % (even: ${(100 / experts).toFixed(1)} %)`;
    byId("job-load").setAttribute("aria-label", `Load of ${experts} experts in ${this.shares?.length ?? 0} layers. Arrow keys ask for one.`);
  }

  async #cancel() {
    if (!await confirmed("End this job? What it has learned stays in its folder, and is not served.", "End it")) return;
    try {
      this.job = await (await request(`v1/fine_tuning/jobs/${encodeURIComponent(this.job.id)}/cancel`, {method: "POST"})).json();
      this.#show();
      this.actions.changed();
    } catch (error) {
      byId("job-error").hidden = false;
      byId("job-error").textContent = error.message;
    }
  }
}

// Fine-tuning: a form with what matters, the jobs there are, and the one that is looked at.
import {getJson, request} from "./api.js";
import {byId, element} from "./dom.js";
import {ENDED, JobView, statusText} from "./job.js";
import {models} from "./models.js";

const EVERY_MS = 4000;
const OPTIONS = ["learning_rate", "lora_rank", "context", "steps", "minutes"];  // in "tritium"; the others are OpenAI's

const size = (bytes) => (bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Body of POST /v1/fine_tuning/jobs from the form's texts; what is empty is left to the server. */
export function jobBody(fields) {
  const number = (name) => (fields[name]?.trim() ? Number(fields[name]) : undefined);
  const pick = (names) => Object.fromEntries(names.map(([from, to = from]) => [to, number(from)]).filter(([, value]) => value !== undefined));
  const extra = {...(fields.mode && {mode: fields.mode}), ...pick(OPTIONS.map((name) => [name]))};
  return {model: fields.model, training_file: fields.training_file,
          ...(fields.validation_file && {validation_file: fields.validation_file}), ...(fields.suffix?.trim() && {suffix: fields.suffix.trim()}),
          ...pick([["seed"]]), hyperparameters: pick([["n_epochs"], ["batch_size"]]), ...(Object.keys(extra).length > 0 && {tritium: extra})};
}

export class Training {
  #jobs = [];
  #items = new Map();  // elements of the list, by a job's id
  #open = false;

  /** @param useInChat  called with the name of a model that a job made */
  constructor(status, useInChat) {
    this.form = byId("job-form");
    this.view = new JobView({useInChat: async (model) => { await models.load(); useInChat(model); }, changed: () => this.#loadJobs()});
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    models.addEventListener("change", () => this.#fillModels());
    status.addEventListener("change", () => this.#enabled(status.health?.fine_tuning?.enabled !== false));
  }

  async show() {
    this.#open = true;
    this.#fillModels();
    await Promise.all([this.#loadFiles(), this.#loadJobs()]);
    if (!this.view.job) this.view.open(this.#jobs.find((job) => job.status === "running") ?? this.#jobs[0]);
    this.#showJobs();
  }

  hide() {
    this.#open = false;
    clearTimeout(this.timer);
  }

  #enabled(enabled) {
    byId("training-off").hidden = enabled;
    byId("job-fields").disabled = !enabled;
  }

  #fillModels() {
    const select = this.form.elements.model;
    const before = select.value || models.baseOf(models.current);
    const bases = models.list.filter((model) => !model.tritium?.adapter_of);
    select.replaceChildren(...bases.map((model) => element("option", {value: model.id}, model.id)));
    if (bases.some((model) => model.id === before)) select.value = before;
  }

  async #loadFiles() {
    try {
      const {data} = await getJson("v1/files");
      const options = () => data.map((file) => element("option", {value: file.id}, `${file.id} (${size(file.bytes)})`));
      for (const name of ["training_file", "validation_file"]) {
        const select = this.form.elements[name];
        const before = select.value;
        select.replaceChildren(...(name === "validation_file" ? [element("option", {value: ""}, "a tenth of the training file")] : []), ...options());
        if (data.some((file) => file.id === before)) select.value = before;
      }
      byId("files-none").hidden = data.length > 0;
    } catch (error) {
      if (error.status !== 404) this.#problem(error.message);  // without --jobs: that is said above the form
    }
  }

  async #loadJobs() {
    clearTimeout(this.timer);
    try {
      this.#jobs = (await getJson("v1/fine_tuning/jobs?limit=50")).data;
      this.#showJobs();
    } catch { /* the banner says that the server is away; a server without --jobs is said above the form */ }
    if (this.#open) this.timer = setTimeout(() => this.#loadJobs(), EVERY_MS);
  }

  #showJobs() {
    byId("jobs-none").hidden = this.#jobs.length > 0;
    const items = this.#jobs.map((job) => this.#item(job));
    // Elements stay where they are: who is about to click, or has the focus there, is not disturbed.
    if (items.length !== byId("jobs").children.length || items.some((item, i) => item !== byId("jobs").children[i])) byId("jobs").replaceChildren(...items);
  }

  #item(job) {
    if (!this.#items.has(job.id)) {
      this.#items.set(job.id, element("li", {},
        element("button", {type: "button", class: "job-open", onclick: () => this.#look(this.#jobs.find((one) => one.id === job.id))},
          element("span", {class: "job-name"}), element("span", {class: "tag"}),
          element("time", {}, new Date(job.created_at * 1000).toLocaleString([], {dateStyle: "medium", timeStyle: "short"})))));
    }
    const item = this.#items.get(job.id);
    const [name, tag] = item.querySelectorAll("span");
    const progress = job.tritium?.progress;
    const part = ENDED.includes(job.status) || !progress ? "" : ` ${Math.floor(100 * progress.step / progress.steps)} %`;
    const current = job.id === this.view.job?.id;
    name.textContent = job.fine_tuned_model ?? `${job.model} on ${job.training_file}`;
    tag.textContent = (statusText[job.status] ?? job.status) + part;
    tag.dataset.status = job.status;
    item.classList.toggle("current", current);
    item.firstElementChild.setAttribute("aria-current", String(current));
    return item;
  }

  #look(job) {
    this.view.open(job);
    this.#showJobs();
    byId("job-title").focus();
  }

  async #start() {
    this.#problem("");
    const fields = Object.fromEntries([...this.form.elements].filter((one) => one.name).map((one) => [one.name, one.value]));
    const button = byId("job-start");
    button.disabled = true;
    try {
      const job = await (await request("v1/fine_tuning/jobs", {body: jobBody(fields)})).json();
      this.#jobs.unshift(job);
      this.#look(job);
      this.#loadJobs();
    } catch (error) {
      this.#problem(error.message);
    } finally {
      button.disabled = false;
    }
  }

  #problem(text) {
    byId("job-problem").hidden = !text;
    byId("job-problem").textContent = text;
  }
}

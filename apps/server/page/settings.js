// What goes with each request: the system prompt and the sampler's options. What is left empty is the server's choice.
import {byId} from "./dom.js";

const NAME = "tritium.settings";
const NUMBERS = ["temperature", "top_p", "top_k", "min_p", "repeat_penalty", "max_tokens", "seed"];

export class Settings {
  #form = byId("settings-form");

  constructor() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    } catch { /* damaged: as if nothing had been set */ }
    for (const [name, value] of Object.entries(kept)) if (this.#form.elements[name]) this.#form.elements[name].value = value;
    this.#form.addEventListener("input", () => this.#keep());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    byId("settings-reset").addEventListener("click", () => {
      this.#form.reset();
      this.#keep();
    });
    this.#check();
  }

  /** Undefined where something does not fit; the field says so then. */
  read() {
    if (!this.#check()) return undefined;
    const fields = this.#form.elements;
    const settings = {system: fields.system.value};
    for (const name of NUMBERS) if (fields[name].value.trim() !== "") settings[name] = Number(fields[name].value);
    if (fields.thinking.value) settings.thinking = fields.thinking.value === "on";
    if (fields.tools.value.trim()) settings.tools = JSON.parse(fields.tools.value);
    return settings;
  }

  #keep() {
    const kept = Object.fromEntries([...NUMBERS, "system", "thinking", "tools"].map((name) => [name, this.#form.elements[name].value]));
    try {
      localStorage.setItem(NAME, JSON.stringify(kept));
    } catch { /* full: they hold for this visit */ }
    this.#check();
  }

  #check() {
    const tools = this.#form.elements.tools;
    let problem = "";
    try {
      if (tools.value.trim() && !Array.isArray(JSON.parse(tools.value))) problem = "An array of tools is expected: [{\"type\": \"function\", …}]";
    } catch (error) {
      problem = `Not JSON: ${error.message}`;
    }
    tools.setCustomValidity(problem);
    byId("settings-problem").textContent = problem;
    return this.#form.checkValidity();
  }
}

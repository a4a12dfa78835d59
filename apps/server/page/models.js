// Models and adapters that the server has, and the one that is talked to.
import {getJson} from "./api.js";
import {byId, element} from "./dom.js";

const NAME = "tritium.model";

class Models extends EventTarget {
  list = [];

  get current() { return this.list.find((model) => model.id === byId("model").value); }
  find(id) { return this.list.find((model) => model.id === id); }

  /** Of a model that is an adapter: its model. */
  baseOf(model) { return model?.tritium?.adapter_of ?? model?.id; }

  async load() {
    const {data} = await getJson("v1/models");
    this.list = data.map((model) => ({...model, chat: model.tritium?.chat !== false}));
    this.#fill(byId("model").value || localStorage.getItem(NAME));
    return this.list;
  }

  select(id) {
    if (!this.find(id)) return false;
    byId("model").value = id;
    this.#changed();
    return true;
  }

  begin() {
    byId("model").addEventListener("change", () => this.#changed());
  }

  #fill(wanted) {
    const options = this.list.filter((model) => !model.tritium?.adapter_of).map((model) => {
      const adapters = this.list.filter((one) => one.tritium?.adapter_of === model.id);
      const option = (one) => element("option", {value: one.id}, one.id);
      return adapters.length ? element("optgroup", {label: model.id}, option(model), adapters.map(option)) : option(model);
    });
    byId("model").replaceChildren(...options);
    if (this.find(wanted)) byId("model").value = wanted;
    this.#changed();
  }

  #changed() {
    if (this.current) localStorage.setItem(NAME, this.current.id);
    this.dispatchEvent(new Event("change"));
  }
}

export const models = new Models();

/** "1.4 B", "260 M" */
export function shortCount(value) {
  for (const [size, unit] of [[1e12, " T"], [1e9, " B"], [1e6, " M"], [1e3, " K"]]) {
    if (value >= size) return `${(value / size).toFixed(value / size < 10 ? 1 : 0)}${unit}`;
  }
  return String(value);
}

// What the server says of itself: the device, what it is doing, how fast.
import {getJson} from "./api.js";
import {byId, element} from "./dom.js";

const EVERY_MS = 2500;

export class Status extends EventTarget {
  health = undefined;

  begin() {
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask());
    this.#ask();
  }

  async #ask() {
    clearTimeout(this.timer);
    try {
      this.health = await getJson("health");
      this.#show();
    } catch (error) {
      this.health = undefined;
      this.#say("away", "Not reachable", error.message);
    }
    this.dispatchEvent(new Event("change"));
    if (!document.hidden) this.timer = setTimeout(() => this.#ask(), EVERY_MS);
  }

  #show() {
    const {status, version, device, requests, models} = this.health;
    const speed = models.reduce((sum, model) => sum + (model.tokens_per_second ?? 0), 0);
    const busy = requests.active > 0;
    const load = [requests.active > 0 && `${requests.active} at work`, requests.queued > 0 && `${requests.queued} waiting`].filter(Boolean).join(", ");
    const figures = speed > 0 ? `${speed.toFixed(speed < 10 ? 1 : 0)} tokens/s` : load || "idle";
    this.#say(status === "ok" ? (busy ? "busy" : "ok") : "away", `${device.backend} · ${figures}`,
      [device.description, device.driver, load || "idle", `tritium ${version}`].filter(Boolean).join("\n"));
    const line = (text, tag = "span") => element(tag, {}, text);
    byId("about").replaceChildren(line(device.description || device.backend, "b"), line([device.driver, figures].filter(Boolean).join(" · ")),
                                  line(`tritium ${version}`));
  }

  #say(state, text, all) {
    byId("status").dataset.state = state;
    byId("status-text").textContent = text;
    byId("status").title = all;
    byId("banner").hidden = state !== "away";
    byId("banner").textContent = state === "away" ? all.split("\n")[0] : "";
  }
}

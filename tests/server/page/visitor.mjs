// A person at the page, as far as tests need one: opens it, asks, waits, looks.
import assert from "node:assert/strict";

export class Visitor {
  strangers = [];  // requests to anywhere but the server
  errors = [];     // what the page's scripts and its policy complain about

  static async arrive(browser, base, {width = 1440, height = 900, theme = "light", reducedMotion = false, bounded = false, model} = {}) {
    const visitor = new Visitor();
    Object.assign(visitor, {base, bounded});
    visitor.context = await browser.createBrowserContext();
    const page = visitor.page = await visitor.context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("request", (request) => {
      if (!request.url().startsWith(base) && !/^(data|blob|about):/.test(request.url())) visitor.strangers.push(request.url());
    });
    page.on("pageerror", (error) => visitor.errors.push(error.message));
    page.on("console", (message) => {
      // That a request failed is what some cases are about.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) visitor.errors.push(message.text());
    });
    await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: theme},
                                     {name: "prefers-reduced-motion", value: reducedMotion ? "reduce" : "no-preference"}]);
    await page.setViewport({width, height});
    if (model) await page.evaluateOnNewDocument((id) => localStorage.getItem("tritium.model") ?? localStorage.setItem("tritium.model", id), model);
    await visitor.load();
    return visitor;
  }

  async load() {
    await this.page.goto(this.base, {waitUntil: "load"});
    await this.page.waitForFunction(() => document.getElementById("model").options.length > 0);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.strangers, [], "requests left the server");
    assert.deepEqual(this.errors, [], "the page complained");
  }

  $(id) { return this.page.$(`#${id}`); }
  press(...keys) { return chord(this.page, keys); }
  text(selector) { return this.page.$eval(selector, (element) => element.textContent); }
  texts(selector) { return this.page.$$eval(selector, (elements) => elements.map((element) => element.textContent)); }
  value(selector, name) { return this.page.$eval(selector, (element, key) => element[key], name); }
  visible(selector) { return this.page.$eval(selector, (element) => element.checkVisibility({visibilityProperty: true})); }
  until(condition, ...given) { return this.page.waitForFunction(condition, {polling: 25}, ...given); }
  click(selector) { return this.page.click(selector); }

  /** Puts a text into a field, and what was there away. */
  async fill(selector, text) {
    await this.page.$eval(selector, (element) => { element.focus(); element.select?.(); });
    await this.page.keyboard.press("Backspace");
    await this.page.type(selector, text);
  }

  /** The scripted model knows by "slow" how much it has to say; another one is told by the settings. */
  async prepare(text) {
    if (!this.bounded) return;
    const slow = /slow/.test(text);
    for (const [name, value] of [["max_tokens", slow ? "" : "48"], ["temperature", slow ? "0" : ""]]) {
      await this.page.$eval(`#settings-form [name=${name}]`, (field, given) => {
        field.value = given;
        field.dispatchEvent(new Event("input", {bubbles: true}));
      }, value);
    }
  }

  async send(text) {
    await this.prepare(text);
    await this.fill("#message", text);
    await this.page.keyboard.press("Enter");
  }

  /** Sends, and waits for the whole answer: its text. */
  async ask(text) {
    const before = await this.page.$$eval(".message.assistant", (all) => all.length);
    await this.send(text);
    await this.answered(before + 1);
    return this.lastAnswer();
  }

  answered(count = 1) {
    return this.until((least) => document.querySelectorAll(".message.assistant").length >= least && !document.querySelector("#send.stop"), count);
  }

  /** An edited message has begun anew: it is the last one. */
  asked(text) {
    return this.until((expected) => [...document.querySelectorAll(".bubble")].pop()?.textContent === expected, text);
  }

  streaming() {
    return this.until(() => document.querySelector("#send.stop") && document.querySelector(".message.assistant:last-child .prose:not(.quiet)").textContent.length > 3);
  }

  lastAnswer() {
    return this.page.$$eval(".message.assistant .prose:not(.quiet)", (all) => all[all.length - 1].textContent);
  }

  /** The picture's pixels, as one text. */
  picture(id) {
    return this.page.$eval(`#${id}`, (canvas) => canvas.toDataURL());
  }
}

async function chord(page, keys) {
  for (const key of keys.slice(0, -1)) await page.keyboard.down(key);
  await page.keyboard.press(keys[keys.length - 1]);
  for (const key of keys.slice(0, -1).reverse()) await page.keyboard.up(key);
}

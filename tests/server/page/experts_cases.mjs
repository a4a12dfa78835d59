// The picture of which experts each layer picks.
import assert from "node:assert/strict";

/** Chooses a model with experts; why not, where there is none. */
async function missingMixture(visitor) {
  const id = await visitor.page.evaluate(async () =>
    (await (await fetch("v1/models")).json()).data.find((one) => one.tritium.experts > 0 && !one.tritium.adapter_of)?.id);
  if (!id) return "the server has no mixture of experts";
  await visitor.page.select("#model", id);
  return undefined;
}

const label = (visitor) => visitor.page.$eval("#experts-picture", (canvas) => canvas.getAttribute("aria-label"));

export const cases = [
  {name: "the experts' picture changes while tokens come", async run(visitor) {
    const missing = await missingMixture(visitor);
    if (missing) return missing;
    await visitor.send("Tell me much. slow");
    await visitor.until(() => !document.getElementById("experts-token-row").hidden && Number(document.getElementById("experts-token").max) > 1);
    const seen = new Set();
    for (let i = 0; i < 40 && seen.size < 3; ++i) {
      seen.add(await visitor.picture("experts-picture"));
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await visitor.press("Escape");
    await visitor.answered();
    assert.ok(seen.size >= 3, `${seen.size} pictures`);
    return undefined;
  }},

  {name: "the picture is another one for another token, by the slider's keys", reducedMotion: true, async run(visitor) {
    const missing = await missingMixture(visitor);
    if (missing) return missing;
    await visitor.ask("Hello");
    await visitor.page.focus("#experts-token");
    const pictures = [];
    const labels = [];
    for (const key of ["Home", "ArrowRight", "ArrowRight"]) {
      await visitor.press(key);
      pictures.push(await visitor.picture("experts-picture"));
      labels.push(await label(visitor));
    }
    assert.equal(new Set(pictures).size, 3);
    assert.match(labels[1], /^Experts of token 2, .*: layer 1: \d+/s);
    await visitor.press("Home");
    assert.equal(await visitor.picture("experts-picture"), pictures[0], "a token's picture is its own");
    return undefined;
  }},

  {name: "the token under the pointer shows its picks, and is marked", mock: true, reducedMotion: true, async run(visitor) {
    await visitor.ask("Hello");
    const latest = await label(visitor);
    const box = await visitor.page.$eval(".message.assistant .prose:not(.quiet) p", (paragraph) => {
      const range = new Range();
      range.setStart(paragraph.firstChild, 3);
      range.setEnd(paragraph.firstChild, 4);
      const {x, y, width, height} = range.getBoundingClientRect();
      return {x: x + width / 3, y: y + height / 2};
    });
    await visitor.page.mouse.move(box.x, box.y);
    await visitor.until((before) => document.getElementById("experts-picture").getAttribute("aria-label") !== before, latest);
    const text = await visitor.lastAnswer();
    const marked = await visitor.page.evaluate(() => [...CSS.highlights.get("token")].map(String).join(""));
    assert.ok(marked.length > 0 && text.slice(0, 12).includes(marked), `"${marked}" of "${text}"`);
    await visitor.page.mouse.move(5, 5);
    await visitor.until((before) => document.getElementById("experts-picture").getAttribute("aria-label") === before, latest);
  }},

  {name: "the whole answer is counted, and a cell says its share", async run(visitor) {
    const missing = await missingMixture(visitor);
    if (missing) return missing;
    await visitor.ask("Hello");
    const live = await visitor.picture("experts-picture");
    await visitor.page.focus("#experts-live");
    await visitor.press("ArrowRight");
    await visitor.until((before) => document.getElementById("experts-picture").toDataURL() !== before, live);
    await visitor.page.focus("#experts-picture");
    await visitor.press("ArrowRight");
    assert.match(await visitor.text("#experts-cell"), /^Layer 1, expert \d+: \d+ of \d+ tokens \([\d.]+\s%\)$/);
    assert.match(await visitor.text("#experts-facts"), /Picked at least once\d+ of \d+/);
    return undefined;
  }},

  {name: "a dense model is said to be one, and not asked for its experts", mock: true, async run(visitor, mock) {
    await visitor.page.select("#model", "plain");
    await visitor.ask("Hello");
    assert.equal(mock.bodies.at(-1).tritium, undefined);
    assert.match(await visitor.text("#experts-empty"), /dense model/);
    assert.equal(await visitor.visible("#experts-picture"), false);
  }},

  {name: "a mixture of 128 experts in 24 layers fits the panel", mock: true, async run(visitor) {
    await visitor.page.select("#model", "wide");
    await visitor.ask("Hello");
    const [width, room] = await visitor.page.$eval("#experts-picture", (canvas) => [canvas.clientWidth, canvas.parentElement.clientWidth]);
    assert.ok(width <= room && width > 250, `${width} of ${room}`);
  }},
];

// Fine-tuning from the page.
import assert from "node:assert/strict";

async function openTraining(visitor) {
  await visitor.click("#to-training");
  await visitor.until(() => document.querySelector("#job-form [name=training_file]").options.length > 0);
}

async function start(visitor, suffix, mode = "") {
  await openTraining(visitor);
  await visitor.page.select("#job-form [name=mode]", mode);
  await visitor.fill("#job-form [name=suffix]", suffix);
  await visitor.page.$eval("#job-form .more", (more) => { more.open = true; });
  await visitor.fill("#job-form [name=steps]", "60");
  await visitor.fill("#job-form [name=batch_size]", "4");
  await visitor.click("#job-start");
  await visitor.until(() => document.querySelector("#jobs li:first-child.current") && /waiting|running|reading/.test(document.getElementById("job-status").textContent));
}

const status = (name) => document.getElementById("job-status").textContent === name;
const steps = () => Number(/step (\d+)/.exec(document.querySelector("#job-loss .readout")?.textContent)?.[1] ?? 0);

export const cases = [
  {name: "a job starts, its loss moves, and what it made is used in a chat", async run(visitor, mock) {
    await start(visitor, "frompage");
    await visitor.until(`(${steps})() >= 2`);
    const path = () => visitor.page.$eval("#job-loss path.line-train_loss", (line) => line.getAttribute("d"));
    const early = await path();
    await visitor.until(`(${steps})() >= 8`);
    assert.notEqual(await path(), early);
    await visitor.page.waitForFunction(`(${status})("done")`, {timeout: 240_000});
    assert.match(await visitor.text("#job-facts"), /Train loss[\d.]+/);
    assert.equal(await visitor.visible("#job-cancel"), false);
    if (mock) {
      await visitor.page.$eval("#job-loss .chart", (chart) => chart.focus());
      await visitor.press("Home");
      assert.match(await visitor.text("#job-loss .readout"), /^step 1 · train 3\.\d+$/);
      assert.ok(await visitor.visible("#job-no-flips"));
      assert.match(await visitor.text("#job-load-cell"), /An even share is 6\.3 %/);
    }
    await visitor.click("#job-use");
    await visitor.until(() => document.getElementById("model").value.endsWith(":frompage"));
    assert.ok(await visitor.visible("#message"));
    assert.ok((await visitor.ask("Hello")).length > 0);
  }},

  {name: "where the weights themselves learn, trits flip, and the load of the experts is drawn", async run(visitor, mock) {
    await start(visitor, "flipped", "ste");
    await visitor.until(`(${steps})() >= 3`);
    await visitor.page.waitForFunction(() => /^step \d+ · flipped [\d.e-]+ %$/.test(document.querySelector("#job-flips .readout").textContent));
    if (mock || await visitor.visible("#job-load")) {  // a dense model has none
      await visitor.page.focus("#job-load");
      await visitor.press("ArrowRight");
      assert.match(await visitor.text("#job-load-cell"), /^Layer 1, expert \d+: [\d.]+ % \(even: [\d.]+ %\)$/);
    }
    await visitor.click("#job-cancel");
    await visitor.click("dialog[open] .danger");
    await visitor.until(`(${status})("cancelled")`);
  }},

  {name: "a job is ended on request", async run(visitor) {
    await start(visitor, "ended");
    await visitor.until(`(${steps})() >= 1`);
    await visitor.click("#job-cancel");
    await visitor.click("dialog[open] .danger");
    await visitor.until(`(${status})("cancelled")`);
    await visitor.until(() => document.querySelector("#jobs .current .tag").textContent === "cancelled");
  }},

  {name: "what the server refuses is said below the form", mock: true, async run(visitor) {
    await openTraining(visitor);
    await visitor.page.$eval("#job-form .more", (more) => { more.open = true; });
    await visitor.fill("#job-form [name=lora_rank]", "5000");
    await visitor.click("#job-start");
    await visitor.until(() => !document.getElementById("job-problem").hidden);
    assert.match(await visitor.text("#job-problem"), /tritium\.lora_rank: 5000 is not from 1 to 4096/);
  }},

  {name: "a server that does not train says how it would", mock: true, async run(visitor, mock) {
    mock.trains = false;
    await visitor.load();
    await visitor.click("#to-training");
    await visitor.until(() => !document.getElementById("training-off").hidden);
    assert.match(await visitor.text("#training-off"), /--files.*--jobs/);
    assert.equal(await visitor.value("#job-fields", "disabled"), true);
    assert.equal(await visitor.visible("#job-problem"), false);
  }},

  {name: "a failed job says by what", mock: true, async run(visitor) {
    await openTraining(visitor);
    await visitor.until(() => document.querySelectorAll("#jobs button").length === 2);
    await visitor.click("#jobs li:first-child button");
    assert.match(await visitor.text("#job-error"), /chat\.jsonl:12: a message has no role/);
  }},
];

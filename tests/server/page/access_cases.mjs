// For everybody: by keyboard alone, in both themes with enough contrast, on small screens.
import assert from "node:assert/strict";
import {contrastProblems} from "./contrast.mjs";

export const SIZES = {phone: [360, 740], tablet: [820, 1180], desktop: [1440, 900]};

async function checkContrast(visitor, where) {
  const {problems, checked} = await visitor.page.evaluate(contrastProblems);
  assert.ok(checked > 10, `only ${checked} things were checked at ${where}`);
  assert.deepEqual(problems, [], where);
}

async function checkFits(visitor, where) {
  const wider = await visitor.page.evaluate(() => [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    const scrolls = element.closest(".picture, .table, pre, .unseen, .symbols, .sidebar, option");
    return box.width > 0 && !scrolls && element.checkVisibility() && (box.right > innerWidth + 1 || box.left < -1);
  }).map((element) => element.id || element.className || element.tagName));
  assert.deepEqual(wider, [], `wider than the screen at ${where}`);
}

/** Tours of every part of the page, for contrast, width and pictures. */
const tour = (size, theme) => ({name: `contrast and width: ${size}, ${theme}`, size: SIZES[size], theme, async run(visitor, mock, screenshots) {
  const look = async (what) => {
    await checkContrast(visitor, what);
    await checkFits(visitor, what);
    if (screenshots) await visitor.page.screenshot({path: `${screenshots}/${size}-${theme}-${what}.png`});
  };
  await look("1-welcome");
  if (size !== "desktop") await visitor.click("#open-experts");
  await visitor.ask("think: what is a mixture of experts?");
  await look("2-chat");
  await visitor.click(".message.user button");
  await look("3-edit");
  await visitor.press("Escape");
  if (mock) {
    await visitor.ask("markdown");
    await look("4-markdown");
    await visitor.ask("the weather");
    await visitor.ask("fail");
    await look("5-call-and-problem");
  }
  await visitor.click("#open-settings");
  await look("6-settings");
  await visitor.click("#panel-close");
  if (size !== "desktop") {
    await visitor.click("#sidebar-open");
    await new Promise((resolve) => setTimeout(resolve, 250));
    await look("7-sidebar");
    await visitor.press("Escape");
  }
  await visitor.page.keyboard.press("Tab");
  await visitor.page.evaluate(() => document.activeElement.blur());
  await visitor.press("?");
  await look("8-shortcuts");
  await visitor.press("Escape");
  await visitor.press("Alt", "2");
  await visitor.until(() => document.querySelector("#job-form [name=training_file]").options.length > 0);
  if (mock) {
    await visitor.until(() => document.querySelectorAll("#jobs button").length === 2);
    await visitor.click("#jobs li:last-child button");
    await visitor.until(() => document.querySelector("#job-loss path"));
    await visitor.page.$eval("#training-side", (side) => side.scrollIntoView());
  }
  await look("9-training");
  if (mock && size !== "desktop") {
    await visitor.page.$eval("#job", (job) => job.scrollIntoView());
    await look("10-job");
  }
}});

/** What has the focus, and whether one sees that it has. */
const focused = (visitor) => visitor.page.evaluate(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const label = element.matches("[type=radio]") ? getComputedStyle(element.nextElementSibling) : style;
  const ring = (one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2;
  const frame = element.closest(".composer");
  const box = element.getBoundingClientRect();
  return {id: element.id || element.name || element.className || element.tagName, seen: ring(style) || ring(label) || Boolean(frame && getComputedStyle(frame).boxShadow !== "none"),
          inside: box.right > 0 && box.left < innerWidth && element.checkVisibility({visibilityProperty: true})};
});

async function tabTo(visitor, id) {
  const passed = [];
  for (let i = 0; i < 80; ++i) {
    await visitor.press("Tab");
    const now = await focused(visitor);
    assert.ok(now.seen, `the focus on ${now.id} is not seen`);
    assert.ok(now.inside, `the focus is on ${now.id}, which is not`);
    if (now.id === id) return;
    passed.push(now.id);
  }
  assert.fail(`Tab does not lead to ${id}: ${passed.join(", ")}`);
}

export const cases = [
  ...Object.keys(SIZES).flatMap((size) => ["light", "dark"].map((theme) => tour(size, theme))),

  {name: "the check of contrast finds what is too weak", async run(visitor) {
    await visitor.page.$eval("#welcome .lead", (lead) => { lead.style.color = "#8c8c8c"; });
    const {problems} = await visitor.page.evaluate(contrastProblems);
    assert.equal(problems.length, 1);
    assert.match(problems[0], /^p\.lead "Ask the model someth": 3\.\d\d of rgb\(140, 140, 140\)/);
  }},

  {name: "the theme is the system's until it is switched, and the choice is kept", theme: "dark", async run(visitor) {
    const theme = () => visitor.page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
    const [name, dark] = await theme();
    assert.equal(name, "dark");
    await visitor.click("#theme");
    const [other, light] = await theme();
    assert.equal(other, "light");
    assert.notEqual(light, dark);
    await visitor.load();
    assert.deepEqual(await theme(), ["light", light]);
    await visitor.press("Alt", "t");
    assert.deepEqual(await theme(), ["dark", dark]);
  }},

  {name: "by keyboard alone: chat, stop, regenerate, edit, settings, training", async run(visitor, mock) {
    await visitor.prepare("slow");
    await tabTo(visitor, "message");
    await visitor.page.keyboard.type("One line");
    await visitor.press("Shift", "Enter");
    await visitor.page.keyboard.type("and another. slow");
    await visitor.press("Enter");
    await visitor.streaming();
    await visitor.press("Escape");
    await visitor.answered();
    assert.match(await visitor.text(".bubble"), /^One line\nand another\. slow$/);
    await visitor.prepare("short");
    await visitor.press("ArrowUp");
    await visitor.press("Control", "a");
    await visitor.page.keyboard.type("Shorter");
    await visitor.press("Enter");
    await visitor.asked("Shorter");
    await visitor.answered();
    const first = await visitor.lastAnswer();
    await visitor.press("Alt", "r");
    await visitor.answered();
    assert.notEqual(await visitor.lastAnswer(), first);
    await visitor.press("Alt", "s");
    await tabTo(visitor, "temperature");
    await visitor.press("Alt", "s");
    assert.equal((await focused(visitor)).id, "open-settings");
    await visitor.press("Alt", "2");
    await visitor.until(() => document.querySelector("#job-form [name=training_file]").options.length > 0);
    await visitor.page.evaluate(() => document.activeElement.blur());
    await tabTo(visitor, "job-start");
    if (!mock) return;
    await visitor.press("Enter");
    await visitor.until(() => document.getElementById("job-status").textContent === "running");
    assert.equal((await focused(visitor)).id, "job-title");
  }},

  {name: "the key of the experts leads to them from everywhere, and away again", async run(visitor) {
    await visitor.press("Alt", "2");
    assert.equal(await visitor.visible("#part-experts"), false);
    assert.equal(await visitor.page.$eval("#open-experts", (button) => button.getAttribute("aria-expanded")), "false");
    await visitor.press("Alt", "e");
    assert.equal(await visitor.visible("#part-experts"), true);
    assert.equal((await focused(visitor)).id, "tab-experts");
    await visitor.press("Alt", "e");
    assert.equal(await visitor.visible("#part-experts"), false);
  }},

  {name: "single keys can be switched off", async run(visitor) {
    const open = () => visitor.value("#shortcuts", "open");
    await visitor.press("?");
    assert.equal(await open(), true);
    await visitor.click("#single-keys");
    await visitor.press("Escape");
    await visitor.page.evaluate(() => document.activeElement.blur());
    await visitor.press("?");
    assert.equal(await open(), false);
  }},

  {name: "answers are read out when they are whole, not piece by piece", async run(visitor) {
    await visitor.page.evaluate(() => {
      window.said = [];
      new MutationObserver(() => window.said.push(document.getElementById("announcer").textContent))
        .observe(document.getElementById("announcer"), {childList: true, characterData: true, subtree: true});
    });
    const answer = await visitor.ask("Hello");
    const said = await visitor.page.evaluate(() => window.said);
    assert.equal(said.length, 2);
    assert.equal(said[0], "The model answers.");
    assert.equal(said[1].slice(0, 30), `Answered: ${answer}`.slice(0, 30));
    assert.equal(await visitor.page.$eval("#messages", (log) => log.getAttribute("aria-live")), "off");
  }},

  {name: "what can be clicked has a name, what is filled in has a label", async run(visitor) {
    await visitor.ask("Hello");
    for (const view of ["chat", "training"]) {
      await visitor.click(`#to-${view}`);
      const nameless = await visitor.page.evaluate(() => [...document.querySelectorAll("button, input, select, textarea, a[href], canvas, [tabindex='0']")]
        .filter((element) => element.checkVisibility() && !element.getAttribute("aria-label") && !element.textContent.trim() && !element.labels?.length &&
                             !element.getAttribute("aria-labelledby"))
        .map((element) => element.outerHTML.slice(0, 80)));
      assert.deepEqual(nameless, []);
    }
  }},

  {name: "where motion is not wanted nothing moves", reducedMotion: true, async run(visitor) {
    await visitor.send("Hello. slow");
    await visitor.streaming();
    assert.equal(await visitor.page.evaluate(() => document.getAnimations().length), 0);
    await visitor.press("Escape");
    await visitor.answered();
  }},
];

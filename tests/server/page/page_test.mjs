// The page in headless Chromium: node page_test.mjs [--base URL] [--model NAME] [--screenshots FOLDER] [--only TEXT]
// [--fetch]. Without --base against mock_server.mjs; with --fetch npm fetches puppeteer-core where it is missing. Exit code 77: there is no Chromium, or no puppeteer-core and no way to it.
// TRITIUM_BROWSER: folder in which puppeteer-core is, or comes to be.
import {mkdirSync} from "node:fs";
import path from "node:path";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";
import {cases as access} from "./access_cases.mjs";
import {start} from "./browser.mjs";
import {cases as chat} from "./chat_cases.mjs";
import {cases as experts} from "./experts_cases.mjs";
import {MockServer} from "./mock_server.mjs";
import {cases as safety} from "./safety_cases.mjs";
import {cases as training} from "./training_cases.mjs";
import {Visitor} from "./visitor.mjs";

const {values: options} = parseArgs({options: {base: {type: "string"}, model: {type: "string"}, screenshots: {type: "string"}, only: {type: "string"},
                                               fetch: {type: "boolean"}}});
const folder = process.env.TRITIUM_BROWSER ?? path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../.cache/browser");
const {browser, missing} = await start(folder, options.fetch);
if (missing) {
  console.log(`skipped: ${missing}`);
  process.exit(77);
}
if (options.screenshots) mkdirSync(options.screenshots, {recursive: true});

let failed = 0;
let passed = 0;
for (const one of [...chat, ...experts, ...training, ...safety, ...access]) {
  if (options.only && !one.name.includes(options.only)) continue;
  if (options.base && one.mock) continue;
  const mock = options.base ? undefined : new MockServer();
  let said;
  try {
    const base = options.base ?? await mock.listen();
    const [width, height] = one.size ?? [];
    const visitor = await Visitor.arrive(browser, base, {width, height, theme: one.theme, reducedMotion: one.reducedMotion, bounded: Boolean(options.base), model: options.model});
    try {
      said = await one.run(visitor, mock, options.screenshots);
    } catch (error) {
      if (options.screenshots) await visitor.page.screenshot({path: path.join(options.screenshots, "failed.png")}).catch(() => {});
      throw error;
    } finally {
      await visitor.leave();
    }
    ++passed;
    console.log(`ok      ${one.name}${said ? ` (not run: ${said})` : ""}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${one.name}\n${error.stack}`);
  } finally {
    mock?.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

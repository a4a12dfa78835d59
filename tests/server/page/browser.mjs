// Chromium, driven by puppeteer-core. Where one of them is not to be had, start() says so, and there is nothing to test.
import {execFileSync} from "node:child_process";
import {accessSync, constants, existsSync, mkdirSync} from "node:fs";
import {createRequire} from "node:module";
import path from "node:path";
import {pathToFileURL} from "node:url";

const VERSION = "24.43.1";
const PROGRAMS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function programInPath() {
  if (process.env.TRITIUM_CHROMIUM) return process.env.TRITIUM_CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    for (const name of PROGRAMS) {
      try {
        accessSync(path.join(folder, name), constants.X_OK);
        return path.join(folder, name);
      } catch { /* the next */ }
    }
  }
  return undefined;
}

/** The package, fetched into `folder` where it is not there yet and may be; undefined: it is not to be had. */
async function driver(folder, fetches) {
  const entry = path.join(folder, "node_modules/puppeteer-core/package.json");
  if (!existsSync(entry)) {
    if (!fetches) return undefined;
    mkdirSync(folder, {recursive: true});
    try {
      execFileSync("npm", ["install", "--prefix", folder, "--silent", "--ignore-scripts", "--no-audit", "--no-fund", `puppeteer-core@${VERSION}`],
                   {timeout: 120_000, stdio: "ignore"});
    } catch {
      return undefined;
    }
  }
  const module = await import(pathToFileURL(createRequire(entry).resolve("puppeteer-core")));
  return module.default;
}

/** {browser}, or {missing: what}. */
export async function start(folder, fetches) {
  const executablePath = programInPath();
  if (!executablePath) return {missing: "Chromium is not installed (Debian: chromium-headless-shell)"};
  const puppeteer = await driver(path.resolve(folder), fetches);
  if (!puppeteer) return {missing: `puppeteer-core is not in ${folder}${fetches ? ", and npm could not fetch it" : ": ./dev page fetches it"}`};
  const root = process.getuid?.() === 0;  // Chromium's sandbox is not for root
  const browser = await puppeteer.launch({executablePath, headless: true, args: [...(root ? ["--no-sandbox"] : []), "--disable-gpu", "--force-color-profile=srgb"]});
  return {browser};
}

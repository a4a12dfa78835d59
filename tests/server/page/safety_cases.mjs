// What must not happen, whatever a model writes; and what the page's files are served with.
import assert from "node:assert/strict";

export const cases = [
  {name: "what a model writes is text: nothing of it runs, nothing is fetched", mock: true, async run(visitor) {
    await visitor.ask("hostile");
    assert.equal(await visitor.page.evaluate(() => window.broken), undefined);
    assert.deepEqual(await visitor.page.$$eval(".prose script, .prose img, .prose iframe", (all) => all.length), 0);
    assert.deepEqual(await visitor.page.$$eval(".prose a", (all) => [...new Set(all.map((one) => one.protocol))]), ["http:"]);
    assert.match(await visitor.lastAnswer(), /<script>window\.broken = 1<\/script>/);
  }},

  {name: "a request to elsewhere would be seen by these tests", async run(visitor) {
    await visitor.page.setBypassCSP(true);
    await visitor.load();
    const {port} = new URL(visitor.base);
    await visitor.page.evaluate((url) => fetch(url).catch(() => {}), `http://127.0.0.2:${port}/`);
    assert.deepEqual(visitor.strangers, [`http://127.0.0.2:${port}/`]);
    visitor.strangers = [];
    visitor.errors = [];  // that the other origin does not let it read the answer
  }},

  {name: "the policy forbids all but the server's own, and markup from scripts", async run(visitor) {
    const {policy, type} = await visitor.page.evaluate(async () => {
      const {headers} = await fetch("./");
      return {policy: headers.get("Content-Security-Policy"), type: headers.get("X-Content-Type-Options")};
    });
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
                        "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy?.includes(part), `${part} in ${policy}`);
    }
    assert.equal(type, "nosniff");
    const refused = await visitor.page.evaluate(() => {
      try {
        document.createElement("div").innerHTML = "<b>x</b>";
      } catch (error) {
        return error.name;
      }
      return undefined;
    });
    assert.equal(refused, "TypeError");
    visitor.errors = visitor.errors.filter((text) => !/TrustedHTML|Trusted Type|Content Security/i.test(text));  // that was asked for
  }},

  {name: "every file has its type and is not sent twice", async run(visitor) {
    const files = await visitor.page.evaluate(async () => {
      const found = [];
      for (const {name} of performance.getEntriesByType("resource").filter((entry) => /\.(js|css|svg)$/.test(entry.name))) {
        const {headers} = await fetch(name, {cache: "no-store"});
        const again = await fetch(name, {cache: "no-store", headers: {"If-None-Match": headers.get("ETag")}});
        found.push({name: name.split("/").pop(), type: headers.get("Content-Type"), again: again.status});
      }
      return found;
    });
    assert.ok(files.length > 20);
    const types = {js: /^text\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/};
    for (const {name, type, again} of files) {
      assert.match(type, types[name.split(".").pop()], name);
      assert.equal(again, 304, name);
    }
  }},
];

// Which experts each layer picks, live: the picture beside a conversation. A token's picks light up and decay over the tokens
// that follow; or all of an answer is counted. The token under the pointer, in the answer or on the slider, shows its own.
import {byId, element} from "./dom.js";
import {Heatmap} from "./heatmap.js";

const AFTER = 0.45;  // how strong a pick is one token later
const TRAIL = 1.3;   // tokens over which it decays by e from there
const LONGEST = 6;   // tokens: less than 1 % is left

/** Values of the picture at token `at`: 1 for its own picks, AFTER exp(-(age - 1) / TRAIL) for those of `age` tokens ago. */
export function trail(tokens, at, columns) {
  const values = new Float32Array(tokens[at].picks.length * columns);
  for (let age = Math.min(LONGEST, at); age >= 0; --age) {
    tokens[at - age].picks.forEach((picks, layer) => picks.forEach((expert) => {
      values[layer * columns + expert] = age === 0 ? 1 : AFTER * Math.exp(-(age - 1) / TRAIL);
    }));
  }
  return values;
}

/** How many tokens each expert of each layer got. It goes on from where it was: answers grow by a token at a time. */
export class Counts {
  #tokens;
  #seen = 0;

  of(tokens, columns) {
    if (tokens !== this.#tokens || this.values.length !== tokens[0].picks.length * columns) {
      this.#tokens = tokens;
      this.#seen = 0;
      this.values = new Float32Array(tokens[0].picks.length * columns);
    }
    for (; this.#seen < tokens.length; ++this.#seen) {
      tokens[this.#seen].picks.forEach((experts, layer) => experts.forEach((expert) => ++this.values[layer * columns + expert]));
    }
    return this.values;
  }
}

const percent = (part) => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)}\u00a0%`;
const visible = (text) => text.replace(/\n/g, "⏎").replace(/\t/g, "⇥").replace(/^ | $/g, "␣") || "∅";

export class ExpertsPanel {
  #heatmap;
  #counts = new Counts();
  #answer;           // its tokens are shown
  #model;
  #selected = null;  // token; null: the latest
  #cell;
  #onToken;

  /** @param onToken  called with (answer, token or undefined): what is looked at, to mark it in the text. */
  constructor(onToken) {
    this.#onToken = onToken;
    this.#heatmap = new Heatmap(byId("experts-picture"), (row, column) => {
      this.#cell = row === undefined ? undefined : {row, column};
      this.#describe();
    });
    byId("experts-token").addEventListener("input", (event) => this.select(this.#answer, Number(event.target.value), true));
    byId("experts-token").addEventListener("blur", () => this.follow());
    for (const radio of document.getElementsByName("experts-view")) radio.addEventListener("change", () => this.#show());
  }

  /** Shows an answer of `model`; it may still grow: update(). */
  watch(answer, model) {
    this.#answer = answer;
    this.#model = model;
    this.#selected = null;
    this.#show();
  }

  update() { this.#show(); }

  /** Looks at one token; follow() goes on with the latest. */
  select(answer, token, marks = false) {
    if (answer !== this.#answer) this.#answer = answer;
    this.#selected = token;
    byId("experts-live").checked = true;
    if (marks) this.#onToken(answer, answer.tokens[token]);
    this.#show();
  }

  follow() {
    this.#selected = null;
    this.#onToken(this.#answer, undefined);
    this.#show();
  }

  #columns() {
    const told = this.#model?.tritium?.experts ?? 0;
    return Math.max(told, ...this.#answer.tokens.slice(-1)[0].picks.map((picks) => Math.max(...picks) + 1));
  }

  #show() {
    const tokens = this.#answer?.tokens ?? [];
    byId("experts-empty").hidden = tokens.length > 0;
    for (const id of ["experts-views", "experts-cell", "experts-token-row", "experts-facts"]) byId(id).hidden = tokens.length === 0;
    this.#introduce();
    if (tokens.length === 0) return this.#showNothing();
    byId("experts-place").hidden = false;
    const columns = this.#columns();
    const at = Math.min(this.#selected ?? tokens.length - 1, tokens.length - 1);
    const live = byId("experts-live").checked;
    const all = this.#counts.of(tokens, columns);
    const most = all.reduce((a, b) => Math.max(a, b), 1);
    const rows = tokens[at].picks.length;
    this.#heatmap.show(rows, columns, live ? trail(tokens, at, columns) : all.map((count) => count / most));
    byId("experts-token-row").hidden = !live;
    const slider = byId("experts-token");
    slider.max = tokens.length - 1;
    slider.value = at;
    const text = this.#textOf(tokens[at]);
    slider.setAttribute("aria-valuetext", `token ${at + 1} of ${tokens.length}: ${text}`);
    byId("experts-token-place").textContent = `${at + 1} / ${tokens.length}`;
    byId("experts-token-text").textContent = visible(text);
    byId("experts-picture").setAttribute("aria-label", live ?
      `Experts of token ${at + 1}, ${text}: ${tokens[at].picks.map((picks, layer) => `layer ${layer + 1}: ${picks.join(", ")}`).join("; ")}` :
      `How often each expert was picked over ${tokens.length} tokens, ${rows} layers of ${columns} experts. Arrow keys ask for one.`);
    this.#facts(all, tokens.length, columns);
    this.#describe();
  }

  // The mixture at rest; of a dense model there is no picture.
  #showNothing() {
    const {layers, experts} = this.#model?.tritium ?? {};
    byId("experts-place").hidden = !experts;
    if (!experts) return;
    this.#heatmap.show(layers, experts, new Float32Array(layers * experts));
    byId("experts-picture").setAttribute("aria-label", `${layers} layers of ${experts} experts, none of them at work`);
  }

  #textOf(token) {
    return (this.#answer[token.field] ?? "").slice(token.from, token.to);
  }

  #introduce() {
    const about = this.#model?.tritium;
    let said = "Ask something. The experts that each layer picks for each token light up here.";
    if (about && !about.experts) {
      said = `${this.#model.id} is a dense model: all of it works on every token, so there is nothing to pick.`;
    } else if (this.#answer?.error && !this.#answer.content) {
      said = "No token came of this answer.";
    } else if (this.#answer?.finish && this.#answer.tokens?.length === 0) {
      said = "Nothing was told of this answer's experts.";
    } else if (this.#answer && !this.#answer.tokens) {
      said = "The picks of earlier answers are not kept. Regenerate one, or ask on, to see them.";
    }
    byId("experts-empty").textContent = said;
    byId("experts-about").textContent = about?.experts ?
      `${this.#model.id}: ${about.experts} experts a layer, ${about.experts_used} for each token` : "";
  }

  #facts(all, tokens, columns) {
    const used = all.reduce((sum, count) => sum + (count > 0), 0);
    const busiest = all.reduce((best, count, i) => (count > all[best] ? i : best), 0);
    const slots = this.#answer.tokens[0].picks[0].length;
    byId("experts-facts").replaceChildren(...[
      ["Picked at least once", `${used} of ${all.length}`],
      ["Busiest", `layer ${Math.floor(busiest / columns) + 1}, expert ${busiest % columns}`],
      ["It got", `${percent(all[busiest] / tokens)} of tokens`],
      ["An even share", percent(slots / columns)],
    ].flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  }

  #describe() {
    const output = byId("experts-cell");
    if (!this.#cell || !this.#answer?.tokens?.length) {
      output.textContent = byId("experts-live").checked ? "The stronger, the more recently picked." : "The stronger, the more often picked.";
      return;
    }
    const {row, column} = this.#cell;
    const tokens = this.#answer.tokens;
    const count = tokens.reduce((sum, {picks}) => sum + (picks[row]?.includes(column) ? 1 : 0), 0);
    output.textContent = `Layer ${row + 1}, expert ${column}: ${count} of ${tokens.length} tokens (${percent(count / tokens.length)})`;
  }
}

// Lines over steps, as SVG: axes with round numbers, and the values under the pointer or where the arrow keys stand.
import {element, svg} from "./dom.js";

const MARGIN = {left: 52, right: 16, top: 12, bottom: 28};

/** About `count` round numbers that cover [low, high]. */
export function ticks(low, high, count) {
  if (!(high > low)) [low, high] = [low - 0.5 * (Math.abs(low) || 1), low + 0.5 * (Math.abs(low) || 1)];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export const shortNumber = (value) => {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(size >= 1000 ? 6 : 3)));
};

export class Chart {
  #lines;
  #cursor;  // index into rows

  /** lines: {key, name, unit, dots}: a line takes row[key] where it is a number. */
  constructor(root, {label, lines, height = 220, from, unit = ""}) {
    Object.assign(this, {root, label, height, from, unit});
    this.#lines = lines;
    this.rows = [];
    this.picture = svg("svg", {class: "chart", role: "img", tabindex: 0, height, "aria-label": label});
    this.readout = element("output", {class: "readout"});
    const legend = element("div", {class: "legend"}, lines.length > 1 && lines.map((line) =>
      element("span", {class: `legend-item line-${line.key}`}, svg("svg", {width: 22, height: 8, "aria-hidden": "true"},
        svg("line", {x1: 0, x2: 22, y1: 4, y2: 4, class: `line line-${line.key}`})), line.name)));
    root.replaceChildren(element("div", {class: "chart-head"}, element("h3", {}, label), legend), this.picture, this.readout);
    new ResizeObserver(() => this.#draw()).observe(root);
    this.picture.addEventListener("pointermove", (event) => this.#ask(this.#nearest(event)));
    this.picture.addEventListener("pointerdown", (event) => this.#ask(this.#nearest(event)));
    this.picture.addEventListener("pointerleave", () => this.#ask(undefined));
    this.picture.addEventListener("blur", () => this.#ask(undefined));
    this.picture.addEventListener("keydown", (event) => this.#key(event));
  }

  /** rows: [{step, …}], in order; steps: how many there will be. */
  show(rows, steps) {
    this.rows = rows;
    this.steps = steps;
    this.#draw();
  }

  #draw() {
    const width = this.root.clientWidth;
    if (!width) return;
    this.picture.setAttribute("width", width);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    const values = this.rows.flatMap((row) => this.#lines.map(({key}) => row[key])).filter(Number.isFinite);
    if (values.length === 0) {
      this.picture.replaceChildren(svg("text", {x: width / 2, y: this.height / 2, "text-anchor": "middle"}, "Nothing yet"));
      this.readout.textContent = "\u00a0";
      return;
    }
    let [low, high] = [this.from ?? Math.min(...values), Math.max(...values)];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    [low, high] = [this.from ?? low - room, high + room];
    const last = Math.max(this.steps ?? 0, this.rows[this.rows.length - 1].step, 1);
    this.x = (step) => MARGIN.left + (width - MARGIN.left - MARGIN.right) * step / last;
    this.y = (value) => this.height - MARGIN.bottom - (this.height - MARGIN.top - MARGIN.bottom) * (value - low) / (high - low);
    this.picture.replaceChildren(...this.#axes(width, low, high, last), ...this.#lines.flatMap((line) => this.#line(line)));
    this.#mark();
  }

  #axes(width, low, high, last) {
    const bottom = this.height - MARGIN.bottom;
    return [
      ...ticks(low, high, 4).flatMap((value) => [
        svg("line", {class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: this.y(value), y2: this.y(value)}),
        svg("text", {x: MARGIN.left - 8, y: this.y(value) + 4, "text-anchor": "end"}, shortNumber(value) + this.unit)]),
      ...ticks(0, last, Math.max(3, Math.floor(width / 120))).filter(Number.isInteger).map((step) =>
        svg("text", {x: this.x(step), y: this.height - 8, "text-anchor": step === 0 ? "start" : this.x(step) > width - 40 ? "end" : "middle"},
          step === 0 ? "step 0" : String(step))),
      svg("line", {class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: bottom, y2: bottom}),
    ];
  }

  #line({key}) {
    const points = this.rows.filter((row) => Number.isFinite(row[key])).map((row) => [this.x(row.step), this.y(row[key])]);
    const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const dots = points.length <= 24 ? points : points.slice(-1);
    return [svg("path", {class: `line line-${key}`, d: path}),
            ...dots.map(([cx, cy]) => svg("circle", {class: `dot line-${key}`, cx, cy, r: 2.5}))];
  }

  #nearest(event) {
    const x = event.clientX - this.picture.getBoundingClientRect().left;
    let best;
    this.rows.forEach((row, i) => {
      if (best === undefined || Math.abs(this.x(row.step) - x) < Math.abs(this.x(this.rows[best].step) - x)) best = i;
    });
    return best;
  }

  #ask(index) {
    this.#cursor = index;
    this.#mark();
  }

  #key(event) {
    const move = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity}[event.key];
    if (!move || this.rows.length === 0) return;
    event.preventDefault();
    this.#ask(Math.min(this.rows.length - 1, Math.max(0, (this.#cursor ?? (move < 0 ? this.rows.length : -1)) + move)));
  }

  #mark() {
    this.picture.querySelector(".cursor")?.remove();
    if (this.rows.length === 0) return;
    const row = this.rows[Math.min(this.#cursor ?? Infinity, this.rows.length - 1)];
    const known = (key) => (Number.isFinite(row[key]) ? row[key] : undefined);
    this.readout.textContent = [`step ${row.step}`, ...this.#lines.filter(({key}) => known(key) !== undefined)
      .map(({key, name}) => `${name} ${shortNumber(row[key])}${this.unit}`)].join(" · ");
    if (this.#cursor === undefined) return;
    this.picture.append(svg("g", {class: "cursor"},
      svg("line", {x1: this.x(row.step), x2: this.x(row.step), y1: MARGIN.top, y2: this.height - MARGIN.bottom}),
      this.#lines.filter(({key}) => known(key) !== undefined).map(({key}) =>
        svg("circle", {class: `dot line-${key}`, cx: this.x(row.step), cy: this.y(row[key]), r: 4}))));
  }
}

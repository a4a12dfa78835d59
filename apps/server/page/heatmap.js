// A picture of layers × experts: a canvas whose cells glow by a value from 0 to 1. The pointer or the arrow keys ask for a
// cell. Colours are the style's: --heat-none, --heat-low, --heat-mid, --heat-high.

const GUTTER = 30;      // px, for the layers' numbers
const LEAST_CELL = 2;   // px: wider mixtures scroll
const GAP_FROM = 5;     // px: smaller cells touch

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

export class Heatmap {
  #canvas;
  #rows = 0;
  #columns = 0;
  #target = new Float32Array(0);
  #shown = new Float32Array(0);
  #frame = 0;
  #last = 0;
  #cursor;     // [row, column] that is asked for
  #onCell;
  #rowNames = [];

  /** @param onCell  called with (row, column), or nothing when the question is over. */
  constructor(canvas, onCell = () => {}) {
    this.#canvas = canvas;
    this.#onCell = onCell;
    new ResizeObserver(() => this.#draw()).observe(canvas.parentElement);
    canvas.addEventListener("pointermove", (event) => this.#ask(this.#cellAt(event)));
    canvas.addEventListener("pointerdown", (event) => this.#ask(this.#cellAt(event)));
    canvas.addEventListener("pointerleave", () => this.#ask(undefined));
    canvas.addEventListener("blur", () => this.#ask(undefined));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    // Colours are read when it is drawn; a theme that changes draws again.
    new MutationObserver(() => this.#draw()).observe(document.documentElement, {attributeFilter: ["data-theme"]});
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** values: rows × columns, each from 0 to 1. The picture goes there within some frames, or at once where motion is not wanted. */
  show(rows, columns, values, rowNames = []) {
    const other = rows !== this.#rows || columns !== this.#columns;
    this.#rows = rows;
    this.#columns = columns;
    this.#rowNames = rowNames;
    this.#target = values;
    if (other) this.#shown = new Float32Array(rows * columns);
    if (reduced.matches || document.hidden) {
      this.#shown.set(values);
      this.#draw();
    } else if (!this.#frame) {
      this.#last = performance.now();
      this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  // What lights up does so at once; what goes out decays.
  #step(now) {
    const fall = 1 - Math.exp(-(now - this.#last) / 110);
    this.#last = now;
    let moving = false;
    for (let i = 0; i < this.#shown.length; ++i) {
      const difference = this.#target[i] - this.#shown[i];
      this.#shown[i] += difference * (difference > 0 ? Math.max(fall, 0.6) : fall);
      if (Math.abs(difference) > 0.01) moving = true;
      else this.#shown[i] = this.#target[i];
    }
    this.#draw();
    this.#frame = moving ? requestAnimationFrame((next) => this.#step(next)) : 0;
  }

  #cell() {
    const room = this.#canvas.parentElement.clientWidth - GUTTER;
    return {width: Math.min(44, Math.max(LEAST_CELL, room / this.#columns)), height: Math.min(24, Math.max(5, 320 / this.#rows))};
  }

  #draw() {
    if (!this.#rows || !this.#canvas.parentElement.clientWidth) return;
    const {width, height} = this.#cell();
    const scale = devicePixelRatio || 1;
    const size = [Math.floor(GUTTER + width * this.#columns), Math.ceil(height * this.#rows)];
    if (this.#canvas.width !== Math.round(size[0] * scale) || this.#canvas.height !== Math.round(size[1] * scale)) {
      this.#canvas.width = Math.round(size[0] * scale);
      this.#canvas.height = Math.round(size[1] * scale);
      this.#canvas.style.width = `${size[0]}px`;
      this.#canvas.style.height = `${size[1]}px`;
    }
    const context = this.#canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, ...size);
    const style = getComputedStyle(this.#canvas);
    const stops = ["none", "low", "mid", "high"].map((name) => rgb(style.getPropertyValue(`--heat-${name}`)));
    const gapX = width >= GAP_FROM ? Math.min(3, width / 8) : 0;
    const gapY = Math.min(3, Math.max(1, height / 8));
    const radius = width >= 10 ? 3 : width >= GAP_FROM ? 1 : 0;
    this.#drawNames(context, style, height);
    for (let row = 0; row < this.#rows; ++row) {
      for (let column = 0; column < this.#columns; ++column) {
        context.fillStyle = ramp(stops, this.#shown[row * this.#columns + column]);
        const box = [GUTTER + column * width, row * height, width - gapX, height - gapY];
        if (radius) {
          context.beginPath();
          context.roundRect(...box, radius);
          context.fill();
        } else {
          context.fillRect(box[0], box[1], Math.max(box[2], 1), box[3]);
        }
      }
    }
    if (this.#cursor) {
      context.strokeStyle = style.getPropertyValue("--ink");
      context.lineWidth = 1.5;
      context.strokeRect(GUTTER + this.#cursor[1] * width - 0.75, this.#cursor[0] * height - 0.75 + 0.5, width - gapX + 1.5, height - gapY + 1.5);
    }
  }

  #drawNames(context, style, height) {
    context.font = `11px ${style.fontFamily}`;
    context.fillStyle = style.getPropertyValue("--ink-3");
    context.textAlign = "right";
    context.textBaseline = "middle";
    const every = Math.ceil(13 / height);
    for (let row = 0; row < this.#rows; row += every) {
      context.fillText(this.#rowNames[row] ?? String(row + 1), GUTTER - 8, (row + 0.5) * height - 1);
    }
  }

  #cellAt(event) {
    const box = this.#canvas.getBoundingClientRect();
    const {width, height} = this.#cell();
    const column = Math.floor((event.clientX - box.left - GUTTER) / width);
    const row = Math.floor((event.clientY - box.top) / height);
    return row >= 0 && row < this.#rows && column >= 0 && column < this.#columns ? [row, column] : undefined;
  }

  #ask(cell) {
    if (String(cell) === String(this.#cursor)) return;
    this.#cursor = cell;
    this.#onCell(...(cell ?? []));
    this.#draw();
  }

  #key(event) {
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!move || !this.#rows) return;
    event.preventDefault();
    const [row, column] = this.#cursor ?? [0, -move[1] || 0];
    this.#ask([Math.min(this.#rows - 1, Math.max(0, row + (this.#cursor ? move[0] : 0))),
               Math.min(this.#columns - 1, Math.max(0, column + move[1]))]);
  }
}

function rgb(text) {
  const value = parseInt(text.trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** none at 0; from there low … mid … high: the smallest use differs from none. */
function ramp(stops, value) {
  if (value < 0.004) return `rgb(${stops[0]})`;
  const [from, to, part] = value < 0.04 ? [0, 1, value / 0.04] : value < 0.6 ? [1, 2, (value - 0.04) / 0.56] : [2, 3, (value - 0.6) / 0.4];
  return `rgb(${stops[from].map((low, i) => Math.round(low + (stops[to][i] - low) * Math.min(1, part)))})`;
}

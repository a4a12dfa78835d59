// Contrast of what is on the page, from computed styles, by WCAG 2.1: 4.5 for text, 3 for large text and for what one must
// see to use a control (its border, its symbol, the lines of a chart).

/** Runs in the page: ["what: ratio of colours"] of all that is too weak. */
export function contrastProblems() {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [...[0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])), 1];
  const background = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      layers.push(color);
      if (color[3] === 1 || one.matches("dialog")) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({opacityProperty: true, visibilityProperty: true}) && !element.closest(".unseen, [inert], .skip");
  };
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${typeof element.className === "string" && element.className ? `.${element.className.split(" ").join(".")}` : ""}`;

  const problems = new Set();
  let checked = 0;
  const check = (element, color, under, least, what) => {
    ++checked;
    const found = ratio(over(parse(color), under), under);
    if (found < least - 0.005) problems.add(`${name(element)} ${what}: ${found.toFixed(2)} of ${color} on rgb(${under.slice(0, 3).map(Math.round)}), at least ${least}`);
  };
  const leastOf = (style) => (parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5);
  const enabled = (element) => !element.closest(":disabled");

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !shown(element) || !enabled(element) || element.matches("option, symbol *")) continue;
    const style = getComputedStyle(element);
    check(element, element instanceof SVGElement ? style.fill : style.color, background(element), leastOf(style), `"${node.data.trim().slice(0, 20)}"`);
  }
  for (const field of document.querySelectorAll("input, textarea, select")) {
    if (!shown(field) || !enabled(field) || field.matches("[type=radio], [type=checkbox], [type=range]")) continue;
    const style = getComputedStyle(field);
    check(field, style.color, background(field), 4.5, "value");
    if (field.placeholder) check(field, getComputedStyle(field, "::placeholder").color, background(field), 4.5, "placeholder");
    const border = field.closest(".composer") ?? field;
    const borderStyle = getComputedStyle(border);
    if (parse(borderStyle.borderTopColor)[3] > 0 && borderStyle.borderTopWidth !== "0px") check(field, borderStyle.borderTopColor, background(border.parentElement), 3, "border");
  }
  for (const mark of document.querySelectorAll("button .icon, summary .icon")) {
    if (shown(mark) && enabled(mark)) check(mark.closest("button, summary"), getComputedStyle(mark).color, background(mark), 3, "symbol");
  }
  for (const line of document.querySelectorAll(".chart .line, .chart .axis")) {
    if (shown(line)) check(line, getComputedStyle(line).stroke, background(line), 3, "line");
  }
  const focused = document.activeElement;
  if (focused && focused !== document.body && getComputedStyle(focused).outlineStyle !== "none") {
    check(focused, getComputedStyle(focused).outlineColor, background(focused.parentElement), 3, "focus");
  }
  return {problems: [...problems], checked};
}

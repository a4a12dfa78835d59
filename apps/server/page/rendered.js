// Markdown on the page, kept up with a text that grows: blocks that have not changed keep their elements (and what is selected
// in them). placeOf() and rangeOf() lead from a place on the page to one in the source, and back.
import {copyText, element, iconButton} from "./dom.js";
import {parseInline, parseMarkdown} from "./markdown.js";

const TAGS = {strong: "strong", emphasis: "em", strike: "s"};

export class RenderedMarkdown {
  #source = "";
  #shown = [];  // {key, node}
  #offsets = new WeakMap();  // of text nodes in the source

  constructor(root) {
    this.root = root;
  }

  update(source) {
    if (source === this.#source) return;
    this.#source = source;
    const blocks = parseMarkdown(source);
    blocks.forEach((block, i) => {
      const key = `${block.kind} ${block.from} ${source.slice(block.from, block.to)}`;
      const shown = this.#shown[i];
      if (shown?.key === key) return;
      const node = this.#block(block);
      if (shown) shown.node.replaceWith(node);
      else this.root.append(node);
      this.#shown[i] = {key, node};
    });
    for (const extra of this.#shown.splice(blocks.length)) extra.node.remove();
  }

  /** Where a place in a text node is in the source; undefined: not of this text. */
  placeOf(node, offset) {
    const from = this.#offsets.get(node);
    return from === undefined ? undefined : from + offset;
  }

  /** The ranges of the page that show source[from, to). */
  rangesOf(from, to) {
    const ranges = [];
    const walker = document.createTreeWalker(this.root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const start = this.#offsets.get(node);
      if (start === undefined || start >= to || start + node.length <= from) continue;
      const range = new Range();
      range.setStart(node, Math.max(0, from - start));
      range.setEnd(node, Math.min(node.length, to - start));
      ranges.push(range);
    }
    return ranges;
  }

  #text(from, to) {
    const node = document.createTextNode(this.#source.slice(from, to));
    this.#offsets.set(node, from);
    return node;
  }

  #block(block) {
    switch (block.kind) {
      case "paragraph": return element("p", {}, this.#inline(block.lines));
      case "heading": return element(`h${Math.min(6, block.level + 1)}`, {}, this.#inline(block.lines));  // below the page's own
      case "rule": return element("hr");
      case "quote": return element("blockquote", {}, block.blocks.map((inside) => this.#block(inside)));
      case "list": return element(block.ordered ? "ol" : "ul", block.ordered && block.start !== 1 ? {start: block.start} : {},
                                  block.items.map((item) => element("li", {}, this.#item(item))));
      case "table": return this.#table(block);
      default: return this.#code(block);
    }
  }

  // A single paragraph of an item has no paragraph's margins.
  #item(blocks) {
    return blocks.flatMap((block, i) => (i === 0 && block.kind === "paragraph" ? this.#inline(block.lines) : [this.#block(block)]));
  }

  #table({head, align, rows}) {
    const row = (tag, line) => element("tr", {}, line.map((cell, i) =>
      element(tag, {class: align[i] === "left" ? null : `align-${align[i]}`, ...(tag === "th" && {scope: "col"})}, this.#inline([cell]))));
    return element("div", {class: "table", tabindex: 0, role: "group", "aria-label": "Table"},
      element("table", {}, element("thead", {}, row("th", head)), element("tbody", {}, rows.map((line) => row("td", line)))));
  }

  #code({language, lines}) {
    const written = lines.map((line) => this.#source.slice(line.from, line.to)).join("\n");
    const code = element("code");
    lines.forEach((line, i) => code.append(...(i > 0 ? ["\n"] : []), this.#text(line.from, line.to)));
    return element("div", {class: "code"},
      element("div", {class: "code-head"}, element("span", {}, language || "code"),
        iconButton("copy", "Copy the code", (event) => copyText(written, event.currentTarget))),
      element("pre", {tabindex: 0, role: "group", "aria-label": `Code${language ? `, ${language}` : ""}`}, code));
  }

  // Lines are one text to the parser, so that emphasis may go over their ends; each piece of a line is a node of its own.
  #inline(lines) {
    const text = lines.map((line) => this.#source.slice(line.from, line.to)).join("\n");
    const starts = [];
    lines.reduce((at, line) => (starts.push(at), at + line.to - line.from + 1), 0);
    const pieces = (from, to) => {
      const nodes = [];
      lines.forEach((line, i) => {
        const begin = Math.max(from, starts[i]);
        const end = Math.min(to, starts[i] + line.to - line.from);
        if (begin < end) nodes.push(this.#text(line.from + begin - starts[i], line.from + end - starts[i]));
        const lineEnd = starts[i] + line.to - line.from;
        if (lineEnd >= from && lineEnd < to) nodes.push(/ {2}$|\\$/.test(text.slice(starts[i], lineEnd)) ? element("br") : "\n");
      });
      return nodes;
    };
    const build = (nodes) => nodes.flatMap((node) => {
      if (node.kind === "text") return pieces(node.from, node.to);
      if (node.kind === "code") return [element("code", {}, pieces(node.from, node.to))];
      if (node.kind === "link") {
        return [element("a", {href: node.href, target: "_blank", rel: "noopener noreferrer"}, build(node.children))];
      }
      return [element(TAGS[node.kind], {}, build(node.children))];
    });
    return build(parseInline(text));
  }
}

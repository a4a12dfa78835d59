// What models write of Markdown, as a tree: headings, lists, tables, quotes, code, emphasis, links. Everything else, markup of
// HTML above all, is text. Leaves know where they are in the source, so that a place on the page leads to a token.
//
// A Line is a piece of a source line: {from, to}, without the indentation and marks of what it is inside of.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^( {0,3}(#{1,6})\s+)(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])\s*(?:\1\s*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +|$)/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const STARTS = [FENCE, HEADING, RULE, QUOTE, /^ {0,3}([-*+]|1[.)]) +\S/];  // what ends a paragraph without a blank line

function linesOf(source) {
  const lines = [];
  for (let from = 0; from <= source.length;) {
    const end = source.indexOf("\n", from);
    const to = end < 0 ? source.length : end;
    lines.push({from, to});
    from = to + 1;
  }
  return lines;
}

/** Blocks of a source, in order: {kind, from, to, …}. */
export const parseMarkdown = (source) => new Blocks(source, linesOf(source)).parse();

// Goes over lines; each kind of block takes those that are its own.
class Blocks {
  #at = 0;
  #source;
  #lines;

  constructor(source, lines) {
    this.#source = source;
    this.#lines = lines;
  }

  parse() {
    const blocks = [];
    while (this.#at < this.#lines.length) {
      if (this.#isBlank(this.#at)) {
        ++this.#at;
        continue;
      }
      const begin = this.#at;
      const block = this.#code() ?? this.#heading() ?? this.#rule() ?? this.#quote() ?? this.#list() ?? this.#table() ?? this.#paragraph();
      blocks.push({...block, from: this.#lines[begin].from, to: this.#lines[this.#at - 1].to});
    }
    return blocks;
  }

  #text(at) { return this.#source.slice(this.#lines[at].from, this.#lines[at].to); }
  #isBlank(at) { return /^\s*$/.test(this.#text(at)); }
  #inside(lines) { return new Blocks(this.#source, lines).parse(); }

  #code() {
    const match = FENCE.exec(this.#text(this.#at));
    if (!match) return undefined;
    const close = new RegExp(`^ {0,3}${match[1][0]}{${match[1].length},}\\s*$`);
    const first = ++this.#at;
    while (this.#at < this.#lines.length && !close.test(this.#text(this.#at))) ++this.#at;
    const lines = this.#lines.slice(first, this.#at);
    const closed = this.#at < this.#lines.length;
    if (closed) ++this.#at;
    return {kind: "code", language: match[2], lines, closed};
  }

  #heading() {
    const match = HEADING.exec(this.#text(this.#at));
    if (!match) return undefined;
    const from = this.#lines[this.#at++].from + match[1].length;
    return {kind: "heading", level: match[2].length, lines: [{from, to: from + match[3].length}]};
  }

  #rule() {
    if (!RULE.test(this.#text(this.#at))) return undefined;
    ++this.#at;
    return {kind: "rule"};
  }

  #quote() {
    const inside = [];
    for (let match; this.#at < this.#lines.length && (match = QUOTE.exec(this.#text(this.#at))); ++this.#at) {
      inside.push({from: this.#lines[this.#at].from + match[0].length, to: this.#lines[this.#at].to});
    }
    return inside.length > 0 ? {kind: "quote", blocks: this.#inside(inside)} : undefined;
  }

  #list() {
    const first = ITEM.exec(this.#text(this.#at));
    if (!first) return undefined;
    const ordered = first[3] !== undefined;
    const isItem = (at) => {
      const match = at < this.#lines.length && !RULE.test(this.#text(at)) && ITEM.exec(this.#text(at));
      return match && (match[3] !== undefined) === ordered ? match : undefined;
    };
    const items = [];
    for (let match; (match = isItem(this.#at));) {
      items.push(this.#inside(this.#itemLines(match[0].length)));
      // Blank lines between items: a loose list.
      let next = this.#at;
      while (next < this.#lines.length && this.#isBlank(next)) ++next;
      if (isItem(next)) this.#at = next;
    }
    return {kind: "list", ordered, start: ordered ? Number(first[3]) : 1, items};
  }

  // The rest of an item's first line, and what follows: indented, or lazily going on with a paragraph.
  #itemLines(indent) {
    const least = Math.min(indent, 2);
    const spaces = (at) => /^ */.exec(this.#text(at))[0].length;
    const inside = [{from: this.#lines[this.#at].from + indent, to: this.#lines[this.#at].to}];
    for (++this.#at; this.#at < this.#lines.length; ++this.#at) {
      if (this.#isBlank(this.#at)) {
        const next = this.#at + 1;
        if (next >= this.#lines.length || this.#isBlank(next) || spaces(next) < least) break;
      } else if (spaces(this.#at) < least && (this.#isBlank(this.#at - 1) || [ITEM, ...STARTS].some((one) => one.test(this.#text(this.#at))))) {
        break;
      }
      inside.push({from: this.#lines[this.#at].from + Math.min(spaces(this.#at), indent), to: this.#lines[this.#at].to});
    }
    return inside;
  }

  #table() {
    const rule = this.#at + 1;
    if (!this.#text(this.#at).includes("|") || rule >= this.#lines.length || !TABLE_RULE.test(this.#text(rule))) return undefined;
    const head = cells(this.#source, this.#lines[this.#at]);
    const align = cells(this.#source, this.#lines[rule]).map(({from, to}) => {
      const mark = this.#source.slice(from, to);
      return mark.endsWith(":") ? (mark.startsWith(":") ? "center" : "right") : "left";
    });
    const rows = [];
    for (this.#at += 2; this.#at < this.#lines.length && this.#text(this.#at).includes("|"); ++this.#at) rows.push(cells(this.#source, this.#lines[this.#at]));
    return {kind: "table", head, align, rows};
  }

  #paragraph() {
    const begin = this.#at++;
    while (this.#at < this.#lines.length && !this.#isBlank(this.#at) && !STARTS.some((one) => one.test(this.#text(this.#at)))) ++this.#at;
    return {kind: "paragraph", lines: this.#lines.slice(begin, this.#at)};
  }
}

function cells(source, line) {
  let {from, to} = line;
  const trim = (cell) => {
    while (cell.from < cell.to && /\s/.test(source[cell.from])) ++cell.from;
    while (cell.from < cell.to && /\s/.test(source[cell.to - 1])) --cell.to;
    return cell;
  };
  ({from, to} = trim({from, to}));
  if (source[from] === "|") ++from;
  if (to > from && source[to - 1] === "|" && source[to - 2] !== "\\") --to;
  const found = [];
  let begin = from;
  let inCode = false;
  for (let i = from; i <= to; ++i) {
    if (source[i] === "`") inCode = !inCode;
    if (i === to || (source[i] === "|" && !inCode && source[i - 1] !== "\\")) {
      found.push(trim({from: begin, to: i}));
      begin = i + 1;
    }
  }
  return found;
}

// Inside of a line. The longest first; what is not closed is text.
const INLINE = new RegExp([
  "(?<escape>\\\\[\\\\`*_{}\\[\\]()#+\\-.!|~<>])",
  "(?<!`)(?<ticks>`+)(?!`)(?<code>[^]*?[^`])\\k<ticks>(?!`)",  // whole runs of ticks: else a long one is tried in every way
  "!?\\[(?<label>[^\\]\\n]*)\\]\\((?<target>[^()\\s]*(?:\\([^()\\s]*\\)[^()\\s]*)*)(?:\\s+\"[^\"]*\")?\\)",
  "<(?<auto>https?:\\/\\/[^\\s>]+)>",
  "(?<bare>https?:\\/\\/[^\\s<>()\\[\\]`]*[^\\s<>()\\[\\]`.,:;!?'\"*_])",
  "(?<strongMark>\\*\\*|__)(?<strong>(?=\\S)[^]*?\\S)\\k<strongMark>",
  "~~(?<strike>(?=\\S)[^]*?\\S)~~",
  "\\*(?<em>(?=[^\\s*])[^*]*?[^\\s*])\\*",
  "(?<![\\p{L}\\p{N}_])_(?<under>(?=[^\\s_])[^_]*?[^\\s_])_(?![\\p{L}\\p{N}_])",
].join("|"), "gu");

/** Of one text: {kind: "text" | "code", from, to} and {kind: "strong" | "emphasis" | "strike" | "link", children}. */
export function parseInline(text, from = 0, to = text.length) {
  const nodes = [];
  const pattern = new RegExp(INLINE);
  const part = text.slice(0, to);
  let at = from;
  const plain = (begin, end) => begin < end && nodes.push({kind: "text", from: begin, to: end});
  for (pattern.lastIndex = from;;) {
    const match = pattern.exec(part);
    if (!match) break;
    const groups = match.groups;
    const marked = (kind, content, width) =>
      ({kind, children: parseInline(text, match.index + width, match.index + width + content.length)});
    plain(at, match.index);
    if (groups.escape) plain(match.index + 1, match.index + 2);
    else if (groups.code !== undefined) {
      const start = match.index + groups.ticks.length;
      nodes.push({kind: "code", from: start, to: start + groups.code.length});
    } else if (groups.label !== undefined) {
      const href = safeAddress(groups.target);
      const start = match.index + match[0].indexOf("[") + 1;
      if (href && groups.label) nodes.push({kind: "link", href, children: parseInline(text, start, start + groups.label.length)});
      else plain(match.index, match.index + match[0].length);
    } else if (groups.auto || groups.bare) {
      const address = groups.auto ?? groups.bare;
      const start = match.index + (groups.auto ? 1 : 0);
      nodes.push({kind: "link", href: address, children: [{kind: "text", from: start, to: start + address.length}]});
    } else if (groups.strong) nodes.push(marked("strong", groups.strong, 2));
    else if (groups.strike) nodes.push(marked("strike", groups.strike, 2));
    else nodes.push(marked("emphasis", groups.em ?? groups.under, 1));
    at = match.index + match[0].length;
  }
  plain(at, to);
  return nodes;
}

/** Links lead to the web or to mail, nowhere else. */
export const safeAddress = (target) => (/^(https?:\/\/|mailto:)/i.test(target) ? target : undefined);

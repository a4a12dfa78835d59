// A model that says what the test expects: its answer depends on what the last message asks for.

const PARAGRAPHS = [
  "A mixture of experts has many small networks in place of one large one. For each token a router scores them, and only the best few do any work.",
  "Think of a newsroom: every story passes the desk, the desk sends it to two or three writers, and the others keep their pens down. The router is that desk.",
  "Most of such a model sleeps at any moment. That is why it needs the memory of a large model, and the arithmetic of a small one.",
];

export const MARKDOWN = `### Three trits make a number

A **ternary** weight is *one of three*: \`-1\`, \`0\` or \`+1\`. With a scale for each group, that is all a product needs:

1. add where the trit is \`+1\`,
2. subtract where it is \`-1\`,
3. leave out the rest.

\`\`\`cpp
int32_t sum = 0;
for (int i = 0; i < n; ++i) sum += trit[i] * activation[i];  // int8
return sum * weight_scale * activation_scale;
\`\`\`

| weights | bits | a billion |
|:--|--:|--:|
| float | 16 | 2.0 GB |
| ternary | 1.58 | 0.2 GB |

> The weights are small. The quality is another matter.

- <b>markup</b> of HTML <img src=x onerror=alert(1)> is text
  - and so it is in lists
- [a link](https://example.org/) leads away only when it is followed; [this one](javascript:alert(1)) is none
`;

export const HOSTILE = "<script>window.broken = 1</script><img src=\"http://example.org/x.png\" onerror=\"window.broken = 2\">\n\n" +
  "[x](javascript:window.broken=3) ![y](http://example.org/y.png)\n\n```html\n<iframe src=\"http://example.org\"></iframe>\n```";

const tokensOf = (text) => text.match(/\s?[A-Za-zäöü']+|\s?\d+|\s+|[^]/gu) ?? [];

/** {pieces: [{reasoning or content}], delayMs, calls, breaksAfter} for the messages of a request; `asked`: how often before. */
export function answerTo(text, asked) {
  const content = (words) => tokensOf(words).map((piece) => ({content: piece}));
  if (/slow/.test(text)) return {pieces: content(Array.from({length: 60}, () => PARAGRAPHS[asked % 3]).join(" ")), delayMs: 25};
  if (/markdown/.test(text)) return {pieces: content(MARKDOWN), delayMs: 2};
  if (/hostile/.test(text)) return {pieces: content(HOSTILE), delayMs: 1};
  if (/break/.test(text)) return {pieces: content(PARAGRAPHS[0]), delayMs: 2, breaksAfter: 8};
  if (/weather/.test(text)) {
    return {pieces: [], delayMs: 2, calls: [{index: 0, id: "call-1", type: "function", function: {name: "get_weather", arguments: "{\"city\": \"Bern\"}"}}]};
  }
  const thoughts = /think/.test(text) ?
    tokensOf("The question is short. A picture helps more than a definition: a newsroom will do.").map((piece) => ({reasoning: piece})) : [];
  return {pieces: [...thoughts, ...content(PARAGRAPHS[asked % PARAGRAPHS.length])], delayMs: 12};
}

/** Picks of token t: of each layer `used` different experts, some more often than others; another set for each token. */
export function picksOf(model, t, text) {
  const {layers, experts, experts_used: used} = model.tritium;
  let state = [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 17 + t);
  const random = () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32);
  return Array.from({length: layers}, (_, layer) => {
    const picks = new Set();
    while (picks.size < used) picks.add(Math.floor((random() ** 1.6 * experts + layer * 5) % experts));
    return [...picks];
  });
}

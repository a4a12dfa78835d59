// Server-sent events out of bytes, wherever these are cut.

/** @param {AsyncIterable<Uint8Array>} chunks  Yields {event, id, data} of each event; comments are passed over. */
export async function* serverSentEvents(chunks) {
  const decoder = new TextDecoder();
  let text = "";
  let event = {event: "message", id: undefined, data: []};
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, {stream: true});
    for (;;) {
      const end = text.search(/\r\n|\n|\r(?!$)/);  // a \r at the end may be half of \r\n
      if (end < 0) break;
      const line = text.slice(0, end);
      text = text.slice(end + (text.startsWith("\r\n", end) ? 2 : 1));
      if (line === "") {
        if (event.data.length > 0) yield {...event, data: event.data.join("\n")};
        event = {event: "message", id: event.id, data: []};
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === "data") event.data.push(value);
      else if (name === "event" || name === "id") event[name] = value;
    }
  }
}

/** The same of a response's body, which Safari cannot iterate. */
export async function* bodyChunks(response) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});  // who stops reading ends the generation
  }
}

// One answer of the model, as it streams in: text, thoughts, calls, figures, and which experts each token came from.
import {streamed} from "./api.js";

/** Chat messages as the server takes them: nothing but what its contract names. */
export function sentMessages(system, messages) {
  const sent = system.trim() ? [{role: "system", content: system}] : [];
  for (const message of messages) {
    if (message.role === "tool") sent.push({role: "tool", tool_call_id: message.tool_call_id, content: message.content});
    else if (message.role === "user") sent.push({role: "user", content: message.content});
    else if (message.content || message.tool_calls?.length) {
      sent.push({role: "assistant", content: message.content || null, ...(message.tool_calls?.length && {tool_calls: message.tool_calls})});
    }
  }
  return sent;
}

/** Body of a request: options that were left open are the server's. A model without a chat template continues the text. */
export function requestBody(model, settings, messages, wantsExperts) {
  const set = (names) => Object.fromEntries(names.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]));
  const extra = {...set(["top_k", "min_p", "repeat_penalty"]), ...(wantsExperts && {experts: true})};
  const body = {model: model.id, stream: true, stream_options: {include_usage: true}, ...set(["temperature", "top_p", "max_tokens", "seed"]),
                ...(Object.keys(extra).length > 0 && {tritium: extra})};
  if (!model.chat) {
    return {path: "v1/completions", body: {max_tokens: 256, ...body, prompt: messages.map((message) => message.content).join("")}};
  }
  if (settings.tools) body.tools = settings.tools;
  if (settings.thinking !== undefined) body.chat_template_kwargs = {enable_thinking: settings.thinking};
  return {path: "v1/chat/completions", body: {...body, messages: sentMessages(settings.system ?? "", messages)}};
}

function addCalls(calls, deltas) {
  for (const delta of deltas ?? []) {
    const call = (calls[delta.index ?? calls.length] ??= {id: delta.id, type: "function", function: {name: "", arguments: ""}});
    call.function.name += delta.function?.name ?? "";
    call.function.arguments += delta.function?.arguments ?? "";
  }
}

/** Picks of a chunk: of one token [layer][k], or, where a chunk has several, of each. */
const picksOfTokens = (experts) => (Array.isArray(experts?.[0]?.[0]) ? experts : [experts]);

/** A chunk may end thoughts and begin what is said: its tokens then stand at the latter. */
function addText(answer, {reasoning_content: reasoning, content}, experts) {
  const field = reasoning && !content ? "reasoning" : "content";
  const from = answer[field].length;
  answer.reasoning += reasoning ?? "";
  answer.content += content ?? "";
  if (experts.length === 0) return;
  for (const picks of picksOfTokens(experts)) answer.tokens.push({field, from, to: answer[field].length, picks});
}

/** Fills `answer` while it comes, and calls `changed` after each chunk. Throws what the server says; AbortError when stopped. */
export async function streamAnswer(answer, {path, body}, signal, changed) {
  const begin = performance.now();
  let first;
  let pieces = 0;
  Object.assign(answer, {content: "", reasoning: "", tool_calls: [], tokens: [], finish: null, figures: {}});
  for await (const {value} of streamed(path, {body, signal})) {
    const choice = value.choices?.[0];
    if (choice) {
      const delta = choice.delta ?? {content: choice.text};
      if (delta.reasoning_content || delta.content) {
        ++pieces;
        first ??= performance.now();
      }
      addText(answer, delta, choice.experts ?? []);
      addCalls(answer.tool_calls, delta.tool_calls);
      answer.finish = choice.finish_reason ?? answer.finish;
    }
    if (value.usage) answer.figures.usage = value.usage;
    const told = value.tritium ?? {};
    answer.figures.tokensPerSecond = told.tokens_per_second ??
      (pieces > 1 ? (pieces - 1) / Math.max(1e-3, (performance.now() - first) / 1000) : answer.figures.tokensPerSecond);
    answer.figures.secondsToFirst = told.seconds_to_first_token ?? (first && (first - begin) / 1000);
    changed();
  }
}

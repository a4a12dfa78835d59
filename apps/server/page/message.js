// One message of a conversation on the page: what the person said, what the model answered, what a tool gave.
import {copyText, element, icon, iconButton} from "./dom.js";
import {RenderedMarkdown} from "./rendered.js";

/** Figures under an answer: "41 tokens/s · first after 0.3 s · 128 tokens · 4 % of the context". */
export function figuresOf(message, context) {
  const {tokensPerSecond, secondsToFirst, usage} = message.figures ?? {};
  const parts = [];
  if (tokensPerSecond) parts.push(`${tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0)} tokens/s`);
  if (secondsToFirst !== undefined && secondsToFirst !== null) {
    parts.push(`first after ${secondsToFirst < 0.1 ? `${Math.max(1, Math.round(1000 * secondsToFirst))} ms` : `${secondsToFirst.toFixed(2)} s`}`);
  }
  if (usage) parts.push(`${usage.completion_tokens} tokens`);
  if (usage && context) parts.push(`${Math.ceil(100 * usage.total_tokens / context)}\u00a0% of the context`);
  if (message.stopped) parts.push("stopped");
  else if (message.finish === "length") parts.push("cut off at the limit of tokens");
  return parts.join(" · ");
}

function readableArguments(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export class MessageView {
  /** @param actions  {edit(text), regenerate(), retry(), showExperts(), answerCall(call, text), context()} */
  constructor(message, actions) {
    this.message = message;
    this.actions = actions;
    this.root = element("article", {class: `message ${message.role}`, "aria-label": this.#label()});
    if (message.role === "user") this.#showUser();
    else if (message.role === "tool") this.#showTool();
    else this.#buildAnswer();
  }

  #label() {
    const {role, model, name} = this.message;
    return role === "user" ? "You" : role === "tool" ? `Result of ${name}` : `Answer of ${model ?? "the model"}`;
  }

  #showUser() {
    const {message} = this;
    const edit = iconButton("edit", "Edit this message", () => this.beginEdit());
    this.root.replaceChildren(
      element("div", {class: "bubble"}, message.content),
      element("footer", {class: "message-foot"}, edit,
        iconButton("copy", "Copy this message", (event) => copyText(message.content, event.currentTarget))));
  }

  beginEdit() {
    const field = element("textarea", {class: "field", "aria-label": "Your message", rows: Math.min(12, this.message.content.split("\n").length + 1)});
    field.value = this.message.content;
    const end = () => {
      this.#showUser();
      this.root.querySelector("button").focus();
    };
    const send = () => field.value.trim() && this.actions.edit(field.value);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        end();
      } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    });
    this.root.replaceChildren(element("div", {class: "editor"}, field,
      element("div", {class: "row end"},
        element("button", {type: "button", class: "button", onclick: end}, "Cancel"),
        element("button", {type: "button", class: "button primary", onclick: send}, "Ask again from here"))));
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  #showTool() {
    this.root.replaceChildren(element("details", {class: "folded"},
      element("summary", {}, icon("tool"), `Result of ${this.message.name}`), element("pre", {tabindex: 0}, this.message.content)));
  }

  #buildAnswer() {
    this.thoughtText = element("div", {class: "prose quiet"});
    this.thoughtTitle = element("span", {}, "Thoughts");
    this.thoughts = element("details", {class: "folded", hidden: true}, element("summary", {}, icon("thought"), this.thoughtTitle), this.thoughtText);
    this.text = element("div", {class: "prose"});
    this.waiting = element("div", {class: "waiting"}, element("span", {class: "pulse", "aria-hidden": "true"}), "Reading the conversation");
    this.calls = element("div", {class: "calls"});
    this.problem = element("div", {class: "problem", role: "alert", hidden: true});
    this.figures = element("span", {class: "figures"});
    this.showExperts = iconButton("experts", "Show which experts worked", () => this.actions.showExperts());
    this.foot = element("footer", {class: "message-foot"},
      iconButton("copy", "Copy the answer", (event) => copyText(this.message.content, event.currentTarget)),
      iconButton("again", "Regenerate the answer", () => this.actions.regenerate(), {class: "icon-button regenerate"}),
      this.showExperts, this.figures);
    this.root.append(this.thoughts, this.text, this.waiting, this.calls, this.problem, this.foot);
    this.rendered = {content: new RenderedMarkdown(this.text), reasoning: new RenderedMarkdown(this.thoughtText)};
    this.update(false);
  }

  /** After each change of the message. */
  update(busy) {
    const {message} = this;
    const {content, reasoning, tool_calls: calls = []} = message;
    this.rendered.content.update(content ?? "");
    this.rendered.reasoning.update(reasoning ?? "");
    this.thoughts.hidden = !reasoning;
    this.thoughtTitle.textContent = busy && !content ? "Thinking" : "Thoughts";
    this.waiting.hidden = !busy || Boolean(content || reasoning || calls.length);
    if (calls.length !== this.calls.childElementCount) this.calls.replaceChildren(...calls.map((call) => this.#call(call)));
    this.#showProblem(busy);
    this.root.classList.toggle("busy", busy);
    this.root.setAttribute("aria-busy", String(busy));
    this.figures.textContent = figuresOf(message, this.actions.context());
    this.showExperts.hidden = !message.tokens?.length;
    for (const button of this.foot.querySelectorAll("button")) button.disabled = busy && button !== this.showExperts;
  }

  #showProblem(busy) {
    const text = busy ? "" : this.message.error ?? "";
    this.problem.hidden = !text;
    if (!text || this.problem.dataset.text === text) return;
    this.problem.dataset.text = text;
    this.problem.replaceChildren(element("p", {}, text),
      element("button", {type: "button", class: "button", onclick: () => this.actions.retry()}, "Try again"));
  }

  #call(call) {
    const field = element("textarea", {class: "field", rows: 2, "aria-label": `What ${call.function.name} gives back`, placeholder: "What it gives back"});
    const answered = this.actions.isAnswered(call);
    return element("div", {class: "call"},
      element("div", {class: "call-name"}, icon("tool"), element("span", {}, "asks for ", element("code", {}, call.function.name))),
      element("pre", {tabindex: 0, role: "group", "aria-label": "Arguments"}, readableArguments(call.function.arguments)),
      !answered && field,
      !answered && element("div", {class: "row end"}, element("button", {type: "button", class: "button",
        onclick: () => this.actions.answerCall(call, field.value)}, "Give this back")));
  }
}

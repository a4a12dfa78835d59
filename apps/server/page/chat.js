// The conversation: sending, stopping, regenerating, editing. Which answer streams is decided here, and nowhere else.
import {requestBody, streamAnswer} from "./answer.js";
import {announce, byId} from "./dom.js";
import {newConversation, titleOf} from "./conversations.js";
import {MessageView} from "./message.js";
import {models} from "./models.js";

const NEAR_END = 80;  // px: who has scrolled further up is not taken to the end
const SPOKEN = 1500;  // characters of an answer that are read out when it is whole

export class Chat extends EventTarget {
  #views = [];
  #abort;             // of the answer that streams
  #running;           // a promise: it has ended

  constructor({settings, conversations, panel}) {
    super();
    Object.assign(this, {settings, conversations, panel, conversation: newConversation()});
    this.field = byId("message");
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.busy) this.stop();
      else this.send();
    });
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", () => this.#fit());
    models.addEventListener("change", () => this.#modelChanged());
    this.#followPointer();
    this.show();
  }

  get busy() { return this.#abort !== undefined; }

  open(conversation) {
    this.stop();
    this.conversation = conversation;
    if (conversation.model) models.select(conversation.model);
    this.show();
    this.dispatchEvent(new Event("opened"));
  }

  startNew() {
    this.open(newConversation());
    this.field.focus();
  }

  send() {
    const text = this.field.value;
    if (!text.trim() || this.busy) return;
    this.field.value = "";
    this.#fit();
    this.conversation.messages.push({role: "user", content: text});
    this.#answer();
  }

  stop() {
    this.#abort?.abort();
  }

  /** The last answer anew. */
  regenerate() {
    const {messages} = this.conversation;
    if (this.busy || messages.length === 0) return;
    if (messages[messages.length - 1].role === "assistant") messages.pop();
    if (messages.length > 0) this.#answer();
  }

  editLast() {
    const view = this.#views.filter(({message}) => message.role === "user").pop();
    if (view && !this.busy) view.beginEdit();
  }

  show() {
    const {messages} = this.conversation;
    byId("welcome").hidden = messages.length > 0;
    this.#views = messages.map((message, i) => new MessageView(message, this.#actions(message, i)));
    byId("messages").replaceChildren(...this.#views.map(({root}) => root));
    this.#title();
    this.#setBusy(false);
    this.#watchLatest();
    this.#toEnd();
  }

  #watchLatest() {
    const last = this.conversation.messages.filter((message) => message.role === "assistant").pop();
    this.panel.watch(last, models.find(last?.model) ?? models.current);
  }

  #actions(message, index) {
    const {messages} = this.conversation;
    const cut = (length) => messages.splice(length);
    return {
      edit: async (text) => {
        this.stop();
        await this.#running;
        cut(index);
        messages.push({role: "user", content: text});
        this.#answer();
      },
      regenerate: () => {
        if (this.busy) return;
        cut(index);
        this.#answer();
      },
      retry: () => {
        if (this.busy) return;
        cut(index);
        this.#answer();
      },
      showExperts: () => {
        this.panel.watch(message, models.find(message.model));
        this.dispatchEvent(new Event("show-experts"));
      },
      isAnswered: (call) => messages.some((one) => one.role === "tool" && one.tool_call_id === call.id),
      answerCall: (call, content) => {
        messages.push({role: "tool", tool_call_id: call.id, name: call.function.name, content});
        const open = message.tool_calls.some((one) => !messages.some((tool) => tool.tool_call_id === one.id));
        if (open) this.show();
        else this.#answer();
      },
      context: () => models.find(message.model)?.tritium?.context,
    };
  }

  #answer() {
    this.#running = this.#answerNow();
  }

  async #answerNow() {
    const settings = this.settings.read();
    const model = models.current;
    const {conversation} = this;
    const {messages} = conversation;
    const answer = {role: "assistant", content: "", model: model?.id};
    const asked = [...messages];
    messages.push(answer);
    conversation.model = model?.id;
    this.conversations.save(conversation);
    const wasWithin = byId("messages").contains(document.activeElement);
    this.show();
    if (wasWithin) byId("scroll").focus();  // the button that was pressed is gone
    this.dispatchEvent(new Event("changed"));
    const view = this.#views[this.#views.length - 1];
    const abort = new AbortController();
    this.#abort = abort;
    this.#setBusy(true);
    announce("The model answers.");
    try {
      if (!settings) throw new Error("Something in the settings does not fit: see there.");
      if (!model) throw new Error("There is no model to ask.");
      await this.#stream(answer, view, model, settings, asked, abort.signal);
      announce(`Answered: ${answer.content.slice(0, SPOKEN)}`);
    } catch (error) {
      if (error.name === "AbortError") {
        answer.stopped = true;
        announce("Stopped.");
      } else {
        answer.error = error.message;
      }
    }
    if (this.#abort === abort) this.#abort = undefined;
    const atEnd = this.#isAtEnd();
    view.update(false);
    if (atEnd) this.#toEnd();
    this.conversations.reload();
    if (this.conversations.get(conversation.id)) this.conversations.save(conversation);  // not one that was removed meanwhile
    if (this.conversation === conversation) {
      this.#setBusy(this.busy);
      this.panel.update();
    }
    this.dispatchEvent(new Event("changed"));
  }

  async #stream(answer, view, model, settings, asked, signal) {
    let drawn = 0;
    const changed = () => {
      drawn ||= requestAnimationFrame(() => {
        drawn = 0;
        const atEnd = this.#isAtEnd();
        view.update(this.busy);
        this.panel.update();
        if (atEnd) this.#toEnd();
      });
    };
    this.panel.watch(answer, model);
    view.update(true);
    const wanted = Boolean(model.tritium?.experts);
    try {
      await streamAnswer(answer, requestBody(model, settings, asked, wanted), signal, changed);
    } finally {
      if (drawn) cancelAnimationFrame(drawn);
    }
  }

  #setBusy(busy) {
    const button = byId("send");
    button.classList.toggle("stop", busy);
    button.setAttribute("aria-label", busy ? "Stop (Esc)" : "Send (Enter)");
    button.title = busy ? "Stop (Esc)" : "Send (Enter)";
    button.querySelector("use").setAttribute("href", busy ? "#icon-stop" : "#icon-send");
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && this.field.value === "") {
      event.preventDefault();
      this.editLast();
    }
  }

  #fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 220)}px`;
  }

  #title() {
    byId("chat-title").textContent = titleOf(this.conversation);
    document.title = this.conversation.messages.length ? `${titleOf(this.conversation)} – tritium` : "tritium";
  }

  #modelChanged() {
    const model = models.current;
    byId("model-note").hidden = !model || model.chat;
    if (!this.busy) this.#watchLatest();
  }

  #isAtEnd() {
    const box = byId("scroll");
    return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  }

  #toEnd() {
    byId("scroll").scrollTop = byId("scroll").scrollHeight;
  }

  // The token under the pointer: from a place on the page to one in the text, from there to a token.
  #followPointer() {
    const list = byId("messages");
    list.addEventListener("pointermove", (event) => {
      const found = this.#tokenAt(event);
      if (found) this.panel.select(found.message, found.token, true);
      else if (this.pointed) this.panel.follow();
      this.pointed = Boolean(found);
    });
    list.addEventListener("pointerleave", () => {
      if (this.pointed) this.panel.follow();
      this.pointed = false;
    });
  }

  #tokenAt(event) {
    const view = this.#views.find(({root}) => root.contains(event.target));
    const {message, rendered} = view ?? {};
    if (!message?.tokens?.length) return undefined;
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const range = caret ? undefined : document.caretRangeFromPoint?.(event.clientX, event.clientY);
    const node = caret?.offsetNode ?? range?.startContainer;
    if (!node) return undefined;
    for (const [field, text] of Object.entries(rendered)) {
      const place = text.placeOf(node, caret?.offset ?? range.startOffset);
      if (place === undefined) continue;
      const token = message.tokens.findIndex((one) => one.field === field && one.from <= place && place < one.to);
      return token < 0 ? undefined : {message, token};
    }
    return undefined;
  }

  /** Marks a token in the text of its answer (undefined: none). */
  mark(answer, token) {
    if (!CSS.highlights) return;
    CSS.highlights.delete("token");
    const view = token && this.#views.find(({message}) => message === answer);
    if (view) CSS.highlights.set("token", new Highlight(...view.rendered[token.field].rangesOf(token.from, token.to)));
  }
}

// The list of kept conversations.
import {byId, confirmed, element, icon, iconButton} from "./dom.js";
import {titleOf} from "./conversations.js";

export function beginHistory(chat, conversations, opened) {
  const list = byId("history");
  const show = () => {
    const all = conversations.list();
    byId("history-empty").hidden = all.length > 0;
    byId("history-clear").hidden = all.length === 0;
    list.replaceChildren(...all.map((one) => {
      const current = one.id === chat.conversation.id;
      return element("li", {class: current ? "current" : null},
        element("button", {type: "button", class: "history-open", "aria-current": current ? "true" : null,
                           onclick: () => { chat.open(one); opened(); }}, titleOf(one)),
        iconButton("bin", `Remove “${titleOf(one)}”`, () => remove(one)));
    }));
  };
  const remove = async (one) => {
    if (!await confirmed(`Remove “${titleOf(one)}”? It is kept nowhere else.`, "Remove")) return;
    if (one.id === chat.conversation.id) chat.stop();
    conversations.remove(one.id);
    if (one.id === chat.conversation.id) chat.startNew();
    else byId("new-chat").focus();
    show();
  };
  byId("history-clear").prepend(icon("bin"));
  byId("history-clear").addEventListener("click", async () => {
    if (!await confirmed("Remove all conversations? They are kept nowhere else.", "Remove all")) return;
    chat.stop();
    conversations.clear();
    chat.startNew();
    show();
  });
  addEventListener("storage", () => {  // another tab
    conversations.reload();
    show();
  });
  chat.addEventListener("changed", show);
  chat.addEventListener("opened", show);
  show();
}

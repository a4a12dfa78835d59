// Keys. Letters go with Alt, by their place on the keyboard; "?" and "/" work alone, outside of fields, and can be switched off.
import {byId} from "./dom.js";

const NAME = "tritium.singleKeys";
const inField = (target) => target.closest?.("input:not([type=radio], [type=range], [type=checkbox]), textarea, select, [contenteditable]");

/** @param actions  {stop, newChat, regenerate, experts, settings, theme, chat, training, focusMessage, closeTop} */
export function beginShortcuts(actions) {
  const dialog = byId("shortcuts");
  const single = byId("single-keys");
  single.checked = localStorage.getItem(NAME) !== "off";
  single.addEventListener("change", () => localStorage.setItem(NAME, single.checked ? "on" : "off"));
  byId("help").addEventListener("click", () => dialog.showModal());
  const withAlt = {KeyN: actions.newChat, KeyR: actions.regenerate, KeyE: actions.experts, KeyS: actions.settings, KeyT: actions.theme,
                   Digit1: actions.chat, Digit2: actions.training};
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (!actions.stop()) actions.closeTop();
    } else if (event.altKey && !event.ctrlKey && !event.metaKey && withAlt[event.code]) {
      event.preventDefault();
      withAlt[event.code]();
    } else if (single.checked && !event.altKey && !event.ctrlKey && !event.metaKey && !inField(event.target)) {
      if (event.key === "?") dialog.showModal();
      else if (event.key === "/") {
        event.preventDefault();
        actions.focusMessage();
      }
    }
  });
}

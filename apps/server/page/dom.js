// Elements in one call. Text is always text: nothing in this page parses markup, and the server's policy forbids it, too.

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

export const element = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

export const byId = (id) => document.getElementById(id);

/** One of the symbols of index.html. */
export const icon = (name) =>
  svg("svg", {class: "icon", "aria-hidden": "true"}, svg("use", {href: `#icon-${name}`}));

export const iconButton = (name, label, onclick, attributes = {}) =>
  element("button", {type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes}, icon(name));

/** Says it to those who listen to the page instead of looking at it; once, and in place of what was said before. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** A question before something that cannot be undone: true where it was confirmed. */
export function confirmed(question, action) {
  const dialog = element("dialog", {class: "dialog narrow", "aria-label": question},
    element("form", {method: "dialog"},
      element("p", {}, question),
      element("div", {class: "row end"},
        element("button", {class: "button", value: "no"}, "Keep"),
        element("button", {class: "button danger", value: "yes"}, action))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }));
}

/** Copies, and says so on the button for a moment. */
export async function copyText(text, button) {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = "Copying is not allowed here";  // a page over plain HTTP from another machine
  }
  announce(said);
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  if (before === "#icon-check") return;
  use.setAttribute("href", said === "Copied" ? "#icon-check" : "#icon-close");
  setTimeout(() => use.setAttribute("href", before), 1500);
}

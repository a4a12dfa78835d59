// Starts the page: which view is open, which of the side parts, and who is told of what.
import {whenKeyIsNeeded} from "./api.js";
import {Chat} from "./chat.js";
import {Conversations} from "./conversations.js";
import {byId, element} from "./dom.js";
import {ExpertsPanel} from "./experts.js";
import {beginHistory} from "./history.js";
import {models, shortCount} from "./models.js";
import {Settings} from "./settings.js";
import {beginShortcuts} from "./shortcuts.js";
import {Status} from "./status.js";
import {beginTheme, switchTheme} from "./theme.js";
import {Training} from "./training.js";

const wide = matchMedia("(min-width: 1180px)");   // room for the side panel beside the text
const middle = matchMedia("(min-width: 860px)");  // room for the sidebar, as in layout.css
const PANEL = "tritium.panel";

beginTheme();
const conversations = new Conversations(localStorage);
const settings = new Settings();
const status = new Status();
const panel = new ExpertsPanel((answer, token) => chat.mark(answer, token));
const chat = new Chat({settings, conversations, panel});
const training = new Training(status, (model) => {
  models.select(model);
  openView("chat");
  chat.startNew();
});
beginHistory(chat, conversations, closeSidebar);

function openView(name) {
  for (const view of ["chat", "training"]) {
    byId(`view-${view}`).hidden = view !== name;
    byId(`to-${view}`).setAttribute("aria-current", view === name ? "page" : "false");
  }
  showExpanded();
  if (name === "training") training.show();
  else training.hide();
  if (location.hash.slice(1) !== name) history.replaceState(null, "", `#${name}`);
  closeSidebar();
}

function showExpanded() {
  for (const name of ["experts", "settings"]) {
    const open = !byId("view-chat").hidden && !byId("panel").hidden && !byId(`part-${name}`).hidden;
    byId(`open-${name}`).setAttribute("aria-expanded", String(open));
  }
}

/** Opens the side panel at a part ("experts", "settings"); nothing: closes it. */
function openPanel(part) {
  byId("panel").hidden = !part;
  byId("view-chat").classList.toggle("with-panel", Boolean(part));
  for (const name of ["experts", "settings"]) {
    const open = name === part;
    byId(`part-${name}`).hidden = !open;
    byId(`tab-${name}`).setAttribute("aria-selected", String(open));
    byId(`tab-${name}`).tabIndex = open ? 0 : -1;
  }
  showExpanded();
  localStorage.setItem(PANEL, part ?? "");
  if (part === "experts") panel.update();
}

function togglePanel(part) {
  const open = byId("view-chat").hidden || byId("panel").hidden || byId(`part-${part}`).hidden;
  if (byId("view-chat").hidden) openView("chat");
  openPanel(open ? part : undefined);
  (open ? byId(`tab-${part}`) : byId(`open-${part}`)).focus();
}

function openSidebar() {
  byId("app").classList.add("sidebar-open");
  byId("main").inert = true;
  byId("sidebar-shade").hidden = false;
  byId("sidebar-open").setAttribute("aria-expanded", "true");
  byId("new-chat").focus();
}

function closeSidebar() {
  if (!byId("app").classList.contains("sidebar-open")) return false;
  byId("app").classList.remove("sidebar-open");
  byId("main").inert = false;
  byId("sidebar-shade").hidden = true;
  byId("sidebar-open").setAttribute("aria-expanded", "false");
  byId("sidebar-open").focus();
  return true;
}

function closeTop() {
  if (closeSidebar() || byId("panel").hidden || wide.matches) return;
  const part = byId("part-experts").hidden ? "settings" : "experts";
  openPanel(undefined);
  byId(`open-${part}`).focus();
}

function newChat() {
  openView("chat");
  chat.startNew();
}

function beginTabs() {
  const names = ["experts", "settings"];
  names.forEach((name, i) => {
    byId(`tab-${name}`).addEventListener("click", () => openPanel(name));
    byId(`open-${name}`).addEventListener("click", () => togglePanel(name));
    byId(`tab-${name}`).addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      openPanel(names[1 - i]);
      byId(`tab-${names[1 - i]}`).focus();
    });
  });
  byId("panel-close").addEventListener("click", () => {
    const part = byId("part-experts").hidden ? "settings" : "experts";
    openPanel(undefined);
    byId(`open-${part}`).focus();
  });
}

// On small screens the sidebar is out of sight, and out of reach of the Tab key, until it is opened.
function hideClosedSidebar() {
  byId("sidebar").inert = !middle.matches && !byId("app").classList.contains("sidebar-open");
}

function describeModel() {
  const about = models.current?.tritium;
  byId("welcome-model").textContent = !about ? "" : [
    about.parameters && `${shortCount(about.parameters)} parameters`,
    about.experts > 0 && `${about.experts} experts in a layer, ${about.experts_used} at work`,
    about.context && `${about.context.toLocaleString("en")} tokens of context`,
  ].filter(Boolean).join(" · ");
  byId("welcome-warnings").replaceChildren(...(about?.warnings ?? []).map((text) => element("li", {}, text)));
}

whenKeyIsNeeded((said) => {
  const dialog = byId("key");
  byId("key-said").textContent = said ?? "";
  if (dialog.open) return new Promise((resolve) => dialog.addEventListener("close", () => resolve(sessionStorage.getItem("tritium.key")), {once: true}));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    resolve(dialog.returnValue === "use" ? byId("key-value").value : undefined);
    byId("key-value").value = "";
  }, {once: true}));
});

byId("key-leave").addEventListener("click", () => byId("key").close(""));
byId("to-chat").addEventListener("click", () => openView("chat"));
byId("to-training").addEventListener("click", () => openView("training"));
byId("new-chat").addEventListener("click", newChat);
byId("sidebar-open").addEventListener("click", openSidebar);
byId("sidebar-close").addEventListener("click", closeSidebar);
byId("sidebar-shade").addEventListener("click", closeSidebar);
new MutationObserver(hideClosedSidebar).observe(byId("app"), {attributeFilter: ["class"]});
middle.addEventListener("change", () => { closeSidebar(); hideClosedSidebar(); });
hideClosedSidebar();
beginTabs();
chat.addEventListener("show-experts", () => { openPanel("experts"); byId("tab-experts").focus(); });
openPanel((wide.matches ? localStorage.getItem(PANEL) ?? "experts" : "") || undefined);
beginShortcuts({
  stop: () => chat.busy && (chat.stop(), true), newChat, regenerate: () => chat.regenerate(), experts: () => togglePanel("experts"),
  settings: () => togglePanel("settings"), theme: switchTheme, chat: () => openView("chat"), training: () => openView("training"),
  focusMessage: () => { openView("chat"); chat.field.focus(); }, closeTop,
});

// The server may come later, or again: models are asked for until they are there.
models.addEventListener("change", describeModel);
models.begin();
async function loadModels() {
  try {
    if (models.list.length === 0) await models.load();
  } catch (error) {
    byId("welcome-model").textContent = error.message;
  }
}
status.addEventListener("change", () => status.health && loadModels());
await loadModels();
status.begin();
openView(location.hash === "#training" ? "training" : "chat");

// Dark, light, or as the system has it. A choice that is not the system's is kept; theme_first.js takes it up.
import {announce, byId} from "./dom.js";

const NAME = "tritium.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function show(theme) {
  document.documentElement.dataset.theme = theme;
  const other = theme === "dark" ? "light" : "dark";
  const button = byId("theme");
  button.setAttribute("aria-label", `Switch to the ${other} theme`);
  button.title = `Switch to the ${other} theme`;
  button.querySelector("use").setAttribute("href", other === "dark" ? "#icon-moon" : "#icon-sun");
}

export function switchTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  if (theme === (dark.matches ? "dark" : "light")) localStorage.removeItem(NAME);
  else localStorage.setItem(NAME, theme);
  show(theme);
  announce(`The ${theme} theme.`);
}

export function beginTheme() {
  byId("theme").addEventListener("click", switchTheme);
  dark.addEventListener("change", () => localStorage.getItem(NAME) ?? show(dark.matches ? "dark" : "light"));
  show(document.documentElement.dataset.theme);
}

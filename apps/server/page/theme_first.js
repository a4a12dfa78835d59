// Before the first picture, so that no light page flashes in the dark: the theme that was chosen, or else the system's.
{
  const kept = localStorage.getItem("tritium.theme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = kept === "dark" || kept === "light" ? kept : system;
}

"use strict";
(() => {
  const KEY = "grader-theme";
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  // Where nothing may be kept, as in some browsers for a file, the choice holds as long as the page is open.
  const kept = (use) => { try { return use(localStorage); } catch { return null; } };

  let chosen = kept((store) => store.getItem(KEY));
  const dark = () => (chosen ? chosen === "dark" : system.matches);
  const show = () => { if (chosen) root.dataset.theme = chosen; };
  if (chosen !== "dark" && chosen !== "light") chosen = null;
  show(); // before anything is drawn

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const press = () => button.setAttribute("aria-pressed", dark());
    button.addEventListener("click", () => {
      chosen = dark() ? "light" : "dark";
      kept((store) => store.setItem(KEY, chosen));
      show();
      press();
    });
    system.addEventListener("change", press);
    press();
    button.hidden = false;
  });
})();

// Light or dark: what the person chose, else what the system says. Runs first, so that nothing flashes.
"use strict";
(function () {
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("treewright-theme"); } catch (_) { return null; } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => { root.dataset.theme = stored() || (system.matches ? "dark" : "light"); };
  const tell = () => document.dispatchEvent(new CustomEvent("theme"));
  apply();
  system.addEventListener("change", () => { apply(); tell(); });
  window.treewrightTheme = function () {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("treewright-theme", next); } catch (_) { /* a file may have no storage */ }
    root.dataset.theme = next;
    tell();
  };
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (button) button.addEventListener("click", window.treewrightTheme);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "t" && !event.ctrlKey && !event.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) window.treewrightTheme();
  });
})();

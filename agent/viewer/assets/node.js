// The page of a node: steps that an address names are opened, copying, siblings by keys, and steering.
"use strict";
(function () {
  function reveal() {
    const step = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
    if (step) { step.open = true; step.scrollIntoView(); }
  }
  reveal();
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) navigator.clipboard.writeText(copy.dataset.copy);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const wanted = { j: "a[rel=next]", k: "a[rel=prev]", h: ".path a:nth-last-of-type(2)" }[event.key];
    const link = wanted && document.querySelector(wanted);
    if (link) link.click();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form.steer");
    if (!form) return;
    event.preventDefault();
    const box = form.querySelector("textarea");
    const answer = await fetch(document.querySelector("article.node").dataset.base + "/steer", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Treewright": "1" },
      body: JSON.stringify({ command: event.submitter ? event.submitter.value : "comment", node: form.dataset.node, text: box.value }),
    });
    const text = await answer.text();
    form.querySelector("output").textContent = answer.ok ? JSON.parse(text).said : text.startsWith("{") ? JSON.parse(text).error : text;
    if (answer.ok) box.value = "";
  });
})();

// The page of a run: the tree, the panel beside it, tabs, keys, what is live, and (with the token) steering.
"use strict";
(function () {
  const run = document.getElementById("run");
  const base = run.dataset.base;
  const isStatic = run.dataset.static === "yes";
  const panel = document.getElementById("panel");
  const $ = (id) => document.getElementById(id);
  let asked = "";
  let panels = null; // of a static file: node id -> HTML
  const drafts = new Map(); // node id -> what was typed and not sent: the panel changes while somebody writes
  let pressed = null; // until the button that is held in the panel is let go

  const view = new TreeView($("drawing"), {
    selected: (id) => { history.replaceState(null, "", "#node-" + id); showTab("tree"); open(id); },
    matched: (text) => { $("matches").textContent = text; },
  });

  window.treewright = view; // for the curious, and for measuring

  function say(text, kind) {
    panel.replaceChildren();
    const line = document.createElement("p");
    line.className = kind;
    line.textContent = text;
    panel.appendChild(line);
  }

  async function open(id) {
    asked = id;
    const same = panel.querySelector("article");
    if (!same || same.dataset.id !== id) panel.classList.add("loading");
    try {
      const html = isStatic ? (await unpacked())[id] : await fetched(`${base}/node/${id}/panel`);
      if (same && same.dataset.id === id) await pressed;
      if (asked !== id) return;
      const opened = same && same.dataset.id === id ? [...panel.querySelectorAll("details[open][id]")].map((each) => each.id) : [];
      const scroll = opened.length || (same && same.dataset.id === id) ? panel.scrollTop : 0;
      const before = panel.querySelector("textarea");
      const writing = before && before === document.activeElement ? [before.selectionStart, before.selectionEnd] : null;
      panel.innerHTML = html || ""; // our own template: every text in it was escaped on its way
      if (!html) say("This node is not in the file.", "problem");
      const box = panel.querySelector("textarea");
      if (box) box.value = drafts.get(id) || "";
      if (box && writing && same.dataset.id === id) { box.focus(); box.setSelectionRange(...writing); }
      for (const each of opened) { const found = document.getElementById(each); if (found) found.open = true; }
      panel.scrollTop = scroll;
    } catch (error) {
      if (asked === id) say("The node cannot be shown: " + error.message, "problem");
    } finally {
      panel.classList.remove("loading");
    }
  }

  async function fetched(address, options) {
    const answer = await fetch(address, options);
    const text = await answer.text();
    if (!answer.ok) throw new Error(answer.headers.get("content-type").includes("json") ? JSON.parse(text).error : answer.status === 403 ? text : `the server says ${answer.status}`);
    return text;
  }

  async function unpacked() {
    if (panels) return panels;
    const bytes = Uint8Array.from(atob($("panels").textContent.trim()), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    panels = await new Response(stream).json();
    return panels;
  }

  // What the tree's own stream does not bring (title, evidence, matrix, orders) is fetched when it is looked at.
  let stands = "", stale = false;
  function renew(frame) {
    const now = [frame.status, frame.held, frame.alive].join();
    stale = true;
    if (now !== stands || $("tab-tree").hidden) refresh();
    stands = now;
  }
  function refresh() {
    if (!stale || isStatic) return;
    stale = false;
    window.treewrightRefresh();
  }

  function showTab(name) {
    if (name !== "tree") refresh();
    for (const tab of run.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    for (const part of run.querySelectorAll(".tab")) part.hidden = part.dataset.tab !== name;
  }

  function numbers(frame) {
    const n = frame.numbers;
    const short = (x) => (x >= 1e6 ? (x / 1e6).toFixed(1) + " M" : x >= 1e4 ? (x / 1e3).toFixed(1) + " k" : x.toLocaleString("en"));
    const texts = {
      best: n.best === null ? "–" : n.best.toFixed(2), nodes: String(n.nodes), calls: short(n.calls), tokens: short(n.tokens),
      cached: (100 * n.cached).toFixed(0) + " %", usd: n.usd === 0 ? "$0" : "$" + n.usd.toFixed(n.usd < 0.1 ? 4 : 2),
    };
    for (const key in texts) { const found = run.querySelector(`[data-number=${key}]`); if (found) found.textContent = texts[key]; }
  }

  // The time of a run that goes on; when it ends, the page that is fetched says how long it took.
  let clock = null;
  setInterval(() => {
    const shown = run.querySelector("[data-number=time]");
    if (!clock || !shown) return;
    const all = Math.floor(clock[0] + Math.max(0, Date.now() / 1000 - clock[1])), minutes = Math.floor(all / 60);
    shown.textContent = all < 100 ? `${all} s` : minutes < 100 ? `${minutes} min ${String(all % 60).padStart(2, "0")} s` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  }, 1000);

  function receive(frame) {
    clock = frame.alive && frame.clock[1] ? frame.clock : null;
    const before = view.rows.get(view.selected);
    const was = JSON.stringify(before);
    view.update(frame);
    numbers(frame);
    $("nothing").hidden = view.rows.size > (frame.alive ? 1 : 0); // the root is there before the first tests ran
    $("nothing").firstElementChild.hidden = !frame.alive;
    $("phase").textContent = !frame.alive ? "There is no node to draw." : frame.phase || "Preparing: repository, sandbox, tests";
    document.body.dataset.status = frame.status;
    const chip = $("status").querySelector(".chip");
    if (chip && !chip.classList.contains(frame.status.replace(" ", "-"))) {
      chip.className = "chip " + frame.status.replace(" ", "-") + (frame.alive ? " alive" : "");
      chip.lastChild.textContent = frame.status;
    }
    const live = $("live");
    if (live) { live.dataset.alive = frame.alive ? "yes" : "no"; live.lastElementChild.textContent = frame.alive ? "live" : /^(cut off|interrupted|unreadable)$/.test(frame.status) ? "stopped" : "finished"; }
    for (const button of run.querySelectorAll("[data-when]")) button.hidden = !button.dataset.when.split(" ").includes(frame.alive ? (frame.held ? "held" : "alive") : "ended");
    if (view.selected && was !== JSON.stringify(view.rows.get(view.selected))) open(view.selected);
  }

  function follow() {
    window.treewrightStream(base + "/events", (source) => source.addEventListener("tree", (event) => {
      const frame = JSON.parse(event.data);
      document.body.dataset.frames = String(Number(document.body.dataset.frames || 0) + 1);
      receive(frame);
      renew(frame);
    }));
  }

  async function steer(command, node, text) {
    return fetched(base + "/steer", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Treewright": "1" },
      body: JSON.stringify({ command, node, text }),
    });
  }

  async function obey(form, command) {
    const box = form.querySelector("textarea");
    const note = form.querySelector("output");
    try {
      const answer = JSON.parse(await steer(command, form.dataset.node || "", box ? box.value : ""));
      drafts.delete(form.dataset.node);
      if (view.selected) await open(view.selected);
      const again = document.querySelector(`form[data-node="${form.dataset.node || ""}"] output`) || note;
      again.textContent = answer.said;
    } catch (error) {
      note.textContent = error.message;
    }
  }

  panel.addEventListener("input", (event) => {
    const form = event.target.closest("form.steer");
    if (form) drafts.set(form.dataset.node, event.target.value);
  });

  panel.addEventListener("pointerdown", () => {
    pressed = new Promise((free) => {
      for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(free), { once: true }); // the click comes first
    });
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.steer");
    if (!form) return;
    event.preventDefault();
    obey(form, event.submitter ? event.submitter.value : "comment");
  });

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) navigator.clipboard.writeText(copy.dataset.copy);
    const link = event.target.closest("a[data-node]");
    if (link && !event.ctrlKey && !event.metaKey && view.rows.has(link.dataset.node)) { event.preventDefault(); view.select(link.dataset.node, true); }
    const tab = event.target.closest("[role=tab]");
    if (tab) { event.preventDefault(); history.replaceState(null, "", "#" + tab.dataset.tab); showTab(tab.dataset.tab); }
    const kind = event.target.closest("[data-kind]");
    if (kind) {
      kind.setAttribute("aria-pressed", String(kind.getAttribute("aria-pressed") !== "true"));
      const all = [...run.querySelectorAll("[data-kind]")];
      const on = all.filter((each) => each.getAttribute("aria-pressed") === "true").map((each) => each.dataset.kind);
      view.setFilter({ kinds: on.length === all.length ? null : new Set(on) });
    }
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do);
    if (event.target.closest("#help")) $("keys").showModal();
  });

  function act(name) {
    if (name === "fit") view.showAll();
    if (name === "in") view.zoom(1.3);
    if (name === "out") view.zoom(1 / 1.3);
    if (name === "fold") view.foldAll();
    if (name === "chosen" && view.chosen) view.select(view.chosen, true);
    if (name === "best") { const best = view.best(); if (best) view.select(best, true); }
  }

  $("query").addEventListener("input", (event) => view.setFilter({ text: event.target.value.trim().toLowerCase() }));
  $("least").addEventListener("input", (event) => { $("least-out").textContent = event.target.value; view.setFilter({ least: Number(event.target.value) }); });

  const KEYS = {
    h: () => view.step("parent"), ArrowLeft: () => view.step("parent"), l: () => view.step("child"), ArrowRight: () => view.step("child"),
    j: () => view.step("next"), ArrowDown: () => view.step("next"), k: () => view.step("previous"), ArrowUp: () => view.step("previous"),
    " ": () => view.fold(view.selected), "+": () => view.zoom(1.3), "=": () => view.zoom(1.3), "-": () => view.zoom(1 / 1.3), 0: () => view.showAll(),
    c: () => act("chosen"), b: () => act("best"), n: () => view.nextMatch(), "/": () => { showTab("tree"); $("query").focus(); }, "?": () => $("keys").showModal(),
    1: () => showTab("tree"), 2: () => showTab("tests"), 3: () => showTab("issue"), 4: () => showTab("about"),
    Enter: () => { if (view.selected && !isStatic) location.href = `${base}/node/${view.selected}`; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { if (event.key === "Escape") event.target.blur(); return; }
    if (/^(BUTTON|A|SUMMARY)$/.test(event.target.tagName) && (event.key === "Enter" || event.key === " ")) return;
    if (panel.contains(event.target) && event.key.startsWith("Arrow")) return;
    const action = KEYS[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  function divide() {
    const divider = $("divider");
    const set = (width) => run.style.setProperty("--panel", Math.max(280, Math.min(width, innerWidth - 320)) + "px");
    divider.addEventListener("pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      const move = (each) => set(innerWidth - each.clientX);
      divider.addEventListener("pointermove", move);
      divider.addEventListener("pointerup", () => divider.removeEventListener("pointermove", move), { once: true });
    });
    divider.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") { set(panel.offsetWidth + (event.key === "ArrowLeft" ? 30 : -30)); event.stopPropagation(); }
    });
  }

  function address() {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (hash.startsWith("node-")) { view.select(hash.slice(5), true); return true; }
    if (/^(tree|tests|issue|about)$/.test(hash)) showTab(hash);
    return false;
  }

  divide();
  const first = JSON.parse($("frame").textContent);
  receive(first);
  stands = [first.status, first.held, first.alive].join();
  if (!address()) { const shown = view.chosen || view.best(); if (shown) { view.selected = shown; view.mark(); open(shown); } }
  window.addEventListener("hashchange", address);
  if (!isStatic) follow();
  document.body.dataset.ready = "yes";
})();

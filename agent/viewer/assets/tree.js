// The search tree as SVG: drawing, pan, zoom, fold, filter, keys. Only what is seen is drawn. Texts are set as text, never as markup.
"use strict";
(function () {
  const NS = "http://www.w3.org/2000/svg";
  const { CARD, DOT, lay, arrange } = window.TreeLayout;
  const READABLE = 0.5; // a tree that would be smaller than a third of this is first shown around its answer
  const FAR = 0.42; // at a smaller scale there are no texts
  const AROUND = 0.4; // so much of the view is drawn beyond each of its edges
  const SIGNS = { failed: "✗", running: "◌" };
  const LETTERS = { root: "◆", strategy: "S", patch: "P", repair: "R", test: "T", ghost: "◌" };

  function element(name, attributes, parent) {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (parent) parent.appendChild(made);
    return made;
  }
  const bucket = (value) => (value === undefined ? "none" : "v" + Math.round(value * 10));

  class TreeView {
    constructor(svg, hooks) {
      this.svg = svg;
      this.holder = svg.parentElement; // what stays where it is while the drawing moves
      this.hooks = hooks;
      this.rows = new Map();
      this.children = new Map();
      this.folded = new Set();
      this.spread = new Set(); // parents whose leaves are all drawn as cards
      this.drawn = new Map();
      this.places = new Map();
      this.selected = "";
      this.chosen = "";
      this.filter = { text: "", kinds: null, least: 0 };
      this.view = { x: 24, y: 24, scale: 1 };
      this.settled = this.view; // the view for which the camera stands
      this.camera = element("g", { class: "camera" }, svg);
      this.groups = element("g", { class: "groups" }, this.camera);
      this.edges = element("g", { class: "edges" }, this.camera);
      this.cards = element("g", { class: "cards" }, this.camera);
      this.touched = false; // whether the person moved the view
      this.whole = false; // whether the person wants to see all of it
      this.lines = new Map(); // kind of edge -> the path that draws all of that kind
      this.area = null; // the part of the tree that is drawn
      this.fresh = new Set(); // nodes that came with the last update: they appear softly
      this.listen();
      // asked for before anything is drawn: later it would make the browser lay out all that was drawn so far
      this.box = this.holder.getBoundingClientRect();
      new ResizeObserver(() => {
        this.box = this.holder.getBoundingClientRect();
        if (this.touched) this.apply(); else this.show();
      }).observe(this.holder);
    }

    update(frame) {
      const growing = this.rows.size > 0;
      this.fresh = new Set();
      for (const row of frame.nodes) {
        if (growing && !this.rows.has(row.id)) this.fresh.add(row.id);
        this.rows.set(row.id, row);
      }
      this.chosen = frame.chosen;
      this.link();
      this.draw();
    }

    link() {
      this.children = new Map();
      for (const row of this.rows.values()) {
        // a parent that is not there (a store cut short) must not hide its children
        const parent = row.p && this.rows.has(row.p) ? row.p : row.p ? "" : null;
        if (parent === null) continue;
        if (!this.children.has(parent)) this.children.set(parent, []);
        this.children.get(parent).push(row);
      }
      this.path = new Set();
      for (let id = this.chosen; id && this.rows.has(id) && !this.path.has(id); id = this.rows.get(id).p) this.path.add(id);
    }

    below(id) { return this.children.get(id) || []; }

    draw() {
      this.places = arrange(this);
      if (!this.touched) this.show();
      this.apply();
      this.render();
    }

    // The part of the tree that is seen, in its own units, and some of what is around.
    seen(around) {
      const { x, y, scale } = this.view, { width, height } = this.box;
      return {
        left: (-x - around * width) / scale, right: ((1 + around) * width - x) / scale,
        top: (-y - around * height) / scale, bottom: ((1 + around) * height - y) / scale, far: scale < FAR,
      };
    }

    render() {
      const area = this.area = this.seen(AROUND);
      const kept = new Set();
      for (const [id, place] of this.places) {
        const w = place.group ? DOT.pitch * DOT.columns : place.dot ? DOT.size : CARD.w + 14, h = place.group ? place.h : place.dot ? DOT.size : CARD.h;
        if (place.x > area.right || place.x + w < area.left || place.y > area.bottom || place.y + h < area.top) continue;
        const row = this.rows.get(id);
        const key = JSON.stringify([area.far, row, place.dot, place.ghost, this.folded.has(id), this.below(id).length, id === this.chosen, this.path.has(id), place.group, place.h]);
        let shape = this.drawn.get(id);
        if (!shape || shape.key !== key) {
          if (shape) shape.g.remove();
          shape = { key, g: this.shape(id, place, row, area.far) };
          if (this.fresh.has(id)) shape.g.classList.add("fresh");
          this.drawn.set(id, shape);
        }
        shape.g.setAttribute("transform", `translate(${place.x},${place.y})`);
        kept.add(id);
      }
      for (const [id, shape] of this.drawn) {
        if (kept.has(id)) continue;
        shape.g.remove();
        this.drawn.delete(id);
      }
      this.fresh.clear();
      this.join();
      this.mark();
    }

    // The edges in the area, one path for all of a kind: a thousand elements would be slow to move.
    join() {
      const { left, right, top, bottom } = this.area, bend = CARD.gapX / 2;
      const kinds = new Map();
      for (const [id, place] of this.places) {
        const from = place.dot ? null : this.places.get(place.parent);
        if (!from) continue;
        const x1 = from.x + CARD.w, y1 = from.y + CARD.h / 2;
        const x2 = place.x, y2 = place.y + (place.group ? Math.min(place.h, CARD.h) / 2 : CARD.h / 2);
        if (x1 > right || x2 < left || Math.min(y1, y2) > bottom || Math.max(y1, y2) < top) continue;
        const row = this.rows.get(id);
        const kind = (this.path.has(id) ? "chosen" : place.ghost ? "ghost" : row && row.m && row.m.pruned ? "pruned" : "plain") + (row && !this.matches(row) ? " dim" : "");
        const line = `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
        kinds.set(kind, (kinds.get(kind) || "") + line);
      }
      for (const [kind, path] of this.lines) if (!kinds.has(kind)) { path.remove(); this.lines.delete(kind); }
      for (const [kind, line] of [...kinds].sort((a, b) => a[0].startsWith("chosen") - b[0].startsWith("chosen"))) {
        if (!this.lines.has(kind)) this.lines.set(kind, element("path", { class: kind }, this.edges));
        this.lines.get(kind).setAttribute("d", line);
        if (kind.startsWith("chosen")) this.edges.appendChild(this.lines.get(kind));
      }
    }

    shape(id, place, row, far) {
      if (place.ghost) return this.ghost(place);
      if (place.group) return this.group(place);
      return place.dot ? this.dot(row, far) : this.card(row, far);
    }

    ghost(place) {
      const g = element("g", { class: "item ghost" }, this.cards);
      element("rect", { width: CARD.w, height: CARD.h, rx: 9 }, g);
      element("text", { x: 14, y: CARD.h / 2 + 4, class: "title" }, g).textContent = place.ghost + " …";
      return g;
    }

    group(place) {
      const g = element("g", { class: "item group" }, this.groups);
      element("rect", { x: -6, y: -6, width: DOT.pitch * Math.min(DOT.columns, place.group) + 8, height: place.h + 8, rx: 8 }, g);
      return g;
    }

    dot(row, far) {
      const g = element("g", { class: `item dot ${row.k} ${row.s} ${bucket(row.v)}`, "data-id": row.id, role: "treeitem" }, this.cards);
      element("rect", { width: DOT.size, height: DOT.size, rx: 3 }, g);
      if (row.s === "failed" && !far) element("path", { d: "M4,4L11,11M11,4L4,11", class: "cross" }, g);
      this.name(g, row);
      return g;
    }

    card(row, far) {
      const below = this.below(row.id).length;
      const flags = row.m ? Object.keys(row.m).join(" ") : "";
      const g = element("g", {
        class: `item card ${row.k} ${row.s} ${bucket(row.v)} ${flags}${this.path.has(row.id) ? " path" : ""}${row.id === this.chosen ? " chosen" : ""}`,
        "data-id": row.id, role: "treeitem",
      }, this.cards);
      if (below) g.setAttribute("aria-expanded", String(!this.folded.has(row.id)));
      element("rect", { width: CARD.w, height: CARD.h, rx: 9, class: "plate" }, g);
      if (far) { this.name(g, row); return g; }
      element("path", { d: `M9,0H5.5Q0,0 0,9V${CARD.h - 9}Q0,${CARD.h} 5.5,${CARD.h}H9Z`, class: "value" }, g);
      element("text", { x: 23, y: 20, class: "letter" }, g).textContent = SIGNS[row.s] || LETTERS[row.k] || "?";
      const title = lay(row.k === "root" ? "base" : row.t || row.k, CARD.text - (row.id === this.chosen ? 14 : 0), 2);
      title.forEach((line, place) => { element("text", { x: 37, y: 20 + 15.5 * place, class: "title" }, g).textContent = line; });
      const facts = [];
      if (row.v !== undefined) facts.push(row.v.toFixed(2));
      if (row.g) facts.push(`${row.g[0]}/${row.g[1]} tests`);
      if (row.b) facts.push(`${row.b} broken`);
      if (row.c) facts.push("$" + row.c.toFixed(row.c < 0.1 ? 3 : 2));
      if (!facts.length) facts.push(row.k === "root" ? "unchanged repository" : row.s === "failed" ? "failed" : row.k);
      element("text", { x: 37, y: title.length > 1 ? 52.5 : 37, class: "facts" }, g).textContent = facts.join(" · ");
      if (row.id === this.chosen) element("text", { x: CARD.w - 15, y: 21, class: "star" }, g).textContent = "★";
      if (row.m) element("text", { x: CARD.w - 14, y: CARD.h - 10, class: "flags" }, g).textContent = this.flagged(row.m);
      if (below) this.knob(g, row.id, below);
      this.name(g, row);
      return g;
    }

    flagged(marks) {
      return (marks.pinned ? "⚑" : "") + (marks.pruned ? "✂" : "") + (marks.good ? "▲" : "") + (marks.bad ? "▼" : "") + (marks.comments ? "✎" : "");
    }

    knob(g, id, count) {
      const folded = this.folded.has(id);
      const knob = element("g", { class: "knob", transform: `translate(${CARD.w},${CARD.h / 2})`, "data-fold": id }, g);
      element("circle", { r: folded ? 13 : 7 }, knob);
      element("text", { y: 4, "text-anchor": "middle" }, knob).textContent = folded ? "+" + this.size(id) : "−";
    }

    size(id) {
      let total = 0;
      const waiting = [id];
      while (waiting.length) for (const child of this.below(waiting.pop())) { total += 1; waiting.push(child.id); }
      return total;
    }

    name(g, row) {
      const value = row.v === undefined ? "no value" : "value " + row.v.toFixed(2);
      const text = `${row.k}: ${row.t || row.id}, ${row.s}, ${value}`;
      g.setAttribute("aria-label", text);
      element("title", {}, g).textContent = text;
    }

    matches(row) {
      const { text, kinds, least } = this.filter;
      if (kinds && row.k !== "root" && !kinds.has(row.s === "failed" ? "failed" : row.k)) return false;
      if (least > 0 && !((row.v || 0) >= least)) return false;
      return !text || `${row.t} ${row.k} ${row.s} ${row.id}`.toLowerCase().includes(text);
    }

    mark() {
      for (const [id, shape] of this.drawn) {
        const row = this.rows.get(id);
        if (!row) continue;
        shape.g.classList.toggle("dim", !this.matches(row));
        shape.g.classList.toggle("selected", id === this.selected);
        shape.g.setAttribute("aria-selected", String(id === this.selected));
      }
      const active = this.filter.text || this.filter.least > 0 || this.filter.kinds;
      const count = active ? [...this.rows.values()].filter((row) => this.matches(row)).length : 0;
      this.hooks.matched(active ? `${count} of ${this.rows.size} match` : "");
    }

    setFilter(filter) { Object.assign(this.filter, filter); this.mark(); this.join(); }

    nextMatch() {
      const fitting = [...this.rows.values()].filter((row) => row.k !== "root" && this.matches(row));
      if (!fitting.length) return;
      const place = fitting.findIndex((row) => row.id === this.selected);
      this.select(fitting[(place + 1) % fitting.length].id, true);
    }

    select(id, show) {
      if (!this.rows.has(id)) return;
      let changed = false;
      for (let up = this.rows.get(id).p; up && this.rows.has(up); up = this.rows.get(up).p) changed = this.folded.delete(up) || changed;
      if (changed) this.draw();
      this.selected = id;
      this.mark();
      if (show) this.reveal(id);
      this.hooks.selected(id);
    }

    fold(id) {
      if (!this.below(id).length) return;
      if (this.folded.has(id)) this.folded.delete(id); else this.folded.add(id);
      this.touched = true;
      this.draw();
    }

    // Every node as a card, however many there are.
    spreadAll() {
      for (const id of this.children.keys()) this.spread.add(id);
      this.draw();
      this.fit();
    }

    foldAll() {
      const inner = [...this.children.keys()].filter((id) => id && this.rows.get(id) && this.rows.get(id).p && !this.path.has(id));
      const open = inner.some((id) => !this.folded.has(id));
      this.folded = new Set(open ? inner : []);
      this.draw();
      this.fit();
    }

    bounds() {
      let right = CARD.w, bottom = CARD.h;
      for (const place of this.places.values()) {
        right = Math.max(right, place.x + (place.dot ? DOT.size : CARD.w));
        bottom = Math.max(bottom, place.y + (place.dot ? DOT.size : place.h || CARD.h));
      }
      return { right, bottom };
    }

    // The whole tree; of one that would be too small, what surrounds its answer or its best node.
    show() {
      const box = this.box;
      const { right, bottom } = this.bounds();
      if (this.whole || !box.width || Math.min(box.width / right, box.height / bottom) > READABLE / 3) { this.fit(); return; }
      const place = this.places.get(this.chosen) || this.places.get(this.best()) || { x: 0, y: 0 };
      const x = Math.min(24, box.width - 40 - (place.x + CARD.w) * READABLE);
      this.view = { x, y: box.height / 2 - (place.y + CARD.h / 2) * READABLE, scale: READABLE };
      this.touched = true;
      this.apply();
    }

    showAll() { this.whole = true; this.fit(); }

    fit() {
      const box = this.box;
      if (!box.width) return;
      const { right, bottom } = this.bounds();
      const scale = Math.min((box.width - 44) / right, (box.height - 56) / bottom, 1.1);
      const kept = Math.max(scale, 0.03);
      this.view = { x: Math.max(20, (box.width - right * kept) / 2), y: Math.max(28, (box.height - bottom * kept) / 2), scale: kept };
      this.touched = false;
      this.apply();
    }

    reveal(id) {
      const place = this.places.get(id);
      const box = this.box;
      if (!place || !box.width) return;
      const x = this.view.x + place.x * this.view.scale, y = this.view.y + place.y * this.view.scale;
      const w = (place.dot ? DOT.size : CARD.w) * this.view.scale, h = (place.dot ? DOT.size : CARD.h) * this.view.scale;
      if (x < 10) this.view.x += 40 - x; else if (x + w > box.width - 10) this.view.x -= x + w - box.width + 40;
      if (y < 10) this.view.y += 40 - y; else if (y + h > box.height - 10) this.view.y -= y + h - box.height + 40;
      this.touched = true;
      this.apply();
    }

    zoom(factor, x, y, moving) {
      const scale = Math.min(3, Math.max(0.03, this.view.scale * factor));
      const ratio = scale / this.view.scale;
      const box = this.box;
      const cx = x === undefined ? box.width / 2 : x, cy = y === undefined ? box.height / 2 : y;
      this.view = { x: cx - (cx - this.view.x) * ratio, y: cy - (cy - this.view.y) * ratio, scale };
      this.touched = true;
      this.apply(moving);
    }

    // Shows the view. While it is moving, what is drawn is only shifted and scaled as a picture; when that would
    // leave a gap or be too coarse, and when it comes to rest, it is drawn anew.
    apply(moving) {
      if (!moving) { this.settle(); return; }
      const { x, y, scale } = this.view, from = this.settled;
      const ratio = scale / from.scale;
      if (ratio < 0.6 || ratio > 1.7 || !this.covered()) this.settle();
      else this.svg.style.transform = `translate(${x - ratio * from.x}px, ${y - ratio * from.y}px) scale(${ratio})`;
      this.svg.classList.add("moving");
      clearTimeout(this.resting);
      this.resting = setTimeout(() => { this.svg.classList.remove("moving"); this.settle(); }, 140);
    }

    settle() {
      const { x, y, scale } = this.settled = { ...this.view };
      this.svg.style.transform = "";
      this.camera.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)}) scale(${scale.toFixed(4)})`);
      this.svg.classList.toggle("far", scale < FAR);
      if (!this.area) return;
      const wide = (this.area.right - this.area.left) * scale > 5 * this.box.width; // much of what is drawn is not seen
      if (this.covered() && !wide && this.area.far === scale < FAR) return;
      this.waiting = this.waiting || requestAnimationFrame(() => { this.waiting = 0; this.render(); });
    }

    // Whether all that is seen lies in the part that is drawn.
    covered() {
      const seen = this.seen(0), area = this.area;
      return area && seen.left >= area.left && seen.right <= area.right && seen.top >= area.top && seen.bottom <= area.bottom;
    }

    // Where a key leads from the selected node.
    step(direction) {
      const current = this.rows.get(this.selected);
      if (!current) { const first = this.rows.values().next().value; if (first) this.select(first.id, true); return; }
      let target = null;
      if (direction === "parent") target = this.rows.get(current.p);
      else if (direction === "child") { this.folded.delete(current.id); target = this.below(current.id)[0]; }
      else {
        const here = this.places.get(current.id);
        const level = [...this.places].filter(([id, place]) => this.rows.has(id) && Math.abs(this.depth(id) - this.depth(current.id)) < 1 && place)
          .sort((a, b) => a[1].y - b[1].y || a[1].x - b[1].x).map(([id]) => id);
        const place = level.indexOf(current.id);
        const next = level[place + (direction === "next" ? 1 : -1)];
        target = here && this.rows.get(next);
      }
      if (target) this.select(target.id, true);
    }

    depth(id) {
      let depth = 0;
      for (let up = this.rows.get(id); up && up.p && depth < 1e4; up = this.rows.get(up.p)) depth += 1;
      return depth;
    }

    best() {
      let found = null;
      for (const row of this.rows.values()) if (row.v !== undefined && row.k !== "root" && (!found || row.v > found.v)) found = row;
      return found && found.id;
    }

    listen() {
      const { svg, holder } = this;
      let drag = null;
      holder.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        drag = { x: event.clientX, y: event.clientY, from: { ...this.view }, moved: false, id: event.pointerId };
      });
      holder.addEventListener("pointermove", (event) => {
        if (!drag) return;
        const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
        if (!drag.moved && Math.hypot(dx, dy) > 4) { drag.moved = true; holder.setPointerCapture(drag.id); svg.classList.add("grabbing"); }
        if (!drag.moved) return;
        this.view = { ...drag.from, x: drag.from.x + dx, y: drag.from.y + dy };
        this.touched = true;
        this.apply(true);
      });
      const end = () => { setTimeout(() => { drag = null; }, 0); svg.classList.remove("grabbing"); };
      holder.addEventListener("pointerup", end);
      holder.addEventListener("pointercancel", end);
      holder.addEventListener("click", (event) => {
        if (drag && drag.moved) return;
        const knob = event.target.closest("[data-fold]");
        if (knob) { this.fold(knob.dataset.fold); return; }
        const item = event.target.closest("[data-id]");
        if (item) this.select(item.dataset.id, false);
      });
      holder.addEventListener("wheel", (event) => {
        event.preventDefault();
        const box = holder.getBoundingClientRect();
        const pinch = event.ctrlKey || event.metaKey;
        this.zoom(Math.exp(-event.deltaY * (pinch ? 0.01 : 0.0018)), event.clientX - box.left, event.clientY - box.top, true);
      }, { passive: false });
    }
  }
  window.TreeView = TreeView;
})();

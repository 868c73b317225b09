// Where the nodes of a tree lie, and how a text is laid on a card.
"use strict";
(function () {
  const CARD = { w: 204, h: 62, gapX: 40, gapY: 12, text: 154 };
  const DOT = { size: 15, pitch: 19, columns: 16 };
  const MANY = 9; // more leaves than this are drawn as small squares
  const KEPT = 3; // but for the best few
  const LARGE = 150; // in a tree of more nodes than this leaves are squares wherever there are two
  const ruler = document.createElement("canvas").getContext("2d");

  const widths = new Map(); // of single characters: to measure every text as it is takes seconds for a large tree

  function width(text) {
    let total = 0;
    for (const character of text) {
      let own = widths.get(character);
      if (own === undefined) {
        // asked for once: asking makes the browser compute the styles of all that was drawn so far
        if (!widths.size) ruler.font = "12.6px " + getComputedStyle(document.body).fontFamily;
        own = ruler.measureText(character).width;
        widths.set(character, own);
      }
      total += own;
    }
    return total;
  }

  // A word that is too long for a line, in pieces that fit.
  function pieces(word, room) {
    if (word.length < 12 || width(word) <= room) return [word];
    const found = [];
    let piece = "";
    for (const character of word.slice(0, 80)) {
      if (width(piece + character) > room) { found.push(piece); piece = ""; }
      piece += character;
    }
    return [...found, piece];
  }

  // A text as at most `lines` lines that fit in `room`; the last one ends with … when something is left out.
  function lay(text, room, lines) {
    const cut = (line) => {
      if (width(line) <= room) return line;
      let short = line.slice(0, 60);
      while (short && width(short + "…") > room) short = short.slice(0, -1);
      return short.trimEnd() + "…";
    };
    const found = [];
    let line = "";
    for (const word of text.split(/\s+/).flatMap((each) => pieces(each, room))) {
      const more = line ? line + " " + word : word;
      if (line && width(more) > room) {
        if (found.length === lines - 1) return [...found, cut(more)];
        found.push(line);
        line = word;
      } else line = more;
    }
    return [...found, cut(line)];
  }
  // Cards and squares of the children of a node.
  function parts(view, row) {
    const all = view.below(row.id);
    const leaf = (child) => !view.children.has(child.id) && !child.r && !view.path.has(child.id) && !child.m;
    const leaves = all.filter(leaf);
    const large = view.rows.size > LARGE;
    if (leaves.length <= (large ? 1 : MANY) || view.spread.has(row.id)) return { cards: all, dots: [] };
    const best = new Set(leaves.filter((child) => child.v > 0).sort((a, b) => b.v - a.v).slice(0, large ? 0 : KEPT).map((child) => child.id));
    const small = leaves.filter((child) => !best.has(child.id));
    const hidden = new Set(small.map((child) => child.id));
    return { cards: all.filter((child) => !hidden.has(child.id)), dots: small };
  }

  // Places of cards, squares, groups of squares and of what is under way.
  function arrange(view) {
    const places = new Map();
    const visit = (row, depth, top) => {
      const x = depth * (CARD.w + CARD.gapX);
      let bottom = top;
      const centres = [];
      const add = (height) => { bottom += height + CARD.gapY; };
      if (!view.folded.has(row.id)) {
        const { cards, dots } = parts(view, row);
        for (const child of cards) {
          const end = visit(child, depth + 1, bottom);
          centres.push(places.get(child.id).y + CARD.h / 2);
          bottom = end + CARD.gapY;
        }
        for (const action of row.r || []) {
          const id = row.id + "/" + action + "/" + centres.length;
          places.set(id, { x: x + CARD.w + CARD.gapX, y: bottom, ghost: action, parent: row.id });
          centres.push(bottom + CARD.h / 2);
          add(CARD.h);
        }
        if (dots.length) {
          const lines = Math.ceil(dots.length / DOT.columns);
          const y = bottom + (centres.length ? 0 : Math.max(0, (CARD.h - lines * DOT.pitch) / 2)); // alone: beside its parent
          dots.forEach((child, place) => {
            places.set(child.id, {
              x: x + CARD.w + CARD.gapX + (place % DOT.columns) * DOT.pitch,
              y: y + Math.floor(place / DOT.columns) * DOT.pitch, dot: true, parent: row.id,
            });
          });
          places.set(row.id + "/dots", { x: x + CARD.w + CARD.gapX, y, h: lines * DOT.pitch, group: dots.length, parent: row.id });
          centres.push(y + Math.min(lines * DOT.pitch, CARD.h) / 2);
          add(lines * DOT.pitch);
        }
      }
      bottom = centres.length ? bottom - CARD.gapY : top;
      const y = centres.length ? (centres[0] + centres[centres.length - 1]) / 2 - CARD.h / 2 : top;
      places.set(row.id, { x, y: Math.max(y, top), parent: row.p, card: true });
      return Math.max(bottom, Math.max(y, top) + CARD.h);
    };
    let top = 0;
    const roots = [...view.rows.values()].filter((row) => !row.p);
    for (const root of roots) top = visit(root, 0, top) + CARD.gapY;
    for (const orphan of view.below("")) top = visit(orphan, 1, top) + CARD.gapY;
    return places;
  }

  window.TreeLayout = { CARD, DOT, lay, arrange };
})();

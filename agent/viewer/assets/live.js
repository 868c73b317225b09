// Pages that follow what they show: a stream says that something changed, the page is fetched again, and the parts
// of it that differ take the place of those that are there. Filters, order and scrolling stay.
"use strict";
(function () {
  const body = document.body;
  const sign = document.getElementById("live");
  let busy = false, again = false, word = null;

  function tell(alive, text) {
    if (!sign) return;
    sign.dataset.alive = alive;
    sign.lastElementChild.textContent = text;
  }

  // A stream that is held only while somebody looks: a browser has six connections to a server for all its tabs.
  window.treewrightStream = function (address, hear) {
    let source = null;
    const open = () => {
      if (source || document.hidden) return;
      source = new EventSource(address);
      hear(source);
      source.onopen = () => { if (word) tell(...word); }; // a run's page says it again with each tree
      source.onerror = () => tell("lost", "reconnecting");
    };
    const close = () => { if (source) { source.close(); source = null; } };
    document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else open(); });
    open();
  };

  function rows(old, fresh) {
    const known = new Map([...old.rows].map((row) => [row.dataset.id, row]));
    const wanted = [...fresh.rows].map((row) => {
      const before = known.get(row.dataset.id);
      known.delete(row.dataset.id);
      if (before && before.innerHTML === row.innerHTML && JSON.stringify(before.dataset) === JSON.stringify(row.dataset)) return before;
      if (before) before.replaceWith(row);
      return row;
    });
    for (const row of known.values()) row.remove();
    window.treewrightOrder(old, wanted); // of the server; if somebody chose another, it is made after this
  }

  function swap(fresh) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next) continue;
      if (part.dataset.live === "rows") rows(part, next);
      else if (part.dataset.live === "shown") part.hidden = next.hidden;
      else if (part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
    }
    if (window.treewrightTables) window.treewrightTables();
    document.dispatchEvent(new CustomEvent("refreshed"));
  }

  window.treewrightRefresh = async function () {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname + location.search);
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      swap(fresh); // pages of ours: every text in them was escaped on its way
      if (fresh.body.dataset.version) body.dataset.version = fresh.body.dataset.version;
      body.dataset.refreshed = String(Number(body.dataset.refreshed || 0) + 1);
    } catch (error) {
      tell("lost", "reconnecting");
    } finally {
      busy = false;
      if (again) { again = false; setTimeout(window.treewrightRefresh, 300); }
    }
  };

  if (body.dataset.events) {
    window.treewrightStream(body.dataset.events, (source) => source.addEventListener("changed", (event) => {
      const news = JSON.parse(event.data);
      word = [news.alive ? "yes" : "no", news.word];
      tell(...word);
      if (news.version !== body.dataset.version) window.treewrightRefresh();
    }));
  }
})();

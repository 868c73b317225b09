// Fetches the plots of a page, draws them with the chart library that the server has in a wheel, and again when the
// page says that it was refreshed. The library is asked for only where there is something to draw, after the page.
"use strict";
(function () {
  const PAUSE = 3000; // between two drawings while something goes on
  const holder = document.getElementById("plots");
  if (!holder) return;
  const section = document.getElementById("plots-section");
  // the colours that the server writes, and those of the theme in their place
  const THEMED = { "#3a8f67": "--plot-a", "#3f7fc0": "--plot-b", "#b0762c": "--plot-c", "#8a8a84": "--plot-text" };
  let drawn = "", last = 0, waiting = 0, library = null;

  function themed(text) {
    const style = getComputedStyle(document.documentElement);
    return text.replace(/"(#[0-9a-f]{6})"/g, (all, colour) => THEMED[colour] ? `"${style.getPropertyValue(THEMED[colour]).trim()}"` : all);
  }

  function loaded() {
    library = library || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = "/plots/bokeh.min.js";
      script.onload = resolve;
      script.onerror = () => reject(new Error("the chart library does not load"));
      document.head.appendChild(script);
    });
    return library;
  }

  // The new figures are drawn out of sight, and then change places with the old ones.
  async function draw() {
    last = Date.now();
    const [answer] = await Promise.all([fetch(holder.dataset.from), loaded()]);
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    const text = themed(await answer.text());
    if (text === drawn) return;
    const plots = JSON.parse(text);
    if (!plots.length) throw new Error("there is nothing to draw yet");
    const figures = plots.map((plot) => {
      const figure = document.createElement("figure");
      figure.className = "plot";
      figure.id = `plot-${plot.name}${document.getElementById("plot-" + plot.name) ? "-next" : ""}`;
      figure.setAttribute("aria-label", plot.name);
      return figure;
    });
    if (drawn) for (const figure of figures) figure.classList.add("waiting");
    const old = [...holder.children];
    if (!drawn) holder.replaceChildren();
    holder.append(...figures);
    await Promise.all(plots.map((plot, place) => window.Bokeh.embed.embed_item(plot.item, figures[place].id)));
    if (drawn) for (const each of old) each.remove();
    plots.forEach((plot, place) => { figures[place].id = "plot-" + plot.name; figures[place].classList.remove("waiting"); });
    drawn = text;
    document.body.dataset.plots = String(plots.length);
  }

  async function show() {
    waiting = 0;
    if (section.hidden) return;
    try {
      await draw();
    } catch (error) {
      if (!drawn) { holder.firstElementChild.textContent = "No plots: " + error.message; document.body.dataset.plots = "0"; }
    }
  }

  document.addEventListener("theme", () => show());
  document.addEventListener("refreshed", () => { waiting = waiting || setTimeout(show, Math.max(0, last + PAUSE - Date.now())); });
  requestAnimationFrame(() => setTimeout(show, 0)); // the page is painted first
})();

// Tables: sort by a click on a head, filter by words, and by the choices of selects with data-column.
"use strict";
(function () {
  function sort(head) {
    const table = head.closest("table");
    const column = String([...head.parentElement.cells].indexOf(head));
    table.dataset.down = table.dataset.sort === column && table.dataset.down === "no" ? "yes" : "no";
    table.dataset.sort = column;
    arrange(table);
  }
  function arrange(table) {
    const heads = [...table.querySelectorAll("thead th")];
    for (const head of heads) head.tabIndex = 0;
    if (!table.dataset.sort) return;
    const column = Number(table.dataset.sort);
    const down = table.dataset.down === "yes";
    heads.forEach((head, place) => { if (place === column) head.setAttribute("aria-sort", down ? "descending" : "ascending"); else head.removeAttribute("aria-sort"); });
    const sign = down ? -1 : 1;
    const key = (row) => { const cell = row.cells[column]; return cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort; };
    const compare = (a, b) => {
      const x = key(a), y = key(b), nx = Number(x), ny = Number(y);
      if (x !== "" && y !== "" && !Number.isNaN(nx) && !Number.isNaN(ny)) return sign * (nx - ny);
      return sign * x.localeCompare(y, "en", { numeric: true });
    };
    const body = table.tBodies[0];
    window.treewrightOrder(body, [...body.rows].sort(compare));
  }
  // A row that is where it should be is not touched, so that a link in it keeps the focus.
  window.treewrightOrder = (body, wanted) => {
    wanted.forEach((row, place) => { if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] || null); });
  };
  // A status that came while the page was looked at can be chosen too.
  function choices(table) {
    for (const select of document.querySelectorAll("select[data-column]")) {
      const known = new Set([...select.options].map((option) => option.value));
      for (const row of table.tBodies[0].rows) {
        const value = row.dataset[select.dataset.column];
        if (value && !known.has(value)) { known.add(value); select.add(new Option(value, value)); }
      }
    }
  }
  function filter() {
    const table = document.getElementById("list");
    const box = document.getElementById("filter");
    if (!table || !box) return;
    choices(table);
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...document.querySelectorAll("select[data-column]")].filter((each) => each.value);
    let count = 0;
    for (const row of table.tBodies[0].rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      const fits = words.every((word) => text.includes(word)) && chosen.every((each) => row.dataset[each.dataset.column] === each.value);
      row.hidden = !fits;
      count += fits;
    }
    const counter = document.getElementById("count");
    const all = table.tBodies[0].rows.length;
    if (counter) counter.textContent = words.length || chosen.length ? `${count} of ${all}` : String(all);
  }
  document.addEventListener("input", (event) => { if (event.target.closest("#filter, select[data-column]")) filter(); });
  document.addEventListener("click", (event) => { const head = event.target.closest("table.sortable thead th"); if (head) sort(head); });
  document.addEventListener("keydown", (event) => {
    const head = event.key === "Enter" && event.target.closest("table.sortable thead th");
    if (head) sort(head);
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      const box = document.getElementById("filter");
      if (box) { event.preventDefault(); box.focus(); }
    }
    if (event.key === "Escape" && event.target.id === "filter") event.target.blur();
  });
  window.treewrightTables = () => { document.querySelectorAll("table.sortable").forEach(arrange); filter(); };
  window.treewrightTables();
})();

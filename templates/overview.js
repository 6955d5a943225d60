// Searches, narrows and sorts the table of everybody. Without it the page is the same to read.
"use strict";
{
  const table = document.getElementById("people");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const status = document.getElementById("shown");
  const [words, business, role, state] = ["words", "business", "class", "state"].map(id => document.getElementById(id));

  // Without accents and case, so that "mobius" finds Möbius.
  const folded = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const cell = (row, at) => row.cells[at].textContent;
  const texts = new Map(rows.map(row => [row, folded(Array.from(row.cells, one => one.textContent).join(" "))]));

  function narrow() {
    const wanted = folded(words.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const { b, c, s } = row.dataset;
      const fits = (!business.value || b === business.value) && (!role.value || c === role.value)
        && (!state.value || s === state.value) && wanted.every(word => texts.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    const of = count === rows.length ? `${count}` : `${count} of ${rows.length}`;
    status.textContent = `${of} memberships`;
  }

  // Empty cells come last whichever way the others run.
  function sort(at, direction) {
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    const keyed = Array.from(body.rows, row => [cell(row, at), row]);
    keyed.sort(([a], [b]) => !a - !b || direction * compare(a, b));
    body.append(...keyed.map(([, row]) => row));
  }

  for (const [at, heading] of Array.from(table.tHead.rows[0].cells).entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(at, descending ? -1 : 1);
    });
  }

  for (const control of [words, business, role, state]) control.addEventListener("input", narrow);
  document.getElementById("clear").addEventListener("click", () => {
    for (const control of [words, business, role, state]) control.value = "";
    narrow();
    words.focus();
  });
  document.querySelector(".controls").hidden = false;
  narrow();
}

"use strict";
// The filter of the page. The page is complete without it. Nothing of the audit is ever run or read as markup: rows are
// found by their text, and shown or hidden.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const input = document.getElementById("filter-text");
  const status = document.getElementById("filter-status");
  const nothing = document.getElementById("no-match");
  const chips = [...form.querySelectorAll("button[data-find]")];
  const rows = [...document.querySelectorAll("#roles tbody tr")].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
  }));

  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const shown = new Set();
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown.add(row.dataset.row);
    }
    // A line of the pictures stands for one role or for several.
    for (const mark of document.querySelectorAll("[data-role]")) {
      mark.classList.toggle("dim", !mark.dataset.role.split(" ").some((role) => shown.has(role)));
    }
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(chip.dataset.find.toLowerCase() === input.value.trim().toLowerCase()));
    }
    nothing.hidden = shown.size > 0;
    status.textContent = words.length === 0 ? "" : `Filter “${input.value.trim()}”: ${shown.size} of ${rows.length} roles`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      show();
    }
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      input.value = chip.getAttribute("aria-pressed") === "true" ? "" : chip.dataset.find;
      show();
    });
  }
  form.hidden = false;
  // A browser may fill in what was typed before.
  show();
})();

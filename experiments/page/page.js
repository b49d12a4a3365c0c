// The filters, and a run's line lit with its row. Without it the page shows everything.
"use strict";
(() => {
  const form = document.getElementById("filters"), shown = document.getElementById("shown");
  const boxes = [...form.querySelectorAll("[data-filter]")];
  const kinds = ["method", "set", "seed"];

  // What is chosen of each kind; nothing chosen means everything.
  const chosen = () => Object.fromEntries(kinds.map(kind =>
    [kind, new Set(boxes.filter(b => b.checked && b.dataset.filter === kind).map(b => b.value))]));
  const passes = (element, want) => kinds.every(kind =>
    !want[kind].size || !(kind in element.dataset) || want[kind].has(element.dataset[kind]));
  const hide = (element, off) => element.classList.toggle("off", off);

  function apply() {
    const want = chosen();
    for (const element of document.querySelectorAll("main [data-method], main [data-set], main [data-seed]"))
      hide(element, !passes(element, want));
    for (const section of document.querySelectorAll("section.table"))
      if (section.querySelector(".results"))
        hide(section, !section.querySelector(".results td:not(.off)"));
    for (const group of document.querySelectorAll(".group"))
      hide(group, !group.querySelector("tr.run:not(.off)"));
    const runs = document.querySelectorAll("tr.run"), left = document.querySelectorAll("tr.run:not(.off)");
    const any = kinds.some(kind => want[kind].size);
    shown.textContent = any ? `${left.length} of ${runs.length} runs. Means stay those of all seeds.` : "";
    const hash = kinds.flatMap(kind => [...want[kind]].map(value => `${kind}=${encodeURIComponent(value)}`)).join("&");
    history.replaceState(null, "", any ? `#${hash}` : location.hash.includes("=") ? location.pathname : location.hash || location.pathname);
  }

  // The choice is kept in the address, so that a page that loads itself anew keeps it.
  function restore() {
    for (const part of location.hash.slice(1).split("&")) {
      const at = part.indexOf("=");
      if (at > 0)
        for (const box of boxes)
          if (box.dataset.filter === part.slice(0, at) && box.value === decodeURIComponent(part.slice(at + 1)))
            box.checked = true;
    }
  }

  function light(event) {
    const run = event.target.closest?.("[data-run]")?.dataset.run;
    for (const element of document.querySelectorAll(".lit"))
      element.classList.remove("lit");
    if (run)
      for (const element of document.querySelectorAll(`[data-run="${CSS.escape(run)}"]`))
        element.classList.add("lit");
  }

  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", event => event.preventDefault());
  document.addEventListener("mouseover", light);
  if (matchMedia("(max-width: 52rem)").matches)
    form.querySelector("details").open = false;
  form.hidden = false;
  restore();
  if (boxes.some(box => box.checked))
    apply();
})();

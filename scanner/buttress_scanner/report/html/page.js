"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("scripted");

  // Light or dark: as the reader's system says until the reader says otherwise.
  const theme = document.querySelector(".theme");
  theme.hidden = false;
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
  });

  // A link to something that is folded away unfolds it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let node = target; node; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement) node.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Narrowing the findings.
  const findings = all(".finding");
  const search = document.querySelector(".search");
  const boxes = all("[data-show]");
  const said = document.querySelector(".tools output");
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.dataset.show));
    let shown = 0;
    for (const finding of findings) {
      const fits = !hidden.has(finding.dataset.severity) && words.every((word) => finding.dataset.words.includes(word));
      finding.hidden = !fits;
      shown += fits;
    }
    for (const group of all(".group")) group.hidden = !group.querySelector(".finding:not([hidden])");
    document.querySelector(".nothing").hidden = shown > 0;
    said.textContent = shown < findings.length ? `${shown} of ${findings.length}` : "";
  };
  if (search) {
    search.addEventListener("input", narrow);
    for (const box of boxes) box.addEventListener("change", narrow);
    for (const button of all("[data-open]")) {
      button.addEventListener("click", () => {
        for (const finding of findings) if (!finding.hidden) finding.open = button.dataset.open === "true";
      });
    }
  }

  // Going along a chain of evidence, by buttons or by the arrow keys.
  for (const evidence of all(".evidence")) {
    const steps = all(".chain > li > details", evidence);
    if (steps.length < 2) continue;
    const bar = document.createElement("div");
    bar.className = "stepper";
    const make = (text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      return button;
    };
    const back = make("← Previous step");
    const next = make("Next step →");
    const where = document.createElement("span");
    where.className = "hint";
    where.setAttribute("aria-live", "polite");
    bar.append(back, next, where);
    evidence.insertBefore(bar, evidence.querySelector(".chain"));
    const current = () => steps.findIndex((step) => step.open);
    const show = () => {
      const at = current();
      back.disabled = at === 0;
      next.disabled = at === steps.length - 1;
      where.textContent = at < 0 ? "" : `Step ${at + 1} of ${steps.length}`;
    };
    const go = (by) => {
      const at = current();
      const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), steps.length - 1);
      steps[to].open = true;
    };
    back.addEventListener("click", () => go(-1));
    next.addEventListener("click", () => go(1));
    evidence.addEventListener("keydown", (event) => {
      if (event.target.closest("pre")) return;
      if (event.key === "ArrowRight") go(1);
      else if (event.key === "ArrowLeft") go(-1);
      else return;
      event.preventDefault();
    });
    for (const step of steps) step.addEventListener("toggle", show);
    show();
  }

  // Paper shows everything; browsers that know no better are helped.
  if (!CSS.supports("selector(::details-content)")) {
    addEventListener("beforeprint", () => {
      for (const folded of all("details")) {
        folded.removeAttribute("name");
        folded.open = true;
      }
    });
  }

  // On a map, a package shows whom it imports and who imports it.
  for (const svg of all(".map svg")) {
    const packages = all(".box", svg);
    const arrows = all(".arrow", svg);
    const told = svg.closest(".pane").querySelector(".told");
    const hint = told.textContent;
    const short = (key) => key.slice(key.indexOf(":") + 1);
    const listed = (name, from, to) => {
      const found = arrows.filter((arrow) => arrow.dataset[from] === name);
      return found.map((arrow) => `${short(arrow.dataset[to])} (${arrow.dataset.count})`).sort().join(", ") || "nothing";
    };
    let chosen = null;
    const light = (name) => {
      svg.classList.toggle("focused", name !== null);
      told.textContent =
        name === null
          ? hint
          : `${short(name)} imports ${listed(name, "from", "to")}. It is imported by ${listed(name, "to", "from")}.`;
      const near = new Set();
      for (const arrow of arrows) {
        const touches = arrow.dataset.from === name || arrow.dataset.to === name;
        arrow.classList.toggle("near", touches);
        if (touches) near.add(arrow.dataset.from).add(arrow.dataset.to);
      }
      for (const box of packages) {
        box.classList.toggle("near", near.has(box.dataset.name));
        box.classList.toggle("chosen", box.dataset.name === name);
        box.setAttribute("aria-pressed", String(box.dataset.name === chosen));
      }
    };
    const choose = (name) => {
      chosen = chosen === name ? null : name;
      light(chosen);
    };
    for (const box of packages) {
      const name = box.dataset.name;
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "button");
      box.setAttribute("aria-pressed", "false");
      box.addEventListener("mouseenter", () => chosen === null && light(name));
      box.addEventListener("mouseleave", () => chosen === null && light(null));
      box.addEventListener("click", () => choose(name));
      box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") choose(name);
        else if (event.key === "Escape") choose(chosen);
        else return;
        event.preventDefault();
      });
    }
    svg.setAttribute("role", "group");
  }
})();

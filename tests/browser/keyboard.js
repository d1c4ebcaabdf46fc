// What somebody who has no mouse gets of a page: run before the first press of Tab.
"use strict";
window.beckonKeys = (() => {
  const DOES = "a[href], button, input, select, textarea, summary, iframe, [tabindex], [contenteditable]";
  const seen = new Set();
  const faults = [];

  const named = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 140);
  const group = (element) =>
    element.type === "radio" && element.form
      ? [...element.form.elements].filter((each) => each.name === element.name)
      : [element];
  const there = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0;
  const all = () => [...document.querySelectorAll(DOES)].filter(there);

  function marked(element) {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  }

  function covered(element) {
    const box = element.getClientRects()[0];
    if (!box || !box.width || !box.height) return false;
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return Boolean(top) && !top.contains(element) && !element.contains(top) && !top.closest("label")?.contains(element)
      && ![...(element.labels ?? [])].some((label) => label.contains(top));
  }

  addEventListener("focusin", (event) => {
    const element = event.target;
    if (seen.has(element)) return;
    for (const each of group(element)) seen.add(each);
    if (!marked(element)) faults.push("is not marked: " + named(element));
    if (covered(element)) faults.push("is covered: " + named(element));
  });

  return {
    left: () => all().filter((element) => !seen.has(element)).length,
    faults: () => [
      ...faults,
      ...all().filter((element) => !seen.has(element)).map((element) => "is not reached: " + named(element)),
      ...all().filter((element) => element.tabIndex > 0).map((element) => "jumps the queue: " + named(element)),
    ],
  };
})();

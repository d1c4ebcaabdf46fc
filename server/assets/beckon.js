// The little that a script makes nicer. Every page does its work without it.
"use strict";

// A menu closes when something else is touched, and with Escape.
const menus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A choice that needs no second step is sent at once; the button is for those without a script.
for (const select of document.querySelectorAll("form[action='/language'] select")) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Where a menu scrolls, the page that is open is in sight.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Around me: asked for by hand, rounded to some ten kilometres before it leaves the device.
for (const button of document.querySelectorAll("button[data-near]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const wish = new URLSearchParams(new FormData(button.form));
        wish.set("near", "me");
        wish.set("lat", coords.latitude.toFixed(1));
        wish.set("lon", coords.longitude.toFixed(1));
        location.assign(`${button.form.action}?${wish}`);
      },
      () => { button.disabled = false; },
    );
  });
}

// How many take part: asked again now and then, while somebody looks.
for (const place of document.querySelectorAll("[data-counts]")) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(place.dataset.counts).catch(() => null);
    if (answer?.ok) place.innerHTML = (await answer.json()).counts;
  }, 30_000);
}

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
// Passkeys are reached by a script alone: where there is none, or no passkeys, nothing here is offered.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const letters = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

const passkeys = {
  async add(form) {
    const asked = JSON.parse(form.dataset.asked);
    const made = await navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: listed(asked.excludeCredentials),
      },
    });
    return [made, { attestationObject: letters(made.response.attestationObject) }];
  },
  async enter() {
    const answer = await fetch("/sign-in/passkey/question", { method: "POST" });
    if (!answer.ok) throw new Error("refused");
    const asked = await answer.json();
    const signed = await navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: listed(asked.allowCredentials) },
    });
    const { authenticatorData, signature, userHandle } = signed.response;
    return [
      signed,
      {
        authenticatorData: letters(authenticatorData),
        signature: letters(signature),
        userHandle: userHandle && letters(userHandle),
      },
    ];
  },
};

if (window.PublicKeyCredential) {
  document.documentElement.classList.add("passkeys");
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      const trouble = form.querySelector("[role=alert]");
      trouble.hidden = true;
      try {
        const [key, said] = await passkeys[form.dataset.passkey](form);
        said.clientDataJSON = letters(key.response.clientDataJSON);
        form.elements.answer.value = JSON.stringify({ id: key.id, rawId: letters(key.rawId), type: key.type, response: said });
        form.submit();
      } catch {
        trouble.hidden = false;
      }
    });
  }
}

// Where somebody is, about: rounded here already.
for (const button of document.querySelectorAll("[data-locate]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () =>
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      for (const name of ["latitude", "longitude"]) button.form.elements[name].value = coords[name].toFixed(1);
    }),
  );
}

// Lines of a form that nobody has filled in yet come when the one before them is.
for (const spare of document.querySelectorAll("[data-spare]")) {
  spare.hidden = true;
  spare.previousElementSibling.addEventListener("input", () => (spare.hidden = false));
}

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

// How far a long work is: asked again while somebody looks; when it is over, the whole page is asked for.
const fresh = document.querySelector("[data-fresh]");
if (fresh) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const came = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-fresh]");
    if (came) fresh.replaceChildren(...came.childNodes);
    else location.replace(location.pathname);
  }, 3_000);
}

// The time zone of the device, where none was typed.
for (const field of document.querySelectorAll("input[data-zone]")) {
  if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

// Rows of a form: one more, or one less, without asking the server. Each new one is the last one, emptied, and numbered anew.
const numbered = (row, at) => {
  for (const each of row.querySelectorAll("*"))
    for (const name of ["id", "name", "for", "aria-describedby", "value"]) {
      const said = each.getAttribute(name);
      if (said && (name !== "value" || each.name === "press")) each.setAttribute(name, said.replace(/_\d+(?=$|-| )/g, `_${at}`));
    }
  for (const each of row.querySelectorAll("[data-label]")) each.textContent = each.dataset.label.replace(/[0-9٠-٩]+/, at + 1);
};
const emptied = (row) => {
  for (const each of row.querySelectorAll("img, .error")) each.remove();
  for (const each of row.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  for (const each of row.querySelectorAll("input, textarea")) {
    if (each.type === "checkbox") each.checked = false;
    else if (each.value !== "no") each.value = "";
  }
};
for (const place of document.querySelectorAll("[data-rows]")) {
  const rows = () => [...place.querySelectorAll("[data-row]")];
  const more = place.querySelector("button[value^='more:']");
  const settle = () => {
    rows().forEach(numbered);
    more.hidden = rows().length >= place.dataset.most;
    if (rows().length > 1) for (const each of place.querySelectorAll("button[value^='less:']")) each.hidden = false;
    place.closest("form").dispatchEvent(new Event("input"));
  };
  place.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=press]");
    if (!pressed) return;
    event.preventDefault();
    const row = pressed.closest("[data-row]");
    const added = pressed === more || rows().length === 1 ? rows().at(-1).cloneNode(true) : null;
    if (added) {
      emptied(added);
      rows().at(-1).after(added);
    }
    row?.remove();
    settle();
    (added || rows().at(-1)).querySelector("input:not([type=hidden])").focus();
  });
}

// How a call will look elsewhere: asked again when nobody has typed for a moment. One question at a time; what comes
// to nothing leaves what is there.
for (const place of document.querySelectorAll("[data-preview]")) {
  const form = place.querySelector("button[form]").form;
  place.querySelector("button[form]").hidden = true;
  let quiet, asking = false, again = false;
  const soon = () => {
    clearTimeout(quiet);
    quiet = setTimeout(ask, 600);
  };
  const show = (html) => {
    const came = new DOMParser().parseFromString(html, "text/html");
    const open = came.getElementById(place.querySelector("details[open]")?.id);
    if (open) for (const each of came.querySelectorAll("details")) each.open = each === open;
    place.querySelector("[data-shown]").replaceChildren(...came.querySelector("[data-shown]").childNodes);
    const [told, news] = [place, came].map((where) => where.querySelector("[role=status]"));
    if (told.textContent !== news.textContent) told.textContent = news.textContent;
  };
  const ask = async () => {
    again = asking;
    if (asking) return;
    asking = true;
    const typed = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    const body = new URLSearchParams([...typed, ["part", "preview"]]);
    try {
      const answer = await fetch(place.dataset.preview, { method: "POST", body });
      if (answer.ok && !answer.redirected) show(await answer.text());
    } catch { /* the next key asks again */ }
    asking = false;
    if (again) soon();
  };
  form.addEventListener("input", soon);
  if (form.elements.title.value && !place.querySelector(".seen")) soon();
}

// The worker keeps the pages of calls for times without a connection: see worker.js.
addEventListener("load", () => navigator.serviceWorker?.register("/worker.js").catch(() => {}));

// Without a connection: what is kept, the last seen first; and on again by itself when there is one.
for (const place of document.querySelectorAll("[data-kept]")) {
  const again = document.querySelector("[data-again]");
  if (location.pathname !== "/offline") addEventListener("online", () => location.reload());
  else again.href = "/";
  (async () => {
    const kept = await caches.open("calls");
    for (const { url } of (await kept.keys()).reverse()) {
      const page = new DOMParser().parseFromString(await (await kept.match(url)).text(), "text/html");
      const line = document.createElement("li"), link = document.createElement("a");
      link.href = new URL(url).pathname;
      link.dir = "auto";
      link.textContent = page.title;
      line.append(link);
      place.querySelector("ul").append(line);
      place.hidden = false;
    }
  })();
}

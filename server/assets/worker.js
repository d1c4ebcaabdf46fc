// What makes an app of the pages: without a connection it shows what was looked at last.
// The network always comes first. Kept on the device are the files of this version, one page that says that there is
// no connection, and the pages of calls as a stranger sees them: nothing of somebody who is signed in (the server says
// "private" of those), nothing that was sent. What was kept of calls goes when somebody signs out. A new version takes
// over at once and reloads nothing: no page depends on the worker that it was loaded with.
"use strict";

const FILES = "files", CALLS = "calls", MOST = 20;
const CALL = /^\/calls\/\d+$/;

const install = async () => {
  const kept = await caches.open(FILES);
  const asked = [HERE.offline, ...HERE.files].map((path) => new Request(path, { credentials: "omit", cache: "reload" }));
  await kept.addAll(asked);
  await self.skipWaiting();
};

const takeOver = async () => {
  const kept = await caches.open(FILES);
  const now = [HERE.offline, ...HERE.files].map((path) => new URL(path, self.location).href);
  for (const old of await kept.keys()) if (!now.includes(old.url)) await kept.delete(old);
  await self.clients.claim();
};

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

// A page of a call as everybody may see it: no query, no other address behind it, nobody signed in.
const mayBeKept = (path, answer) =>
  CALL.test(path) && answer.status === 200 && !answer.redirected && answer.headers.get("Cache-Control") === "no-cache";

const keep = async (path, answer) => {
  const kept = await caches.open(CALLS);
  await kept.delete(path);
  await kept.put(path, answer);
  const paths = await kept.keys();
  for (const old of paths.slice(0, Math.max(paths.length - MOST, 0))) await kept.delete(old);
};

// A page that was kept says so above all.
const asItWas = async (answer) => {
  const text = (await answer.text()).replace("data-as-it-was hidden", "data-as-it-was");
  return new Response(text, { headers: answer.headers });
};

const open = async (event, url) => {
  try {
    const answer = await fetch(event.request);
    if (!url.search && mayBeKept(url.pathname, answer)) event.waitUntil(keep(url.pathname, answer.clone()));
    return answer;
  } catch {
    const call = !url.search && (await (await caches.open(CALLS)).match(url.pathname));
    return call ? asItWas(call) : (await caches.open(FILES)).match(HERE.offline);
  }
};

// Files bear the digest of what is in them. A page of an earlier version takes today's when there is no other.
const file = async (request) => {
  const kept = await caches.open(FILES);
  const same = await kept.match(request);
  if (same) return same;
  try {
    return await fetch(request);
  } catch {
    return (await kept.match(request, { ignoreSearch: true })) ?? Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/sign-out") event.waitUntil(caches.delete(CALLS));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(open(event, url));
  else if (HERE.files.some((path) => path.split("?")[0] === url.pathname)) event.respondWith(file(request));
});

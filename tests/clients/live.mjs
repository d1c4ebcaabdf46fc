// What a client hears over its WebSocket, by subscriptions on one socket; and that it asks to be rung.
//
// Usage: node live.mjs ADDRESS TOKEN OTHER ENDPOINT P256DH AUTH FORM; OTHER is the token of somebody whom
// the listener follows, FORM of what is sent is "standard" (aes128gcm) or the older one. Prints what it heard, as one JSON object.
import { createRequire } from "node:module";

const { createRestAPIClient, createStreamingAPIClient } = createRequire(import.meta.url)("masto");
const [url, accessToken, otherToken, endpoint, p256dh, auth, form] = process.argv.slice(2);
const { v1, v2 } = createRestAPIClient({ url, accessToken });
const other = createRestAPIClient({ url, accessToken: otherToken });
const shown = {};

const { configuration } = await v2.instance.fetch();
const streamingApiUrl = configuration.urls.streaming;
const streams = createStreamingAPIClient({ streamingApiUrl, accessToken, implementation: WebSocket });
const home = streams.user.subscribe().values();
const tagged = streams.hashtag.subscribe({ tag: "tea" }).values();

// Nothing says when a subscription stands: one knocks until one is heard.
async function stands(events) {
  const knock = setInterval(() => other.v1.statuses.create({ status: "knock #tea" }), 250);
  await events.next();
  clearInterval(knock);
}
async function hears(events, wanted) {
  for (;;) {
    const { value } = await events.next();
    if (wanted(value)) return [value.event, value.stream];
  }
}
await Promise.all([stands(home), stands(tagged)]);

const mine = await v1.statuses.create({ status: "Seeds" });
const post = await other.v1.statuses.create({ status: "Who brings #tea?" });
const isPost = (event) => event.payload?.id === post.id;
shown.update = await hears(home, isPost);
shown.tag = await hears(tagged, isPost);
await other.v1.statuses.$select(post.id).update({ status: "Who brings #tea today?" });
shown.edit = await hears(home, isPost);
await other.v1.statuses.$select(post.id).remove();
shown.delete = await hears(home, (event) => event.payload === post.id);
await other.v1.statuses.$select(mine.id).favourite();
shown.notification = await hears(home, (event) => event.payload?.type === "favourite");
streams.close();

const made = await v1.push.subscription.create({
  subscription: { endpoint, keys: { p256dh, auth }, standard: form === "standard" },
  data: { alerts: { mention: true, follow: false } },
  policy: "followed",
});
shown.push = [made.policy, made.alerts.mention, made.alerts.follow, made.serverKey];
shown.vapid = configuration.vapid.publicKey;
shown.kept = (await v1.push.subscription.fetch()).id === made.id;
console.log(JSON.stringify(shown));
process.exit(0);

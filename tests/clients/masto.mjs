// Phanpy and Elk speak through this library. It throws wherever an answer is not what it knows.
//
// Usage: node masto.mjs ADDRESS TOKEN COMMUNITY; prints what it was shown, as one JSON object.
// The library is found in NODE_PATH.
import { createRequire } from "node:module";

const { createRestAPIClient } = createRequire(import.meta.url)("masto");
const [url, accessToken, community] = process.argv.slice(2);
const { v1, v2 } = createRestAPIClient({ url, accessToken });
const shown = {};

const me = await v1.accounts.verifyCredentials();
shown.me = me.acct;
shown.limit = (await v2.instance.fetch()).configuration.statuses.maxCharacters;
shown.following = (await v1.accounts.$select(community).follow()).following;
shown.relationships = await v1.accounts.relationships.fetch({ id: [community, me.id] });
shown.lists = await v1.lists.list();

const post = await v1.statuses.create({ status: "@garden Who brings #tea?", language: "en" });
const one = v1.statuses.$select(post.id);
shown.mentions = post.mentions.map((each) => each.acct);
shown.poll = await v1.statuses.create({
  status: "Which?",
  visibility: "unlisted",
  poll: { options: ["one", "two"], expiresIn: 600, multiple: true },
});
const reply = await v1.statuses.create({ status: "I do", inReplyToId: post.id });
shown.edited = await one.update({ status: "Who brings #tea today?" });
shown.source = await one.source.fetch();
shown.history = (await one.history.list()).map((each) => each.content);
shown.descendants = (await one.context.fetch()).descendants.map((each) => each.id);
shown.boost = await one.reblog();
shown.unboosted = (await one.unreblog()).reblogged;
shown.favourited = (await one.favourite()).favourited;
shown.bookmarked = (await one.bookmark()).bookmarked;
shown.pinned = (await one.pin()).pinned;

const walked = [];
for await (const page of v1.timelines.home.list({ limit: 2 })) walked.push(page.length);
shown.pages = walked;
shown.tagged = (await v1.timelines.tag.$select("tea").list()).map((each) => each.id);
shown.ofList = (await v1.timelines.list.$select(community).list()).map((each) => each.id);
shown.favourites = (await v1.favourites.list()).map((each) => each.id);
shown.bookmarks = (await v1.bookmarks.list()).map((each) => each.id);
shown.pins = (await v1.accounts.$select(me.id).statuses.list({ pinned: true })).map((each) => each.id);
shown.found = await v2.search.list({ q: "#tea" });
shown.markers = await v1.markers.create({ home: { lastReadId: post.id } });
shown.profile = await v1.accounts.updateCredentials({
  note: "I dig",
  fieldsAttributes: [{ name: "Site", value: "https://garden.example" }],
});
shown.visibility = (await v1.preferences.fetch())["posting:default:visibility"];
shown.deleted = (await v1.statuses.$select(reply.id).remove()).text;
shown.refusal = await v1.statuses.$select("1").fetch().catch((error) => [error.name, error.statusCode]);
shown.post = post.id;
shown.reply = reply.id;
console.log(JSON.stringify(shown));

// A day with the library of Phanpy and Elk: pictures, a poll, quotes, filters, lists, search, notifications.
//
// Usage: node day.mjs ADDRESS TOKEN OTHER PICTURE; OTHER is the token of somebody else, PICTURE a file.
// Prints what it was shown, as one JSON object.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { createRestAPIClient } = createRequire(import.meta.url)("masto");
const [url, accessToken, otherToken, picture] = process.argv.slice(2);
const { v1, v2 } = createRestAPIClient({ url, accessToken });
const other = createRestAPIClient({ url, accessToken: otherToken });
const code = (error) => error.statusCode;
const ids = (entities) => entities.map((each) => each.id);
const shown = {};

const file = new Blob([await readFile(picture)], { type: "image/jpeg" });
const media = await v2.media.create({ file, description: "Beds", focus: "0.5,-0.5" });
shown.media = [media.type, media.description, media.meta.focus.x, media.url !== null];
shown.described = (await v1.media.$select(media.id).update({ description: "Two beds" })).description;
const post = await v1.statuses.create({ status: "Look #beds", mediaIds: [media.id], sensitive: true });
shown.attached = ids(post.mediaAttachments).join() === media.id && post.sensitive;
const one = v1.statuses.$select(post.id);
const edited = await one.update({
  status: "Look here #beds",
  mediaIds: [media.id],
  mediaAttributes: [{ id: media.id, description: "Three beds" }],
});
shown.edited = [edited.mediaAttachments[0].description, edited.editedAt !== null];

const me = await v1.accounts.verifyCredentials();
const friend = await other.v1.accounts.verifyCredentials();
const asked = await v1.statuses.create({ status: "?", poll: { options: ["a", "b"], expiresIn: 600 } });
const voted = await other.v1.polls.$select(asked.poll.id).votes.create({ choices: [1] });
shown.voted = [voted.ownVotes, (await v1.polls.$select(asked.poll.id).fetch()).options[1].votesCount];
shown.again = await other.v1.polls.$select(asked.poll.id).votes.create({ choices: [0] }).catch(code);

const quote = await other.v1.statuses.create({ status: "True", quotedStatusId: post.id });
shown.quote = [quote.quote.state, quote.quote.quotedStatus.id === post.id];
const boost = await other.v1.statuses.$select(post.id).reblog({ visibility: "private" });
shown.boost = [boost.reblog.id === post.id, boost.visibility];
await other.v1.statuses.$select(post.id).favourite();
await other.v1.accounts.$select(me.id).follow();

const found = await v2.notifications.list({ expandAccounts: "partial_avatars" });
shown.groups = found.notificationGroups.map((group) => group.type).sort();
shown.people = [...ids(found.accounts), ...ids(found.partialAccounts ?? [])].every((id) => id === friend.id);
shown.unread = (await v2.notifications.unreadCount.fetch()).count;
const [group] = found.notificationGroups;
shown.ofGroup = ids(await v2.notifications.$select(group.groupKey).accounts.list()).join() === friend.id;
shown.policy = (await v2.notifications.policy.update({ forNotFollowing: "filter" })).forNotFollowing;

const catches = { title: "Weather", context: ["home", "public"], filterAction: "blur" };
const filter = await v2.filters.create({ ...catches, keywordsAttributes: [{ keyword: "rain" }] });
const wet = await other.v1.statuses.create({ status: "It may rain" });
shown.filtered = (await v1.statuses.$select(wet.id).fetch()).filtered.map((each) => each.keywordMatches);
const keyword = await v2.filters.$select(filter.id).keywords.create({ keyword: "snow", wholeWord: true });
shown.filter = (await v2.filters.$select(filter.id).fetch()).keywords.map((each) => each.keyword);
await v2.filters.keywords.$select(keyword.id).remove();
await v2.filters.$select(filter.id).remove();
shown.filters = (await v2.filters.list()).length;

await v1.accounts.$select(friend.id).follow();
const list = await v1.lists.create({ title: "Friends", repliesPolicy: "none", exclusive: true });
const members = v1.lists.$select(list.id).accounts;
await members.create({ accountIds: [friend.id] });
shown.list = [list.exclusive, ids(await members.list()).join() === friend.id];
const last = await other.v1.statuses.create({ status: "For the list" });
shown.ofList = ids(await v1.timelines.list.$select(list.id).list()).includes(last.id);
await members.remove({ accountIds: [friend.id] });
await v1.lists.$select(list.id).remove();

const search = await v2.search.list({ q: "look" });
shown.search = ids(search.statuses).join() === post.id;
shown.byUrl = ids((await v2.search.list({ q: post.url, resolve: true })).statuses).join() === post.id;
const deleted = await one.remove();
shown.deleted = [deleted.text, ids(deleted.mediaAttachments).join() === media.id];
shown.gone = await one.fetch().catch(code);
console.log(JSON.stringify(shown));

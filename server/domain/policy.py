"""Who may do what: pure functions of facts that return a verdict with a named reason.

The reason is stable (stored, tested, shown to moderators); the sentence is safe to show to whoever
asked. Nothing here reads the database: verbs gather the facts and ask.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from server.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: str = ""
    sentence: str = ""

    def require(self) -> None:
        """Raises ``Forbidden`` with the sentence, unless allowed."""
        if not self.allowed:
            raise Forbidden(self.sentence, reason=self.reason)


ALLOWED = Verdict(allowed=True)


def _refused(reason: str, sentence: str) -> Verdict:
    return Verdict(allowed=False, reason=reason, sentence=sentence)


BLOCKED = _refused("blocked", "You cannot interact with this account.")
SELF = _refused("self", "You cannot follow yourself.")
NOT_ONESELF = _refused("self", "You cannot do this to yourself.")
NOT_PUBLIC = _refused("not_public", "Only public posts can be boosted.")
NOT_A_MEMBER = _refused("not_a_member", "Only members may post to this community.")
NOT_A_STEWARD = _refused("not_a_steward", "Only organisers and moderators may do this.")
BANNED = _refused("banned", "You are banned from this community.")
LOCKED = _refused("locked", "This conversation is locked: it takes no more replies.")
REMOVED = _refused("removed", "This post was removed from its community.")
NOT_IN_COMMUNITY = _refused("not_in_community", "This post is not in this community.")
NOT_AN_ORGANISER = _refused("not_an_organiser", "Only organisers may do this.")
OUTRANKED = _refused("outranked", "Who has the same role as you, or a higher one, is not banned.")
LAST_ORGANISER = _refused(
    "last_organiser", "A community needs an organiser: appoint another one first."
)
NOT_YOURS = _refused("not_yours", "This is not yours.")
CALL_OVER = _refused("call_over", "This call is over.")
CALL_CANCELLED = _refused("call_cancelled", "This call was cancelled.")
POLL_ENDED = _refused("poll_ended", "The poll has already ended")
ALREADY_VOTED = _refused("already_voted", "You have already voted on this poll")
OWN_POLL = _refused("own_poll", "You cannot vote in your own poll")
QUOTE_DENIED = _refused("quote_denied", "Its author does not let you quote this post.")

BOOSTS = ("public", "unlisted", "private")  # who may see one, from wide to narrow

AUTOMATIC, MANUAL, UNKNOWN, DENIED = "automatic", "manual", "unknown", "denied"


def may_follow(*, same: bool, blocked: bool) -> Verdict:
    if same:
        return SELF
    return BLOCKED if blocked else ALLOWED


def may_interact(*, blocked: bool) -> Verdict:
    """To reply, like or mention."""
    return BLOCKED if blocked else ALLOWED


def may_boost(visibility: str, *, own: bool, blocked: bool) -> Verdict:
    """Public and unlisted posts, and one's own for followers."""
    if blocked:
        return BLOCKED
    if visibility in ("public", "unlisted") or (own and visibility == "private"):
        return ALLOWED
    return NOT_PUBLIC


def boost_visibility(wanted: str, boosted: str) -> str:
    """Who may see a boost: never more people than may see the post. Both are of ``BOOSTS``."""
    return max(wanted, boosted, key=BOOSTS.index)


def may_post_to(
    community_policy: str, *, member: bool, blocked: bool, banned: bool = False
) -> Verdict:
    """An open community takes posts from everybody, as the threadiverse does; others from members."""
    if banned:
        return BANNED
    if blocked:
        return BLOCKED
    return ALLOWED if community_policy == "open" or member else NOT_A_MEMBER


def may_steer(role: str | None) -> Verdict:
    """Calls, members, pins: organisers and moderators."""
    return ALLOWED if role in ("organiser", "moderator") else NOT_A_STEWARD


RANKS = {None: 0, "moderator": 1, "organiser": 2}


def may_ban(role: str, of: str | None) -> Verdict:
    """``role``: of who bans; ``of``: of whom it meets. Nobody judges their like."""
    return ALLOWED if RANKS[role] > RANKS[of] else OUTRANKED


def may_dismiss(role: str | None, *, own: bool, last_organiser: bool) -> Verdict:
    """Organisers take a role away, and everybody may lay down their own. ``last_organiser``: who would
    lose theirs is the only one."""
    if not own and role != "organiser":
        return NOT_AN_ORGANISER
    return LAST_ORGANISER if last_organiser else ALLOWED


def may_reply(*, locked: bool, removed: bool) -> Verdict:
    """To a post of a community, whoever asks: who wants to reply unlocks it first."""
    if removed:
        return REMOVED
    return LOCKED if locked else ALLOWED


def may_answer(state: str, *, over: bool, blocked: bool) -> Verdict:
    """A postponed call still takes answers."""
    if blocked:
        return BLOCKED
    if state == "cancelled":
        return CALL_CANCELLED
    return CALL_OVER if over or state == "closed" else ALLOWED


def may_vote(*, own: bool, expired: bool, voted: bool, blocked: bool) -> Verdict:
    if own:
        return OWN_POLL
    if expired:
        return POLL_ENDED
    if voted:
        return ALREADY_VOTED
    return BLOCKED if blocked else ALLOWED


def may_quote(
    visibility: str,
    *,
    own: bool,
    blocked: bool,
    follows: bool,
    followed: bool,
    automatic: Collection[str],
    manual: Collection[str],
) -> str:
    """``AUTOMATIC``, ``MANUAL`` (its author is asked), ``UNKNOWN`` or ``DENIED``, as FEP-044f reads a policy.

    ``follows``: the quoter follows the author; ``followed``: the other way round.
    """
    if blocked or visibility == "direct" or (visibility == "private" and not own):
        return DENIED
    words = {"public", *(["followers"] if follows else []), *(["following"] if followed else [])}
    if own or words.intersection(automatic):
        return AUTOMATIC
    if words.intersection(manual):
        return MANUAL
    return UNKNOWN if "unsupported_policy" in {*automatic, *manual} else DENIED


def may_see(
    visibility: str,
    *,
    own: bool,
    followed: bool,
    concerned: bool,
    blocked: bool,
    suspended: bool,
    limited: bool = False,
    removed: bool = False,
) -> bool:
    """The one rule of visibility, for every door: what the viewer may see of an author's.

    ``followed``: by an accepted follow. ``concerned``: the post mentions or quotes the viewer.
    ``blocked``, ``suspended``: the viewer by the author; the author. ``limited``: what the author says to
    everybody does not come unasked. ``removed``: taken out of its community by those who moderate it, as
    far as that binds this viewer.
    """
    if suspended:
        return False
    if own:
        return True
    if blocked or removed:
        return False
    if visibility in ("public", "unlisted"):
        return followed or not limited
    return concerned or (visibility == "private" and followed)

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
NOT_YOURS = _refused("not_yours", "This is not yours.")
CALL_OVER = _refused("call_over", "This call is over.")
CALL_CANCELLED = _refused("call_cancelled", "This call was cancelled.")
NO_ANSWERS = _refused("no_answers", "This event takes no answers.")
BY_INVITATION = _refused("by_invitation", "Only who was invited can take part in this event.")
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


def may_post_to(community_policy: str, *, member: bool, blocked: bool) -> Verdict:
    """An open community takes posts from everybody, as the threadiverse does; others from members."""
    if blocked:
        return BLOCKED
    return ALLOWED if community_policy == "open" or member else NOT_A_MEMBER


def may_steer(role: str | None) -> Verdict:
    """Calls, members, pins: organisers and moderators."""
    return ALLOWED if role in ("organiser", "moderator") else NOT_A_STEWARD


def may_answer(state: str, *, over: bool, blocked: bool) -> Verdict:
    """A postponed call still takes answers."""
    if blocked:
        return BLOCKED
    if state == "cancelled":
        return CALL_CANCELLED
    return CALL_OVER if over or state == "closed" else ALLOWED


def may_join(mode: str, link: str | None) -> Verdict:
    """Take part in an event of another server, whose organiser says how (Mobilizon; FEP-8a8e)."""
    if mode == "external":
        where = f" at {link}" if link else " elsewhere"
        return _refused("external", f"Who wants to take part in this event signs up{where}.")
    return {"none": NO_ANSWERS, "invite": BY_INVITATION}.get(mode, ALLOWED)


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
) -> bool:
    """The one rule of visibility, for every door: what the viewer may see of an author's.

    ``followed``: by an accepted follow. ``concerned``: the post mentions or quotes the viewer.
    ``blocked``, ``suspended``: the viewer by the author; the author. ``limited``: what the author says to
    everybody does not come unasked.
    """
    if suspended:
        return False
    if own:
        return True
    if blocked:
        return False
    if visibility in ("public", "unlisted"):
        return followed or not limited
    return concerned or (visibility == "private" and followed)

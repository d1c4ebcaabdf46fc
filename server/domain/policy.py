"""Who may do what: pure functions of facts that return a verdict with a named reason.

The reason is stable (stored, tested, shown to moderators); the sentence is safe to show to whoever
asked. Nothing here reads the database: verbs gather the facts and ask.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from server.errors import Forbidden
from server.i18n import mark


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
NOT_A_WRITER = _refused("not_a_member", "Only members may write this community's documents.")
NOT_FOR_MEMBERS = _refused(
    "private_community", "What is posted to a private community is for its members only."
)
FOR_ITS_MEMBERS = _refused(
    "for_its_members",
    "This call is for the members of its community, and answered with an account.",
)
NOT_TO_OPEN = _refused(
    "not_to_open",
    "A decision, a letter or a share of a private community is for its members alone.",
)
OPEN_ALREADY = _refused("open_already", "Everybody can see this call as it is.")
OPEN_ITS_SHIFTS = _refused(
    "open_its_shifts", "One answers the shifts of this call: open those that others may take."
)
NOT_FROM_YOU = _refused("not_from_you", "This call takes no answer of this account.")
NOT_TO_START = _refused("not_to_start", "This call is not to be started in other places.")
PEOPLE_ONLY = _refused("people_only", "Only people can join a private community.")
NOT_INVITED = _refused("not_invited", "This community is joined by invitation only.")
NOT_A_MEMBER_HERE = _refused("not_a_member", "Only members may do this.")
PROPOSE_FIRST = _refused(
    "propose_first", "In this community members propose a call first, and it is let through then."
)
CALL_CAUGHT = _refused(
    "call_caught",
    "This community looks first at a call like this: propose it, and those who steer let it through.",
)
TOO_MANY_CALLS = _refused(
    "too_many_calls", "Five calls of yours are open in this community: close one of them first."
)
CALL_OFF_FIRST = _refused(
    "call_off_first",
    "People have answered this call: those who steer the community call it off first, so that they hear of it.",
)
NOT_SECONDED = _refused("not_seconded", "Not enough members second this proposal yet.")
NOT_A_STEWARD = _refused("not_a_steward", "Only organisers and moderators may do this.")
AFFILIATED = _refused(
    "affiliated", "Official and commercial accounts do not see who takes part, whatever their role."
)
BANNED = _refused("banned", "You are banned from this community.")
BANNED_AUTHOR = _refused("banned", "Its author is banned: lift the ban first.")
BANNED_GUEST = _refused("banned", "Who is banned is not invited: lift the ban first.")
LOCKED = _refused("locked", "This conversation is locked: it takes no more replies.")
REMOVED = _refused("removed", "This post was removed from its community.")
HELD = _refused("held", "This post waits to be let in: nobody else sees it yet.")
EDIT_CAUGHT = _refused(
    "edit_caught", "This community looks first at what is added here: say it in a new post."
)
TOO_MANY_HELD = _refused(
    "too_many_held", "Several posts of yours wait to be let in already: wait for an answer."
)
QUEUE_FULL = _refused(
    "queue_full", "Too many posts wait to be let into this community: try again later."
)
APPEALED = _refused("appealed", "This was appealed against already: it is looked at once.")
TOO_LATE = _refused("too_late", "This was decided too long ago.")
DECIDED_ELSEWHERE = _refused(
    "decided_elsewhere", "This was decided on another server: write to those who steer that group."
)
ANSWERED = _refused("answered", "This appeal was answered already.")
OWN_DECISION = _refused(
    "own_decision", "Somebody else who steers this community answers: the decision was yours."
)
NOT_FOR_ALL = _refused("not_public", "Only a public community shares whom it bans.")
NOT_IN_COMMUNITY = _refused("not_in_community", "This post is not in this community.")
NOT_SAID_IN_PUBLIC = _refused(
    "not_public", "A call is for everybody, and this was said to members alone."
)
NOT_AN_ORGANISER = _refused("not_an_organiser", "Only organisers may do this.")
NOT_A_GROUP = _refused("not_a_group", "Only groups that are for everybody show each other.")
MANY_ASK = _refused("many_ask", "So many groups ask this one that it is asked by no more.")
NOT_ASKED = _refused("foreign_answer", "Only who was asked may answer.")
WRITTEN_BEFORE = _refused("written_before", "You have written to them about this already.")
HAS_PLEDGED = _refused("has_pledged", "They have pledged already, and are not asked again.")
WANTS_NO_LETTERS = _refused("wants_no_letters", "They want no letters from this server.")
OUTRANKED = _refused("outranked", "Who has the same role as you, or a higher one, is not banned.")
LAST_ORGANISER = _refused(
    "last_organiser", "A community needs an organiser: appoint another one first."
)
NOT_YOURS = _refused("not_yours", "This is not yours.")
COUNTED_ONCE = _refused("counted_once", "You have said so already, and everybody counts once.")
CALL_OVER = _refused("call_over", "This call is over.")
URGENT_ENOUGH = _refused("urgent_enough", "One call a week can be urgent, and this week had one.")
NOT_A_RECORDER = _refused(
    "not_a_recorder", "Who steers the community, or was asked to, writes down who came."
)
NOT_BEGUN = _refused("not_begun", "It has not begun: nobody can have come.")
NO_MAIL = _refused("no_mail", "This server sends no mail.")
TOOK_NO_PART = _refused("took_no_part", "Only who took part can say something about it.")
NOT_OVER = _refused("not_over", "It is not over yet.")
TOO_LATE_TO_SAY = _refused("too_late", "It is too long ago.")
LONG_OVER = _refused(
    "long_over", "It is over for a month: who came is forgotten, and not written down any more."
)
CALL_OPEN = _refused("call_open", "What came of a call is said when it is over.")
TAKEN_BACK = _refused("taken_back", "This answer was taken back before it came.")
CALL_CANCELLED = _refused("call_cancelled", "This call was cancelled.")
TOO_MANY_GUESTS = "too_many_guests"
NO_ROOM = _refused(
    "no_room_for_guests", "There is no room for so many guests now. What you said before stands."
)
TOO_MANY_TOGETHER = _refused(
    "too_many_together", "You need more places than there are at all: come with fewer."
)
CHOOSE_SHIFT = _refused("choose_shift", "Please choose one of the shifts of this call.")
NO_ANSWERS = _refused("no_answers", "This event takes no answers.")
BY_INVITATION = _refused("by_invitation", "Only who was invited can take part in this event.")
COUNTED_BY_NAME = _refused("counted_by_name", "Who takes part in this call tells its server so.")
NOT_THE_INSTANCE = _refused("not_the_instance", "Only a server's own actor tells what it counted.")
NOT_BECKON = _refused("not_beckon", "Tallies are taken from servers of Beckon.")
OLD_TALLY = _refused("old_tally", "A later tally is known.")
POLL_ENDED = _refused("poll_ended", "The poll has already ended")
ALREADY_VOTED = _refused("already_voted", "You have already voted on this poll")
OWN_POLL = _refused("own_poll", "You cannot vote in your own poll")
QUOTE_DENIED = _refused("quote_denied", "Its author does not let you quote this post.")

NO_ALIAS = _refused("no_alias", "That account does not say that it is this one too.")
NOT_LINKED = _refused("not_linked", "This account never said that it is that one too.")
MOVED = _refused("moved", "This account has moved elsewhere.")
MOVED_ON = _refused("moved_on", "That account has moved elsewhere itself.")
MOVED_LATELY = _refused("moved_lately", "This account has moved less than a week ago.")
OTHER_KIND = _refused("other_kind", "A community becomes a community, and a person a person.")
HIDDEN_TARGET = _refused("suspended", "That account cannot be followed here.")

BOOSTS = ("public", "unlisted", "private")  # who may see one, from wide to narrow

AUTOMATIC, MANUAL, UNKNOWN, DENIED = "automatic", "manual", "unknown", "denied"


def may_follow(*, same: bool, blocked: bool, moved: bool) -> Verdict:
    """``moved``: the account is to be followed elsewhere."""
    if same:
        return SELF
    if moved:
        return MOVED
    return BLOCKED if blocked else ALLOWED


def may_tell(*, is_instance: bool, beckon: bool, named: bool, late: bool) -> Verdict:
    """Whether a server may tell how many of its people answered a call. ``named``: the call's server is told
    who they are. ``late``: the call takes no answers any more."""
    if not is_instance:
        return NOT_THE_INSTANCE
    if not beckon:
        return NOT_BECKON
    if named:
        return COUNTED_BY_NAME
    return CALL_OVER if late else ALLOWED


def may_replace(*, later: bool) -> Verdict:
    """A tally replaces an older one."""
    return ALLOWED if later else OLD_TALLY


def may_join(community_policy: str, *, invited: bool, reads: bool) -> Verdict:
    """``reads``: not a group that would pass on what is private."""
    if not reads:
        return PEOPLE_ONLY
    return NOT_INVITED if community_policy == "invited" and not invited else ALLOWED


def may_link(community_policy: str, *, member: bool, role: str | None) -> Verdict:
    """To make a personal link. Where one joins by invitation only those invite who steer."""
    if not member:
        return NOT_A_MEMBER_HERE
    return NOT_A_STEWARD if community_policy == "invited" and role is None else ALLOWED


def may_call_at_once(rule: str, *, member: bool, role: str | None) -> Verdict:
    """Whether somebody makes calls in a community without proposing them: who steers always, members where
    the community's rule is ``open``."""
    if role is not None:
        return ALLOWED
    if not member:
        return NOT_A_STEWARD
    return ALLOWED if rule == "open" else PROPOSE_FIRST


def may_delete_call(*, steers: bool, answered: bool) -> Verdict:
    """``answered``: somebody relies on it."""
    return ALLOWED if steers or not answered else CALL_OFF_FIRST


def may_call_again(*, full: bool) -> Verdict:
    """``full``: as many calls of a member are open as may be."""
    return TOO_MANY_CALLS if full else ALLOWED


def may_let_through(rule: str, carried: int, needed: int, *, role: str | None) -> Verdict:
    """Whether an idea becomes a call now: ``carried`` of ``needed`` members second it, or a role says so. What is an
    idea still where all may call (``open``) was caught by a rule, and waits for those who steer."""
    if role is not None:
        return ALLOWED
    if rule == "seconded":
        return ALLOWED if carried >= needed else NOT_SECONDED
    return NOT_A_STEWARD


def may_know_of(
    visibility: str, community_policy: str, *, belongs: bool, stranger: bool, listed: bool
) -> bool:
    """Whether somebody may learn that a community is there.

    ``belongs``: they are a member, or were invited. ``stranger``: not one of our members. ``listed``:
    it would come unasked, as in a search.
    """
    if visibility == "public" or belongs:
        return True
    if listed or stranger:
        return visibility == "unlisted" and not listed
    return visibility == "unlisted" or community_policy != "invited"


def may_move(
    *, named: bool, linked: bool, moved_on: bool, lately: bool, alike: bool, hidden: bool
) -> Verdict:
    """Whether followers are carried from one account to another (FEP-7628).

    ``named``: the new one names the old. ``linked``: the old one agrees, by its own activity or by saying
    before that the new one takes its place. ``moved_on``: the new one has moved itself, so that no chain and no ring is followed.
    """
    refusals = (
        (lately, MOVED_LATELY),
        (hidden, HIDDEN_TARGET),
        (not alike, OTHER_KIND),
        (not named, NO_ALIAS),
        (not linked, NOT_LINKED),
        (moved_on, MOVED_ON),
    )
    return next((verdict for refused, verdict in refusals if refused), ALLOWED)


def may_act(*, moved: bool) -> Verdict:
    """Who has moved posts where they are now."""
    return MOVED if moved else ALLOWED


def may_interact(*, blocked: bool) -> Verdict:
    """To reply, like or mention."""
    return BLOCKED if blocked else ALLOWED


def may_boost(visibility: str, *, own: bool, blocked: bool, distributes: bool = False) -> Verdict:
    """Public and unlisted posts, and one's own for followers.

    ``distributes``: it is a community that brings its members what was posted to it.
    """
    if blocked:
        return BLOCKED
    if visibility == "members":
        return ALLOWED if distributes else NOT_PUBLIC
    if visibility in ("public", "unlisted") or (own and visibility == "private"):
        return ALLOWED
    return NOT_PUBLIC


def boost_visibility(wanted: str, boosted: str) -> str:
    """Who may see a boost: never more people than may see the post. Both are of ``BOOSTS``.

    What is for members is boosted by their community alone, whose followers they are.
    """
    boosted = "private" if boosted == "members" else boosted
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


def may_see_people(role: str | None, affiliation: str | None) -> Verdict:
    """Who takes part, and what they wrote about themselves: whoever steers, but never an office or a firm."""
    if not may_steer(role).allowed:
        return NOT_A_STEWARD
    return AFFILIATED if affiliation else ALLOWED


def may_write_document(editors: str, *, member: bool) -> Verdict:
    """Who does not steer: a document for members, as one of them."""
    if not member:
        return NOT_A_WRITER
    return ALLOWED if editors == "members" else NOT_A_STEWARD


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


def may_appeal(*, here: bool, late: bool) -> Verdict:
    """``here``: it was decided in a community of ours."""
    if not here:
        return DECIDED_ELSEWHERE
    return TOO_LATE if late else ALLOWED


def may_judge(*, pending: bool, own: bool, decided: bool, others: bool) -> Verdict:
    """Answer an appeal. ``own``: it is theirs; ``decided``: what it is about is by them; ``others``: there is
    somebody else to answer."""
    if not pending:
        return ANSWERED
    if own:
        return NOT_ONESELF
    return OWN_DECISION if decided and others else ALLOWED


def may_share_bans(*, public: bool) -> Verdict:
    return ALLOWED if public else NOT_FOR_ALL


def may_wait(*, mine: bool, full: bool) -> Verdict:
    """One more post in the queue of a community. ``mine``: as many of its author wait as may."""
    if mine:
        return TOO_MANY_HELD
    return QUEUE_FULL if full else ALLOWED


def may_take_up(visibility: str, *, member: bool, opened: bool = False) -> Verdict:
    """Answer a call of ours at all. ``member``: of its community; whoever has no account is none. ``opened``: they
    came by the page that shows this call to everybody."""
    return ALLOWED if visibility != "members" or member or opened else FOR_ITS_MEMBERS


OPENED_KINDS = ("event", "volunteer", "petition", "need", "donate")


def may_open(visibility: str, kind: str, *, divided: bool) -> Verdict:
    """Give a call a page for everybody. A decision stays with those whom it is about; what one writes to a target
    or passes on needs more than that page. ``divided``: it has shifts."""
    if visibility != "members":
        return OPEN_ALREADY
    if kind not in OPENED_KINDS:
        return NOT_TO_OPEN
    return OPEN_ITS_SHIFTS if divided else ALLOWED


def may_bring(guests: int, most: int, *, kept: bool) -> Verdict:
    """``most``: that the organiser allows; ``kept``: these were said before that was fewer."""
    if kept or 0 <= guests <= most:
        return ALLOWED
    if not most:
        return _refused(TOO_MANY_GUESTS, "To this call nobody brings guests.")
    return _refused(
        TOO_MANY_GUESTS, mark("To this call each brings %(most)s guests at most.", most=most)
    )


def may_bring_more(*, fits: bool) -> Verdict:
    """Of somebody who takes part already."""
    return ALLOWED if fits else NO_ROOM


def may_seat(places: int, total: int | None) -> Verdict:
    """``places``: for somebody and whom they bring; ``total``: None where there is no limit."""
    return ALLOWED if total is None or places <= total else TOO_MANY_TOGETHER


def may_start(*, allowed: bool) -> Verdict:
    """A copy of a call in another town: of what is for everybody, where its maker allows it."""
    return ALLOWED if allowed else NOT_TO_START


def may_answer(state: str, *, over: bool, blocked: bool) -> Verdict:
    """A postponed call still takes answers."""
    if blocked:
        return BLOCKED
    if state == "cancelled":
        return CALL_CANCELLED
    return CALL_OVER if over or state == "closed" else ALLOWED


def may_be_urgent(others: int) -> Verdict:
    """``others``: urgent calls of the community in the week."""
    return URGENT_ENOUGH if others else ALLOWED


def may_record(*, steward: bool, recorder: bool, begun: bool, forgotten: bool) -> Verdict:
    """Write down who came. ``forgotten``: the time is over for which that is kept."""
    if not (steward or recorder):
        return NOT_A_RECORDER
    if not begun:
        return NOT_BEGUN
    return LONG_OVER if forgotten else ALLOWED


def may_report(state: str, *, over: bool) -> Verdict:
    """Say what came of a call: of one that was cancelled, too."""
    return ALLOWED if over or state in ("closed", "cancelled") else CALL_OPEN


def may_give_feedback(*, took_part: bool, over: bool, late: bool) -> Verdict:
    """Say something of a call that is over, to its organisers and without a name."""
    if not took_part:
        return TOOK_NO_PART
    if not over:
        return NOT_OVER
    return TOO_LATE_TO_SAY if late else ALLOWED


def may_take_part(mode: str, link: str | None, *, invited: bool = False) -> Verdict:
    """Take part in an event of another server, whose organiser says how (Mobilizon; FEP-8a8e)."""
    if mode == "invite" and invited:
        return ALLOWED
    if mode == "external":
        where = (
            mark("Who wants to take part in this event signs up at %(link)s.", link=link)
            if link
            else mark("Who wants to take part in this event signs up elsewhere.")
        )
        return _refused("external", where)
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
    if blocked or visibility in ("direct", "members") or (visibility == "private" and not own):
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
    member: bool = False,
) -> bool:
    """The one rule of visibility, for every door: what the viewer may see of an author's.

    ``followed``: by an accepted follow. ``concerned``: the post mentions or quotes the viewer.
    ``member``: of the community that the post was written for.
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
    if visibility == "members":
        return member
    return concerned or (visibility == "private" and followed)

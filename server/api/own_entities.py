"""The entities of Beckon's own API: communities, calls to action, and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping

from server.api.schema import (
    ANY,
    BOOL,
    COUNT,
    DATE,
    ID,
    NUMBER,
    TEXT,
    TIME,
    URL,
    Schema,
    array,
    entity,
    mapping,
    maybe,
    words,
)

ANSWER = {"type": "string", "pattern": "^[a-z0-9_.]{1,20}$"}
CATEGORY = words(
    "space",
    "transport",
    "tools",
    "food",
    "care",
    "money",
    "law",
    "language",
    "media",
    "work",
    "other",
)
TARGET_STATUS = words("asked", "pledged", "refused", "answered")
PLACE_STATE = words("granted", "waiting", "pending", "refused")
_ANSWERED = entity(
    answer=ANSWER,
    state=PLACE_STATE,
    place_in_line=maybe(COUNT),
    answered_at=TIME,
    role=maybe(TEXT),
    guests=COUNT,
    ballot=maybe(array(COUNT)),
)
_WANTED = array(entity(name=TEXT, places=COUNT, taken=COUNT, skill=maybe(TEXT)))
FIGURES = entity(
    answered=COUNT, confirmed=COUNT, expressed=COUNT, waiting=COUNT, withdrawn=COUNT,
    attended=maybe(COUNT), support=COUNT, spread=COUNT,
)  # fmt: skip
CALL_KIND = words(
    "event", "volunteer", "petition", "contact", "need", "donate", "decision", "share"
)
_DOCUMENT = {
    "id": ID, "community_id": ID, "title": TEXT, "url": URL, "editors": words("stewards", "members"),
    "pinned": BOOL, "version": COUNT, "author": maybe("Account"), "created_at": TIME,
    "changed_at": TIME,
}  # fmt: skip
_TEMPLATE = {
    "kind": CALL_KIND, "variant": TEXT, "name": TEXT, "about": TEXT, "language": maybe(TEXT),
    "title": TEXT, "text": TEXT, "places": array(entity(name=TEXT, label=TEXT, example=TEXT)),
    "defaults": mapping(COUNT), "options": array(TEXT),
}  # fmt: skip
OURS: Mapping[str, Schema] = {
    "Community": entity(
        id=ID, name=TEXT, handle=TEXT, title=TEXT, about=TEXT, url=URL, uri=URL, local=BOOL,
        purpose=TEXT, norms=TEXT, language=maybe(TEXT), topics=array(TEXT), questions=array(TEXT),
        capacity=maybe(COUNT), proposals=maybe(words("open", "seconded", "approved")), seconds=maybe(COUNT),
        welcome_status_id=maybe(ID), place_in_line=maybe(COUNT), norms_accepted=maybe(BOOL), handover_offered=BOOL,
        held_count=maybe(COUNT),
        policy=maybe(words("open", "request", "invited")),
        visibility=maybe(words("public", "unlisted", "private")), rules=array(TEXT), members_count=COUNT, member=BOOL,
        requested=BOOL, role=maybe(words("organiser", "moderator", "member")), account="Account",
    ),
    "CommunitySettings": entity(
        id=ID, about=TEXT, members=COUNT, asking=COUNT, waiting=COUNT, split_suggested=BOOL,
        handover=maybe("Account"), asked_by=array("Account"),
    ),
    "JoinRequest": entity(account="Account", answers=array(TEXT), waits=BOOL),
    "CommunityLink": entity(
        id=ID, community_id=ID, url=maybe(URL), admits=BOOL, joined=COUNT, max_uses=COUNT, expires_at=TIME,
        created_at=TIME,
    ),
    "Proposal": entity(
        id=ID, community_id=ID, account="Account", kind=TEXT, title=TEXT, wanted=mapping(ANY),
        state=words("idea", "trial", "review", "accepted", "declined", "withdrawn"), note=TEXT,
        status_id=maybe(ID), seconds_count=COUNT, seconds_needed=COUNT, seconded=BOOL, created_at=TIME,
        changed_at=TIME,
    ),
    "Person": entity(id=ID, first=BOOL, account="Account"),
    "PersonToken": entity(person="Person", access_token=TEXT, token_type=words("Bearer"), scope=TEXT),
    "CommunityBan": entity(
        account="Account", reason=TEXT, created_at=TIME, expires_at=maybe(TIME)
    ),
    "ModerationEntry": entity(
        id=ID, action=words("lock", "unlock", "remove", "restore", "feature", "unfeature", "ban",
                            "unban", "appoint", "dismiss", "approve", "refuse", "hold_rule",
                            "slow_mode", "note", "uphold", "overturn", "ban_list"),
        role=words("organiser", "moderator", "member"), status_id=maybe(ID), account_id=maybe(ID),
        reason=TEXT, created_at=TIME,
    ),
    "Decision": entity(
        id=ID, community_id=ID, action=words("remove", "refuse", "ban"), reason=TEXT,
        status_id=maybe(ID), created_at=TIME, appeal=maybe("Appeal"),
    ),
    "Appeal": entity(
        id=ID, community_id=ID, decision_id=ID, account_id=ID, text=TEXT, answer=TEXT,
        state=words("pending", "approved", "rejected"), created_at=TIME, answered_at=maybe(TIME),
    ),
    "PostNote": entity(
        text=TEXT, role=maybe(words("organiser", "moderator")), created_at=maybe(TIME)
    ),
    "BanListEntry": entity(uri=URL, reason=TEXT, expires_at=maybe(TIME)),
    "BanList": entity(id=ID, account="Account", read_at=maybe(TIME), failure=maybe(TEXT)),
    "BanProposal": entity(
        id=ID, list_id=ID, uri=URL, reason=TEXT, expires_at=maybe(TIME), created_at=TIME
    ),
    "HoldRule": entity(
        id=ID, kind=words("word", "host", "links", "newcomer"), value=TEXT, days=COUNT,
        amount=COUNT, created_at=TIME,
    ),
    "HeldPost": entity(
        id=ID, community_id=ID, status="Status", rule_id=maybe(ID), matched=TEXT, held_at=TIME,
        reason=words("word", "host", "links", "newcomer", "slow_mode"), refused_at=maybe(TIME),
    ),
    "Votes": entity(
        upvotes=COUNT, downvotes=COUNT, score={"type": "integer"}, mine=maybe(words("up", "down"))),
    "Attention": entity(
        timezone=TEXT, quiet_from=maybe(TEXT), quiet_until=maybe(TEXT), digest=words("mail", "message", "none"),
        digest_day=COUNT, digest_hour=COUNT,
    ),
    "Level": entity(level=words("everything", "calls", "mentions", "nothing")),
    "Member": entity(account="Account", role=words("organiser", "moderator", "member")),
    "Document": entity(**_DOCUMENT),
    "WholeDocument": entity(**_DOCUMENT, content=TEXT, text=TEXT),
    "DocumentVersion": entity(number=COUNT, title=TEXT, author=maybe("Account"), created_at=TIME),
    "WholeVersion": entity(
        number=COUNT, title=TEXT, author=maybe("Account"), created_at=TIME, content=TEXT, text=TEXT
    ),
    "CommunityArchive": entity(asked_at=TIME, made_at=maybe(TIME), size=maybe(COUNT)),
    "FoundCall": entity(
        uid=TEXT, kind=CALL_KIND, title=TEXT, text=TEXT, starts_at=maybe(TIME), ends_at=maybe(TIME),
        timezone=TEXT, place=entity(name=TEXT, address=TEXT, latitude=maybe(NUMBER), longitude=maybe(NUMBER)),
        capacity=maybe(COUNT), cancelled=BOOL, repeats=BOOL, call_id=maybe(ID),
    ),
    "CallTemplate": entity(
        **_TEMPLATE, id=TEXT, url=URL, community_id=maybe(ID), ready_made=BOOL, shared=BOOL,
        origin=maybe(URL), revision=COUNT, changed_at=maybe(TIME),
    ),
    "TemplateFile": entity(format=TEXT, version=COUNT, **_TEMPLATE),
    "FilledTemplate": entity(
        kind=CALL_KIND, variant=TEXT, title=TEXT, text=TEXT, missing=array(TEXT),
        defaults=mapping(COUNT), options=array(TEXT),
    ),
    "Call": entity(
        id=ID, state=words("open", "postponed", "cancelled", "closed"),
        kind=CALL_KIND,
        variant=maybe(words("pledge", "offer", "sense", "consent", "score", "ranked")),
        title=TEXT, about=TEXT, url=URL, uri=URL, timezone=TEXT,
        starts_at=maybe(TIME), ends_at=maybe(TIME), closes_at=maybe(TIME),
        goal=maybe(entity(value=COUNT, metric=TEXT)), urgent=BOOL, external_url=maybe(TEXT),
        answers=array(entity(key=ANSWER, title=TEXT, counts=BOOL, people=maybe(COUNT))),
        secret_until_closed=BOOL, note=maybe(TEXT),
        outcome=maybe(TEXT),
        place=entity(name=TEXT, address=TEXT, latitude=maybe(NUMBER), longitude=maybe(NUMBER)),
        capacity=maybe(COUNT), taken=COUNT, guests_max=COUNT, counted=COUNT, confirmed=COUNT, expressed=COUNT, waiting=COUNT,
        range=entity(at_least=COUNT, at_most=COUNT, also_reported=COUNT),
        tiers=maybe(entity(confirmed=entity(own=COUNT, email=COUNT, joined=COUNT, by_tally=COUNT),
                           expressed=COUNT, support=COUNT, spread=COUNT)),
        servers=array(entity(host=maybe(TEXT), people=COUNT)),
        milestones=array(entity(percent=COUNT, reached_at=TIME)),
        claims=array(entity(id=ID, people=COUNT, what=TEXT, evidence=URL, account="Account",
                            created_at=TIME)),
        author="Account", community="Account",
        answer=maybe(_ANSWERED),
        parent_id=maybe(ID), questions=array(entity(text=TEXT, required=BOOL)), participants_note=maybe(TEXT), roles=_WANTED,
        media_attachments=array("MediaAttachment"), outcome_media=array("MediaAttachment"),
        sources=array(entity(url=URL, title=TEXT)), next=maybe(entity(call_id=maybe(ID), title=TEXT, url=URL)), online_url=maybe(URL), online_for_participants=BOOL,
        shifts=array(entity(
            id=ID, title=TEXT, url=URL, state=words("open", "postponed", "cancelled", "closed"),
            starts_at=maybe(TIME), ends_at=maybe(TIME), capacity=maybe(COUNT), taken=COUNT, counted=COUNT,
            waiting=COUNT, roles=_WANTED, answer=maybe(_ANSWERED),
        )),
        privacy=entity(card=TEXT, join=TEXT, client=TEXT, email=maybe(TEXT)),
        may_be_started=BOOL, started_in=COUNT,
        started_from=maybe(entity(id=ID, title=TEXT, url=URL, uri=URL)),
    ),
    "CallBeginning": entity(
        kind=CALL_KIND, variant=maybe(words("pledge", "offer", "sense", "consent", "score", "ranked")), title=TEXT,
        about=TEXT, language=maybe(TEXT), options=array(TEXT), starts_at=maybe(TIME),
        ends_at=maybe(TIME), closes_at=maybe(TIME), timezone=TEXT, capacity=maybe(COUNT),
        goal=maybe(entity(value=COUNT, metric=TEXT)), external_url=maybe(TEXT),
        shifts=array(entity(
            title=TEXT, starts_at=maybe(TIME), ends_at=maybe(TIME), capacity=maybe(COUNT),
            roles=array(entity(name=TEXT, places=COUNT, skill=maybe(TEXT))),
        )),
    ),
    "CallCopies": entity(
        copies=array(entity(
            id=ID, title=TEXT, url=URL, state=words("open", "postponed", "cancelled", "closed"),
            community="Account", range=entity(at_least=COUNT, at_most=COUNT, also_reported=COUNT),
        )),
        range=entity(at_least=COUNT, at_most=COUNT, also_reported=COUNT),
    ),
    "OpenedCall": entity(
        url=maybe(URL), text=maybe(TEXT), hosted_by=TEXT, opened_at=maybe(TIME), names=array(TEXT),
    ),
    "FeedbackForm": entity(open=BOOL, reason=maybe(TEXT), given=BOOL, audience=TEXT, length=COUNT),
    "Feedback": entity(
        people=COUNT, shown=BOOL,
        said=array(entity(good=TEXT, better=TEXT, again=maybe(words("yes", "maybe", "no")), day=DATE)),
    ),
    "CallShare": entity(text=TEXT, url=URL, qr_url=URL),
    "DecisionRecord": entity(
        call_id=ID, title=TEXT, variant=maybe(words("sense", "consent", "score", "ranked")),
        state=words("open", "postponed", "cancelled", "closed"), closes_at=maybe(TIME),
        rules=entity(quorum=maybe(COUNT), threshold=maybe(COUNT), open_votes=BOOL),
        answers=array(entity(key=ANSWER, title=TEXT, people=maybe(COUNT), points=maybe(COUNT), mean=maybe(NUMBER))),
        rounds=array(entity(votes=array(entity(key=ANSWER, people=COUNT)), out=array(ANSWER), exhausted=COUNT)),
        result=entity(
            word=words("nobody", "too_few", "heard", "chosen", "tie", "below_threshold", "consent",
                       "blocked", "secret"),
            sentence=TEXT, leading=array(ANSWER),
        ),
        reasons=array(entity(id=ID, answer=ANSWER, reason=TEXT, resolution=maybe(TEXT),
                             resolved_at=maybe(TIME), account=maybe("Account"))),
        outcome=maybe(TEXT), decided_by=maybe(TEXT),
    ),
    "Target": entity(
        id=ID, name=TEXT, role=TEXT, address=TEXT, area=TEXT, language=maybe(TEXT),
        status=TARGET_STATUS, note=TEXT, changed_at=TIME, letters=COUNT, written=BOOL,
        log=array(entity(status=TARGET_STATUS, note=TEXT, changed_at=TIME)),
    ),
    "TargetLetter": entity(subject=maybe(TEXT), body=maybe(TEXT), mailto=maybe(TEXT)),
    "Mailing": entity(on=BOOL, per_hour=COUNT, per_day=COUNT, hidden=BOOL),
    "TargetMail": entity(
        subject=TEXT, body=TEXT, reply_to=TEXT, stamp=TEXT,
        state=maybe(words("queued", "sent", "stopped")),
    ),
    "TargetReport": entity(target_id=ID, said=TEXT, day=DATE),
    "Need": entity(
        call="Call", category=CATEGORY, missing=maybe(COUNT), distance_km=maybe(COUNT),
    ),
    "Commitment": entity(
        id=ID, account=maybe("Account"), quantity=COUNT, text=TEXT,
        state=words("promised", "accepted", "declined", "fulfilled", "cancelled"), changed_at=TIME,
    ),
    "Audience": entity(sentence=TEXT),
    "Kept": entity(name=TEXT, what=TEXT, days=COUNT, statement=TEXT),
    "MailForm": entity(statement=TEXT, stamp=TEXT),
    "MailList": entity(followers=COUNT, waiting=COUNT, added=COUNT),
    "ConsentText": entity(purpose=words("answer", "news"), version=COUNT, text=TEXT),
    "Contact": entity(
        id=ID, name=TEXT, answer=maybe(TEXT), fields=array(entity(name=TEXT, value=TEXT)),
        agreed=array(words("answer", "news")), confirmed_at=TIME,
    ),
    "Impact": entity(
        kinds=array(entity(kind=CALL_KIND, variant=maybe(TEXT), calls=COUNT, figures=FIGURES)),
        calls=array(entity(
            call_id=ID, title=TEXT, url=URL, state=words("open", "postponed", "cancelled", "closed"),
            goal=maybe(entity(value=COUNT, metric=TEXT)), outcome=BOOL, figures=FIGURES,
        )),
        days=array(entity(**{"from": DATE, "to": DATE}, answered=COUNT, withdrawn=maybe(COUNT))),
    ),
    "Participant": entity(
        account="Account", answer=maybe(ANSWER), state=PLACE_STATE, tier=words("confirmed", "expressed"),
        answered_at=TIME, role=maybe(TEXT), guests=COUNT,
        fields=array(entity(name=TEXT, value=TEXT)),
    ),
    "CallSeries": entity(
        id=ID, rule=TEXT, timezone=TEXT, title=TEXT, state=words("running", "paused", "ended"),
        confirmed_at=TIME, asked_at=maybe(TIME), calls=array("Call"),
    ),
    "AtDoor": entity(
        id=ID, name=TEXT, answer=ANSWER, state=PLACE_STATE, role=maybe(TEXT), guests=COUNT, attended=maybe(BOOL), recorded_by=maybe("Account"),
        fields=array(entity(name=TEXT, value=TEXT)),
    ),
    "Reminders": entity(on=BOOL),
    "Area": entity(
        latitude=maybe(NUMBER), longitude=maybe(NUMBER), grain_km=COUNT, reach_km=COUNT, shown=BOOL,
    ),
    "NearCall": entity(call="Call", distance_km=maybe(COUNT), anywhere=BOOL),
    "NearCommunity": entity(community="Community", place="CommunityPlace", distance_km=COUNT),
    "CommunityPlace": entity(name=TEXT, latitude=maybe(NUMBER), longitude=maybe(NUMBER)),
    "Skills": entity(skills=array(TEXT), shown=BOOL, matched=BOOL),
    "Offered": entity(
        skills=array(TEXT), area=maybe(entity(latitude=NUMBER, longitude=NUMBER)),
    ),
    "CallSkills": entity(skills=array(TEXT), matching=maybe(COUNT)),
    "Subscription": entity(
        created_at=maybe(TIME), calendar=maybe(URL), community_calendar=maybe(TEXT),
        community_feed=maybe(TEXT),
    ),
}  # fmt: skip

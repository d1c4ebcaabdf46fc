"""How many of the co-hosts have to agree. One co-host, one vote, however many people stand behind it. Pure."""

from __future__ import annotations

from federation.campaigns import Quorum


def needed(voters: int, rule: Quorum = "majority") -> int:
    """Of so many voters. More than half, so that two groups can never decide two things: of two, both.

    Never less than one: nobody decides nothing.
    """
    if rule == "all":
        return max(1, voters)
    if rule == "two_thirds":
        return max(voters // 2 + 1, -(-2 * voters // 3))
    return voters // 2 + 1


def reached(agreed: int, voters: int, rule: Quorum = "majority") -> bool:
    return agreed >= needed(voters, rule)

"""What arrives from other servers, from a signed request to the call of a verb.

The door (``server/activitypub/inboxes.py``) proves who sent it; ``stances`` says whether that server is let in,
``budgets`` whether its domain may use up more, ``resolve`` (with ``attempts`` and ``fingers``) asks others for
what is unknown. ``inbox`` keeps what was taken and works it off; ``vouching`` asks groups for whom they let
moderate, ``shapes`` makes odd JSON-LD plain. ``receive`` and its parts call the verbs, one for each type of
activity, by values that ``acts`` and ``drafts`` make. A test reads who imports whom.
"""

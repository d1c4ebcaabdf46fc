"""What the library hears of what happens, over server-sent events."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from mastodon.streaming import StreamListener

from tests.clients.cast import PATIENCE, Cast, Client, ids, scene


class Diary(StreamListener):
    def __init__(self) -> None:
        self.told: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_update(self, status: Any) -> None:
        self.told.put(("update", str(status.id)))

    def on_status_update(self, status: Any) -> None:
        self.told.put(("edit", str(status.id)))

    def on_delete(self, status_id: Any) -> None:
        self.told.put(("delete", str(status_id)))

    def on_notification(self, notification: Any) -> None:
        self.told.put((notification.type, str(notification.account.id)))

    def on_conversation(self, conversation: Any) -> None:
        self.told.put(("conversation", str(conversation.last_status.id)))

    def handle_heartbeat(self) -> None:
        self.told.put(("beat", None))

    def next(self) -> tuple[str, Any]:
        while (told := self.told.get(timeout=PATIENCE))[0] == "beat":
            pass
        return told


@contextmanager
def listening(stream: Callable[..., Any], *of: Any, **more: Any) -> Generator[Diary]:
    diary = Diary()
    handle = stream(*of, diary, run_async=True, **more)
    try:
        assert diary.told.get(timeout=PATIENCE)[0] == "beat"  # the first sign of life
        yield diary
    finally:
        handle.close()


@scene(
    """
    GET /api/v1/streaming/user
    GET /api/v1/streaming/user/notification
    """
)
def home(cast: Cast) -> None:
    me, friend = cast.joins("hearing"), cast.joins("speaking")
    me.account_follow(friend.me().id)
    assert me.stream_healthy()
    with listening(me.stream_user) as diary, listening(me.stream_user_notifications) as bell:
        post = friend.status_post("Hello").id
        assert diary.next() == ("update", post)
        friend.status_update(post, "Hello all")
        assert diary.next() == ("edit", post)
        friend.status_delete(post)
        assert diary.next() == ("delete", post)
        friend.account_follow(me.me().id)
        assert diary.next() == bell.next() == ("follow", friend.me().id)


@scene(
    """
    GET /api/v1/streaming/hashtag
    GET /api/v1/streaming/hashtag/local
    GET /api/v1/streaming/public
    GET /api/v1/streaming/public/local
    """
)
def the_public(cast: Cast) -> None:
    me = cast.joins("posting")
    streams: tuple[tuple[Any, tuple[str, ...], dict[str, bool]], ...] = (
        (me.stream_public, (), {}),
        (me.stream_local, (), {}),
        (me.stream_public, (), {"local": True}),
        (me.stream_hashtag, ("tea",), {}),
        (me.stream_hashtag, ("tea",), {"local": True}),
    )
    for stream, of, more in streams:
        with listening(stream, *of, **more) as diary:
            post = me.status_post("Some #tea?").id
            assert diary.next() == ("update", post)


@scene(
    """
    GET /api/v1/streaming/health
    GET /api/v1/streaming/public/remote
    """
)
def from_afar(cast: Cast) -> None:
    me = cast.joins("far_looking")
    with listening(me.stream_public, remote=True):
        assert me.stream_healthy()


@scene(
    """
    GET /api/v1/streaming/direct
    GET /api/v1/streaming/list
    """
)
def own(cast: Cast) -> None:
    me, friend = cast.joins("own_hearing"), cast.joins("own_speaking")
    me.account_follow(friend.me().id)
    made = me.list_create("Friends")
    me.list_accounts_add(made.id, [friend.me().id])
    with listening(me.stream_list, made.id) as diary:
        post = _said(friend, "Hello")
        assert diary.next() == ("update", post)
    with listening(me.stream_direct) as diary:
        post = _said(friend, "@own_hearing psst", visibility="direct")
        assert diary.next() == ("conversation", post)


def _said(who: Client, text: str, **more: Any) -> str:
    return ids([who.status_post(text, **more)])[0]


SCENES = (home, the_public, from_afar, own)

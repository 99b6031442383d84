"""WebSub: whose subscriptions are confirmed, every hash, every kind of feed, another grouping, what cannot be read."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from social_kit import SECRET, identities, request_of, send, signed, types

TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id=CHANNEL_ID"
ATOM = {"Content-Type": "application/atom+xml; charset=utf-8"}
ENTRY = "<entry><id>yt:video:{0}</id><videoId>{0}</videoId><updated>2015-03-09T19:05:24+00:00</updated></entry>"


class TestWebSub:
    @pytest.mark.parametrize(
        ("mode", "topic", "options", "status"),
        [
            ("subscribe", TOPIC, {"topic": TOPIC}, 200),
            ("subscribe", TOPIC, {"topic": ["https://a.example", TOPIC]}, 200),
            ("subscribe", TOPIC, SECRET, 200),
            ("subscribe", "https://evil.example", {"topic": TOPIC}, 404),
            ("unsubscribe", TOPIC, {"topic": TOPIC}, 404),
            ("unsubscribe", "https://old.example", {"topic": TOPIC}, 200),
            ("publish", TOPIC, {"topic": TOPIC}, 404),
            ("subscribe", TOPIC, {"topic": TOPIC, "token": "t"}, 403),
            ("", TOPIC, {"topic": TOPIC}, 405),
        ],
    )
    async def test_intent(self, mode: str, topic: str, options: Mapping[str, Any], status: int) -> None:
        query = f"?hub.mode={mode}&hub.topic={quote(topic, safe='')}&hub.challenge=7923874&hub.lease_seconds=432000"
        outcome = await send("websub", options=options, method="GET", query=query)
        assert (outcome.status, outcome.body == b"7923874") == (status, status == 200)

    async def test_intent_with_the_token_in_the_url(self) -> None:
        query = f"?token=t&hub.mode=subscribe&hub.topic={quote(TOPIC, safe='')}&hub.challenge=7923874"
        options = {"token": ["old", "t"], "topic": TOPIC}
        assert (await send("websub", options=options, method="GET", query=query)).body == b"7923874"

    async def test_a_denial_is_told_to_the_operator(self) -> None:
        query = "?hub.mode=denied&hub.topic=x&hub.reason=no+such+feed"
        outcome = await send("websub", method="GET", query=query)
        assert (outcome.status, outcome.events) == (200, ())
        assert "no such feed" in outcome.detail

    @pytest.mark.parametrize("name", ["sha1", "sha256", "sha384", "sha512"])
    async def test_every_hash(self, name: str) -> None:
        raw = f"<feed>{ENTRY.format('A')}</feed>".encode()
        mark = hmac.new(b"s3cRe7s3cRe7", raw, name).hexdigest()
        outcome = await send("websub", raw, headers={**ATOM, "X-Hub-Signature": f"{name}={mark}"})
        assert types(outcome) == ["websub.entry"]
        assert (
            await send("websub", raw + b" ", headers={**ATOM, "X-Hub-Signature": f"{name}={mark}"})
        ).reason == "mismatch"

    @pytest.mark.parametrize(
        ("value", "status"), [("md5=00", 501), ("sha1=", 403), ("sha256=" + "0" * 64, 403), ("", 403), ("xyz", 403)]
    )
    async def test_other_signatures_are_refused(self, value: str, status: int) -> None:
        outcome = await send("websub", b"<feed/>", headers={**ATOM, "X-Hub-Signature": value} if value else ATOM)
        assert (outcome.accepted, outcome.status) == (False, status)

    async def test_with_a_token_unsigned_content_is_taken_unless_there_is_a_secret(self) -> None:
        raw = f"<feed>{ENTRY.format('A')}</feed>".encode()
        assert (await send("websub", raw, {"token": "t"}, ATOM, query="?token=t")).accepted
        assert not (await send("websub", raw, {"token": "t"}, ATOM)).accepted
        assert not (await send("websub", raw, {"token": "t", **SECRET}, ATOM, query="?token=t")).accepted

    async def test_another_grouping_brings_no_new_entries(self) -> None:
        feed = "<feed><title>F</title>{}</feed>"
        batch = await signed("websub", feed.format(ENTRY.format("A") + ENTRY.format("B")).encode(), headers=ATOM)
        again = await signed("websub", feed.format(ENTRY.format("B")).encode(), headers=ATOM)
        assert [event.subject for event in batch.events] == ["A", "B"]
        assert identities(again) < identities(batch)
        assert again.events[0].data["title"] == "F"

    async def test_a_deleted_video(self) -> None:
        body = request_of("websub", "deleted-entry").body
        (event,) = (await signed("websub", body, headers=ATOM)).events
        assert (event.type, event.subject) == ("websub.deleted-entry", "yt:video:VIDEO_ID")
        assert event.time == datetime(2015, 3, 9, 19, 5, 24, 552394, tzinfo=UTC)
        assert event.data["deleted-entry"]["link"] == {"@href": "https://www.youtube.com/watch?v=VIDEO_ID"}

    async def test_rss_and_json_feeds(self) -> None:
        item = '<item><link>https://a.example/1</link><guid isPermaLink="false">1</guid></item>'
        rss = f"<rss><channel><title>F</title>{item}{item}</channel></rss>".encode()
        outcome = await signed("websub", rss, headers={"Content-Type": "application/rss+xml"})
        assert types(outcome) == ["websub.item"] * 2
        assert outcome.events[0].data["item"]["guid"] == {"@isPermaLink": "false", "#text": "1"}
        feed = {"title": "F", "items": [{"id": "1", "date_modified": "2026-05-01T11:00:00Z"}]}
        (event,) = (await signed("websub", feed, headers={"Content-Type": "application/feed+json"})).events
        assert (event.type, event.subject, event.data["item"]["id"]) == ("websub.item", "1", "1")

    async def test_content_that_is_no_feed(self) -> None:
        headers = {"Content-Type": "text/plain", "Link": f'<https://h.example>; rel="hub", <{TOPIC}>; rel="self"'}
        (event,) = (await signed("websub", b"Hello", headers=headers)).events
        assert (event.type, event.subject, event.data) == ("websub.content", TOPIC, "Hello")

    @pytest.mark.parametrize(
        "raw", [b'<!DOCTYPE x [<!ENTITY e "b">]><feed>&e;</feed>', b"<feed>", b"<a>" * 9000 + b"</a>" * 9000, b""]
    )
    async def test_what_cannot_be_read_is_kept(self, raw: bytes) -> None:
        outcome = await signed("websub", raw, headers=ATOM)
        assert (outcome.accepted, outcome.stage, outcome.bug) == (True, "read", False)

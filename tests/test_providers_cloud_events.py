"""What events of clouds, chats and voice platforms are recognized by, and what is read from bodies of other shapes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from provider_kit import JSON, builtin, proven, sent, signed

from hub.event import Event

FORM = {"content-type": "application/x-www-form-urlencoded"}


def own_id(event: Event) -> str | None:
    """The platform's delivery id, if it gave one."""
    return None if event.deliveryid == event.id else event.deliveryid


def fresh(name: str) -> dict[str, Any]:
    """Development credentials."""
    return builtin(name).verify.credentials()


class TestAbly:
    bare: Mapping[str, str] = {
        "X-Hub-Token": "t",
        "X-Ably-Envelope-Source": "channel.message",
        "X-Ably-Envelope-Channel": "orders",
        "X-Ably-Message-Id": "m-1",
        "X-Ably-Message-Timestamp": "1777636799000",
    }

    @pytest.mark.parametrize(
        ("kind", "raw", "data"),
        [
            ("application/json", b'{"serial": 5, "source": "mine"}', {"serial": 5, "source": "mine"}),
            ("text/plain", b"example", "example"),
        ],
    )
    async def test_a_bare_message_is_told_by_its_headers_alone(self, kind: str, raw: bytes, data: Any) -> None:
        outcome = await sent("ably", {"token": "t"}, raw, {**self.bare, "content-type": kind})
        (event,) = outcome.events
        assert (event.type, event.deliveryid, event.subject) == ("ably.channel.message", "m-1", "orders")
        assert event.time is not None
        assert event.data["messages"][0]["data"] == data

    async def test_headers_change_nothing_in_a_signed_batch(self) -> None:
        batch = {"items": [{"source": "channel.lifecycle", "name": "channel.opened", "serial": "s-1"}]}
        outcome = await signed("ably", {"secret": "app.key:s"}, batch, {**JSON, **self.bare})
        assert [(event.type, event.deliveryid) for event in outcome.events] == [("ably.channel.opened", "s-1")]


class TestIds:
    @pytest.mark.parametrize(
        ("name", "option", "content", "headers"),
        [
            ("braze", "secret", {"id": "user-1", "event": "welcome"}, {"authorization": "Bearer s"}),
            ("klaviyo", "token", {"external_id": "person-1", "topic": "mine"}, {"x-hub-token": "s"}),
            ("deepgram", "secret", {"type": "Results", "metadata": {"request_id": "r-1"}}, {"dg-token": "s"}),
        ],
    )
    async def test_what_many_events_share_is_no_id(
        self, name: str, option: str, content: Any, headers: Mapping[str, str]
    ) -> None:
        (event,) = (await sent(name, {option: "s"}, content, {**JSON, **headers})).events
        assert own_id(event) is None

    async def test_system_webhooks_of_klaviyo_have_one(self) -> None:
        batch = {"data": [{"external_id": "e-1", "topic": "event:klaviyo.sent_sms"}, {"external_id": "e-2"}]}
        outcome = await signed("klaviyo", {"secret": "s"}, batch)
        assert [event.deliveryid for event in outcome.events] == ["e-1", "e-2"]

    async def test_a_message_to_an_add_on_of_google_chat_has_one(self) -> None:
        message = {"chat": {"user": {}, "messagePayload": {"message": {"name": "spaces/A/messages/B"}}}}
        options = {"audience": "https://hub.example.com", "email": "chat@example.com"}
        keys = fresh("google-chat")
        (event,) = (await signed("google-chat", {**keys, **options}, message)).events
        assert (event.type, event.deliveryid) == ("google-chat.messagePayload", "spaces/A/messages/B")

    @pytest.mark.parametrize(
        ("content", "headers"),
        [({"id": 7, "rcpt_to": "in@example.com"}, JSON), (b"id=7&rcpt_to=in%40example.com", FORM)],
    )
    async def test_an_email_that_postal_received_has_one(self, content: Any, headers: Mapping[str, str]) -> None:
        (event,) = (await signed("postal", fresh("postal"), content, headers)).events
        assert (event.type, event.deliveryid, event.subject) == ("postal.message", "7", "in@example.com")


class TestReading:
    async def test_a_direct_message_of_zulip_is_about_its_sender(self) -> None:
        message = {"display_recipient": [{"id": 1}], "sender_email": "ada@example.com"}
        (event,) = (await signed("zulip", {"secret": "s"}, {"token": "s", "message": message})).events
        assert event.subject == "ada@example.com"

    async def test_mailtrap_may_send_an_event_on_each_line(self) -> None:
        events = [{"event": "open", "event_id": "1"}, {"event": "click", "event_id": "2"}]
        raw = "".join(json.dumps(event) + "\n" for event in events).encode()
        outcome = await signed("mailtrap", {"secret": "s"}, raw)
        assert [(event.type, event.data) for event in outcome.events] == [
            ("mailtrap.open", events[0]),
            ("mailtrap.click", events[1]),
        ]
        assert len((await signed("mailtrap", {"secret": "s"}, raw.splitlines()[0])).events) == 1

    @pytest.mark.parametrize(("event", "year"), [("created", 2025), ("updated", None)])
    async def test_the_time_of_a_change_is_not_that_of_the_thing(self, event: str, year: int | None) -> None:
        content = {"resource": "memberships", "event": event, "data": {"created": "2025-01-01T00:00:00Z"}}
        (found,) = (await signed("webex", {"secret": "s"}, content)).events
        assert (found.time.year if found.time else None) == year

    async def test_unisender_go_blocks_domains(self) -> None:
        data = {"block_time": "2026-05-01 11:00:00", "domain": "example.com"}
        batch = {"auth": "", "events_by_user": [{"events": [{"event_name": "block", "event_data": data}]}]}
        (event,) = (await signed("unisender-go", {"secret": "s"}, batch)).events
        assert (event.subject, event.time is not None) == ("example.com", True)


class TestProofs:
    async def test_fal_signs_for_everybody(self) -> None:
        keys = fresh("fal")
        content = {"status": "OK", "request_id": "r"}
        theirs = {**JSON, "X-Fal-Webhook-User-Id": "stranger"}
        assert (await signed("fal", keys, content, theirs)).accepted
        request = proven("fal", keys, content, theirs)
        headers = {name.decode(): value.decode() for name, value in request.headers}
        outcome = await sent("fal", {**keys, "user_id": "me"}, request.body, headers)
        assert (outcome.accepted, outcome.reason) == (False, "mismatch")
        assert (await signed("fal", {**keys, "user_id": "me"}, content)).accepted

    @pytest.mark.parametrize(
        ("options", "headers", "accepted"),
        [
            ({"variant": "header", "header": "Authorization"}, {"authorization": "s"}, True),
            ({}, {"authorization": "Bearer s"}, True),
            ({}, {"x-vapi-secret": "s"}, True),
            ({}, {"authorization": "Bearer x"}, False),
            ({"header": "X-Own"}, {"x-own": "s"}, True),
            ({"header": "X-Own"}, {"x-own": "x"}, False),
        ],
    )
    async def test_vapi_sends_its_token_as_the_credential_says(
        self, options: Mapping[str, str], headers: Mapping[str, str], accepted: bool
    ) -> None:
        content = {"message": {"type": "hang"}}
        outcome = await sent("vapi", {"secret": "s", **options}, content, {**JSON, **headers})
        assert outcome.accepted is accepted

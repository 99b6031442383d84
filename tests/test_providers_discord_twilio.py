"""Discord and Twilio: pings, answers to each kind of event, algorithms and bodies of signatures, attacks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from mail_kit import BASIC, LOGIN, form, fresh, keys, made, sample, sent, signed

from hub import Request
from hub.source import Outcome


class TestDiscord:
    options = fresh("discord")

    async def answered(self, content: Any) -> Outcome:
        return await sent("discord", self.options, signed("discord", self.options, made(content)))

    async def test_pings_of_events_and_of_interactions(self) -> None:
        outcome = await self.answered({"version": 1, "application_id": "1", "type": 0})
        assert (outcome.status, outcome.body, outcome.events) == (204, b"", ())
        assert outcome.headers["content-type"]
        outcome = await self.answered({"application_id": "1", "id": "2", "token": "t", "type": 1, "version": 1})
        assert (outcome.status, orjson.loads(outcome.body), outcome.events) == (200, {"type": 1}, ())

    async def test_a_ping_with_a_wrong_signature_is_401(self) -> None:
        ping = signed("discord", self.options, made({"type": 0}))
        assert (await sent("discord", self.options, replace(ping, body=b'{"type": 1}'))).status == 401
        assert (await sent("discord", self.options, made({"type": 0}))).status == 401

    async def test_an_event_is_recognized_when_it_is_sent_again(self) -> None:
        event = sample("discord", "APPLICATION_AUTHORIZED").json
        first, again = await self.answered(event), await self.answered(event)
        assert (first.status, first.body) == (204, b"")
        assert keys(first) == keys(again)
        later = {**event, "event": {**event["event"], "timestamp": "2024-10-18T14:42:53.064835"}}
        assert keys(await self.answered(later)) != keys(first)

    @pytest.mark.parametrize(("number", "answer"), [(2, 5), (3, 6), (4, 8), (5, 5)])
    async def test_interactions_are_deferred(self, number: int, answer: int) -> None:
        outcome = await self.answered({"id": "786008729715212338", "type": number, "data": {"name": "deploy"}})
        assert orjson.loads(outcome.body)["type"] == answer
        assert keys(outcome) == [("786008729715212338", 0)]

    async def test_a_command_is_named(self) -> None:
        (event,) = (await self.answered({"id": "1", "type": 2, "data": {"name": "deploy"}})).events
        assert event.type == "discord.APPLICATION_COMMAND.deploy"


class TestTwilio:
    """The signatures are made by Twilio's own library (twilio 9.13.0) with the secret 12345."""

    options: Mapping[str, Any] = {"secret": "12345", "public_url": "https://hub.example.com/webhooks/twilio"}
    call: Mapping[str, str] = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    json = b'{"property": "value", "boolean": true}'
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

    async def answered(self, request: Request, mark: str, query: str = "", **options: Any) -> Outcome:
        url = self.options["public_url"] + query
        signed = replace(request, url=url).with_header("X-Twilio-Signature", mark)
        return await sent("twilio", {**self.options, **options}, signed)

    @pytest.mark.parametrize(
        ("mark", "port"),
        [
            ("Lfg6/ykzuvN0JswANVAFbEl3cTI=", ""),
            ("uX6RsHyQXk19/0CC0GhvYdRdTcU=", ""),
            ("Lfg6/ykzuvN0JswANVAFbEl3cTI=", ":8443"),
            ("NV7ILOzpVAluLKdY4Uh/RwhLdpU=", ":8443"),
        ],
        ids=["as it is", "signed with :443", "signed without :8443", "signed with :8443"],
    )
    async def test_the_port_may_be_signed_or_not(self, mark: str, port: str) -> None:
        url = f"https://hub.example.com{port}/webhooks/twilio"
        request = replace(form(self.call), url=url).with_header("X-Twilio-Signature", mark)
        assert (await sent("twilio", {**self.options, "public_url": url}, request)).accepted

    async def test_a_url_with_parameters(self) -> None:
        outcome = await self.answered(
            made(method="GET", headers={}), "67J2H2bQi8PvC6109xa6erNV/tk=", "?CallSid=CA1&CallStatus=ringing"
        )
        assert [event.type for event in outcome.events] == ["twilio.call.ringing"]

    async def test_json_is_signed_by_its_hash_in_the_url(self) -> None:
        mark, query = "rKbaqiBU8GR3NszpjSL1/WXoTCo=", f"?bodySHA256={self.digest}"
        assert (await self.answered(made(self.json), mark, query)).accepted
        changed = made(self.json.replace(b"true", b"false"))
        assert (await self.answered(changed, mark, query)).accepted is False

    @pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/cloudevents+json"])
    async def test_a_body_cannot_be_added_to_a_signed_url(self, kind: str) -> None:
        added = made(b'[{"type": "forged", "id": "1"}]', {"Content-Type": kind})
        outcome = await self.answered(added, "67J2H2bQi8PvC6109xa6erNV/tk=", "?CallSid=CA1&CallStatus=ringing")
        assert (outcome.accepted, outcome.bug) == (False, False)

    @pytest.mark.parametrize(
        ("settings", "status"),
        [
            ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", 200),
            ("key=webhooks_sharedkey_1, algorithm = HMAC_SHA256", 200),
            ("algorithm=HMAC_SHA1", 401),
            ("", 401),
            ("algorithm=HMAC_SHA512", 501),
        ],
    )
    async def test_the_settings_name_the_algorithm(self, settings: str, status: int) -> None:
        request = form(self.call, {"X-Twilio-Webhooks-Signature-Settings": settings})
        assert (await self.answered(request, "K2stTKW/nYdMBauRFRVSEVCQkK7vawWXASAoWYOo9qg=")).status == status

    async def test_a_url_with_a_password_is_asked_for_it(self) -> None:
        asked = await sent("twilio", LOGIN, form(self.call))
        assert (asked.status, asked.headers["www-authenticate"][:5]) == (401, "Basic")
        assert (await sent("twilio", LOGIN, form(self.call, BASIC))).accepted

    async def proven(self, fields: Mapping[str, str], **options: str) -> Outcome:
        return await sent("twilio", {**LOGIN, **options}, form(fields, {**BASIC, "I-Twilio-Idempotency-Token": "i-1"}))

    async def test_messages_and_calls_are_answered_with_twiml(self) -> None:
        outcome = await self.proven({"MessageSid": "SM1", "SmsStatus": "received"})
        assert (outcome.headers["content-type"], outcome.body) == ("text/xml", b"<Response/>")
        said = "<Response><Say>Hello</Say></Response>"
        assert (await self.proven({"CallSid": "CA1"}, twiml=said)).body == said.encode()
        assert (await self.proven({"TaskSid": "WT1", "EventType": "task.created"})).body == b""

    @pytest.mark.parametrize(
        ("fields", "kind", "id_"),
        [
            ({"MessageSid": "SM1", "SmsStatus": "received"}, "message.received", "SM1.received"),
            ({"MessageSid": "SM1", "MessageStatus": "sent", "SmsStatus": "sent"}, "message.sent", "SM1.sent"),
            ({"MessageSid": "IM1", "EventType": "onMessageAdded"}, "onMessageAdded", "i-1"),
            ({"CallSid": "CA1", "CallStatus": "in-progress"}, "call.in-progress", "i-1"),
            ({"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed"}, "recording.completed", "i-1"),
        ],
    )
    async def test_types_and_ids(self, fields: Mapping[str, str], kind: str, id_: str) -> None:
        (event,) = (await self.proven(fields)).events
        assert (event.type, event.deliveryid) == (f"twilio.{kind}", id_)
        assert event.data == fields

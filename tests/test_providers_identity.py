"""Identity and signing platforms as their users know them: handshakes, batches, answers, and forgeries."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from provider_kit import JSON, builtin, packed, sent, signed


class TestOkta:
    async def test_the_one_time_verification(self) -> None:
        challenge = {"X-Okta-Verification-Challenge": 'a"b'}
        outcome = await sent("okta", {"secret": "s"}, headers=challenge, method="GET")
        assert (outcome.status, orjson.loads(outcome.body)) == (200, {"verification": 'a"b'})
        assert outcome.headers["content-type"] == "application/json"
        assert (await sent("okta", {"secret": "s"}, headers=challenge)).accepted is False
        assert (await sent("okta", {"secret": "s"}, method="GET")).status == 405

    async def test_each_event_has_its_own_id_however_they_are_grouped(self) -> None:
        first, second = ({"uuid": n, "eventType": "user.session.start", "actor": {"id": "u"}} for n in "ab")
        headers = {**JSON, "X-Own": "s"}
        options = {"secret": "s", "header": "X-Own"}
        both = (await sent("okta", options, {"data": {"events": [first, second]}}, headers)).events
        alone = (await sent("okta", options, {"data": {"events": [second]}}, headers)).events
        assert [(e.deliveryid, e.index) for e in both] == [("a", 0), ("b", 0)]
        assert [(e.deliveryid, e.index) for e in alone] == [("b", 0)]
        assert not (await sent("okta", options, {"data": {"events": [first]}}, {**JSON, "Authorization": "s"})).accepted


class TestAuth0:
    headers: Mapping[str, str] = {**JSON, "Authorization": "Bearer t"}
    options: Mapping[str, Any] = {"secret": "Bearer t"}
    logs: tuple[Mapping[str, Any], ...] = tuple(
        {"log_id": str(n), "data": {"type": "s", "date": "2026-05-01T11:59:00Z", "user_id": "auth0|1"}} for n in (1, 2)
    )

    @pytest.mark.parametrize(
        "content",
        [list(logs), b"\n".join(packed(log) for log in logs) + b"\n", {"logs": list(logs)}],
        ids=["array", "lines", "object"],
    )
    async def test_logs_in_each_format(self, content: Any) -> None:
        events = (await sent("auth0", self.options, content, self.headers)).events
        assert [(e.type, e.deliveryid, e.subject) for e in events] == [
            ("auth0.s", "1", "auth0|1"),
            ("auth0.s", "2", "auth0|1"),
        ]

    async def test_one_line_and_a_cloudevent(self) -> None:
        (line,) = (await sent("auth0", self.options, self.logs[0], self.headers)).events
        cloud = {"id": "evt_1", "specversion": "1.0", "type": "user.created", "data": {"object": {"user_id": "u"}}}
        (event,) = (await sent("auth0", self.options, cloud, self.headers)).events
        assert (line.type, event.type, event.subject) == ("auth0.s", "auth0.user.created", "u")

    async def test_broken_lines_are_kept(self) -> None:
        outcome = await sent("auth0", self.options, b'{"log_id":"1"}\n{"log', self.headers)
        assert (outcome.status, outcome.stage, outcome.bug) == (200, "read", False)

    async def test_basic_authentication_of_an_event_stream(self) -> None:
        options = {"username": "u", "password": "p"}
        basic = {**JSON, "Authorization": f"Basic {b64encode(b'u:p').decode()}"}
        assert (await sent("auth0", options, self.logs[0], basic)).accepted
        assert not (await sent("auth0", options, self.logs[0], self.headers)).accepted


class TestDocusign:
    content: Mapping[str, Any] = {
        "event": "recipient-completed",
        "generatedDateTime": "2026-05-01T11:59:00.1230000Z",
        "data": {"envelopeId": "e", "recipientId": "1"},
    }

    def mark(self, key: str, raw: bytes) -> str:
        return b64encode(hmac.digest(key.encode(), raw, "sha256")).decode()

    async def test_any_of_the_signatures_will_do(self) -> None:
        raw = packed(self.content)
        for number in (1, 2, 57, 100):
            headers = {**JSON, "X-DocuSign-Signature-1": self.mark("another", raw)}
            headers[f"X-DocuSign-Signature-{number}"] = self.mark("k", raw)
            assert (await sent("docusign", {"secret": "k"}, raw, headers)).accepted
        headers["X-DocuSign-Signature-101"] = headers.pop("X-DocuSign-Signature-100")
        assert (await sent("docusign", {"secret": "k"}, raw, headers)).reason == "mismatch"

    async def test_the_password_is_checked_besides(self) -> None:
        raw = packed(self.content)
        options = {"secret": "k", "username": "u", "password": "p"}
        headers = {**JSON, "X-DocuSign-Signature-1": self.mark("k", raw)}
        assert (await sent("docusign", options, raw, headers)).reason == "missing"
        headers["Authorization"] = f"Basic {b64encode(b'u:p').decode()}"
        assert (await sent("docusign", options, raw, headers)).accepted

    async def test_a_retry_is_the_same_and_another_recipient_is_not(self) -> None:
        again = {**self.content, "retryCount": 1}
        other = {**self.content, "data": {"envelopeId": "e", "recipientId": "2"}}
        ids = [(await signed("docusign", {"secret": "k"}, one)).events[0].deliveryid for one in (self.content, again)]
        assert ids[0] == ids[1]
        assert ids[0] != (await signed("docusign", {"secret": "k"}, other)).events[0].deliveryid

    async def test_legacy_xml(self) -> None:
        raw = b"<I><EnvelopeStatus><EnvelopeID>e</EnvelopeID><Status>Completed</Status></EnvelopeStatus></I>"
        (event,) = (await signed("docusign", {"secret": "k"}, raw, {"content-type": "text/xml"})).events
        assert (event.type, event.subject) == ("docusign.Completed", "e")
        assert event.data == {"EnvelopeStatus": {"EnvelopeID": "e", "Status": "Completed"}}


class TestDropboxSign:
    headers: Mapping[str, str] = {"content-type": "multipart/form-data; boundary=x"}

    def form(self, kind: str, request: str, *, key: str = "k", app: str | None = None) -> bytes:
        mark = hmac.new(key.encode(), f"1760000000{kind}".encode(), "sha256").hexdigest()
        event = {"event_type": kind, "event_time": "1760000000", "event_hash": mark}
        content = {
            "event": {**event, "event_metadata": {"reported_for_app_id": app}},
            "signature_request": {"signature_request_id": request},
        }
        head = '--x\r\nContent-Disposition: form-data; name="json"\r\n\r\n'
        return f"{head}{json.dumps(content)}\r\n--x--\r\n".encode()

    async def test_it_is_answered_with_the_words(self) -> None:
        outcome = await sent("dropbox-sign", {"secret": "k"}, self.form("signature_request_sent", "r"), self.headers)
        assert (outcome.status, outcome.body) == (200, b"Hello API Event Received")
        (event,) = outcome.events
        assert (event.type, event.subject) == ("dropbox-sign.signature_request_sent", "r")
        assert event.time == datetime.fromtimestamp(1760000000, UTC)
        assert event.data["signature_request"] == {"signature_request_id": "r"}

    async def test_the_test_of_a_url_is_no_event(self) -> None:
        outcome = await sent("dropbox-sign", {"secret": "k"}, self.form("callback_test", "", key="?"), self.headers)
        assert (outcome.status, outcome.body, outcome.events) == (200, b"Hello API Event Received", ())

    async def test_only_time_and_type_are_proven(self) -> None:
        good = self.form("signature_request_sent", "r")
        for changed in (good.replace(b"_sent", b"_declined"), good.replace(b'"1760000000"', b'"1760000001"')):
            assert (await sent("dropbox-sign", {"secret": "k"}, changed, self.headers)).reason == "mismatch"
        assert (await sent("dropbox-sign", {"secret": "x"}, good, self.headers)).reason == "mismatch"
        for broken in (b"", b"--x--", good.replace(b'{"event"', b'{"event'), good.replace(b"event_hash", b"event_h")):
            assert not (await sent("dropbox-sign", {"secret": "k"}, broken, self.headers)).accepted
        assert builtin("dropbox-sign").verify.covers == "part"

    async def test_events_of_one_second_are_several(self) -> None:
        bodies = [self.form("signature_request_sent", *more) for more in (["r"], ["q"])]
        bodies.append(self.form("signature_request_sent", "r", app="a"))
        outcomes = [await sent("dropbox-sign", {"secret": "k"}, body, self.headers) for body in [*bodies, *bodies]]
        assert len({outcome.events[0].deliveryid for outcome in outcomes}) == 3

    async def test_json_without_a_form(self) -> None:
        raw = self.form("template_created", "r").split(b"\r\n\r\n")[1].split(b"\r\n")[0]
        assert (await sent("dropbox-sign", {"secret": "k"}, raw)).accepted


class TestAcrobatSign:
    client: Mapping[str, str] = {**JSON, "X-AdobeSign-ClientId": "CBJ-1"}
    content: Mapping[str, Any] = {"event": "AGREEMENT_CREATED", "webhookNotificationId": "n", "agreement": {"id": "a"}}

    async def test_the_intent_is_confirmed(self) -> None:
        outcome = await sent("adobe-sign", {"client_id": "CBJ-1"}, headers=self.client, method="GET")
        assert (outcome.status, outcome.headers["x-adobesign-clientid"]) == (200, "CBJ-1")
        assert orjson.loads(outcome.body) == {"xAdobeSignClientId": "CBJ-1"}
        assert outcome.events == ()

    @pytest.mark.parametrize("value", ["a b", "<b>", "x" * 500, "\xe9"])
    async def test_what_is_no_client_id_is_not_echoed(self, value: str) -> None:
        headers = {"X-AdobeSign-ClientId": value}
        assert (await sent("adobe-sign", {"client_id": "CBJ-1"}, headers=headers, method="GET")).status == 405

    async def test_each_notification_is_echoed(self) -> None:
        outcome = await sent("adobe-sign", {"client_id": "CBJ-1"}, self.content, self.client)
        assert outcome.headers["x-adobesign-clientid"] == "CBJ-1"
        assert [(e.type, e.deliveryid, e.subject) for e in outcome.events] == [
            ("adobe-sign.AGREEMENT_CREATED", "n", "a")
        ]

    async def test_the_secret_is_needed_besides_the_client_id(self) -> None:
        options = {"client_id": "CBJ-1", "secret": "s"}
        assert (await sent("adobe-sign", options, self.content, self.client, query="?token=s")).accepted
        assert (await sent("adobe-sign", options, self.content, {**self.client, "X-Hub-Token": "s"})).accepted
        assert not (await sent("adobe-sign", options, self.content, self.client)).accepted
        assert not (await sent("adobe-sign", options, self.content, JSON, query="?token=s")).accepted
        assert (await sent("adobe-sign", {"secret": "s"}, self.content, JSON, query="?token=s")).accepted


class TestStrava:
    content: Mapping[str, Any] = {
        "object_type": "activity",
        "aspect_type": "update",
        "object_id": 1,
        "event_time": 1760000000,
        "subscription_id": 120475,
        "updates": {"title": "Messy"},
    }
    ask = "?hub.mode=subscribe&hub.challenge=abc&hub.verify_token=STRAVA"

    @pytest.mark.parametrize(
        ("options", "query", "status"),
        [
            ({}, ask, 200),
            ({"verify_token": "STRAVA"}, ask, 200),
            ({"verify_token": "OTHER"}, ask, 405),
            ({"verify_token": "STRAVA"}, "?hub.mode=subscribe&hub.challenge=abc", 405),
            ({}, "?hub.challenge=abc", 405),
        ],
    )
    async def test_a_subscription_is_validated(self, options: dict[str, Any], query: str, status: int) -> None:
        outcome = await sent("strava", {"secret": 120475, **options}, method="GET", query=query)
        assert outcome.status == status
        if status == 200:
            assert orjson.loads(outcome.body) == {"hub.challenge": "abc"}
            assert outcome.headers["content-type"] == "application/json"

    async def test_the_subscription_is_compared_and_the_secret_of_the_url(self) -> None:
        assert (await sent("strava", {"secret": 120475}, self.content)).accepted
        assert not (await sent("strava", {"secret": 120476}, self.content)).accepted
        both = {"secret": 120475, "token": "t"}
        assert (await sent("strava", both, self.content, query="?token=t")).accepted
        assert not (await sent("strava", both, self.content)).accepted

    async def test_two_changes_of_a_second_are_two_events(self) -> None:
        changes = [self.content, {**self.content, "updates": {"private": "true"}}, self.content]
        events = [(await sent("strava", {"secret": 120475}, one)).events[0] for one in changes]
        assert len({event.deliveryid for event in events}) == 2
        assert events[0].type == "strava.activity.update"

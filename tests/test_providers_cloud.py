"""Clouds, chats and voice platforms whose proofs or bodies are their own: handshakes, encodings, attacks."""

import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from provider_kit import builtin

from hub import Request
from hub.errors import KeyNeeded
from hub.source import Outcome, Source

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/x"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def made(content: Any = b"", headers: Mapping[str, str] = JSON, method: str = "POST", query: str = "") -> Request:
    """A request as the platform sends it, without a proof."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Request.make(method, URL + query, headers, raw, NOW)


def examined(name: str, options: Mapping[str, Any], request: Request, *, verify: bool = True) -> Outcome:
    return Source(name, builtin(name), {"public_url": URL, **options}, verify=verify).examine(request)


def signed(name: str, options: Mapping[str, Any], request: Request) -> Outcome:
    return examined(name, options, builtin(name).verify.sign(request, options))


class TestCompressedBodies:
    content: Mapping[str, Any] = {"type": "message.new", "cid": "messaging:fun"}

    def test_stream_signs_what_was_before_compression(self) -> None:
        plain = json.dumps(self.content).encode()
        mark = hmac.new(b"s", plain, "sha256").hexdigest()
        outcome = examined("stream", {"secret": "s"}, made(gzip.compress(plain), {**JSON, "X-Signature": mark}))
        assert [event.type for event in outcome.events] == ["stream.message.new"]
        assert outcome.events[0].data == self.content

    def test_nylas_signs_what_is_sent(self) -> None:
        packed = gzip.compress(json.dumps({"type": "grant.expired", "id": "1"}).encode())
        mark = hmac.new(b"s", packed, "sha256").hexdigest()
        outcome = examined("nylas", {"secret": "s"}, made(packed, {**JSON, "X-Nylas-Signature": mark}))
        assert [event.type for event in outcome.events] == ["nylas.grant.expired"]

    @pytest.mark.parametrize(
        "raw",
        [gzip.compress(bytes(64 * 1024 * 1024), mtime=0), gzip.compress(b"{}", mtime=0)[:-4], b"\x1f\x8bxx"],
        ids=["bomb", "cut short", "only a magic number"],
    )
    def test_bombs_and_broken_ones_are_refused(self, raw: bytes) -> None:
        outcome = examined("stream", {"secret": "s"}, made(raw, {**JSON, "X-Signature": "0" * 64}))
        assert (outcome.accepted, outcome.bug) == (False, False)

    def test_a_proven_bomb_is_kept_but_not_read(self) -> None:
        packed = gzip.compress(bytes(64 * 1024 * 1024))
        mark = hmac.new(b"s", packed, "sha256").hexdigest()
        outcome = examined("nylas", {"secret": "s"}, made(packed, {**JSON, "X-Nylas-Signature": mark}))
        assert (outcome.accepted, outcome.stage, outcome.bug) == (True, "read", False)


class TestHandshakes:
    def test_nylas_challenge(self) -> None:
        outcome = examined("nylas", {}, made(method="GET", query="?challenge=abc"))
        assert (outcome.status, outcome.body) == (200, b"abc")

    @pytest.mark.parametrize("name", ["validationToken", "validationtoken"])
    def test_graph_validation_is_echoed_decoded(self, name: str) -> None:
        outcome = examined("microsoft-graph", {}, made(query=f"?{name}=Validation%3A+%3Cb%3E"))
        assert (outcome.status, outcome.body) == (200, b"Validation: <b>")
        assert outcome.headers["content-type"].startswith("text/plain")

    def test_daily_test_before_there_is_a_secret(self) -> None:
        assert examined("daily", {}, made({"test": "test"})).status == 200
        assert examined("daily", {}, made({"test": "test", "type": "x"})).accepted is False

    @pytest.mark.parametrize(("token", "accepted"), [("2b2d1c0f-0000", True), ("a\xe9b", False), ("x" * 5000, False)])
    def test_ringcentral_validation(self, token: str, accepted: bool) -> None:
        outcome = examined("ringcentral", {"secret": "s"}, made(headers={"Validation-Token": token}))
        assert outcome.accepted is accepted
        assert outcome.headers.get("validation-token") == (token if accepted else None)

    def test_unisender_go_tries_the_address(self) -> None:
        assert examined("unisender-go", {}, made(method="GET")).status == 200

    def test_event_grid_validation_has_to_be_proven(self) -> None:
        event = {
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "data": {"validationCode": "512d38b6"},
        }
        assert examined("azure-event-grid", {"secret": "s"}, made([event])).accepted is False
        outcome = examined("azure-event-grid", {"secret": "s"}, made([event], query="?token=s"))
        assert (outcome.status, orjson.loads(outcome.body)) == (200, {"validationResponse": "512d38b6"})
        assert outcome.events == ()

    @pytest.mark.parametrize(
        ("options", "allowed"),
        [({}, "*"), ({"allowed_origin": "a.example.com"}, "a.example.com"), ({"allowed_origin": "b"}, None)],
    )
    def test_consent_to_cloudevents(self, options: Mapping[str, str], allowed: str | None) -> None:
        asked = {"WebHook-Request-Origin": "a.example.com", "WebHook-Request-Rate": "12\xb2"}
        outcome = examined("cloudevents", options, made(headers=asked, method="OPTIONS"))
        assert outcome.headers.get("webhook-allowed-origin") == allowed
        assert outcome.status == (200 if allowed else 405)
        assert outcome.headers.get("webhook-allowed-rate") in ("*", None)


class TestGoogle:
    def test_the_first_message_of_a_channel_is_no_event(self) -> None:
        sync = made(headers={"X-Goog-Resource-State": "sync", "X-Goog-Channel-ID": "c", "X-Goog-Message-Number": "1"})
        outcome = signed("google-drive", {"secret": "s"}, sync)
        assert (outcome.status, outcome.events) == (200, ())

    def test_a_change_is_read_from_headers(self) -> None:
        headers = {"X-Goog-Resource-State": "exists", "X-Goog-Channel-ID": "c", "X-Goog-Message-Number": "7"}
        (event,) = signed("google-calendar", {"secret": "s"}, made(headers=headers)).events
        assert (event.type, event.deliveryid) == ("google-calendar.exists", "c.7")
        assert event.data == {"channel-id": "c", "message-number": "7", "resource-state": "exists"}

    @pytest.mark.parametrize(
        ("data", "read"),
        [("eyJhIjoxfQ==", {"a": 1}), ("SGVsbG8=", "Hello"), ("//79", "//79")],
    )
    def test_pubsub_data_is_decoded(self, data: str, read: Any) -> None:
        push = made({"message": {"data": data, "messageId": "1"}, "subscription": "s"}, query="?token=t")
        (event,) = examined("google-pubsub", {"secret": "t"}, push).events
        assert event.data["message"]["data"] == read

    def test_a_click_on_a_card_is_never_a_duplicate(self) -> None:
        click = {"type": "CARD_CLICKED", "message": {"name": "spaces/A/messages/B"}}
        (event,) = examined("google-chat", {}, made(click), verify=False).events
        assert event.deliveryid == event.id


class TestMicrosoft:
    def test_every_item_needs_the_state(self) -> None:
        good, bad = {"id": "1", "clientState": "s", "changeType": "created"}, {"id": "2", "changeType": "created"}
        assert len(examined("microsoft-graph", {"secret": "s"}, made({"value": [good, good]})).events) == 2
        assert examined("microsoft-graph", {"secret": "s"}, made({"value": [good, bad]})).accepted is False
        assert examined("microsoft-graph", {"secret": "s"}, made({"value": []})).accepted is False

    def test_teams_answers_only_when_told(self) -> None:
        scheme, content = builtin("microsoft-teams").verify, made({"type": "message", "id": "1"})
        options = {"secret": scheme.credentials()["secret"]}
        assert signed("microsoft-teams", options, content).reply is None
        outcome = signed("microsoft-teams", {**options, "reply": "Noted."}, content)
        assert orjson.loads(outcome.body) == {"type": "message", "text": "Noted."}

    def test_event_grid_asks_for_the_keys_of_the_tenant_alone(self) -> None:
        provider = builtin("azure-event-grid")
        entra = provider.verify.modes["entra"]  # type: ignore[attr-defined]
        options = {**entra.credentials(), "tenant": "t-1", "audience": "api://hub"}
        token = entra.sign(made([]), options)
        assert examined("azure-event-grid", options, token).accepted
        given = {"tenant": "t-1", "audience": "api://hub"}
        with pytest.raises(KeyNeeded) as needed:
            examined("azure-event-grid", given, token)
        assert needed.value.fetch.url == "https://login.microsoftonline.com/t-1/discovery/v2.0/keys"
        assert examined("azure-event-grid", {**given, "tenant": "../evil"}, token).accepted is False

    def test_a_token_of_another_application_is_refused(self) -> None:
        provider = builtin("azure-event-grid")
        entra = provider.verify.modes["entra"]  # type: ignore[attr-defined]
        options = {**entra.credentials(), "tenant": "t-1", "audience": "api://hub"}
        from jwt import encode

        claims = {"aud": "api://hub", "iss": "https://sts.windows.net/t-1/", "exp": NOW + timedelta(minutes=5)}
        for app, accepted in (("4962773b-9cdb-44cf-a8bf-237846a00ab7", True), ("another", False)):
            token = encode({**claims, "appid": app}, options["private_key"], "RS256")
            sent = made([], {**JSON, "Authorization": f"Bearer {token}"})
            assert examined("azure-event-grid", options, sent).accepted is accepted


class TestCloudEvents:
    def test_all_modes_come_to_the_same(self) -> None:
        event = {"specversion": "1.0", "type": "a.b", "source": "/s", "id": "1", "subject": "x y", "data": {"n": 1}}
        structured = made(event, {"Content-Type": "application/cloudevents+json"})
        batch = made([event], {"Content-Type": "application/cloudevents-batch+json"})
        named = {f"ce-{name}": str(value).replace(" ", "%20") for name, value in event.items() if name != "data"}
        binary = made(event["data"], {**JSON, **named})
        for request in (structured, batch, binary):
            (read,) = signed("cloudevents", {"secret": "s"}, request).events
            assert (read.type, read.deliveryid, read.subject) == ("cloudevents.a.b", "/s#1", "x y")
            assert read.data.items() >= event.items()


class TestProofsInBodies:
    def test_unisender_go_hashes_the_body_with_the_key_in_it(self) -> None:
        events = '"events_by_user": [{"events": [{"event_name": "e", "event_data": {"status": "sent"}}]}]'
        mark = hashlib.md5(f'{{"auth": "key", {events}}}'.encode(), usedforsecurity=False).hexdigest()
        body = f'{{"auth": "{mark}", {events}}}'
        (event,) = examined("unisender-go", {"secret": "key"}, made(body.encode())).events
        assert event.type == "unisender-go.e.sent"
        assert examined("unisender-go", {"secret": "other"}, made(body.encode())).accepted is False
        assert (
            examined("unisender-go", {"secret": "key"}, made(body.replace("sent", "open").encode())).reason
            == "mismatch"
        )

    def test_dialpad_reads_the_token_that_the_body_is(self) -> None:
        content = {"state": "hangup", "call_id": 1}
        outcome = signed("dialpad", {"secret": "s" * 32}, made(content))
        assert [(event.type, event.data) for event in outcome.events] == [("dialpad.call.hangup", content)]
        assert examined("dialpad", {"secret": "s" * 32}, made(content)).accepted is False

    def test_mattermost_takes_forms_and_json(self) -> None:
        form = made(b"token=t&post_id=1&trigger_word=w", FORM)
        command = made(b"command=%2Fdeploy&trigger_id=2", {**FORM, "Authorization": "Token t"})
        content = made({"token": "t", "post_id": "3"})
        kinds = [examined("mattermost", {"secret": "t"}, one).events[0].type for one in (form, command, content)]
        assert kinds == ["mattermost.message", "mattermost.command./deploy", "mattermost.message"]

    def test_fireflies_takes_both_versions(self) -> None:
        raw = b'{"meetingId":"m","eventType":"Transcription completed"}'
        mark = hmac.new(b"s", raw, "sha256").hexdigest()
        for value in (mark, f"sha256={mark}"):
            assert examined("fireflies", {"secret": "s"}, made(raw, {**JSON, "X-Hub-Signature": value})).accepted
        assert not examined("fireflies", {"secret": "s"}, made(raw, {**JSON, "X-Hub-Signature": "sha1=x"})).accepted


class TestChosenPlaces:
    @pytest.mark.parametrize(
        ("headers", "query", "accepted"),
        [
            ({"X-Own": "s"}, "", True),
            ({"Authorization": "Bearer s"}, "", True),
            ({}, "?token=s", True),
            ({"X-Hub-Token": "s"}, "", False),
            ({"Authorization": "Bearer x"}, "?token=s", False),
            ({}, "", False),
        ],
    )
    def test_a_secret_in_any_of_its_places(self, headers: Mapping[str, str], query: str, accepted: bool) -> None:
        request = made({"type": "t"}, {**JSON, **headers}, query=query)
        assert examined("zapier", {"secret": "s", "header": "X-Own"}, request).accepted is accepted

    def test_vapi_signs_as_its_credential_says(self) -> None:
        options = {"secret": "s", "prefix": "sha256=", "message_id_header": "X-Id", "signed": "{id}.{timestamp}.{body}"}
        raw, time = b'{"message":{"type":"status-update"}}', str(int(NOW.timestamp()))
        mark = hmac.new(b"s", f"m-1.{time}.".encode() + raw, "sha256").hexdigest()
        headers = {**JSON, "X-Id": "m-1", "X-Timestamp": time, "X-Signature": f"sha256={mark}"}
        assert examined("vapi", options, made(raw, headers)).accepted
        assert examined("vapi", options, made(raw + b" ", headers)).reason == "mismatch"

    def test_ringcentral_types_have_no_ids(self) -> None:
        content = {"event": "/restapi/v1.0/account/~/extension/400136143008/message-store/instant?type=SMS"}
        (event,) = examined("ringcentral", {}, made(content), verify=False).events
        assert event.type == "ringcentral./restapi/v1.0/account/~/extension/~/message-store/instant"

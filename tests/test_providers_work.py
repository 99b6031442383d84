"""Platforms of accounting, shipping, monitoring and office work: what is their own in reading and proving."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from provider_kit import builtin

from hub import Request
from hub.signatures import HMAC
from hub.source import Outcome, Source

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/x"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def post(content: Any, headers: Mapping[str, str] = JSON, url: str = URL) -> Request:
    """A request without a proof."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Request.make("POST", url, headers, raw, NOW)


def examine(name: str, options: Mapping[str, Any], request: Request, *, sign: bool = True) -> Outcome:
    """What the request comes to, signed with the options or as it is."""
    provider = builtin(name)
    made = provider.verify.sign(request, options) if sign else request
    return Source(name, provider, {"public_url": URL, **options}).examine(made)


class TestIntuit:
    def test_an_older_change_has_its_company(self) -> None:
        entity = {"name": "Customer", "id": "1", "operation": "Create", "lastUpdated": "2026-04-05T14:42:19-0700"}
        content = {"eventNotifications": [{"realmId": "77", "dataChangeEvent": {"entities": [entity]}}]}
        (event,) = examine("intuit", {"secret": "s"}, post(content)).events
        assert event.type == "intuit.Customer.Create"
        assert event.data["realmId"] == "77"
        assert (event.subject, event.index) == ("1", 0)

    def test_cloudevents_have_their_own_id(self) -> None:
        content = [{"specversion": "1.0", "id": "e-1", "type": "qbo.customer.created.v1", "intuitentityid": "9"}]
        (event,) = examine("intuit", {"secret": "s"}, post(content)).events
        assert (event.type, event.deliveryid, event.subject) == ("intuit.qbo.customer.created.v1", "e-1", "9")

    @pytest.mark.parametrize("content", [{"eventNotifications": 7}, {"eventNotifications": [None]}])
    def test_what_looks_otherwise_is_kept_as_unreadable(self, content: Any) -> None:
        outcome = examine("intuit", {"secret": "s"}, post(content))
        assert (outcome.stage, outcome.status) == ("read", 200)


class TestXero:
    intent = post(b'{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "S0m3r4Nd0mt3xt"}')

    def test_intent_to_receive_is_answered_without_a_body(self) -> None:
        outcome = examine("xero", {"secret": "s"}, self.intent)
        assert (outcome.status, outcome.body, outcome.events) == (200, b"", ())

    def test_intent_with_a_bad_signature_is_401(self) -> None:
        outcome = examine("xero", {"secret": "s"}, self.intent.with_header("x-xero-signature", "AAAA"), sign=False)
        assert outcome.status == 401


class TestFreshBooks:
    def test_the_verifier_is_learned_and_verifies(self) -> None:
        greeting = post(b"name=callback.verify&object_id=2001&verifier=abc", FORM)
        outcome = examine("freshbooks", {}, greeting, sign=False)
        assert outcome.reply is not None
        assert dict(outcome.reply.learn) == {"secret": "abc"}
        assert outcome.events == ()
        (event,) = examine("freshbooks", {"secret": "abc"}, post(b"name=invoice.create&object_id=1", FORM)).events
        assert (event.type, event.subject) == ("freshbooks.invoice.create", "1")

    def test_the_order_of_fields_is_signed(self) -> None:
        provider = builtin("freshbooks")
        signed = provider.verify.sign(post(b"name=a&object_id=1", FORM), {"secret": "s"})
        header = signed.header("x-freshbooks-hmac-sha256") or ""
        turned = post(b"object_id=1&name=a", FORM).with_header("x-freshbooks-hmac-sha256", header)
        assert not examine("freshbooks", {"secret": "s"}, turned, sign=False).accepted


class TestTokensInTheURL:
    @pytest.mark.parametrize("name", ["shippo", "printful", "monday", "calendly"])
    def test_either_is_taken_where_both_are_set(self, name: str) -> None:
        options = {"secret": "ab" * 32, "token": "t-1"}
        content = {"event": "x", "type": "x"}
        assert examine(name, options, post(content, url=f"{URL}?token=t-1"), sign=False).accepted
        assert not examine(name, options, post(content, url=f"{URL}?token=t-2"), sign=False).accepted
        assert not examine(name, options, post(content), sign=False).accepted

    def test_a_bad_signature_is_not_saved_by_the_token(self) -> None:
        request = post({"event": "x"}, {**JSON, "Shippo-Auth-Signature": "t=1777636800,v1=" + "0" * 64})
        told = Request.make("POST", f"{URL}?token=t-1", [], request.body, NOW)
        told = told.with_header("Shippo-Auth-Signature", request.header("Shippo-Auth-Signature"))
        assert not examine("shippo", {"secret": "s", "token": "t-1"}, told, sign=False).accepted

    def test_shipstation_fetches_nothing_for_an_unsigned_request(self) -> None:
        outcome = examine("shipstation", {"secret": "t-1"}, post({"resource_type": "ORDER_NOTIFY"}), sign=False)
        assert outcome.reason == "missing"


def test_easypost_takes_apart_the_accents_of_its_secret() -> None:
    content = post({"description": "tracker.updated", "id": "evt_1"})
    signed = HMAC("X-Hmac-Signature", "hmac-sha256-hex={hex}").sign(content, {"secret": "cafe\u0301"})
    assert examine("easypost", {"secret": "caf\u00e9"}, signed, sign=False).accepted


class TestGrafana:
    alert: Mapping[str, Any] = {
        "status": "resolved",
        "labels": {"alertname": "Disk"},
        "startsAt": "2026-04-09T08:00:00Z",
        "endsAt": "2026-04-09T09:00:00Z",
    }

    def test_each_alert_is_an_event(self) -> None:
        firing = {**self.alert, "status": "firing", "endsAt": "0001-01-01T00:00:00Z"}
        content = {"status": "firing", "alerts": [firing, self.alert]}
        first, second = examine("grafana", {"secret": "s"}, post(content)).events
        assert (first.type, second.type) == ("grafana.firing", "grafana.resolved")
        assert first.time is not None and second.time is not None
        assert (first.time.hour, second.time.hour) == (8, 9)
        assert first.subject == "Disk"

    def test_names_of_headers_are_the_users(self) -> None:
        options = {"secret": "s", "signature_header": "X-Sig", "timestamp_header": "X-Time"}
        provider = builtin("grafana")
        signed = provider.verify.sign(post({"alerts": [self.alert]}), options)
        assert signed.header("X-Sig") and signed.header("X-Time")
        assert examine("grafana", options, signed, sign=False).accepted
        assert not examine("grafana", options, signed.with_header("X-Time", None), sign=False).accepted

    def test_a_template_without_alerts_is_one_event(self) -> None:
        (event,) = examine("grafana", {"secret": "s"}, post({"text": "hello"})).events
        assert event.type == "grafana.notification"


class TestLearnedSecrets:
    def test_asana_gets_its_secret_back(self) -> None:
        outcome = examine("asana", {}, post(b"", {"X-Hook-Secret": "s-1"}), sign=False)
        assert outcome.headers["x-hook-secret"] == "s-1"
        assert outcome.reply is not None
        assert dict(outcome.reply.learn) == {"secret": "s-1"}

    def test_asana_is_not_told_what_is_no_secret(self) -> None:
        assert not examine("asana", {}, post(b"", {"X-Hook-Secret": "x" * 201}), sign=False).accepted

    def test_a_sign_of_life_is_no_event(self) -> None:
        outcome = examine("asana", {"secret": "s"}, post({"events": []}))
        assert (outcome.accepted, outcome.events) == (True, ())

    @pytest.mark.parametrize("signed", [True, False])
    def test_notions_token_is_learned_signed_or_not(self, signed: bool) -> None:
        outcome = examine("notion", {"secret": "old"}, post({"verification_token": "secret_1"}), sign=signed)
        assert outcome.reply is not None
        assert dict(outcome.reply.learn) == {"secret": "secret_1"}
        assert outcome.events == ()

    def test_notions_event_with_a_token_in_it_is_no_greeting(self) -> None:
        content = {"verification_token": "x", "type": "page.created"}
        assert not examine("notion", {"secret": "s"}, post(content), sign=False).accepted


class TestMonday:
    def test_a_challenge_comes_back_as_json(self) -> None:
        outcome = examine("monday", {"secret": "s"}, post({"challenge": "abc"}), sign=False)
        assert json.loads(outcome.body) == {"challenge": "abc"}
        assert outcome.headers["content-type"] == "application/json"

    def test_the_audience_is_the_public_url_or_the_option(self) -> None:
        content = {"event": {"type": "create_pulse"}}
        provider = builtin("monday")
        signed = provider.verify.sign(post(content, url="https://elsewhere.example.com/"), {"secret": "s" * 32})
        here = Request.make("POST", URL, JSON, signed.body, NOW).with_header("a", "b")
        here = here.with_header("Authorization", signed.header("Authorization"))
        assert not examine("monday", {"secret": "s" * 32}, here, sign=False).accepted
        told = {"secret": "s" * 32, "audience": "https://elsewhere.example.com/"}
        assert examine("monday", told, here, sign=False).accepted


def test_dropbox_makes_an_event_of_each_account() -> None:
    content = {"list_folder": {"accounts": ["dbid:1", "dbid:2"]}, "delta": {"users": [1, 2]}}
    events = examine("dropbox", {"secret": "s"}, post(content)).events
    assert [event.subject for event in events] == ["dbid:1", "dbid:2"]
    assert {event.type for event in events} == {"dropbox.list_folder"}
    assert events[0].data == content


def test_clickups_change_is_two_events_and_a_deletion_has_no_id() -> None:
    ids = set()
    for name in ("taskUpdated", "taskStatusUpdated"):
        content = {"event": name, "history_items": [{"id": "1"}], "task_id": "t", "webhook_id": "w"}
        (event,) = examine("clickup", {"secret": "s"}, post(content)).events
        ids.add(event.deliveryid)
    assert len(ids) == 2
    (event,) = examine("clickup", {"secret": "s"}, post({"event": "taskDeleted", "task_id": "t"})).events
    assert event.deliveryid == event.id


def test_figmas_passcode_is_not_in_the_event() -> None:
    content = {"event_type": "FILE_UPDATE", "file_key": "k", "passcode": ""}
    (event,) = examine("figma", {"secret": "s-1"}, post(content)).events
    assert event.data == {**content, "passcode": "[secret]"}


@pytest.mark.parametrize("name", ["Café.png", "\U0001f600.png"])
def test_box_signs_text_as_it_is_or_escaped(name: str) -> None:
    plain = json.dumps({"trigger": "FILE.UPLOADED", "id": "1", "source": {"name": name}}, ensure_ascii=False).encode()
    provider = builtin("box")
    options = {"secret": "one", "secondary_key": "two"}
    escaped = json.dumps(json.loads(plain)).encode()
    signed = provider.verify.sign(post(escaped), options)
    sent = Request(signed.method, signed.url, signed.headers, plain, NOW)
    assert examine("box", options, sent, sign=False).accepted
    assert examine("box", options, post(plain)).accepted
    assert not examine(
        "box", options, Request(signed.method, URL, signed.headers, plain + b" ", NOW), sign=False
    ).accepted

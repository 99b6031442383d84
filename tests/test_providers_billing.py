"""Platforms of billing and banking whose proofs or bodies are their own: what their users rely on, and attacks."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from provider_kit import builtin

from hub import Request
from hub.errors import KeyNeeded
from hub.source import Outcome, Source
from hub.testing import receive

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://hub.example.com/webhooks/x"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(content: Any, headers: Mapping[str, str] = JSON) -> Request:
    """A request as the platform sends it, without a proof."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Request.make("POST", URL, headers, raw, NOW)


def exchange(name: str, options: Mapping[str, Any], request: Request, *, sign: bool = True) -> Outcome:
    """The answer to a request, signed with the options."""
    provider = builtin(name)
    signed = provider.verify.sign(request, options) if sign else request
    return Source(name, provider, {"public_url": URL, **options}).examine(signed)


def unproven(name: str, content: Any, headers: Mapping[str, str] = JSON) -> Outcome:
    """What is read where nothing is verified."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return asyncio.run(receive(name, {"verify": False}, url=URL, headers=headers, body=raw, now=NOW))


class TestApple:
    claims: Mapping[str, Any] = {
        "notificationType": "SUBSCRIBED",
        "notificationUUID": "u-1",
        "data": {"signedTransactionInfo": {"originalTransactionId": "12345"}},
    }

    def made(self) -> tuple[Any, dict[str, Any]]:
        provider = builtin("apple-app-store")
        return provider, provider.verify.credentials()  # type: ignore[attr-defined]

    def test_inner_tokens_are_decoded(self) -> None:
        _, options = self.made()
        outcome = exchange("apple-app-store", options, post(self.claims))
        (event,) = outcome.events
        assert event.type == "apple-app-store.SUBSCRIBED"
        assert event.subject == "12345"
        assert event.data["data"]["signedTransactionInfo"] == {"originalTransactionId": "12345"}

    def test_only_apples_root_is_trusted_by_itself(self) -> None:
        _, options = self.made()
        given = {name: value for name, value in options.items() if name != "root_certificates"}
        outcome = exchange("apple-app-store", given, post(self.claims))
        assert (outcome.accepted, outcome.reason) == (False, "mismatch")
        assert "root" in outcome.detail

    def test_another_app_or_environment_is_refused(self) -> None:
        provider, options = self.made()
        signed = provider.verify.sign(post(self.claims), options)
        for other in ({"bundle_id": "com.other"}, {"environment": "Production"}, {"app_apple_id": 7}):
            outcome = Source("apple-app-store", provider, {**options, **other}).examine(signed)
            assert (outcome.accepted, outcome.reason) == (False, "mismatch")

    def test_a_transaction_is_no_notification(self) -> None:
        """Any customer has tokens of his own purchases, signed by Apple with the same certificates."""
        provider, options = self.made()
        signed = json.loads(provider.verify.sign(post(self.claims), options).body)["signedPayload"]
        outer = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        inner = outer["data"]["signedTransactionInfo"]
        outcome = exchange("apple-app-store", options, post({"signedPayload": inner}), sign=False)
        assert not outcome.accepted

    def test_the_chain_has_to_be_whole_in_order_and_current(self) -> None:
        provider, options = self.made()
        token = json.loads(provider.verify.sign(post(self.claims), options).body)["signedPayload"]
        first, claims, signature = token.split(".")
        head = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
        leaf, middle, root = head["x5c"]
        for chain in ([leaf, root], [middle, middle, root], [leaf, leaf, root], [root] * 3, [leaf, root, root], None):
            changed = base64.urlsafe_b64encode(json.dumps({**head, "x5c": chain}).encode()).rstrip(b"=").decode()
            request = post({"signedPayload": f"{changed}.{claims}.{signature}"})
            assert not exchange("apple-app-store", options, request, sign=False).accepted
        late = replace(post({"signedPayload": token}), received=datetime.now(UTC) + timedelta(days=4000))
        assert "out of date" in exchange("apple-app-store", options, late, sign=False).detail

    @pytest.mark.parametrize("mark", ["LEAF", "INTERMEDIATE"])
    def test_certificates_need_apples_marks(self, monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
        """Apple's root has signed more than the store's certificates."""
        provider = builtin("apple-app-store")
        constants = provider.verify.function.__globals__  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setitem(constants, mark, "1.2.840.113635.100.6.99")
            options = provider.verify.credentials()
            signed = provider.verify.sign(post(self.claims), options)
            assert exchange("apple-app-store", options, signed, sign=False).accepted
        assert "chain" in exchange("apple-app-store", options, signed, sign=False).detail


class TestPlaid:
    options: Mapping[str, Any] = {"client_id": "c", "secret": "s"}

    def signed(self) -> tuple[Request, str]:
        scheme = builtin("plaid").verify
        made = scheme.credentials()
        public = {"named": made["jwks"]}
        request = post({"webhook_type": "ITEM", "webhook_code": "ERROR", "item_id": "i"})
        return scheme.sign(request, {**made, "jwks": public}), made["jwks"]

    def jwk(self, pem: str) -> dict[str, Any]:
        from jwt.algorithms import ECAlgorithm

        from hub.signatures.asymmetric import load_public_key

        return {**ECAlgorithm.to_jwk(load_public_key(pem), as_dict=True), "kid": "named", "use": "sig"}

    @pytest.mark.parametrize(("expired", "accepted"), [(None, True), (1_700_000_000, False)])
    def test_the_key_is_asked_of_plaid(self, expired: int | None, accepted: bool) -> None:
        request, pem = self.signed()
        source = Source("plaid", builtin("plaid"), self.options)
        with pytest.raises(KeyNeeded) as needed:
            source.examine(request)
        fetch = needed.value.fetch
        assert fetch.hosts == ("production.plaid.com",)
        assert fetch.json == {"client_id": "c", "secret": "s", "key_id": "named"}
        source.supply(fetch, json.dumps({"key": {**self.jwk(pem), "expired_at": expired}, "request_id": "r"}))
        assert source.examine(request).accepted is accepted

    def test_without_credentials_nothing_is_fetched(self) -> None:
        request, _ = self.signed()
        outcome = exchange("plaid", {}, request, sign=False)
        assert outcome.reason == "unconfigured"


def test_wise_keys_are_those_it_publishes() -> None:
    provider = builtin("wise")
    made = provider.verify.credentials()
    signed = provider.verify.sign(post({"event_type": "transfers#state-change"}), made)
    assert Source("wise", provider, made).examine(signed).accepted
    for environment in ("production", "sandbox"):
        outcome = Source("wise", provider, {"environment": environment}).examine(signed)
        assert outcome.reason == "mismatch"


def test_wise_sha1_needs_a_key_of_ones_own() -> None:
    provider = builtin("wise")
    request = post({"event_type": "x"}).with_header("X-Signature", "AAAA")
    assert "X-Signature-SHA256" in Source("wise", provider, {}).examine(request).detail


def test_marqeta_pings_come_back_and_make_no_event() -> None:
    options = {"username": "u", "password": "p"}
    body = b'{"pings": [{"token": "marqeta", "payload": "healthcheck"}]}'
    outcome = exchange("marqeta", options, post(body))
    assert (outcome.status, outcome.body, outcome.events) == (200, body, ())
    assert exchange("marqeta", options, post(body), sign=False).status == 403


def test_marqeta_ids_are_those_of_transitions() -> None:
    content = {"cardtransitions": [{"token": "t", "type": "state.activated"}], "cards": [{"token": "c"}]}
    first, second = unproven("marqeta", content).events
    assert (first.type, first.deliveryid) == ("marqeta.cardtransitions.state.activated", "t")
    assert second.type == "marqeta.cards"
    assert second.deliveryid == second.id, "a card's token is that of all its events"


def test_marqeta_sha1() -> None:
    options = {"username": "u", "password": "p", "secret": "s", "algorithm": "sha1"}
    outcome = exchange("marqeta", options, post({"cards": [{"token": "c"}]}))
    assert outcome.accepted


def test_a_second_value_in_a_paddle_form_is_refused() -> None:
    provider = builtin("paddle-classic")
    made = provider.verify.credentials()
    signed = provider.verify.sign(post(b"alert_name=payment_succeeded&sale_gross=1.00", FORM), made)
    source = Source("paddle-classic", provider, made)
    assert source.examine(signed).accepted
    for more in (b"&sale_gross=9.00", b"&p_signature=x", b"&extra=1"):
        assert not source.examine(replace(signed, body=signed.body + more)).accepted


def test_recurly_reads_both_kinds() -> None:
    text = b'<?xml version="1.0" encoding="UTF-8"?>\n<new_account_notification><account><account_code>7</account_code>'
    text += b"</account></new_account_notification>"
    (event,) = unproven("recurly", text, {"Content-Type": "application/xml"}).events
    assert (event.type, event.subject) == ("recurly.new_account_notification", "7")
    assert event.data == {"account": {"account_code": "7"}}


def test_google_play_unwrapped() -> None:
    content = {"packageName": "com.example", "oneTimeProductNotification": {"notificationType": 2}}
    headers = {**JSON, "x-goog-pubsub-message-id": "17"}
    (event,) = unproven("google-play-rtdn", content, headers).events
    assert (event.type, event.deliveryid) == ("google-play-rtdn.ONE_TIME_PRODUCT_CANCELED", "17")


@pytest.mark.parametrize(("number", "kind"), [(13, "SUBSCRIPTION_EXPIRED"), (99, "subscriptionNotification.99")])
def test_google_play_numbers_in_words(number: int, kind: str) -> None:
    inner = base64.b64encode(json.dumps({"subscriptionNotification": {"notificationType": number}}).encode()).decode()
    (event,) = unproven("google-play-rtdn", {"message": {"data": inner, "messageId": "1"}}).events
    assert event.type == f"google-play-rtdn.{kind}"


def test_coinbase_signs_the_headers_it_names() -> None:
    provider = builtin("coinbase-cdp")
    request = post({"eventType": "x"}).with_header("X-Event-Id", "one")
    signed = provider.verify.sign(request, {"secret": "s"})
    source = Source("coinbase-cdp", provider, {"secret": "s"})
    assert source.examine(signed).accepted
    assert not source.examine(signed.with_header("X-Event-Id", "two")).accepted
    bare = signed.header("X-Hook0-Signature") or ""
    assert not source.examine(
        signed.with_header("X-Hook0-Signature", bare.replace("h=x-event-id x-event-type,", "h=,"))
    ).accepted


def test_revenuecat_with_both_proofs_needs_both() -> None:
    options = {"secret": "Bearer value", "signing_secret": "signing"}
    request = post({"event": {"type": "TEST", "id": "1"}})
    assert exchange("revenuecat", options, request).accepted
    provider = builtin("revenuecat")
    alone = provider.verify.sign(request, {"secret": "Bearer value"})
    assert not exchange("revenuecat", options, alone, sign=False).accepted


def test_treezor_signs_as_php_writes_json() -> None:
    import hashlib
    import hmac

    payload = {"users": [{"firstname": "Éric", "address": "1/3 rue"}]}
    written = r'{"users":[{"firstname":"\u00c9ric","address":"1\/3 rue"}]}'
    signature = base64.b64encode(hmac.digest(b"s", written.encode(), hashlib.sha256)).decode()
    content = {"webhook": "user.update", "object_payload": payload, "object_payload_signature": signature}
    assert exchange("treezor", {"secret": "s"}, post(content), sign=False).accepted
    content["object_payload"] = {"users": []}
    assert not exchange("treezor", {"secret": "s"}, post(content), sign=False).accepted


def test_a_named_mode_may_have_modes_of_its_own() -> None:
    from hub.signatures import OneOf, StandardWebhooks, Token

    scheme = OneOf(signed=StandardWebhooks(), token=Token("X-Token"))
    options = {**StandardWebhooks().credentials(), "variant": "signed"}
    assert scheme.configured(options)
    scheme.verify(scheme.sign(post({}), options), options)

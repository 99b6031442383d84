"""Shops and payment platforms as their users know them: events, handshakes, answers, and keys that are fetched."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from provider_kit import builtin

from hub.errors import KeyNeeded
from hub.mount import sample_folders
from hub.request import Request
from hub.samples import find_sample
from hub.source import Outcome, Source
from hub.testing import receive

NOW = 1777636800
URL = "https://hub.example.com/webhooks/it"
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors" / "vectors.json").read_text("utf-8"))


def sample(provider: str, event: str) -> Request:
    return find_sample(provider, event, sample_folders(None)).request(URL, datetime.fromtimestamp(NOW, UTC))


async def send(provider: str, event: str, **options: Any) -> Outcome:
    """A sample, signed with fresh credentials unless there are options."""
    found = builtin(provider)
    given = options or dict(found.verify.credentials())
    signed = found.verify.sign(sample(provider, event), given)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in signed.headers}
    return await receive(found, given, method=signed.method, url=signed.url, headers=headers, body=signed.body, now=NOW)


def vector(provider: str) -> dict[str, Any]:
    return next(one for one in VECTORS if one["provider"] == provider and one["valid"])


@pytest.mark.parametrize(
    ("provider", "event", "kind", "deliveryid", "subject", "time"),
    [
        ("shopify", "orders_create", "orders/create", "b54557e4-", "gid://shopify/Order/8209", "2023-03-29T18:00:27"),
        ("shopify", "products-update", "Product/update", "d1c6a6f0-", "gid://shopify/Product/", "2026-07-02T09:14:31"),
        ("shopify", "customers_redact", "customers/redact", "7b9a2c5e-", "example.myshopify.com", "2023-03-29"),
        ("woocommerce", "order.created", "order.created", None, "727", "2017-03-22T19:28:08"),
        ("woocommerce", "order.deleted", "order.deleted", None, "727", None),
        ("bigcommerce", "store_product_updated", "store/product/updated", "msg_", "product/205", "2020-01-29"),
        ("squarespace", "order.create", "order.create", "5c2ba184b63ed3cb411ce2b1", "585d498fdee9", "2020-04-22"),
        ("etsy", "order.paid", "order.paid", "msg_", "https://api.etsy.com/", "2026-05-01T12:00:00"),
        ("square", "payment.updated", "payment.updated", "13b867cf-", "hYy9pRFVxpDsO1FB05", "2020-02-06T21:27:34"),
        ("authorizenet", "customer.created", "net.authorize.customer.created", "5c3f7e00-", "394", "2017-08-18"),
        ("checkout", "payment_approved", "payment_approved", "evt_az5s", "pay_hzc2", "2019-08-24T14:15:22"),
        ("mollie", "payment-link.paid", "payment-link.paid", "event_GvJ8", "pl_qng5", "2024-12-16T15:57:04"),
        ("gocardless", "payouts.paid", "payouts.paid", "EV00BD06A1B2C3", "PO00BD06A1B2C3", "2018-07-06"),
        ("worldpay", "sentForSettlement", "sentForSettlement", "bb55ca5a-", "Memory265-", "2018-06-13T14:18:13"),
        ("klarna", "payment.request.state-change.completed", "payment.request.", "b5a2f9f2-", "krn:payment:", "2025"),
        ("mercadopago", "payment.updated", "payment.updated", "112233445566", "1234567890", "2026-05-25T16:01:08"),
        ("pagbank", "charge.paid", "order.PAID", None, "ORDE_2A1B", "2024-03-05T13:12:30"),
        ("dlocal", "paid", "PAID", "D-4-be8eda8c-5fe7-49dd-8058-4ddaac00611b:PAID:200", "4m1OdghPUQtg", "2018-02-20"),
        ("razorpay", "payment.captured", "payment.captured", "DESlLckIVRkHWl", "pay_6koW", "2019-09-05T09:10:10"),
        ("razorpay", "refund.processed", "refund.processed", "FP8R8EGjGbPkVb", "rfnd_FP8R", "2020-08-10"),
        ("paystack", "charge.success", "charge.success", None, "qTPrJoy9Bx", "2016-09-30T21:10:19"),
        ("flutterwave", "v3-charge.completed", "charge.completed", None, "Links-6166", "2020-07-06T19:17:04"),
        ("payjp", "charge.succeeded", "charge.succeeded", "evnt_54db", "ch_fa99", "2015-09-15"),
        ("nium", "CARD_SYSTEM_DOWN_WEBHOOK", "CARD_SYSTEM_DOWN_WEBHOOK", "123e4567-", "48534c3a-", None),
        ("wix", "order_created", "ecom.v1.order_created", "1a2b3c4d-", "4c3b2a19-", "2025-10-09T08:53:20"),
        ("ebay", "MARKETPLACE_ACCOUNT_DELETION", "MARKETPLACE_ACCOUNT_", "49feeaeb-", "ma8vp1jySJC", "2021-03-19"),
        ("amazon-sp-api", "ANY_OFFER_CHANGED", "ANY_OFFER_CHANGED", "99dc65cf-", None, "2026-02-11T17:43:03"),
        ("amazon-sp-api", "REPORT_PROCESSING_FINISHED", "REPORT_", "0a1b2c3d-", "54517018502", "2026-02-11T18:01"),
        ("paypal", "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.", "WH-58D3", "42311647XV020574X", "2019-02-14"),
        ("adyen", "REFUND", "REFUND", "8825408195409505:REFUND:true:", "8825408195409505", "2019-05-07T07:02:11"),
        ("adyen", "merchant.created", "merchant.created", None, "YOUR_MERCHANT_ACCOUNT", "2022-08-12"),
        ("braintree", "dispute_opened", "dispute_opened", "42a30df4", "example2dispute", "2026-11-24T08:02:07"),
        ("adobe-commerce", "observer.catalog_product_save_after", "observer.catalog_", None, "Pr-1", None),
        ("adobe-commerce", "catalog_product_save_after", "catalog_product_save_after", None, "Pr-1", None),
        ("adobe-io-events", "sales_order_save_commit_after", "com.adobe.", "b5a2f9f2-", "urn:uuid:", "2026-03-02"),
        ("adobe-io-events", "aem.sites.contentFragment.modified", "aem.sites.", "b555a1b1-", "acct:aem-", "2025-07-24"),
    ],
)
async def test_events(
    provider: str, event: str, kind: str, deliveryid: str | None, subject: str | None, time: str | None
) -> None:
    (found,) = (await send(provider, event)).events
    assert found.type.removeprefix(f"{provider}.").startswith(kind)
    assert found.deliveryid.startswith(deliveryid) if deliveryid else found.deliveryid == found.id
    assert (found.subject or "").startswith(subject or "") and bool(found.subject) is bool(subject)
    assert (found.time.isoformat() if found.time else "").startswith(time or "") and bool(found.time) is bool(time)


async def test_gocardless_sends_batches() -> None:
    outcome = await send("gocardless", "payments.confirmed")
    assert [(e.type, e.deliveryid, e.subject, e.index) for e in outcome.events] == [
        ("gocardless.payments.confirmed", "EV00BD05S5VM2T", "PM00BD05S5VM2A", 0),
        ("gocardless.mandates.cancelled", "EV00BD05TB8K63", "MD000AMA19XGEC", 0),
    ]


async def test_woocommerce_ping_is_answered_and_is_no_event() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    outcome = await receive("woocommerce", {"secret": "s"}, headers=form, body=b"webhook_id=12")
    assert (outcome.status, outcome.stage, outcome.events) == (200, "handshake", ())
    for body in (b"webhook_id=12&action=x", b"webhook_id=x", b"id=12", b"webhook_id=" + b"1" * 60):
        assert (await receive("woocommerce", {"secret": "s"}, headers=form, body=body)).status == 403


async def test_shopify_refuses_with_401() -> None:
    assert (await receive("shopify", {"secret": "s"}, body=b"{}")).status == 401


async def test_ebay_challenge() -> None:
    options = {"secret": "a-verification-token-of-32-letters", "public_url": URL}
    outcome = await receive("ebay", options, method="GET", url=f"{URL}?challenge_code=abc")
    proof = hashlib.sha256(f"abc{options['secret']}{URL}".encode()).hexdigest()
    assert json.loads(outcome.body) == {"challengeResponse": proof}
    assert outcome.headers["content-type"] == "application/json" and not outcome.events
    assert (await receive("ebay", {}, method="GET", url=f"{URL}?challenge_code=abc")).status == 405


async def test_ebay_key_without_line_breaks() -> None:
    """eBay's API answers the key in one line."""
    found = vector("ebay")
    keys = {name: key.replace("\n", "") for name, key in found["options"]["public_keys"].items()}
    body = b64decode(found["body_b64"])
    assert (await receive("ebay", {"public_keys": keys}, headers=found["headers"], body=body)).accepted
    assert (await receive("ebay", {"public_keys": keys}, headers=found["headers"], body=body + b" ")).status == 412


BRAINTREE = {"public_key": "integration_public_key", "private_key": "integration_private_key"}


async def braintree_proof(code: str) -> Outcome:
    return await receive("braintree", BRAINTREE, method="GET", url=f"{URL}?bt_challenge={code}")


async def test_braintree_challenge() -> None:
    code = "20f9f8ed05f77439fe955c977e4c8a53"
    key = hashlib.sha1(b"integration_private_key", usedforsecurity=False).digest()
    expected = f"integration_public_key|{hmac.new(key, code.encode(), 'sha1').hexdigest()}"
    assert (await braintree_proof(code)).body == expected.encode()
    assert (await braintree_proof(code.upper())).status == 405


async def test_braintree_signs_no_payload_for_strangers() -> None:
    """Hex digits are base64 too: what the hub signs as a challenge must not pass as a notification."""
    for code in ("20f9f8ed05f77439fe955c977e4c8a53", "0" * 20):
        proof = (await braintree_proof(code)).body
        form = urlencode({"bt_signature": proof.decode() if isinstance(proof, bytes) else proof, "bt_payload": code})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert (await receive("braintree", BRAINTREE, headers=headers, body=form.encode())).status == 403


async def test_braintree_signature_of_another_pair_of_keys_comes_first() -> None:
    found = vector("braintree")
    body = b64decode(found["body_b64"]).replace(b"bt_signature=", b"bt_signature=other%7C" + b"0" * 40 + b"%26")
    assert (await receive("braintree", BRAINTREE, headers=found["headers"], body=body)).accepted


async def test_adyen_checks_every_item() -> None:
    found = vector("adyen")
    items = json.loads(b64decode(found["body_b64"]))
    forged = json.loads(json.dumps(items["notificationItems"][0]))
    forged["NotificationRequestItem"]["success"] = "false"
    good = await receive("adyen", found["options"], body=json.dumps(items).encode())
    assert (good.status, good.body) == (200, b"[accepted]")
    items["notificationItems"].append(forged)
    assert (await receive("adyen", found["options"], body=json.dumps(items).encode())).reason == "mismatch"


async def test_adyen_wants_the_password_too_where_there_is_one() -> None:
    found, body = vector("adyen"), b64decode(vector("adyen")["body_b64"])
    options = {**found["options"], "username": "adyen", "password": "pw"}
    assert not (await receive("adyen", options, body=body)).accepted
    login = {"authorization": "Basic " + b64encode(b"adyen:pw").decode()}
    assert (await receive("adyen", options, headers=login, body=body)).accepted
    assert not (await receive("adyen", options, headers=login, body=body.replace(b"1130", b"1131"))).accepted


async def test_adobe_commerce_lets_the_shop_go_on() -> None:
    outcome = await send("adobe-commerce", "observer.catalog_product_save_after")
    assert json.loads(outcome.body) == {"op": "success"}


def fetching(provider: str, without: str, when: datetime) -> tuple[Source, Request]:
    found = vector(provider)
    options = {name: value for name, value in found["options"].items() if name != without}
    source = Source(provider, builtin(provider), options)
    return source, Request.make("POST", URL, found["headers"], b64decode(found["body_b64"]), when)


def test_paypal_certificate_is_fetched_and_must_be_valid() -> None:
    source, request = fetching("paypal", "certificate", datetime(2016, 1, 1, tzinfo=UTC))
    with pytest.raises(KeyNeeded) as needed:
        source.examine(request)
    assert "api.sandbox.paypal.com" in needed.value.fetch.hosts
    assert all(not host.startswith(".") for host in needed.value.fetch.hosts if isinstance(host, str))
    source.supply(needed.value.fetch, vector("paypal")["options"]["certificate"])
    assert source.examine(request).accepted
    late = Request.make("POST", URL, vector("paypal")["headers"], request.body, request.received + timedelta(days=900))
    assert "not valid now" in source.examine(late).detail
    elsewhere = request.with_header("Paypal-Cert-Url", "https://api.paypal.com/somewhere/else")
    assert source.examine(elsewhere).reason == "malformed"


def test_adobe_keys_are_fetched_from_adobe_only() -> None:
    source, request = fetching("adobe-io-events", "public_keys", datetime.now(UTC))
    for path, key in vector("adobe-io-events")["options"]["public_keys"].items():
        with pytest.raises(KeyNeeded) as needed:
            source.examine(request)
        assert needed.value.fetch.url == f"https://static.adobeioevents.com{path}"
        source.supply(needed.value.fetch, key)
    assert source.examine(request).accepted
    assert source.examine(request.with_header("x-adobe-digital-signature-1", None)).accepted
    for value in ("evil.example/key", "@evil.example/key", None):
        assert not source.examine(
            request.with_header("x-adobe-public-key1-path", value).with_header("x-adobe-public-key2-path", value)
        ).accepted


async def test_worldpay_sends_two_signatures_while_the_key_is_changed() -> None:
    found = vector("worldpay")
    value = found["headers"]["Event-Signature"]
    headers = {**found["headers"], "Event-Signature": f"2/SHA256/{'0' * 64}, {value}"}
    body = b64decode(found["body_b64"])
    assert (await receive("worldpay", found["options"], headers=headers, body=body)).accepted
    assert (await receive("worldpay", found["options"], headers=headers, body=body + b" ")).status == 400


async def test_mollie_classic_with_a_token_in_the_url() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for token, accepted in (("right", True), ("wrong", False)):
        outcome = await receive(
            "mollie", {"token": "right"}, url=f"{URL}?token={token}", headers=headers, body=b"id=tr_1"
        )
        assert outcome.accepted is accepted
    outcome = await receive("mollie", {"secret": "s"}, headers=headers, body=b"id=tr_1")
    assert not outcome.accepted


@pytest.mark.parametrize(
    ("provider", "token"), [("bigcommerce", "token"), ("nium", "secret"), ("amazon-sp-api", "secret")]
)
async def test_a_token_in_a_header_of_ones_own(provider: str, token: str) -> None:
    options = {token: "right", "header": "X-Mine"}
    assert (await receive(provider, options, headers={"X-Mine": "right"}, body=b"{}")).accepted
    assert not (await receive(provider, options, headers={"X-Mine": "wrong"}, body=b"{}")).accepted
    assert not (await receive(provider, options, headers={"X-Hub-Token": "right"}, body=b"{}")).accepted

"""Platforms that name no delivery: what they send again is one event, what happens again is another."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from provider_kit import JSON, sent, signed

from hub import Event

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def read(name: str, content: Any, headers: Mapping[str, str] = JSON, query: str = "") -> Event:
    """The event in a request that nothing proves."""
    (event,) = (await sent(name, {"verify": False}, content, headers, query=query)).events
    return event


def xml(kind: str, subject: str, time: str = "2026-04-09T08:53:20Z") -> bytes:
    """A form as Braintree posts it."""
    text = f"<notification><timestamp>{time}</timestamp><kind>{kind}</kind><subject>{subject}</subject></notification>"
    return urlencode({"bt_payload": base64.encodebytes(text.encode()).decode()}).encode()


SUBSCRIPTION = "<subscription><id>s-1</id></subscription>"
SALE = {"sale_id": "s-1", "sale_timestamp": "2026-04-09T08:53:20Z"}
ORDER = {"type": "orders", "id": "1", "attributes": {"updated_at": "2026-04-09T08:53:20.000001Z"}}
CHECK = {"id": "c-1", "completed_at_iso8601": "2026-04-09T08:53:20Z"}
PRINTED = {"type": "package_shipped", "created": 1775724800, "data": {"shipment": {"id": 10}}}
ENTITY = {"name": "Customer", "id": "1", "operation": "Update", "lastUpdated": "2026-04-05T14:42:19-0700"}
REVIEW = {"request_token": "r-1", "type": "create:reviews:is_entity", "timestamp": 1703021350284}


def legacy(**change: str) -> dict[str, Any]:
    """A notification of QuickBooks in the older format."""
    return {"eventNotifications": [{"realmId": "77", "dataChangeEvent": {"entities": [{**ENTITY, **change}]}}]}


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


@pytest.mark.parametrize(
    ("name", "first", "again", "other"),
    [
        ("alloy", REVIEW, {**REVIEW, "data": {}}, {**REVIEW, "type": "create:reviews:is_group"}),
        ("printful", PRINTED, {**PRINTED, "retries": 3}, {**PRINTED, "created": 1775724801}),
        (
            "lemonsqueezy",
            {"meta": {"event_name": "order_created"}, "data": ORDER},
            {"meta": {"event_name": "order_created", "webhook_id": "2"}, "data": ORDER},
            {"meta": {"event_name": "order_refunded"}, "data": ORDER},
        ),
        (
            "onfido",
            {"payload": {"action": "check.completed", "object": CHECK}},
            {"payload": {"action": "check.completed", "object": {**CHECK, "href": "https://x.example"}}},
            {"payload": {"action": "check.completed", "object": {**CHECK, "id": "c-2"}}},
        ),
        ("intuit", legacy(), legacy(), legacy(operation="Delete")),
        ("gumroad", form(**SALE), form(**SALE, retry_count="1"), form(**{**SALE, "sale_id": "s-2"})),
        (
            "braintree",
            xml("subscription_canceled", SUBSCRIPTION),
            xml("subscription_canceled", SUBSCRIPTION + "<!-- again -->"),
            xml("subscription_canceled", SUBSCRIPTION, "2026-04-09T09:53:20Z"),
        ),
    ],
)
async def test_what_is_sent_again_is_one_event(name: str, first: Any, again: Any, other: Any) -> None:
    headers = FORM if isinstance(first, bytes) else JSON
    event = await read(name, first, headers)
    assert event.deliveryid != event.id
    assert (await read(name, again, headers)).deliveryid == event.deliveryid
    assert (await read(name, other, headers)).deliveryid != event.deliveryid


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gumroad", form(**SALE, resource_name="refund")),  # a second partial refund has the same fields
        ("onfido", {"payload": {"action": "report.withdrawn", "object": {"id": "r-1"}}}),
        ("braintree", xml("check", "<check type='boolean'>true</check>")),
    ],
)
async def test_what_may_happen_twice_alike_is_never_one_event(name: str, content: Any) -> None:
    event = await read(name, content, FORM if isinstance(content, bytes) else JSON)
    assert event.deliveryid == event.id


async def test_an_order_of_mercadopago_is_known_by_what_is_signed() -> None:
    order = {"action": "order.processed", "data": {"id": "ORD1"}}
    event = await read("mercadopago", order, {**JSON, "x-request-id": "q-1"}, "?data.id=ORD1")
    assert event.deliveryid == "q-1"


async def test_moderntreasury_has_an_id_for_all_attempts() -> None:
    headers = {**JSON, "X-Webhook-ID": "w-1", "X-Event-ID": "e-1"}
    event = await read("moderntreasury", {"event": "completed", "data": {"object": "payment_order"}}, headers)
    assert event.deliveryid == "w-1"


async def test_treezor_counts_ten_thousandths_of_a_second() -> None:
    event = await read("treezor", {"webhook": "payin.create", "webhook_id": "1", "webhook_created_at": 17053140001234})
    assert event.time is not None
    assert event.time.isoformat() == "2024-01-15T10:20:00.123400+00:00"


async def test_alloy_signs_in_the_authorization_header() -> None:
    assert (await signed("alloy", {"secret": "s"}, REVIEW)).accepted
    assert (await signed("alloy", {"token": "t"}, REVIEW)).accepted
    bearer = {**JSON, "Authorization": "Bearer s"}
    assert not (await sent("alloy", {"secret": "s"}, REVIEW, bearer)).accepted


async def test_chargebee_with_a_token_in_the_url() -> None:
    content = {"id": "ev_1", "event_type": "customer_created"}
    for query, accepted in (("?token=right", True), ("?token=wrong", False), ("", False)):
        assert (await sent("chargebee", {"token": "right"}, content, query=query)).accepted is accepted

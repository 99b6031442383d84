"""The first providers as their users know them: verdicts, answers and events, besides what every provider must do."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from provider_kit import builtin

from hub.config import load_config
from hub.errors import ConfigError
from hub.mount import sample_folders
from hub.request import Request
from hub.samples import find_sample
from hub.source import Outcome
from hub.testing import receive

NOW = 1777636800
URL = "https://hub.example.com/webhooks/it"


def digest(secret: str, message: bytes | str, how: str = "sha256") -> str:
    """The HMAC in hex, made without the hub."""
    return hmac.new(secret.encode(), message.encode() if isinstance(message, str) else message, how).hexdigest()


def sample(provider: str, event: str) -> Request:
    return find_sample(provider, event, sample_folders(None)).request(URL, datetime.fromtimestamp(NOW, UTC))


async def send(provider: str, request: Request, options: Mapping[str, Any] | None = None) -> Outcome:
    """A sample, signed with fresh credentials unless there are options."""
    found = builtin(provider)
    given = dict(options or found.verify.credentials())
    signed = found.verify.sign(request, given)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in signed.headers}
    return await receive(found, given, method=signed.method, url=signed.url, headers=headers, body=signed.body, now=NOW)


@pytest.mark.parametrize(
    ("provider", "event", "kind", "deliveryid", "subject", "time"),
    [
        ("typeform", "form_response", "form_response", "LtWXD3crgy", "lT4Z3j", "2018-01-18T18:17:02"),
        ("github", "push", "push", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "Codertocat/Hello-World", "2019-05-15"),
        ("github", "push-form", "push", None, "Codertocat/Hello-World", "2019-05-15"),
        ("github", "pull_request", "pull_request.opened", None, "Codertocat/Hello-World", "2019-05-15"),
        ("github", "issues", "issues.", None, "Codertocat/Hello-World", "2019-05-15"),
        ("github", "release", "release.", None, "Codertocat/Hello-World", "2019-05-15"),
        ("github", "workflow_run", "workflow_run.", None, "Codertocat/Hello-World", "20"),
        ("github", "ping", "ping", None, "Codertocat/Hello-World", "2019-05-15"),
        ("stripe", "invoice.paid", "invoice.paid", "evt_1RJmZ12eZvKYlo2CInvPaid01", "in_", "2026-05-01T11:59:00"),
        ("stripe", "charge.refunded", "charge.refunded", "evt_", "ch_", "2026-05-01T11:59:00"),
        ("stripe", "checkout.session.completed", "checkout.session.completed", "evt_", "cs_test_", "2026-05-01"),
        ("stripe", "customer.subscription.updated", "customer.subscription.updated", "evt_", "sub_", "2026-05-01"),
        ("slack", "message", "message", "Ev08MFMKH6", "C123ABC456", "2026-05-01T11:59:00"),
        ("slack", "app_mention", "app_mention", "Ev0LAN670R", "C123ABC456", "2026-05-01T11:59:00"),
        ("slack", "block_actions", "block_actions", "12321423423.", "CBR2V3XEX", "2019-01-25T14:26:57.840180"),
        ("slack", "command", "command./deploy", "13345224609.", "C2147483705", None),
        ("standard-webhooks", "contact.created", "contact.created", "msg_", "1f81eb52-", "2022-11-03T20:26:10.344522"),
        ("generic", "default", "order.created", None, None, None),
    ],
)
async def test_events(
    provider: str, event: str, kind: str, deliveryid: str | None, subject: str | None, time: str | None
) -> None:
    outcome = await send(provider, sample(provider, event))
    (found,) = outcome.events
    assert found.type == f"{provider}.{kind}" if not kind.endswith(".") else found.type.startswith(f"{provider}.{kind}")
    assert deliveryid is None or found.deliveryid.startswith(deliveryid)
    assert (found.subject or "").startswith(subject or "") and bool(found.subject) is bool(subject)
    assert (found.time.isoformat() if found.time else "").startswith(time or "") and bool(found.time) is bool(time)
    assert found.source == found.provider == provider


@pytest.mark.parametrize(
    ("header", "status", "reason"),
    [
        ("sha256={}", 200, ""),
        (None, 403, "missing"),
        ("", 403, "missing"),
        ("{}", 403, "malformed"),
        ("sha256=", 403, "malformed"),
        ("sha256=AAAA", 403, "mismatch"),
        ("sha256={} ", 200, ""),
        ("sha512={}", 501, "algorithm"),
        ("sha1={}", 501, "algorithm"),
        ("foo={}", 501, "algorithm"),
    ],
)
async def test_typeform_statuses(header: str | None, status: int, reason: str) -> None:
    body = sample("typeform", "form_response").body
    right = base64.b64encode(hmac.new(b"s3cret", body, hashlib.sha256).digest()).decode()
    headers = {} if header is None else {"Typeform-Signature": header.format(right).strip()}
    outcome = await receive("typeform", {"secret": "s3cret"}, headers=headers, body=body)
    assert (outcome.status, outcome.reason) == (status, reason)
    assert outcome.accepted is (status == 200)
    if outcome.accepted:
        assert json.loads(outcome.body) == {"status": "accepted", "id": outcome.events[0].id}
    else:
        assert outcome.headers["content-type"] == "application/problem+json"
        assert json.loads(outcome.body)["type"].endswith(f":{reason}")
        assert right not in outcome.detail and b"s3cret" not in outcome.body


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
async def test_json_is_read_whatever_it_is_called(content_type: str | None) -> None:
    body = b'{"event_id": "1", "event_type": "form_response", "form_response": {"form_id": "a&b=c"}}'
    signed = base64.b64encode(hmac.new(b"key", body, hashlib.sha256).digest()).decode()
    headers = {"Typeform-Signature": f"sha256={signed}"}
    if content_type is not None:
        headers["Content-Type"] = content_type
    (event,) = (await receive("typeform", {"secret": "key"}, headers=headers, body=body)).events
    assert event.data == json.loads(body)


async def test_github_signs_the_form_and_not_the_json_in_it() -> None:
    request = sample("github", "push-form")
    wire = digest("key", request.body)
    headers = {name.decode(): value.decode() for name, value in request.headers}
    outcome = await receive(
        "github", {"secret": "key"}, headers={**headers, "X-Hub-Signature-256": f"sha256={wire}"}, body=request.body
    )
    (event,) = outcome.events
    assert event.data["repository"]["full_name"] == "Codertocat/Hello-World"
    inner = digest("key", request.form["payload"][0])
    outcome = await receive(
        "github", {"secret": "key"}, headers={**headers, "X-Hub-Signature-256": f"sha256={inner}"}, body=request.body
    )
    assert outcome.reason == "mismatch"


async def test_github_asks_for_sha256() -> None:
    """The older header, made with SHA-1, is sent beside it and proves nothing here."""
    request = sample("github", "push")
    legacy = {"X-Hub-Signature": f"sha1={digest('key', request.body, 'sha1')}"}
    assert (await receive("github", {"secret": "key"}, headers=legacy, body=request.body)).reason == "missing"
    renamed = {"X-Hub-Signature-256": legacy["X-Hub-Signature"]}
    assert (await receive("github", {"secret": "key"}, headers=renamed, body=request.body)).status == 501


def stripe_header(body: bytes, at: int, *secrets: str) -> dict[str, str]:
    signed = [f"v1={digest(secret, f'{at}.'.encode() + body)}" for secret in secrets]
    return {"Stripe-Signature": ",".join([f"t={at}", *signed, "v0=6ffbb59b2300aae63f272406069a9788598b792a"])}


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOW, ""), (NOW - 300, ""), (NOW - 301, "stale"), (NOW + 301, ""), (NOW + 10**7, "")],
)
async def test_stripe_looks_at_the_past_only(at: int, reason: str) -> None:
    body = sample("stripe", "invoice.paid").body
    outcome = await receive(
        "stripe", {"secret": "whsec_a"}, headers=stripe_header(body, at, "whsec_a"), body=body, now=NOW
    )
    assert outcome.reason == reason


async def test_stripe_takes_any_of_several_signatures() -> None:
    body = sample("stripe", "invoice.paid").body
    headers = stripe_header(body, NOW, "whsec_old", "whsec_new")
    for secret, status in [("whsec_old", 200), ("whsec_new", 200), ("whsec_other", 403)]:
        assert (await receive("stripe", {"secret": secret}, headers=headers, body=body, now=NOW)).status == status
    only_v0 = {"Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v2=")}
    assert (await receive("stripe", {"secret": "whsec_old"}, headers=only_v0, body=body, now=NOW)).status == 403


async def test_stripe_thin_events() -> None:
    body = (
        b'{"id":"evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0","object":"v2.core.event",'
        b'"type":"v1.billing.meter.error_report_triggered","livemode":false,"created":"2022-02-15T00:27:45.330Z",'
        b'"related_object":{"id":"mtr_123","type":"billing.meter","url":"/v1/billing/meters/mtr_123"}}'
    )
    headers = stripe_header(body, NOW, "whsec_a")
    (event,) = (await receive("stripe", {"secret": "whsec_a"}, headers=headers, body=body, now=NOW)).events
    assert (event.type, event.subject) == ("stripe.v1.billing.meter.error_report_triggered", "mtr_123")
    assert event.time == datetime(2022, 2, 15, 0, 27, 45, 330000, UTC)


def slack_headers(body: bytes, at: int = NOW, secret: str = "key") -> dict[str, str]:
    signature = f"v0={digest(secret, f'v0:{at}:'.encode() + body)}"
    return {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": str(at)}


async def test_slack_challenge_is_answered_after_it_was_verified() -> None:
    body = sample("slack", "url_verification").body
    outcome = await receive("slack", {"secret": "key"}, headers=slack_headers(body), body=body, now=NOW)
    assert (outcome.status, outcome.body, outcome.events) == (200, json.loads(body)["challenge"].encode(), ())
    assert outcome.headers["content-type"].startswith("text/plain")
    assert outcome.headers["x-content-type-options"] == "nosniff"
    forged = await receive("slack", {"secret": "key"}, headers=slack_headers(body, secret="x"), body=body, now=NOW)
    assert (forged.status, forged.reason) == (403, "mismatch")
    assert (await receive("slack", {"secret": "key"}, body=body, now=NOW)).reason == "missing"


@pytest.mark.parametrize(("at", "reason"), [(NOW - 301, "stale"), (NOW + 301, "stale"), (NOW - 299, "")])
async def test_slack_looks_both_ways(at: int, reason: str) -> None:
    body = sample("slack", "message").body
    outcome = await receive("slack", {"secret": "key"}, headers=slack_headers(body, at), body=body, now=NOW)
    assert outcome.reason == reason


@pytest.mark.parametrize("event", ["command", "block_actions"])
async def test_slack_shows_users_what_is_answered_so_nothing_is(event: str) -> None:
    outcome = await send("slack", sample("slack", event))
    assert (outcome.status, outcome.body, len(outcome.events)) == (200, b"", 1)


async def test_slack_certificate_probe_makes_no_event() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for method, url, body in [("GET", f"{URL}?ssl_check=1&token=x", b""), ("POST", URL, b"token=x&ssl_check=1")]:
        outcome = await receive("slack", {"secret": "key"}, method=method, url=url, headers=form, body=body, now=NOW)
        assert (outcome.status, outcome.events) == (200, ())
    assert (await receive("slack", {"secret": "key"}, headers=form, body=b"token=x", now=NOW)).status == 403


async def test_standard_webhooks_skips_versions_that_it_does_not_know() -> None:
    raw = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = sample("standard-webhooks", "contact.created").body
    message = f"msg_1.{NOW}.".encode() + body
    right = base64.b64encode(hmac.new(raw, message, hashlib.sha256).digest()).decode()
    for written, status in [(f"v2,AAAA v1,{right} v1,BBBB", 200), (f"v2,{right}", 403), (f"v1a,{right}", 403)]:
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": written}
        for secret in ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
            outcome = await receive("standard-webhooks", {"secret": secret}, headers=headers, body=body, now=NOW)
            assert outcome.status == status, written


GENERIC: list[tuple[dict[str, Any], dict[str, str], int]] = [
    ({"prefix": "sha1=", "algorithm": "sha1", "header": "X-Sig"}, {"X-Sig": "sha1={body:sha1}"}, 200),
    ({"encoding": "HEX"}, {"X-Signature": "{body:sha256:upper}"}, 200),
    ({"encoding": "hex"}, {"X-Signature": "{body:sha256:upper}"}, 403),
    (
        {"value": "t={timestamp},v1={hex}", "signed": "{timestamp}.{body}"},
        {"X-Signature": "t=1777636800,v1={dot}"},
        200,
    ),
    (
        {"value": "t={timestamp},v1={hex}", "signed": "{timestamp}.{body}"},
        {"X-Signature": "t=1777636801,v1={dot}"},
        403,
    ),
    ({"signed": "{timestamp}.{body}", "timestamp": "header.X-T"}, {"X-Signature": "{dot}", "X-T": "1777636800"}, 200),
    ({"signed": "{timestamp}.{body}", "timestamp": "header.X-T"}, {"X-Signature": "{dot}"}, 403),
    (
        {"signed": "{timestamp}.{body}", "timestamp": "header.X-T", "tolerance": 5},
        {"X-Signature": "{old}", "X-T": "1777636794"},
        403,
    ),
    ({"signed": "{id}.{body}", "id": "header.X-Id"}, {"X-Signature": "{named}", "X-Id": "a1"}, 200),
    ({"signed": "{id}.{body}", "id": "header.X-Id"}, {"X-Signature": "{named}", "X-Id": "a2"}, 403),
    ({"scheme": "token", "header": "X-Token"}, {"X-Token": "key"}, 200),
    ({"scheme": "token", "header": "X-Token"}, {"X-Token": "kez"}, 403),
    ({"scheme": "token", "at": "body.token"}, {}, 200),
    ({"scheme": "bearer"}, {"Authorization": "Bearer key"}, 200),
    ({"scheme": "bearer"}, {"Authorization": "Basic key"}, 403),
    ({"scheme": "basic", "username": "hub", "password": "pw"}, {"Authorization": "Basic aHViOnB3"}, 200),
    ({"scheme": "basic", "username": "hub", "password": "pw2"}, {"Authorization": "Basic aHViOnB3"}, 403),
]


@pytest.mark.parametrize(("options", "headers", "status"), GENERIC)
async def test_generic_schemes(options: dict[str, Any], headers: dict[str, str], status: int) -> None:
    body = b'{"event": {"type": "order.paid"}, "token": "key", "order": {"id": 7, "at": 1777636000}}'
    known = {
        "{body:sha1}": digest("key", body, "sha1"),
        "{body:sha256:upper}": digest("key", body).upper(),
        "{dot}": digest("key", f"{NOW}.".encode() + body),
        "{old}": digest("key", f"{NOW - 6}.".encode() + body),
        "{named}": digest("key", b"a1." + body),
    }
    for name, text in known.items():
        headers = {header: value.replace(name, text) for header, value in headers.items()}
    outcome = await receive(
        "generic",
        {"secret": "key", "type": "body.event.type", "subject": "body.order.id", "time": "body.order.at", **options},
        headers={"Content-Type": "application/json", **headers},
        body=body,
        now=NOW,
    )
    assert outcome.status == status, outcome.detail
    if status == 200:
        (event,) = outcome.events
        assert (event.type, event.subject) == ("generic.order.paid", "7")
        assert event.time == datetime.fromtimestamp(NOW - 800, UTC)
        assert "id" not in options or event.deliveryid == "a1"


@pytest.mark.parametrize("length", [512, 513, 60_000])
async def test_a_delivery_id_of_any_length(length: int) -> None:
    number, body = "1" * length, b'{"action": "opened"}'
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": number,
        "X-Hub-Signature-256": "sha256=" + digest("key", body),
    }
    outcome = await receive("github", {"secret": "key"}, headers=headers, body=body, now=NOW)
    (event,) = outcome.events
    hashed = "sha256:" + hashlib.sha256(number.encode()).hexdigest()
    assert event.deliveryid == (number if length == 512 else hashed)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('signed = "{bdy}"', "providers.generic.signed: value error, the template '{bdy}' has no value {bdy}"),
        ('value = "v1"', "providers.generic.value: value error, 'v1' needs one of {hex}"),
        ('type = "event.type"', "providers.generic.type: "),
        ('timestamp = "X-Timestamp"', "providers.generic.timestamp: "),
        ('scheme = "basic"', "password"),
    ],
)
def test_generic_says_what_is_wrong_in_its_table(tmp_path: Path, line: str, says: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[providers.generic]\nsecret = "key"\n{line}\n')
    with pytest.raises(ConfigError) as caught:
        load_config(config, {})
    assert says in str(caught.value)


@pytest.mark.parametrize("provider", ["typeform", "github", "stripe", "slack", "standard-webhooks", "generic"])
@pytest.mark.parametrize("secret", [None, "", []])
async def test_nothing_is_accepted_without_credentials(provider: str, secret: object) -> None:
    request = sample(provider, find_sample(provider, None, sample_folders(None)).event)
    options = {} if secret is None else {"secret": secret}
    outcome = await receive(provider, options, body=request.body, now=NOW)
    assert (outcome.status, outcome.reason) == (403, "unconfigured")

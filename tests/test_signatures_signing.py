"""What a scheme signs it accepts; what it signs, other people's implementations accept; and they are not fooled."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import slack_sdk.signature
import standardwebhooks
import stripe
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from signature_kit import MORE, SCHEMES

from hub import Refused, Request, body, header
from hub.signatures import ECDSA, HMAC, JWT, RSA, Custom, Ed25519, StandardWebhooks, Unsigned

NOW = datetime(2025, 10, 9, 8, 53, 20, 123456, UTC)
ITEM = {
    "pspReference": "7914073381342284",
    "amount": {"value": 1130, "currency": "EUR"},
    "merchantReference": "",
    "eventCode": "AUTHORISATION",
    "success": "true",
}
BODY = {
    "type": "order.created",
    "created": 1,
    "signature": {"timestamp": "1", "token": "abc"},
    "webhookTimestamp": 1,
    "notificationItems": [{"NotificationRequestItem": ITEM}, {"NotificationRequestItem": {**ITEM, "success": "false"}}],
    "value": [{"clientState": "?", "id": 1}, {"id": 2}],
}
JSON = Request.make(
    "POST",
    "https://hub.example.com/webhooks/x?a=1&data.id=AB12",
    {"Content-Type": "application/json"},
    json.dumps(BODY),
    NOW,
)
FORM = Request.make(
    "POST",
    "https://hub.example.com/webhooks/x",
    {"Content-Type": "application/x-www-form-urlencoded"},
    "payload=%7B%22a%22%3A1%7D&b=x+y&b=2&signature=",
    NOW,
)
FORMS = {"travis-ci", "twilio", "mandrill", "form-signature"}
ALL = {**SCHEMES, **MORE}
SIGNING = {name: scheme for name, scheme in ALL.items() if not isinstance(scheme, Custom)}


def sample(name: str) -> Request:
    return FORM if name in FORMS else JSON


def credentials(name: str) -> dict[str, Any]:
    """Fresh ones; a table by key id where the platform names its key."""
    fresh: dict[str, Any] = ALL[name].credentials()
    if name in ("worldpay", "klarna"):
        fresh = {option: {"key-1": value} for option, value in fresh.items()}
    return fresh


@pytest.mark.parametrize("name", SIGNING)
def test_what_is_signed_is_accepted(name: str) -> None:
    scheme, options = ALL[name], credentials(name)
    assert scheme.configured(options)
    signed = scheme.sign(sample(name), options)
    assert scheme.present(signed)
    scheme.verify(signed, options)
    assert signed.received == NOW


@pytest.mark.parametrize("name", SIGNING)
def test_with_other_credentials_it_is_refused(name: str) -> None:
    scheme, options = ALL[name], credentials(name)
    signed = scheme.sign(sample(name), options)
    with pytest.raises(Refused) as refusal:
        scheme.verify(signed, credentials(name))
    assert refusal.value.reason == "mismatch"


@pytest.mark.parametrize("name", SIGNING)
def test_two_fresh_credentials_differ(name: str) -> None:
    assert credentials(name) != credentials(name)


@pytest.mark.parametrize("name", SIGNING)
def test_no_refusal_and_no_repr_shows_a_credential(name: str) -> None:
    scheme, options = ALL[name], credentials(name)
    secrets = [str(options[option]) for option, one in scheme.options().items() if one.secret and option in options]
    signed = scheme.sign(sample(name), options)
    for request in (
        replace(signed, body=signed.body + b" "),
        replace(signed, received=NOW + timedelta(days=9)),
        JSON,
        FORM,
    ):
        try:
            scheme.verify(request, options)
        except Refused as refusal:
            said = f"{refusal} {refusal.text} {dict(refusal.evidence)} {refusal!r}"
            assert not any(secret in said for secret in secrets)
    assert not any(secret in repr(scheme) for secret in secrets)


ROTATING = [
    name
    for name in SIGNING
    if set(ALL[name].options()) & {"secret", "public_key", "jwks"} and name not in ("worldpay",)
]


@pytest.mark.parametrize("name", ROTATING)
def test_one_of_several_credentials_will_do(name: str) -> None:
    scheme, old, new = ALL[name], credentials(name), credentials(name)
    signed = scheme.sign(sample(name), old)
    both = {
        option: [new[option], value] if option in ("secret", "public_key", "jwks") else value
        for option, value in old.items()
    }
    scheme.verify(signed, both)
    with pytest.raises(Refused):
        scheme.verify(
            signed,
            {option: [value[0], value[0]] if isinstance(value, list) else value for option, value in both.items()},
        )


def headers_of(request: Request) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in request.headers}


def now_is(monkeypatch: pytest.MonkeyPatch, module: Any, moment: datetime) -> None:
    monkeypatch.setattr(module, "time", lambda: moment.timestamp())


def test_stripes_library_accepts_what_is_signed() -> None:
    request = replace(JSON, received=datetime.now(UTC))
    options = {"secret": "whsec_test_secret"}
    signed = SCHEMES["stripe"].sign(request, options)
    payload, signature = signed.text, headers_of(signed)["stripe-signature"]
    stripe.WebhookSignature.verify_header(payload, signature, options["secret"], 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(payload + " ", signature, options["secret"], 300)


def test_slacks_library_accepts_what_is_signed() -> None:
    request = replace(FORM, received=datetime.now(UTC))
    signed = SCHEMES["slack"].sign(request, {"secret": "8f742231b10e8888abcd99yyyzzz85a5"})
    verifier = slack_sdk.signature.SignatureVerifier("8f742231b10e8888abcd99yyyzzz85a5")
    assert verifier.is_valid_request(signed.body, headers_of(signed))
    assert not verifier.is_valid_request(signed.body + b" ", headers_of(signed))


def test_the_library_of_standard_webhooks_accepts_what_is_signed() -> None:
    request = replace(JSON, received=datetime.now(UTC))
    scheme = StandardWebhooks()
    options = scheme.credentials()
    signed = scheme.sign(request, options)
    library = standardwebhooks.Webhook(options["secret"])
    assert library.verify(signed.text, headers_of(signed)) == BODY
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        library.verify(signed.text + " ", headers_of(signed))


def test_what_the_library_of_standard_webhooks_signs_is_accepted() -> None:
    secret, now = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.now(UTC)
    signature = standardwebhooks.Webhook(secret).sign("msg_1", now, JSON.text)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v2,zzz v1a,AAAA v1,AAAA {signature}",
    }
    StandardWebhooks().verify(Request.make("POST", "https://h.example/", headers, JSON.body, now), {"secret": secret})


def test_standard_webhooks_keeps_the_messages_id() -> None:
    scheme = StandardWebhooks()
    signed = scheme.sign(JSON.with_header("webhook-id", "msg_mine"), scheme.credentials())
    assert signed.header("webhook-id") == "msg_mine"


@pytest.mark.parametrize("name", ["gong", "google-pubsub", "livekit", "monday", "plaid", "ed-jwt", "netlify"])
def test_pyjwt_accepts_what_is_signed(name: str) -> None:
    scheme, options = ALL[name], credentials(name)
    signed = scheme.sign(replace(JSON, received=datetime.now(UTC)), options)
    token = next(v for k, v in headers_of(signed).items() if k not in ("content-type",)).removeprefix("Bearer ")
    key = options[scheme.option]
    claims = jwt.decode(token, key, list(scheme.algorithms), options={"verify_aud": False})
    assert {"iat", "exp"} <= set(claims)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, credentials(name)[scheme.option], list(scheme.algorithms), options={"verify_aud": False})


def test_cryptography_accepts_what_is_signed() -> None:
    rsa, pss, ecdsa, ed = RSA("X"), RSA("X", padding="pss", hash="sha512"), ECDSA("X"), Ed25519("X")
    for scheme in (rsa, pss, ecdsa, ed):
        options = scheme.credentials()
        key: Any = load_pem_public_key(options["public_key"].encode())
        signature = base64.b64decode(scheme.sign(JSON, options).header("x") or "")
        how: dict[Any, tuple[Any, ...]] = {
            rsa: (padding.PKCS1v15(), hashes.SHA256()),
            pss: (padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()),
            ecdsa: (ec.ECDSA(hashes.SHA256()),),
            ed: (),
        }
        key.verify(signature, JSON.body, *how[scheme])
        with pytest.raises(InvalidSignature):
            key.verify(signature, JSON.body + b" ", *how[scheme])


def test_times_are_written_as_the_platform_writes_them() -> None:
    def written(clock: Any) -> str | None:
        scheme = HMAC("X", "{hex}", "{timestamp}.{body}", timestamp=header("X-Time"), clock=clock)
        return scheme.sign(JSON, {"secret": "s"}).header("x-time")

    assert written("s") == "1760000000"
    assert written("ms") == "1760000000123"
    assert written("iso") == "2025-10-09T08:53:20Z"
    assert written("http") == "Thu, 09 Oct 2025 08:53:20 GMT"


def test_a_key_may_be_made_by_a_function() -> None:
    def double(secret: str) -> bytes:
        return hashlib.sha1(secret.encode()).digest()

    expected = hmac.digest(double("s"), JSON.body, "sha256").hex()
    assert HMAC("X", key=double).sign(JSON, {"secret": "s"}).header("x") == expected


def test_a_key_may_be_made_of_several_options() -> None:
    def both(secret: str, *, client_id: str) -> bytes:
        return f"{client_id}&{secret}".encode()

    scheme = HMAC("Sm-Signature", "{base64}", hash="sha1", key=both)
    assert set(scheme.options()) == {"secret", "client_id"}
    assert not scheme.configured({"secret": "s"})
    options = {"secret": "s", "client_id": "c"}
    expected = base64.b64encode(hmac.digest(b"c&s", JSON.body, "sha1")).decode()
    assert scheme.sign(JSON, options).header("sm-signature") == expected
    scheme.verify(scheme.sign(JSON, options), options)
    with pytest.raises(Refused):
        scheme.verify(scheme.sign(JSON, options), {**options, "client_id": "d"})


def test_what_cannot_be_signed_says_so() -> None:
    with pytest.raises(Refused) as refusal:
        RSA("X").sign(JSON, {"public_key": RSA("X").credentials()["public_key"]})
    assert refusal.value.reason == "unconfigured"
    with pytest.raises(Refused) as refusal:
        JWT("X", algorithms=("RS256",)).sign(JSON, {"private_key": "nonsense"})
    assert refusal.value.reason == "unconfigured"
    with pytest.raises(Refused) as refusal:
        HMAC("X", signed="{header:X-None}{body}").sign(JSON, {"secret": "s"})
    assert refusal.value.reason == "missing"
    with pytest.raises(Refused) as refusal:
        Custom(lambda request, *, secret: None).sign(JSON, {"secret": "s"})
    assert refusal.value.reason == "unconfigured"
    assert Unsigned().sign(JSON, {}) == JSON


def test_a_custom_scheme_signs_with_its_signer() -> None:
    def check(request: Request, *, secret: str) -> None:
        if body("mark")(request) != secret:
            raise Refused("mismatch", "the mark is not the secret")

    def mark(request: Request, *, secret: str) -> Request:
        return body("mark").put(request, secret)

    scheme = Custom(check).signer(mark)
    options = scheme.credentials()
    scheme.verify(scheme.sign(JSON, options), options)
    with pytest.raises(Refused):
        scheme.verify(JSON, options)


def test_a_body_that_is_signed_inside_keeps_the_types_of_its_values() -> None:
    signed = SCHEMES["linear"].sign(JSON, {"secret": "s"})
    assert signed.json["webhookTimestamp"] == 1760000000123
    assert SCHEMES["mailgun"].sign(JSON, {"secret": "s"}).json["signature"]["timestamp"] == "1760000000"

"""Platforms as schemes, each as its page shows it; and schemes that no platform of these has."""

import base64
import json
from typing import Any

from hub import Request, body, form, header, items, query
from hub.signatures import (
    ECDSA,
    HMAC,
    JWT,
    RSA,
    AllOf,
    Basic,
    Bearer,
    Configured,
    Custom,
    Each,
    Ed25519,
    Hash,
    OneOf,
    StandardWebhooks,
    Token,
    Unsigned,
)

ADYEN = ":".join(
    f"[{{body:{path}}}]"
    for path in (
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "amount.value",
        "amount.currency",
        "eventCode",
        "success",
    )
)


def contentful(request: Request, *, timestamp: str) -> str | None:
    """Its canonical form names the headers that are signed."""
    names = (request.header("x-contentful-signed-headers") or "").split(",")
    values = [(name, request.header(name)) for name in names]
    if any(value is None for _, value in values):
        return None
    headers = ";".join(f"{name.lower().strip()}:{(value or '').strip()}" for name, value in values)
    return f"{request.method}\n{request.path}\n{headers}\n{request.text}"


def any_header(*, header: str = "X-Hub-Token") -> Token:
    """The header is the user's own."""
    return Token(header)


def hubspot(header_value: str) -> dict[str, Any]:
    return {"require": {"X-HubSpot-Signature-Version": header_value}}


class EbayField:
    """A field of eBay's header, which is base64 of JSON."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fields(self, request: Request) -> dict[str, Any]:
        try:
            found = json.loads(base64.b64decode(request.header("x-ebay-signature") or ""))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def __call__(self, request: Request) -> Any:
        return self.fields(request).get(self.name)

    def put(self, request: Request, value: object) -> Request:
        fields = {"alg": "ecdsa", "digest": "SHA1", **self.fields(request), self.name: value}
        return request.with_header("x-ebay-signature", base64.b64encode(json.dumps(fields).encode()).decode())


def strava(request: Request, *, secret: str) -> bool:
    return str(body("subscription_id")(request)) == secret


SCHEMES: dict[str, Any] = {
    "adyen": OneOf(
        platform=HMAC("HmacSignature", "{base64}", key="hex"),
        item=Each(
            items("notificationItems[].NotificationRequestItem"),
            HMAC(body("additionalData.hmacSignature"), "{base64}", ADYEN, key="hex"),
        ),
    ),
    "agora": HMAC("Agora-Signature-V2"),
    "airtable": HMAC("X-Airtable-Content-MAC", "hmac-sha256={hex}", key="base64"),
    "authorizenet": HMAC("X-ANET-Signature", "sha512={HEX}", hash="sha512"),
    "auth0": Token("Authorization"),
    "bill": HMAC("x-bill-sha-signature", "{base64}", ("{body|minified}", "{body}")),
    "bitbucket-cloud": HMAC("X-Hub-Signature", "sha256={hex}"),
    "box": HMAC(
        "BOX-SIGNATURE-PRIMARY",
        "{base64}",
        "{body}{timestamp}",
        also=("BOX-SIGNATURE-SECONDARY",),
        option=("secret", "secondary_key"),
        timestamp=header("BOX-DELIVERY-TIMESTAMP"),
        clock="iso",
        ahead=0,
        tolerance=600,
        require={"BOX-SIGNATURE-VERSION": "1", "BOX-SIGNATURE-ALGORITHM": "HmacSHA256"},
    ),
    "chargebee": Basic(),
    "checkout": AllOf(HMAC("Cko-Signature"), Token("Authorization", option="authorization")),
    "circleci": HMAC("circleci-signature", "v1={hex}"),
    "contentful": HMAC(
        "x-contentful-signature",
        "{hex}",
        contentful,
        timestamp=header("x-contentful-timestamp"),
        clock="ms",
        tolerance=30,
        covers="all",
        defaults={
            "x-contentful-signed-headers": "content-type,x-contentful-signed-headers,x-contentful-timestamp",
            "content-type": "application/json",
        },
    ),
    "daily": HMAC(
        "X-Webhook-Signature",
        "{base64}",
        "{timestamp}.{body}",
        timestamp=header("X-Webhook-Timestamp"),
        key="base64",
    ),
    "datadog": Configured(any_header),
    "discord": Ed25519(
        "X-Signature-Ed25519", "{hex}", "{timestamp}{body}", timestamp=header("X-Signature-Timestamp"), tolerance=None
    ),
    "dlocal": HMAC(
        "Authorization",
        "V2-HMAC-SHA256, Signature: {hex}",
        "{option:x_login}{timestamp}{body}",
        timestamp=header("X-Date"),
        clock="iso",
        require={"X-Login": "{option:x_login}"},
    ),
    "docusign": HMAC("X-DocuSign-Signature-1", "{base64}", also=("X-DocuSign-Signature-2", "X-DocuSign-Signature-3")),
    "ebay": ECDSA(EbayField("signature"), hash="sha1", option="public_keys", keyid=EbayField("kid")),
    "elevenlabs": HMAC("ElevenLabs-Signature", "t={timestamp},v0={hex}", "{timestamp}.{body}", tolerance=1800),
    "fal": Ed25519(
        "X-Fal-Webhook-Signature",
        "{hex}",
        "{id}\n{header:X-Fal-Webhook-User-Id}\n{timestamp}\n{body|sha256|hex}",
        id=header("X-Fal-Webhook-Request-Id"),
        timestamp=header("X-Fal-Webhook-Timestamp"),
        option="jwks",
        fetch="https://rest.fal.ai/.well-known/jwks.json",
        defaults={"X-Fal-Webhook-User-Id": "user"},
    ),
    "figma": Token(body("passcode")),
    "front": OneOf(
        app=HMAC(
            "X-Front-Signature",
            "{base64}",
            "{timestamp}:{body}",
            timestamp=header("X-Front-Request-Timestamp"),
            clock="ms",
        ),
        rule=HMAC("X-Front-Signature", "{base64}", hash="sha1"),
    ),
    "ghost": HMAC("X-Ghost-Signature", "sha256={hex}, t={timestamp}", ("{body}{timestamp}", "{body}"), clock="ms"),
    "github": HMAC("X-Hub-Signature-256", "sha256={hex}"),
    "gitlab": OneOf(signed=StandardWebhooks(), token=Token("X-Gitlab-Token")),
    "gocardless": HMAC("Webhook-Signature"),
    "gong": JWT(
        "Authorization",
        algorithms=("RS256",),
        claims={"webhook_url": "{url}", "body_sha256": "{body|sha256|hex}"},
    ),
    "google-pubsub": JWT(
        "Authorization",
        "Bearer {token}",
        algorithms=("RS256",),
        fetch="https://www.googleapis.com/oauth2/v3/certs",
        claims={
            "aud": "{option:audience}",
            "email": "{option:email}",
            "email_verified": "True",
            "iss": ("https://accounts.google.com", "accounts.google.com"),
        },
    ),
    "gumroad": Token(query("token")),
    "hubspot": OneOf(
        v3=HMAC(
            "X-HubSpot-Signature-v3",
            "{base64}",
            "{method}{url}{body}{timestamp}",
            timestamp=header("X-HubSpot-Request-Timestamp"),
            clock="ms",
        ),
        v2=Hash("X-HubSpot-Signature", "{hex}", "{secret}{method}{url}{body}", **hubspot("v2")),
        v1=Hash("X-HubSpot-Signature", "{hex}", "{secret}{body}", **hubspot("v1")),
    ),
    "increase": StandardWebhooks(key="text"),
    "intercom": HMAC("X-Hub-Signature", "sha1={hex}", hash="sha1"),
    "klarna": HMAC("Klarna-Signature", keyid=header("Klarna-Signing-Key-Id"), option="signing_keys"),
    "lago": OneOf(
        jwt=JWT(
            "X-Lago-Signature",
            algorithms=("RS256",),
            claims={"data": "{body}", "iss": "{option:issuer}"},
            require={"X-Lago-Signature-Algorithm": "jwt"},
        ),
        hmac=HMAC("X-Lago-Signature", "{base64}", require={"X-Lago-Signature-Algorithm": "hmac"}),
    ),
    "line": HMAC("x-line-signature", "{base64}"),
    "linear": HMAC("Linear-Signature", timestamp=body("webhookTimestamp"), clock="ms", tolerance=60),
    "linkedin": HMAC("X-LI-Signature", "{hex}", "hmacsha256={body}"),
    "livekit": JWT(
        "Authorization",
        algorithms=("HS256",),
        claims={"iss": "{option:api_key}", "sha256": "{body|sha256|base64}"},
    ),
    "mailgun": HMAC(
        body("signature.signature"),
        "{hex}",
        "{timestamp}{nonce}",
        timestamp=body("signature.timestamp"),
        nonce=body("signature.token"),
    ),
    "mandrill": HMAC("X-Mandrill-Signature", "{base64}", "{url}{params}", hash="sha1"),
    "marqeta": AllOf(Basic(), HMAC("X-Marqeta-Signature")),
    "mercadopago": HMAC(
        "x-signature",
        "ts={timestamp},v1={hex}",
        (
            "[id:{query:data.id|lower};][request-id:{header:x-request-id};]ts:{timestamp};",
            "[id:{query:data.id};][request-id:{header:x-request-id};]ts:{timestamp};",
        ),
    ),
    "messagebird": JWT(
        "MessageBird-Signature-JWT",
        algorithms=("HS256",),
        claims={"url_hash": "{url|sha256|hex}", "payload_hash": "[{body|sha256|hex}]", "iss": "MessageBird"},
    ),
    "meta": HMAC("X-Hub-Signature-256", "sha256={hex}"),
    "microsoft-graph": Each(items("value[]"), Token(body("clientState"))),
    "microsoft-teams": HMAC("Authorization", "HMAC {base64}", key="base64"),
    "mollie": OneOf(next=HMAC("X-Mollie-Signature", "sha256={hex}"), classic=Unsigned()),
    "monday": JWT("Authorization", algorithms=("HS256",), claims={"aud": "{option:audience}"}),
    "mux": HMAC("Mux-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}"),
    "netlify": JWT(
        "X-Webhook-Signature", algorithms=("HS256",), claims={"iss": "netlify", "sha256": "{body|sha256|hex}"}
    ),
    "notion": HMAC("X-Notion-Signature", "sha256={hex}", learned=True),
    "orb": HMAC(
        "X-Orb-Signature", "v1={hex}", "v1:{timestamp}:{body}", timestamp=header("X-Orb-Timestamp"), clock="iso"
    ),
    "paddle": HMAC("Paddle-Signature", "ts={timestamp};h1={hex}", "{timestamp}:{body}", tolerance=5),
    "pagbank": Hash("x-authenticity-token", "{hex}", "{secret}-{body}"),
    "pagerduty": HMAC("X-PagerDuty-Signature", "v1={hex}"),
    "patreon": HMAC("X-Patreon-Signature", hash="md5"),
    "paypal": RSA(
        "Paypal-Transmission-Sig",
        "{base64}",
        "{id}|{timestamp}|{option:webhook_id}|{body|crc32}",
        id=header("Paypal-Transmission-Id"),
        timestamp=header("Paypal-Transmission-Time"),
        clock="iso",
        tolerance=None,
        option="certificate",
        require={"Paypal-Auth-Algo": "SHA256withRSA"},
    ),
    "persona": HMAC("Persona-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}"),
    "plaid": JWT(
        "Plaid-Verification",
        algorithms=("ES256",),
        claims={"request_body_sha256": "{body|sha256|hex}"},
        option="jwks",
        tolerance=300,
    ),
    "plivo-v2": HMAC(
        "X-Plivo-Signature-V2", "{base64}", "{url|no-query}{nonce}", nonce=header("X-Plivo-Signature-V2-Nonce")
    ),
    "polar": StandardWebhooks(key=("text", "whsec")),
    "pusher": HMAC("X-Pusher-Signature", require={"X-Pusher-Key": "{option:key}"}),
    "replicate": StandardWebhooks(),
    "resend": StandardWebhooks("svix"),
    "retell": HMAC("X-Retell-Signature", "v={timestamp},d={hex}", "{body}{timestamp}", clock="ms"),
    "revenuecat": Token("Authorization"),
    "sanity": HMAC("sanity-webhook-signature", "t={timestamp},v1={base64url}", "{timestamp}.{body}", clock="ms"),
    "sendgrid": ECDSA(
        "X-Twilio-Email-Event-Webhook-Signature",
        "{base64}",
        "{timestamp}{body}",
        timestamp=header("X-Twilio-Email-Event-Webhook-Timestamp"),
    ),
    "shipstation": RSA(
        "x-shipengine-rsa-sha256-signature",
        "{base64}",
        "{timestamp}.{body}",
        timestamp=header("x-shipengine-timestamp"),
        clock="iso",
        option="jwks",
        keyid=header("x-shipengine-rsa-sha256-key-id"),
    ),
    "shopify": HMAC("X-Shopify-Hmac-Sha256", "{base64}"),
    "sinch": HMAC(
        "x-sinch-webhook-signature",
        "{base64}",
        "{body}.{nonce}.{timestamp}",
        nonce=header("x-sinch-webhook-signature-nonce"),
        timestamp=header("x-sinch-webhook-signature-timestamp"),
        require={"x-sinch-webhook-signature-algorithm": "HmacSHA256"},
    ),
    "sinch-voice": HMAC(
        "Authorization",
        "Service {keyid}:{base64}",
        "{method}\n{body|md5|base64}\n{header:content-type}\nx-timestamp:{timestamp}\n{path}",
        timestamp=header("x-timestamp"),
        clock="iso",
        tolerance=None,
        key="base64",
        defaults={"content-type": "application/json"},
    ),
    "slack": HMAC(
        "X-Slack-Signature", "v0={hex}", "v0:{timestamp}:{body}", timestamp=header("X-Slack-Request-Timestamp")
    ),
    "square": HMAC("x-square-hmacsha256-signature", "{base64}", "{url}{body}"),
    "squarespace": HMAC("Squarespace-Signature", "{HEX}", key="hex"),
    "standard-webhooks": StandardWebhooks(),
    "strava": Custom(strava, covers="part"),
    "stripe": HMAC("Stripe-Signature", "t={timestamp},v1={hex}", "{timestamp}.{body}", ahead=float("inf")),
    "supabase": StandardWebhooks(),
    "svix": StandardWebhooks("svix"),
    "telegram": Token("X-Telegram-Bot-Api-Secret-Token"),
    "telnyx": Ed25519(
        "telnyx-signature-ed25519", "{base64}", "{timestamp}|{body}", timestamp=header("telnyx-timestamp")
    ),
    "travis-ci": RSA("Signature", "{base64}", "{form:payload}", hash="sha1"),
    "trello": HMAC("X-Trello-Webhook", "{base64}", "{body}{url}", hash="sha1"),
    "twilio": HMAC("X-Twilio-Signature", "{base64}", "{url}{params}", hash="sha1"),
    "twitch": HMAC(
        "Twitch-Eventsub-Message-Signature",
        "sha256={hex}",
        "{id}{timestamp}{body}",
        id=header("Twitch-Eventsub-Message-Id"),
        timestamp=header("Twitch-Eventsub-Message-Timestamp"),
        clock="iso",
        tolerance=600,
    ),
    "typeform": HMAC("Typeform-Signature", "sha256={base64}"),
    "webflow": HMAC(
        "X-Webflow-Signature", "{hex}", "{timestamp}:{body}", timestamp=header("X-Webflow-Timestamp"), clock="ms"
    ),
    "wise": OneOf(
        sha256=RSA("X-Signature-SHA256"),
        sha1=RSA("X-Signature", hash="sha1"),
    ),
    "wix": JWT("{body}", algorithms=("RS256",)),
    "worldpay": HMAC("Event-Signature", "{keyid}/SHA256/{hex}"),
    "zendesk": HMAC(
        "X-Zendesk-Webhook-Signature",
        "{base64}",
        "{timestamp}{body}",
        timestamp=header("X-Zendesk-Webhook-Signature-Timestamp"),
        clock="iso",
    ),
    "zulip": Token(body("token")),
}

MORE: dict[str, Any] = {
    "bearer": Bearer(),
    "form-signature": HMAC(form("signature"), "{hex}", "{form:payload}"),
    "query-signature": HMAC(query("sig"), "{hex}", "{timestamp}.{body}", timestamp=query("t")),
    "recurly": HMAC("recurly-signature", "{timestamp},{hex}...", "{timestamp}.{body}", clock="ms"),
    "pss": RSA("X-Signature", padding="pss", salt=32, hash="sha512"),
    "raw-ecdsa": ECDSA("X-Signature", "{base64url}", raw=True),
    "http-clock": HMAC("X-Signature", "{hex}", "{timestamp}\n{body}", timestamp=header("Date"), clock="http"),
    "ed-jwt": JWT("X-Token", algorithms=("EdDSA",), claims={"body": "{body|sha512|base64}"}),
}

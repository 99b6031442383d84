"""Official SDKs in Python that verify what the hub signed: by provider, the package and a check."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

Check = Callable[["R"], object]


@dataclass
class R:
    """A request as SDKs want it; headers by lower-case names."""

    options: dict[str, Any]
    method: str
    url: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> str:
        return self.raw.decode()

    @property
    def secret(self) -> str:
        return self.options["secret"]

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))

    def shown(self, *names: str) -> dict[str, str]:
        """Headers spelled as an SDK looks for them."""
        return {name: self.headers[name.lower()] for name in names}


def standard(r: R) -> object:
    from standardwebhooks.webhooks import Webhook

    return Webhook(r.secret).verify(r.raw, _standard_names(r))


def svix(r: R) -> object:
    from svix.webhooks import Webhook

    return Webhook(r.secret).verify(r.raw, _standard_names(r))


def _standard_names(r: R) -> dict[str, str]:
    return {name.replace("svix-", "webhook-"): value for name, value in r.headers.items()}


def increase(r: R) -> object:
    from increase import Increase

    headers = {name: r.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    return Increase(api_key="x", webhook_secret=r.secret).events.unwrap(r.body, headers=headers)


def lithic(r: R) -> object:
    from lithic import Lithic

    Lithic(api_key="x").webhooks.verify_signature(r.raw, r.headers, secret=r.secret)
    return True


def orb(r: R) -> object:
    from orb import Orb

    Orb(api_key="x").webhooks.verify_signature(r.raw, r.headers, secret=r.secret)
    return True


def moderntreasury(r: R) -> object:
    from modern_treasury import ModernTreasury

    client = ModernTreasury(organization_id="x", api_key="x")
    return client.webhooks.validate_signature(r.body, r.headers, key=r.secret)


def stripe(r: R) -> object:
    from stripe import Webhook

    return Webhook.construct_event(r.raw, r.headers["stripe-signature"], r.secret)


def slack(r: R) -> object:
    from slack_sdk.signature import SignatureVerifier

    return SignatureVerifier(r.secret).is_valid_request(r.raw, r.headers)


def github(r: R) -> object:
    from gidgethub.sansio import validate_event

    validate_event(r.raw, signature=r.headers["x-hub-signature-256"], secret=r.secret)
    return True


def discord(r: R) -> object:
    from discord_interactions import verify_key

    return verify_key(r.raw, r.headers["x-signature-ed25519"], r.headers["x-signature-timestamp"], _raw_key(r).hex())


def telnyx(r: R) -> object:
    from base64 import b64encode

    from telnyx.lib.webhook_verification import verify_webhook_signature

    verify_webhook_signature(r.body, r.headers, b64encode(_raw_key(r)).decode())
    return True


def _raw_key(r: R) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    return load_pem_public_key(r.options["public_key"].encode()).public_bytes(Encoding.Raw, PublicFormat.Raw)


def sendgrid(r: R) -> object:
    from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

    key = "".join(r.options["public_key"].splitlines()[1:-1])
    signature, time = (r.headers[name.lower()] for name in (EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP))
    return EventWebhook(key).verify_signature(r.body, signature, time)


def twilio(r: R) -> object:
    from twilio.request_validator import RequestValidator, get_signature_algorithm

    algorithm = get_signature_algorithm(r.headers.get("x-twilio-webhooks-signature-settings", ""))
    fields = r.form if "form" in r.headers.get("content-type", "") else r.body
    signature = r.headers["x-twilio-signature"]
    return RequestValidator(r.secret).validate(r.url, fields, signature, algorithm)


def plivo(r: R) -> object:
    from plivo.utils.signature_v3 import validate_v3_signature

    nonce, signature = r.headers["x-plivo-signature-v3-nonce"], r.headers["x-plivo-signature-v3"]
    return validate_v3_signature(r.method, r.url, nonce, r.secret, signature, r.form)


def plivo_v2(r: R) -> object:
    from plivo.utils import validate_signature

    nonce, signature = r.headers["x-plivo-signature-v2-nonce"], r.headers["x-plivo-signature-v2"]
    return validate_signature(r.url, nonce, signature, r.secret)


def messagebird(r: R) -> object:
    from messagebird.request_validator import RequestValidator

    return RequestValidator(r.secret).validate_signature(r.headers["messagebird-signature-jwt"], r.url, r.raw)


def messagebird_legacy(r: R) -> object:
    from messagebird.signed_request import SignedRequest

    fields = {name: values[0] for name, values in parse_qs(urlsplit(r.url).query).items()}
    time = r.headers["messagebird-request-timestamp"]
    return SignedRequest(r.headers["messagebird-signature"], time, r.body, fields).verify(r.secret)


def vonage(r: R) -> object:
    from vonage_jwt.verify_jwt import verify_signature

    return verify_signature(r.headers["authorization"].removeprefix("Bearer "), r.secret)


def square(r: R) -> object:
    from square.utils.webhooks_helper import verify_signature

    signature = r.headers["x-square-hmacsha256-signature"]
    return verify_signature(
        request_body=r.body, signature_header=signature, signature_key=r.secret, notification_url=r.url
    )


def adyen(r: R) -> object:
    from Adyen.util import is_valid_hmac_notification, is_valid_hmac_payload

    if "hmacsignature" in r.headers:
        return is_valid_hmac_payload(r.headers["hmacsignature"], r.secret, r.raw)
    found = json.loads(r.body)["notificationItems"]
    return all(is_valid_hmac_notification(one["NotificationRequestItem"], r.secret) for one in found)


def braintree(r: R) -> object:
    from braintree import BraintreeGateway, Configuration, Environment

    fields = r.form
    public = fields["bt_signature"].partition("|")[0]
    settings = Configuration(Environment.Sandbox, "x", public, r.options["private_key"])
    return BraintreeGateway(settings).webhook_notification.parse(fields["bt_signature"], fields["bt_payload"])


def line(r: R) -> object:
    from linebot.v3.webhook import SignatureValidator

    return SignatureValidator(r.secret).validate(r.body, r.headers["x-line-signature"])


def razorpay(r: R) -> object:
    from razorpay import Utility

    return Utility().verify_webhook_signature(r.body, r.headers["x-razorpay-signature"], r.secret)


def livekit(r: R) -> object:
    from livekit.api import TokenVerifier, WebhookReceiver

    return WebhookReceiver(TokenVerifier(r.options["api_key"], r.secret)).receive(r.body, r.headers["authorization"])


def pusher(r: R) -> object:
    from pusher import Pusher

    client = Pusher(app_id="1", key=r.options["key"], secret=r.secret, cluster="eu")
    return client.validate_webhook(r.headers["x-pusher-key"], r.headers["x-pusher-signature"], r.body) is not None


def mercadopago(r: R) -> object:
    from mercadopago.webhook.validator import WebhookSignatureValidator

    data_id = parse_qs(urlsplit(r.url).query)["data.id"][0].lower()
    WebhookSignatureValidator.validate(r.headers["x-signature"], r.headers.get("x-request-id"), data_id, r.secret)
    return True


def apple(r: R) -> object:
    from appstoreserverlibrary.models.Environment import Environment
    from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier

    root = b64decode("".join(r.options["root_certificates"].split("-----")[2].split()))
    verifier = SignedDataVerifier([root], False, Environment.SANDBOX, r.options["bundle_id"])
    return verifier.verify_and_decode_notification(json.loads(r.body)["signedPayload"])


def paddle(r: R) -> object:
    from paddle_billing.Notifications import Secret, Verifier

    request = SimpleNamespace(headers=r.shown("Paddle-Signature"), body=r.raw)
    return Verifier(60).verify(request, Secret(r.secret))


def hubspot(r: R) -> object:
    from hubspot.utils.signature import Signature

    if r.method == "GET":
        raise KeyError("the URL has to be decoded before the library gets it")
    signature = r.headers.get("x-hubspot-signature-v3") or r.headers["x-hubspot-signature"]
    version = "v3" if "x-hubspot-signature-v3" in r.headers else r.headers["x-hubspot-signature-version"]
    time = r.headers.get("x-hubspot-request-timestamp")
    return Signature.is_valid(signature, r.secret, r.body, r.url, r.method, version, time)


def coinbase_commerce(r: R) -> object:
    from coinbase_commerce.webhook import Webhook

    return Webhook.construct_event(r.body, r.headers["x-cc-webhook-signature"], r.secret)


def retell(r: R) -> object:
    from retell.lib.webhook_auth import verify

    return verify(r.body, r.secret, r.headers["x-retell-signature"])


def easypost(r: R) -> object:
    from easypost.util import validate_webhook

    return validate_webhook(r.raw, r.shown("X-Hmac-Signature"), r.secret)


def elevenlabs(r: R) -> object:
    from elevenlabs import ElevenLabs

    return ElevenLabs(api_key="x").webhooks.construct_event(r.body, r.headers["elevenlabs-signature"], r.secret)


def dropbox_sign(r: R) -> object:
    from dropbox_sign import EventCallbackHelper, EventCallbackRequest

    found = re.search(r'name="json"\r\n\r\n(.*?)\r\n--', r.body, re.DOTALL)
    return EventCallbackHelper.is_valid(r.secret, EventCallbackRequest.init(json.loads(found[1] if found else "")))


def stream(r: R) -> object:
    from stream_chat.webhook import verify_and_parse_webhook

    return verify_and_parse_webhook(r.raw, r.headers["x-signature"], r.secret)


def gocardless(r: R) -> object:
    from gocardless_pro.webhooks import parse

    return parse(r.body, r.secret, r.headers["webhook-signature"]) is not None


def wechat(r: R) -> object:
    from wechatpy.crypto import WeChatCrypto
    from wechatpy.utils import check_signature

    query = {name: values[0] for name, values in parse_qs(urlsplit(r.url).query).items()}
    if "msg_signature" not in query:
        check_signature(r.secret, query["signature"], query["timestamp"], query["nonce"])
        return True
    crypto = WeChatCrypto(r.secret, r.options["encoding_aes_key"], "development")
    return crypto.decrypt_message(r.body, query["msg_signature"], query["timestamp"], query["nonce"])


def box(r: R) -> object:
    from box_sdk_gen.managers.webhooks import WebhooksManager

    second = r.options.get("secondary_key")
    return WebhooksManager.validate_message(r.body, r.headers, r.secret, secondary_key=second)


def onfido(r: R) -> object:
    from onfido import WebhookEventVerifier

    return WebhookEventVerifier(r.secret).read_payload(r.body, r.headers["x-sha2-signature"])


def viber(r: R) -> object:
    from viberbot import Api, BotConfiguration

    api = Api(BotConfiguration(r.secret, "x", "https://x.example"))
    return api.verify_signature(r.raw, r.headers["x-viber-content-signature"])


def google(r: R) -> object:
    """The tokens of Google's service accounts, with their keys by id as Google shows them."""
    from google.auth.jwt import decode

    token = r.headers["authorization"].removeprefix("Bearer ")
    return decode(token, certs=r.options["jwks"].encode(), audience=r.options["audience"])


ACCEPTS: dict[str, tuple[str, Check]] = {
    "adyen": ("Adyen", adyen),
    "apple-app-store": ("app-store-server-library", apple),
    "box": ("boxsdk", box),
    "braintree": ("braintree", braintree),
    "coinbase-commerce": ("coinbase-commerce", coinbase_commerce),
    "discord": ("discord-interactions", discord),
    "dropbox-sign": ("dropbox-sign", dropbox_sign),
    "easypost": ("easypost", easypost),
    "elevenlabs": ("elevenlabs", elevenlabs),
    "github": ("gidgethub", github),
    "gocardless": ("gocardless-pro", gocardless),
    "google-chat": ("google-auth", google),
    "google-play-rtdn": ("google-auth", google),
    "google-pubsub": ("google-auth", google),
    "hubspot": ("hubspot-api-client", hubspot),
    "increase": ("increase", increase),
    "line": ("line-bot-sdk", line),
    "lithic": ("lithic", lithic),
    "livekit": ("livekit-api", livekit),
    "mercadopago": ("mercadopago", mercadopago),
    "messagebird": ("messagebird", messagebird),
    "messagebird-legacy": ("messagebird", messagebird_legacy),
    "moderntreasury": ("modern-treasury", moderntreasury),
    "onfido": ("onfido-python", onfido),
    "orb": ("orb-billing", orb),
    "paddle": ("paddle-python-sdk", paddle),
    "plivo": ("plivo", plivo),
    "plivo-v2": ("plivo", plivo_v2),
    "pusher": ("pusher", pusher),
    "razorpay": ("razorpay", razorpay),
    "retell": ("retell-sdk", retell),
    "sendgrid": ("sendgrid", sendgrid),
    "slack": ("slack-sdk", slack),
    "square": ("squareup", square),
    "stream": ("stream-chat", stream),
    "stripe": ("stripe", stripe),
    "telnyx": ("telnyx", telnyx),
    "twilio": ("twilio", twilio),
    "viber": ("viberbot", viber),
    "vonage": ("vonage-jwt", vonage),
    "wechat": ("wechatpy", wechat),
}


def check_of(provider: str, r: R) -> tuple[str, Check] | None:
    """The package that verifies a request; the reference libraries where it is a Standard Webhook."""
    if provider in ACCEPTS:
        return ACCEPTS[provider]
    if str(r.options.get("secret")).startswith("whsec_"):
        return ("svix", svix) if "svix-id" in r.headers else ("standardwebhooks", standard)
    return None

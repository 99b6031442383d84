"""Official SDKs in Python that sign: by provider, the package and a function.

A function gets a sample as the hub signed it, and gives it back with the library's proof, or None where it has another
mode.
"""

import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from accepts import R

NOW = int(time.time())
ISO = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
Sign = Callable[[R], "R | None"]


def given(r: R, options: dict[str, Any] | None = None, **headers: str) -> R:
    """The request with other headers (`X_Y` for `x-y`) and options."""
    named = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    return replace(r, headers={**r.headers, **named}, options={**r.options, **(options or {})})


def stripe(r: R) -> R:
    from stripe import WebhookSignature

    return given(r, stripe_signature=WebhookSignature.generate_signature_header(r.body, r.secret, NOW))


def slack(r: R) -> R:
    from slack_sdk.signature import SignatureVerifier

    signature = SignatureVerifier(r.secret).generate_signature(timestamp=str(NOW), body=r.raw)
    return given(r, x_slack_request_timestamp=str(NOW), x_slack_signature=signature or "")


def standard(r: R) -> R | None:
    from standardwebhooks.webhooks import Webhook

    if not str(r.options.get("secret")).startswith("whsec_"):
        return None
    kind = "svix" if "svix-id" in r.headers else "webhook"
    signature = Webhook(r.secret).sign("msg_2a", datetime.fromtimestamp(NOW, UTC), r.body)
    return given(r, None, **{f"{kind}-id": "msg_2a", f"{kind}-timestamp": str(NOW), f"{kind}-signature": signature})


def twilio(r: R) -> R | None:
    from twilio.request_validator import RequestValidator, get_signature_algorithm

    if "x-twilio-signature" not in r.headers:
        return None
    algorithm = get_signature_algorithm(r.headers.get("x-twilio-webhooks-signature-settings", ""))
    fields = r.form if "form" in r.headers.get("content-type", "") else {}
    return given(r, x_twilio_signature=RequestValidator(r.secret).compute_signature(r.url, fields, algorithm))


def hubspot(r: R) -> R | None:
    from hubspot.utils.signature import Signature

    if r.method == "GET":  # whose URL has to be decoded before the library gets it
        return None
    if "x-hubspot-signature-v3" in r.headers:
        time = str(NOW * 1000)
        signature = Signature.get_signature(r.secret, r.body, "v3", r.url, r.method, time)
        return given(r, x_hubspot_signature_v3=signature, x_hubspot_request_timestamp=time)
    version = r.headers["x-hubspot-signature-version"]
    signature = Signature.get_signature(r.secret, r.body, version, r.url, r.method)
    return given(r, x_hubspot_signature=signature)


def plivo(r: R) -> R:
    from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

    text = construct_post_url(r.url, r.form).decode()
    signature = get_signature_v3(r.secret.encode(), text, b"nonce").decode()
    return given(r, x_plivo_signature_v3=signature, x_plivo_signature_v3_nonce="nonce")


def retell(r: R) -> R:
    from retell.lib.webhook_auth import symmetric

    return given(r, x_retell_signature=symmetric["sign"](r.body, r.secret, NOW * 1000))


def adyen(r: R) -> R | None:
    """A batch of two, each signed; the user name and the password besides."""
    from Adyen.util import generate_notification_sig, generate_payload_sig
    from requests.auth import _basic_auth_str

    authorization = _basic_auth_str(r.options["username"], r.options["password"])
    found = json.loads(r.body)
    if "notificationItems" not in found:
        signature = generate_payload_sig(r.raw, r.secret).decode()
        return given(r, hmacsignature=signature, authorization=authorization)
    item = found["notificationItems"][0]["NotificationRequestItem"]
    items = [item, {**item, "pspReference": "7914073381342285", "success": "false"}]
    for one in items:
        one["additionalData"] = {"hmacSignature": generate_notification_sig(one, r.secret).decode()}
    batch = {**found, "notificationItems": [{"NotificationRequestItem": one} for one in items]}
    return given(replace(r, raw=json.dumps(batch).encode()), authorization=authorization)


def moderntreasury(r: R) -> R:
    from modern_treasury import ModernTreasury

    client = ModernTreasury(organization_id="x", api_key="x")
    return given(r, x_signature=client.webhooks.get_signature(r.body, key=r.secret))


def pusher(r: R) -> R:
    from pusher.signature import sign

    return given(r, x_pusher_signature=sign(r.secret, r.body))


def paddle(r: R) -> R:
    from paddle_billing.Notifications.PaddleSignature import PaddleSignature

    digest = PaddleSignature.calculate_hmac(r.secret, f"{NOW}:{r.body}".encode()).hexdigest()
    return given(r, paddle_signature=f"ts={NOW};h1={digest}")


def box(r: R) -> R:
    from box_sdk_gen.internal.utils import compute_webhook_signature

    changed = given(r, box_delivery_timestamp=ISO, box_signature_version="1", box_signature_algorithm="HmacSHA256")
    second = compute_webhook_signature(r.body, changed.headers, r.options["secondary_key"])
    return given(changed, box_signature_primary="AAAA", box_signature_secondary=second or "")


def braintree(r: R) -> R:
    from braintree import BraintreeGateway, Configuration, Environment

    settings = Configuration(Environment.Sandbox, "x", "public", r.options["private_key"])
    fields = BraintreeGateway(settings).webhook_testing.sample_notification("subscription_canceled", "my_id")
    return replace(r, raw=urlencode(fields).encode())


def wechat(r: R) -> R:
    from wechatpy.crypto import WeChatCrypto
    from wechatpy.utils import WeChatSigner

    url, texts = r.url.partition("?")[0], (str(NOW), "nonce")
    signer = WeChatSigner()
    if "encoding_aes_key" in r.options:
        message = "<xml><MsgType>text</MsgType><MsgId>1</MsgId><FromUserName>me</FromUserName></xml>"
        crypto = WeChatCrypto(r.secret, r.options["encoding_aes_key"], "app")
        body = crypto.encrypt_message(message, texts[1], texts[0])
        signature = body.partition("<MsgSignature><![CDATA[")[2].partition("]")[0]
        query = urlencode({"timestamp": NOW, "nonce": "nonce", "msg_signature": signature})
        return replace(r, raw=body.encode(), url=f"{url}?{query}")
    signer.add_data(r.secret, *texts)
    return replace(r, url=f"{url}?" + urlencode({"timestamp": NOW, "nonce": "nonce", "signature": signer.signature}))


def livekit(r: R) -> R:
    from livekit.api import AccessToken

    claim = b64encode(hashlib.sha256(r.raw).digest()).decode()
    return given(r, authorization=AccessToken(r.options["api_key"], r.secret).with_sha256(claim).to_jwt())


SIGNS: dict[str, tuple[str, Sign]] = {
    "adyen": ("Adyen", adyen),
    "box": ("boxsdk", box),
    "braintree": ("braintree", braintree),
    "clerk": ("standardwebhooks", standard),
    "hubspot": ("hubspot-api-client", hubspot),
    "livekit": ("livekit-api", livekit),
    "moderntreasury": ("modern-treasury", moderntreasury),
    "paddle": ("paddle-python-sdk", paddle),
    "plivo": ("plivo", plivo),
    "pusher": ("pusher", pusher),
    "retell": ("retell-sdk", retell),
    "slack": ("slack-sdk", slack),
    "standard-webhooks": ("standardwebhooks", standard),
    "stripe": ("stripe", stripe),
    "twilio": ("twilio", twilio),
    "wechat": ("wechatpy", wechat),
}

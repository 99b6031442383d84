"""fal: results of queued requests to models."""

from hub import Limits, Provider, body, header, hookimpl
from hub.signatures import Ed25519

fal = Provider(
    name="fal",
    title="fal",
    docs="https://fal.ai/docs/documentation/model-apis/inference/webhooks",
    verify=Ed25519(
        "X-Fal-Webhook-Signature",
        "{hex}",
        "{id}\n{header:X-Fal-Webhook-User-Id}\n{timestamp}\n{body|sha256|hex}",
        id=header("X-Fal-Webhook-Request-Id"),
        timestamp=header("X-Fal-Webhook-Timestamp"),
        option="jwks",
        fetch="https://rest.fal.ai/.well-known/jwks.json",
        defaults={"X-Fal-Webhook-User-Id": "user"},
        doc="fal's public keys (JSON Web Keys), if they are not to be fetched.",
    ),
    type=body("status"),
    id=header("X-Fal-Webhook-Request-Id"),
    time=header("X-Fal-Webhook-Timestamp"),
    subject=body("request_id"),
    limits=Limits(timeout=15, retries="10 within two hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [fal]

"""fal: results of queued requests to models.

Setup: submit requests with the hub's URL as `fal_webhook`. `user_id` is your account's, as the header
`X-Fal-Webhook-User-Id` of any webhook shows it.

Without `user_id` anybody's results are taken: fal signs for all its users, with keys that it publishes.
"""

from hub import Limits, Option, Provider, body, header, hookimpl
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
        require={"X-Fal-Webhook-User-Id": "[{option:user_id}]"},
        doc="fal's public keys (JSON Web Keys), if they are not to be fetched.",
    ),
    type=body("status"),
    id=header("X-Fal-Webhook-Request-Id"),
    time=header("X-Fal-Webhook-Timestamp"),
    subject=body("request_id"),
    options={"user_id": Option("The account of fal whose results are taken; any if it is left out.")},
    limits=Limits(timeout=15, retries="10 within two hours", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [fal]

"""BigCommerce: store webhooks, which say what changed but not to what.

Setup: make webhooks with your app's API account (`POST /v3/hooks`), the hub's URL as `destination`: `secret` is the
app's client secret. Or give them `headers` with a secret of your own, which are `header` and `token` here.
"""

from hub import Limits, Provider, body, header, hookimpl, join
from hub.signatures import HMAC, OneOf

from ._places import chosen_header

bigcommerce = Provider(
    name="bigcommerce",
    title="BigCommerce",
    docs="https://developer.bigcommerce.com/docs/integrations/webhooks",
    verify=OneOf(
        # the app's client secret is the key as it stands, unlike in Standard Webhooks
        signature=HMAC(
            "webhook-signature",
            "v1,{base64} ...",
            "{id}.{timestamp}.{body}",
            id=header("webhook-id"),
            timestamp=header("webhook-timestamp"),
            doc="The app's client secret.",
        ),
        header=chosen_header(),
    ),
    type=body("scope"),
    id=header("webhook-id"),
    time=body("created_at"),
    subject=join(body("data.type"), body("data.id"), by="/"),
    limits=Limits(
        retries="11 within 48 hours",
        disables="after the last retry, with a mail; a domain for 3 minutes when fewer than 90 % succeed",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [bigcommerce]

"""Bird (MessageBird): conversations, SMS, calls.

Setup: give the hub's URL as the webhook of the product (Conversations: by the API; SMS: as `reportUrl`; Bird's own
platform: Notifications API). `secret` is the signing key: at MessageBird in the dashboard under Developers > Settings,
at Bird the one chosen for the webhook.

Accounts of before 2021 may still get the older signature without a token: that is messagebird-legacy.
"""

from hub import Limits, Provider, header, hookimpl
from hub.signatures import HMAC, JWT, OneOf

from ._messagebird import ID, METHODS, SUBJECT, TIME, TYPE

messagebird = Provider(
    name="messagebird",
    title="Bird (MessageBird)",
    docs="https://developers.messagebird.com/api/#verifying-http-requests",
    verify=OneOf(
        jwt=JWT(
            "MessageBird-Signature-JWT",
            algorithms=("HS256", "HS384", "HS512"),
            claims={
                "iss": "MessageBird",
                "url_hash": "{url|sha256|hex}",
                "payload_hash": "[{body|sha256|hex}]",
            },
        ),
        bird=HMAC(
            "MessageBird-Signature",
            "{base64}",
            "{timestamp}\n{url}\n{body|sha256}",
            timestamp=header("MessageBird-Request-Timestamp"),
        ),
    ),
    type=TYPE,
    id=ID,
    time=TIME,
    subject=SUBJECT,
    methods=METHODS,
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [messagebird]

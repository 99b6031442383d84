"""Amazon SNS: its proofs, the confirmation of a subscription, its messages; Amazon SES sends through it too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from hub import Fetch, Option, Refused, Reply, Request, Unreadable, body, first_of, header, query
from hub.signatures import RSA, Basic, OneOf, Token

from ._certificate import certificate_at

HOST = r"sns\.[a-z]+(-[a-z]+)+-\d+\.amazonaws\.com(\.cn)?"
"""SNS of a region. A looser pattern takes `sns.s3-eu-west-1.amazonaws.com`, a bucket that anyone could own."""
HOSTS = (re.compile(HOST),)
CERTIFICATE = first_of(body("SigningCertURL"), body("SigningCertUrl"))
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
OWN: Mapping[str, tuple[body | first_of, str]] = {
    "topic": (
        body("TopicArn"),
        "The topic's ARN, or a list of them: SNS signs for everybody, so messages of other topics are refused.",
    ),
    "certificate_url": (CERTIFICATE, "The URL of `certificate`: messages that name another are refused."),
}
"""Options, and where a message has what they demand."""


def lines(request: Request) -> str | None:
    """What is signed: names and values on lines of their own, in order; a subject only where there is one."""
    message = request.json if isinstance(request.json, dict) else {}
    names = SIGNED.get(str(message.get("Type")), ())
    fields = {name: message.get(name) for name in names if name != "Subject" or message.get(name) is not None}
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    # a line break in any but the message could make one field of two
    if not names or len(texts) < len(fields) or any("\n" in texts[name] for name in texts if name != "Message"):
        return None
    return "".join(f"{name}\n{value}\n" for name, value in texts.items())


def certificate(request: Request, *, fetched: Mapping[str, str] | None) -> str:
    """The certificate behind the URL that the message names, which must be one of SNS."""
    url = str(CERTIFICATE(request))
    if not re.fullmatch(rf"https://{HOST}/[\w.-]+\.pem", url, re.ASCII):
        raise Refused("malformed", f"SigningCertURL is {url[:100]!r}, which is no certificate of SNS")
    return certificate_at(url, HOSTS, request, fetched)


class Signature(RSA):
    """SNS's signature of one of the configured topics; with a certificate of one's own, of any topic."""

    def __init__(self, version: str, hash: str) -> None:
        super().__init__(
            body("Signature"),
            signed=lines,
            hash=hash,
            covers="part",
            tolerance=None,  # no time is documented; a message is sent again with its old one
            require={body("SignatureVersion"): version},
            option="certificate",
            doc="SNS's certificate (PEM), where it shall not be fetched.",
            fetch=certificate,
        )

    def options(self) -> dict[str, Option]:
        """The topics, and what RSA takes."""
        own = {name: Option(doc, str | list[str]) for name, (_, doc) in OWN.items()}
        return {**own, **super().options()}

    def missing(self, options: Mapping[str, Any]) -> list[str]:
        """Without a topic, anybody's messages would be taken."""
        return [] if options.get("topic") or self.keys(options) else ["topic"]

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify`, which refuses other topics before it asks for their certificates."""
        check = super().bind(options)

        def verify(request: Request) -> None:
            for name, (place, _) in OWN.items():
                found, wanted = place(request), each(options.get(name))
                if found is not None and wanted and found not in wanted:
                    raise Refused("mismatch", f"the message has {str(found)[:200]!r}, which is not the source's {name}")
            check(request)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The message as if it were of the first topic."""
        for name, (place, _) in OWN.items():
            for value in each(options.get(name))[:1]:
                request = place.put(request, value)
        return super().sign(request, options)


def each(value: Any) -> list[str]:
    """The values of an option that is one or a list."""
    return list(value) if isinstance(value, list) else [value] if value else []


def sns_proof() -> OneOf:
    """The signature in both its versions; raw messages, which are not signed, by what stands in the endpoint's URL."""
    return OneOf(
        v2=Signature("2", "sha256"),
        v1=Signature("1", "sha1"),
        basic=Basic(),
        url=Token(query("token"), doc="The secret in the endpoint's URL, `?token=...`, for raw messages."),
    )


def confirm(request: Request) -> Reply | None:
    """Nothing; a new subscription waits until the URL that came with it is called."""
    url = body("SubscribeURL")(request)
    if body("Type")(request) != "SubscriptionConfirmation" or not isinstance(url, str):
        return None
    note = f"the subscription to {body('TopicArn')(request)} waits for its confirmation"
    return Reply(200, follow=Fetch(url, HOSTS), note=note)


def readable(text: str) -> Any:
    """An object or a list in JSON; any other text as it is."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, (dict, list)) else text


def content(request: Request) -> Any:
    """The notification with its message read; a raw message by itself."""
    if request.header("x-amz-sns-rawdelivery") == "true":
        return readable(request.text)
    found = request.json
    if not isinstance(found, dict) or not isinstance(found.get("Message"), str):
        raise Unreadable("the body is no message of SNS")
    return {**found, "Message": readable(found["Message"])}


TYPE = first_of(body("Type"), header("x-amz-sns-message-type"))
ID = first_of(body("MessageId"), header("x-amz-sns-message-id"))
TOPIC = first_of(body("TopicArn"), header("x-amz-sns-topic-arn"))

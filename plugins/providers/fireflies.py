"""Fireflies.ai: meetings transcribed and summarized.

Setup: in the settings under Developer settings enter the hub's URL as webhook and a secret, which is the `secret`.
Without one nothing is signed.
"""

from hub import Limits, Provider, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC


class Signature(header):
    """The header with or without `sha256=`, which the first version does not write."""

    def __call__(self, request: Request) -> str | None:
        value = super().__call__(request)
        return None if value is None else value.removeprefix("sha256=")

    def put(self, request: Request, value: object) -> Request:
        """The request with the signature as the second version writes it."""
        return super().put(request, f"sha256={value}")


fireflies = Provider(
    name="fireflies",
    title="Fireflies.ai",
    docs="https://docs.fireflies.ai/graphql-api/webhooks-v2",
    verify=HMAC(Signature("X-Hub-Signature")),
    type=first_of(body("event"), body("eventType")),
    time=body("timestamp"),
    subject=first_of(body("meeting_id"), body("meetingId")),
    limits=Limits(timeout=10),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [fireflies]

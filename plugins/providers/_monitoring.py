"""What monitoring tools have in common: alerts in batches, and headers of the user's own."""

from typing import Annotated, Any

from hub import Request, body, first_of, items
from hub.signatures import Token

alerts = items("alerts[]")
"""A notification's alerts; each is an event, and the notification stays in the request."""

alert_subject = first_of(body("labels.alertname"), body("fingerprint"))


def alert_time(request: Request) -> Any:
    """When the alert was resolved, or else when it began: `endsAt` of a firing one is no time, or in the future."""
    return body("endsAt" if body("status")(request) == "resolved" else "startsAt")(request)


def chosen_header(
    *, header: Annotated[str, "The header that the platform was told to send the secret in."] = "X-Hub-Token"
) -> Token:
    """A secret in a header that the user chose, for platforms that sign nothing."""
    return Token(header)

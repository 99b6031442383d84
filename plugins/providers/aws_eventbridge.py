"""Amazon EventBridge: events that a rule sends to an API destination.

Setup: make a connection with the API key name `X-Api-Key` and the `secret` as its value, or with basic authentication
(`username`, `password`), then an API destination with the hub's URL and POST, and a rule with that as its target.

With OAuth the token is one that your own server issued: only one that stays the same can be checked, as `secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl

from ._any_sender import any_proof

aws_eventbridge = Provider(
    name="aws-eventbridge",
    title="Amazon EventBridge",
    docs="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
    # an API key of the connection stands in the header that the connection names
    verify=any_proof("X-Api-Key"),
    # an input transformer may have left the type out
    type=first_of(body("detail-type"), body("source"), "event"),
    id=body("id"),
    time=body("time"),
    subject=first_of(body("resources.0"), body("source")),
    limits=Limits(timeout=5, retries="185 times within 24 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [aws_eventbridge]

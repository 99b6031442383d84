"""Iterable: e-mails, pushes, SMS and in-app messages sent, opened, clicked.

Setup: Integrations > System Webhooks: add one with the hub's URL and choose events. `secret` is all of the header that
its authentication sends: the token as typed, or `OAuth2 ` and the token. Or add a header `X-Hub-Token`, the `token`.
"""

from hub import Provider, body, first_of, hookimpl
from hub.signatures import OneOf, Token

from ._places import chosen_header

iterable = Provider(
    name="iterable",
    title="Iterable",
    docs="https://support.iterable.com/hc/en-us/articles/208013936-System-Webhooks",
    verify=OneOf(
        # Basic sends the token as it was typed, without the word Basic; OAuth2 puts that word before it
        authorization=Token(
            "Authorization",
            doc="The whole value: the auth token as typed, or `OAuth2 ` and the token.",
        ),
        header=chosen_header(),
    ),
    type=body("eventName"),
    time=body("dataFields.createdAt"),
    subject=first_of(body("email"), body("userId")),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [iterable]

"""Supabase: changes of rows by database webhooks, and auth hooks.

Setup: for rows add a database webhook with the hub's URL and a header `Authorization: Bearer ...` of your own, whose
token is the `secret`. For auth hooks choose HTTP under Authentication > Hooks; `secret` is what is generated there
(`v1,whsec_...`).

A database webhook is not signed, is tried once, and has no id. An auth hook waits for its answer: the hub lets
everything pass as it is, and mails and messages that it is told to send are not sent unless a subscriber does.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, join
from hub.signatures import Bearer, OneOf, StandardWebhooks

from ._places import chosen_header

SHAPES = {
    "email_data": "send-email",
    "sms": "send-sms",
    "claims": "customize-access-token",
    "factor_id": "mfa-verification",
    "valid": "password-verification",
}
"""Auth hooks by a member that only they have, for versions that do not name them."""


def kind(request: Request) -> str | None:
    """The hook's name, as Supabase Auth calls it."""
    content = body()(request)
    found = content if isinstance(content, dict) and header("webhook-id")(request) else {}
    return body("metadata.name")(request) or next((name for member, name in SHAPES.items() if member in found), None)


def answer(request: Request) -> Reply | None:
    """What lets a sign-up, a sign-in or a token pass as it is."""
    hook = kind(request)
    if hook is None:
        return None
    passing = {"claims": body("claims")(request)} if hook == "customize-access-token" else {}
    decided = {"decision": "continue"} if hook.endswith("-verification") else {}
    return Reply(200, orjson.dumps(passing or decided), {"content-type": "application/json"})


supabase = Provider(
    name="supabase",
    title="Supabase",
    docs="https://supabase.com/docs/guides/database/webhooks",
    verify=OneOf(
        hook=StandardWebhooks().modes["v1"],
        bearer=Bearer(doc="The auth hook's secret, or the token of a database webhook."),
        header=chosen_header(option="secret"),
    ),
    type=first_of(kind, join(body("schema"), body("table"), body("type")), "hook"),
    id=header("webhook-id"),
    time=body("metadata.time"),
    subject=first_of(body("record.id"), body("old_record.id"), body("user.id"), body("user_id")),
    answer=answer,
    limits=Limits(timeout=5, retries="auth hooks: of 429 and 503 that say when; rows: none", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [supabase]

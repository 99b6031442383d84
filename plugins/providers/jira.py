"""Jira: webhooks of administrators and of OAuth apps, of the cloud and of Data Center.

Setup: as an administrator, under Settings > System > WebHooks, create one with the hub's URL and a secret, which is the
`secret`. For webhooks of an OAuth app set its `client_secret` (unverified). Data Center signs nothing: end the URL with
`?token=...` and set `token`.
"""

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, query
from hub.signatures import HMAC, JWT, OneOf, Token


def kind(request: Request) -> str | None:
    """The event; that some are written `jira:issue_created` and others `comment_created` says nothing."""
    found = body("webhookEvent")(request)
    return str(found).removeprefix("jira:") if found else None


jira = Provider(
    name="jira",
    title="Jira",
    docs="https://developer.atlassian.com/cloud/jira/platform/webhooks/",
    verify=OneOf(
        signed=HMAC("X-Hub-Signature", "sha256={hex}"),
        # webhooks of OAuth apps have a token that does not cover the body
        app=JWT(
            "Authorization",
            "Bearer {token}",
            algorithms=("HS256",),
            option="client_secret",
            doc="The client secret of an OAuth app.",
        ),
        url=Token(query("token"), option="token", doc="Where nothing is signed: the secret in the URL, `?token=...`."),
    ),
    type=kind,
    id=header("X-Atlassian-Webhook-Identifier"),
    time=body("timestamp"),
    subject=first_of(
        body("issue.key"),
        body("project.key"),
        body("sprint.id"),
        body("version.id"),
        body("board.id"),
        body("user.key"),
    ),
    limits=Limits(
        timeout=30,
        retries="5, after 5 to 15 minutes each, on 408, 409, 425, 429, 5xx and lost connections",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [jira]

"""Bitbucket Data Center: repository and project webhooks.

Setup: under Repository settings > Webhooks create one with the hub's URL and a secret, which is the `secret`. Set
`username` and `password` too where the webhook has them.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, join
from hub.signatures import HMAC, AllOf, Basic

repository = join(body("repository.project.key"), body("repository.slug"), by="/")
target = join(body("pullRequest.toRef.repository.project.key"), body("pullRequest.toRef.repository.slug"), by="/")


def tested(request: Request) -> Reply | None:
    """The button "Test connection" sends a ping, which is not signed."""
    asked = header("X-Event-Key")(request) == "diagnostics:ping"
    return Reply(200, event=False, note="diagnostics:ping answered") if asked else None


bitbucket_datacenter = Provider(
    name="bitbucket-datacenter",
    title="Bitbucket Data Center",
    docs="https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html",
    verify=AllOf(HMAC("X-Hub-Signature", "sha256={hex}"), Basic()),
    type=first_of(body("eventKey"), header("X-Event-Key")),
    id=header("X-Request-Id"),
    time=body("date"),
    subject=first_of(repository, target),
    handshake=tested,
    limits=Limits(disables="for 10 seconds after 5 failures, then for longer, up to hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [bitbucket_datacenter]

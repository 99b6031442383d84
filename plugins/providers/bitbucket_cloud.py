"""Bitbucket Cloud: repository and workspace webhooks.

Setup: under Repository settings > Webhooks add one with the hub's URL, its triggers and a secret, which is the
`secret`.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC

bitbucket_cloud = Provider(
    name="bitbucket-cloud",
    title="Bitbucket Cloud",
    docs="https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
    verify=HMAC("X-Hub-Signature", "sha256={hex}"),
    type=header("X-Event-Key"),
    id=header("X-Request-UUID"),
    # a comment is newer than its pull request
    time=first_of(
        body("comment.updated_on"),
        body("approval.date"),
        body("pullrequest.updated_on"),
        body("issue.updated_on"),
        body("commit_status.updated_on"),
        body("push.changes.0.new.target.date"),
    ),
    subject=body("repository.full_name"),
    limits=Limits(timeout=10, retries="2, on 5xx and timeouts", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [bitbucket_cloud]

"""GitHub: repository, organization and app webhooks, as JSON or as a form.

Setup: under Settings > Webhooks of a repository or organization, or in an app's settings, enter the hub's URL, the
content type application/json and a secret of your own, which is the `secret`.
"""

from hub import Limits, Provider, form, header, hookimpl, inside, join, json_in
from hub.signatures import HMAC

TIMES = (
    "head_commit.timestamp",
    "comment.updated_at",
    "review.submitted_at",
    "pull_request.updated_at",
    "issue.updated_at",
    "release.published_at",
    "workflow_job.completed_at",
    "workflow_run.updated_at",
    "check_run.completed_at",
    "deployment_status.updated_at",
    "deployment.updated_at",
    "hook.updated_at",
)
"""Events have no time of their own: what they are about has one. A comment is newer than its issue, so it is first."""

content = json_in(form("payload"))

github = Provider(
    name="github",
    title="GitHub",
    docs="https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    verify=HMAC("X-Hub-Signature-256", "sha256={hex}"),
    type=join(header("X-GitHub-Event"), inside(content, "action")),
    id=header("X-GitHub-Delivery"),
    time=inside(content, *TIMES),
    subject=inside(content, "repository.full_name", "organization.login"),
    data=content,
    limits=Limits(timeout=10, retries="none; by hand for three days", disables="never", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [github]

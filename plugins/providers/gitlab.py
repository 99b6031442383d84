"""GitLab: project, group and system hooks.

Setup: under Settings > Webhooks of the project or group, or in the admin area, add the hub's URL with a signing token
or a secret token, which is the `secret`; both are a list. A signed request is judged by its signature alone.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC, OneOf, Token

TIMES = ("object_attributes.finished_at", "object_attributes.updated_at", "object_attributes.created_at")
"""Of what the event is about; jobs, releases, commits and system events have theirs elsewhere."""

gitlab = Provider(
    name="gitlab",
    title="GitLab",
    docs="https://docs.gitlab.com/user/project/integrations/webhooks/",
    verify=OneOf(
        signed=HMAC(
            "webhook-signature",
            "v1,{base64} ...",
            "{id}.{timestamp}.{body}",
            key="whsec",
            id=header("webhook-id"),
            timestamp=header("webhook-timestamp"),
            doc="The signing token (`whsec_...`) or the secret token; a list for both.",
        ),
        token=Token("X-Gitlab-Token"),
    ),
    type=join(
        first_of(body("object_kind"), body("event_name"), header("X-Gitlab-Event")), body("object_attributes.action")
    ),
    # X-Gitlab-Webhook-UUID is that of the hook, X-Gitlab-Event-UUID is shared by hooks that set off each other
    id=first_of(header("webhook-id"), header("Idempotency-Key")),
    time=first_of(
        *(body(path) for path in (*TIMES, "build_finished_at", "released_at", "commits.-1.timestamp", "updated_at"))
    ),
    subject=first_of(body("project.path_with_namespace"), body("path_with_namespace"), body("project_name")),
    limits=Limits(
        timeout=10,
        retries="none for most errors",
        disables="for a while after 4 failures in a row, for good after 40",
        confidence="low",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gitlab]

"""HCP Terraform and Terraform Enterprise: notifications of runs, workspaces and assessments.

Setup: under Settings > Notifications of the workspace create a webhook with the hub's URL and a token, which is the
`secret`.

It is enabled only if the hub takes its verification: have the source running first.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC

kind = first_of(body("notifications.0.trigger"), body("trigger"))

terraform_cloud = Provider(
    name="terraform-cloud",
    title="HCP Terraform",
    docs="https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations",
    verify=HMAC("X-TFE-Notification-Signature", hash="sha512"),
    type=kind,
    # version 2 has a time for assessments alone
    id=first_of(
        digest_of(body("run_id"), kind, body("notifications.0.run_status"), body("notifications.0.run_updated_at")),
        digest_of(body("details.new_assessment_result.id"), kind),
    ),
    time=first_of(body("notifications.0.run_updated_at"), body("details.new_assessment_result.created_at")),
    subject=first_of(
        body("run_id"), body("workspace_name"), body("details.workspace_name"), body("notification_configuration_id")
    ),
    limits=Limits(disables="it cannot be enabled if its verification fails", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [terraform_cloud]

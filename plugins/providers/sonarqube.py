"""SonarQube Server and SonarQube Cloud: finished analyses.

Setup: under Project Settings > Webhooks, or for all projects under Administration, create one with the hub's URL and a
secret, which is the `secret`. A user name and password in that URL are sent too: set `username` and `password`.
"""

from hub import Limits, Provider, body, hookimpl, join
from hub.signatures import HMAC, AllOf, Basic

sonarqube = Provider(
    name="sonarqube",
    title="SonarQube",
    docs="https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
    # a user name and password in the URL that SonarQube is told become basic authentication
    verify=AllOf(HMAC("X-Sonar-Webhook-HMAC-SHA256"), Basic()),
    type=join("analysis", body("status")),
    id=body("taskId"),
    time=body("analysedAt"),
    subject=body("project.key"),
    limits=Limits(timeout=10, retries="none", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sonarqube]

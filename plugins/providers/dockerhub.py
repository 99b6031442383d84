"""Docker Hub: pushes of images, which nothing but the URL's secret proves.

Setup: on the repository's Webhooks tab enter the hub's URL with `?token=...` at its end. `secret` is what stands there.

The `callback_url` in the body is never called: it could lead anywhere.
"""

from hub import Provider, body, digest_of, first_of, hookimpl, query
from hub.signatures import Token

dockerhub = Provider(
    name="dockerhub",
    title="Docker Hub",
    docs="https://docs.docker.com/docker-hub/repos/manage/webhooks/",
    verify=Token(query("token"), doc="The secret in the URL that Docker Hub is told: `?token=...`."),
    type=first_of("push"),
    id=digest_of(body("push_data.pushed_at"), body("push_data.tag"), body("repository.repo_name")),
    time=body("push_data.pushed_at"),
    subject=body("repository.repo_name"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dockerhub]

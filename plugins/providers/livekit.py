"""LiveKit: rooms, participants, tracks, egress and ingress.

Setup: in LiveKit Cloud open the project's settings > Webhooks and add the hub's URL; on a server of your own, add it to
`webhook: urls` in its config. `api_key` is the key chosen there to sign with, `secret` its API secret.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import JWT

SUBJECTS = ("room.name", "egressInfo.roomName", "ingressInfo.roomName", "egressInfo.egressId", "ingressInfo.ingressId")

livekit = Provider(
    name="livekit",
    title="LiveKit",
    docs="https://docs.livekit.io/home/server/webhooks/",
    verify=JWT(
        "Authorization",
        algorithms=("HS256",),
        claims={"iss": "{option:api_key}", "sha256": "{body|sha256|base64}"},
        doc="The API secret that belongs to `api_key`.",
    ),
    type=body("event"),
    id=body("id"),
    time=body("createdAt"),
    subject=first_of(*(body(path) for path in SUBJECTS)),
    limits=Limits(retries="several", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [livekit]

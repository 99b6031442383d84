"""LiveKit: rooms, participants, tracks, egress and ingress."""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import JWT

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
    subject=first_of(
        body("room.name"),
        body("egressInfo.roomName"),
        body("ingressInfo.roomName"),
        body("egressInfo.egressId"),
        body("ingressInfo.ingressId"),
    ),
    limits=Limits(retries="several", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [livekit]

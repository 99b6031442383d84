"""ElevenLabs: transcripts and audio of agents' calls, and of speech to text.

Setup: in the workspace's settings under Webhooks add one with the hub's URL, then choose it where events come from,
such as the post-call webhook of the Agents platform. `secret` is shown once, when it is made.
"""

from math import inf

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

elevenlabs = Provider(
    name="elevenlabs",
    title="ElevenLabs",
    docs="https://elevenlabs.io/docs/agents-platform/workflows/post-call-webhooks",
    # its libraries take half an hour, and any time in the future
    verify=HMAC("ElevenLabs-Signature", "t={timestamp},v0={hex}", "{timestamp}.{body}", tolerance=1800, ahead=inf),
    type=body("type"),
    time=body("event_timestamp"),
    subject=first_of(body("data.conversation_id"), body("data.request_id"), body("data.voice_id")),
    limits=Limits(disables="after 10 failures in a row, the last success being 7 days ago", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [elevenlabs]

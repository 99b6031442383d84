"""AssemblyAI: transcripts that are ready, or have failed.

Setup: ask for each transcript with the hub's URL as `webhook_url`, `X-Hub-Token` as `webhook_auth_header_name` and the
`secret` as `webhook_auth_header_value`.

The event says which transcript is ready, not what is in it.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl

from ._places import chosen_header

assemblyai = Provider(
    name="assemblyai",
    title="AssemblyAI",
    docs="https://www.assemblyai.com/docs/deployment/webhooks",
    # webhook_auth_header_name and webhook_auth_header_value of the request for the transcript
    verify=chosen_header(option="secret"),
    type=first_of(body("status"), "redacted_audio_ready"),
    id=digest_of(body("transcript_id"), body("status")),
    subject=first_of(body("transcript_id"), body("redacted_audio_url")),
    limits=Limits(timeout=10, retries="9, ten seconds apart; not on 4xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [assemblyai]

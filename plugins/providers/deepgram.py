"""Deepgram: transcripts that were asked for with a callback.

Setup: ask for a transcript with the hub's URL as `callback`, with a user name and password in it
(`https://username:password@...`). Without them, `secret` is the identifier of the API key, not the key itself.

Not every request without a password has the identifier (unverified).
"""

from hub import Limits, Provider, Request, body, first_of, hookimpl
from hub.signatures import Basic, OneOf, Token

REQUEST = first_of(body("metadata.request_id"), body("request_id"))


def kind(request: Request) -> object:
    """What went wrong, or a live result by its type; a transcript has none."""
    return "error" if body("err_code")(request) else first_of(body("type"), "transcription")(request)


def identity(request: Request) -> object:
    """The request's id; of a live stream, many results have the same one."""
    return None if body("type")(request) else REQUEST(request)


deepgram = Provider(
    name="deepgram",
    title="Deepgram",
    docs="https://developers.deepgram.com/docs/callback",
    verify=OneOf(
        token=Token("dg-token", doc="The identifier of the API key that the transcript was asked for with."),
        basic=Basic(),
    ),
    type=kind,
    id=identity,
    time=body("metadata.created"),
    subject=REQUEST,
    methods=("POST", "PUT"),
    limits=Limits(retries="up to 10, every 30 seconds", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [deepgram]

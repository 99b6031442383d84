"""Deepgram: transcripts that were asked for with a callback."""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl
from hub.signatures import Basic, OneOf, Token


def kind(request: Request) -> Any:
    """The body is the transcript, which has no type, or what went wrong."""
    return "error" if body("err_code")(request) else first_of(body("type"), "transcription")(request)


deepgram = Provider(
    name="deepgram",
    title="Deepgram",
    docs="https://developers.deepgram.com/docs/callback",
    verify=OneOf(
        token=Token("dg-token", doc="The identifier of the API key that the transcript was asked for with."),
        basic=Basic(),
    ),
    type=kind,
    id=first_of(body("metadata.request_id"), body("request_id")),
    time=body("metadata.created"),
    subject=first_of(body("metadata.request_id"), body("request_id")),
    methods=("POST", "PUT"),
    limits=Limits(retries="up to 10, every 30 seconds", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [deepgram]

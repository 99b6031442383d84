"""Docusign: envelopes, recipients and documents, by Connect.

Setup: in Settings > Connect add a key under Connect Keys, and a custom configuration with the hub's URL that includes
the HMAC signature. `secret` is the key; set `username` and `password` too if the configuration sends them.

Messages with documents in them may need a larger `max_body`. Tokens of "OAuth for Connect" are not checked.
"""

from hub import Limits, Provider, digest_of, first_of, hookimpl, inside
from hub.signatures import HMAC, AllOf, Basic

from ._content import content

ENVELOPE = inside(content, "data.envelopeId", "EnvelopeStatus.EnvelopeID", "envelopeId")
KIND = inside(content, "event", "EnvelopeStatus.Status", "status")
"""The legacy formats, of JSON or XML, have no event but the envelope's status."""
TIME = inside(content, "generatedDateTime", "EnvelopeStatus.TimeGenerated", "statusChangedDateTime")

docusign = Provider(
    name="docusign",
    title="Docusign",
    docs="https://developers.docusign.com/platform/webhooks/connect/hmac/",
    verify=AllOf(
        # one signature for each key of the account
        HMAC(
            "X-DocuSign-Signature-1",
            "{base64}",
            also=tuple(f"X-DocuSign-Signature-{number}" for number in range(2, 101)),
            doc="The Connect key; a list while it is being changed.",
        ),
        Basic(),
    ),
    type=first_of(KIND, "connect"),
    id=digest_of(ENVELOPE, KIND, TIME, inside(content, "data.recipientId")),
    time=TIME,
    subject=ENVELOPE,
    data=content,
    limits=Limits(timeout=100, retries="for up to 15 days, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [docusign]

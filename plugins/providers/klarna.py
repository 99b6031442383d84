"""Klarna: webhooks of the Klarna Network, signed with keys that have names.

Setup: in the Partner Portal or with the API make a signing key and a webhook with the hub's URL. `signing_keys` is a
table of key ids and keys, which are shown once.

How signatures are encoded is not documented; hex is a guess (unverified). Pushes of older products, unsigned, are not
taken.
"""

from hub import Limits, Provider, Request, body, first_of, header, hookimpl

from ._places import NamedHMAC

KEY = header("Klarna-Signing-Key-Id")


def signed(request: Request) -> bytes | None:
    """The body; a request that names no key is not Klarna's."""
    return request.body if KEY(request) else None


klarna = Provider(
    name="klarna",
    title="Klarna",
    docs="https://docs.klarna.com/klarna-network-distribution/manage-partners/integration-setup-and-notifications/webhooks",
    # how the signature is encoded is not documented
    verify=NamedHMAC(
        "Klarna-Signature",
        signed=signed,
        covers="all",
        keyid=KEY,
        option="signing_keys",
        doc="The signing keys by their ids.",
    ),
    type=body("metadata.event_type"),
    id=body("metadata.event_id"),
    time=body("metadata.occurred_at"),
    subject=first_of(body("payload.payment_request_id"), body("metadata.subject_account_id")),
    refuse=400,
    limits=Limits(retries="ever slower, up to 12 hours; then the event is given up", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [klarna]

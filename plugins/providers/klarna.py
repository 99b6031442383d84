"""Klarna: webhooks of the Klarna Network, signed with keys that have names."""

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
    limits=Limits(
        retries="ever slower, up to every 12 hours", disables="never; the event is given up", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [klarna]

"""Nium: callbacks about customers, cards, remittances."""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Token

nium = Provider(
    name="nium",
    title="Nium",
    docs="https://docs.nium.com/docs/webhooks-overview",
    verify=Token("x-api-key", doc="The value that Nium was told to send in the header `x-api-key`."),
    type=body("template"),
    subject=first_of(body("systemReferenceNumber"), body("cardHashId"), body("customerHashId")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [nium]

"""Nium: callbacks about customers, cards, remittances.

Setup: give Nium the hub's URL for webhooks, and a header with a static identifier that nobody can guess, which is the
`secret`; `header` is its name, unless that is x-partner-key.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl

from ._places import chosen_header

nium = Provider(
    name="nium",
    title="Nium",
    docs="https://docs.nium.com/apis/docs/webhooks-overview",
    verify=chosen_header("x-partner-key", "secret"),
    type=body("template"),
    id=header("x-request-id"),
    subject=first_of(body("systemReferenceNumber"), body("cardHashId"), body("customerHashId")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [nium]

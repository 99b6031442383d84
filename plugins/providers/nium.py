"""Nium: callbacks about customers, cards, remittances.

Setup: give Nium the hub's URL for callbacks and a header with a secret of your own: `header` (unless x-api-key),
`secret`.

None of this is from Nium's own pages (unverified).
"""

from hub import Limits, Provider, body, first_of, hookimpl

from ._places import chosen_header

nium = Provider(
    name="nium",
    title="Nium",
    docs="https://docs.nium.com/",
    verify=chosen_header("x-api-key", "secret"),
    type=body("template"),
    subject=first_of(body("systemReferenceNumber"), body("cardHashId"), body("customerHashId")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [nium]

"""Adobe Commerce: synchronous webhooks, which wait for the answer before the shop goes on.

Setup: in the Admin, under Stores > Settings > Configuration > Adobe Services > Webhooks, enable the signature and
regenerate the key pair: `public_key` is shown there. Give every webhook its own URL, `?method=...` with its method: it
is the type.

The answer always lets the shop go on: a webhook that shall check or change something needs a service of its own.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, query
from hub.signatures import RSA, OneOf

from ._places import chosen_header


def answer(request: Request) -> Reply:
    """The operation that lets the shop go on: events are handled later, too late to change anything."""
    return Reply(200, '{"op":"success"}', {"content-type": "application/json"})


adobe_commerce = Provider(
    name="adobe-commerce",
    title="Adobe Commerce",
    docs="https://developer.adobe.com/commerce/extensibility/webhooks/",
    verify=OneOf(
        signature=RSA("x-adobe-commerce-webhook-signature", "{base64}", "{body|base64}"),
        header=chosen_header(),
    ),
    # a request with chosen fields does not say which webhook it is: put `?method=...` into the URL
    type=first_of(query("method"), body("eventName"), "webhook"),
    subject=first_of(
        body("data.order.increment_id"), body("order.increment_id"), body("data.product.sku"), body("product.sku")
    ),
    answer=answer,
    limits=Limits(retries="none: the shop waits", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [adobe_commerce]

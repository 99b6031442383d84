"""Mercado Pago: payments and orders; the signature covers the id in the URL, not the body.

Setup: in Your integrations open the application, Webhooks > Configure notifications: enter the hub's URL, choose
events; `secret` is the secret key shown on saving. A `notification_url` of a payment goes before that URL.

A retry that keeps its first `ts` is refused as stale: raise `tolerance` if you see that (unverified).
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, query
from hub.signatures import HMAC, OneOf, Unsigned

REST = "[request-id:{header:x-request-id};]ts:{timestamp};"
SIGNED = ("[id:{query:data.id|lower};]" + REST, "[id:{query:data.id};]" + REST)
"""Documented with the id in lower case, which Mercado Pago's own library does not do."""

mercadopago = Provider(
    name="mercadopago",
    title="Mercado Pago",
    docs="https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks",
    verify=OneOf(
        signature=HMAC("x-signature", "ts={timestamp},v1={hex}", SIGNED),
        ipn=Unsigned("IPN and QR notifications prove nothing: take the id from them, and look it up at Mercado Pago"),
    ),
    type=first_of(body("action"), body("type"), query("type"), query("topic")),
    id=first_of(body("id"), header("x-request-id")),  # orders have no id
    time=body("date_created"),
    subject=first_of(query("data.id"), query("id"), body("data.id")),  # the first one is signed
    limits=Limits(timeout=22, retries="every 15 minutes, then ever slower", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mercadopago]

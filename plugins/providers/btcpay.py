"""BTCPay Server: invoices and payments in Bitcoin.

Setup: in the store, under Settings > Webhooks, create a webhook with the hub's URL and automatic redelivery. `secret`
is the secret shown there.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

btcpay = Provider(
    name="btcpay",
    title="BTCPay Server",
    docs="https://docs.btcpayserver.org/API/Greenfield/v1/#tag/Webhooks",
    verify=HMAC("BTCPay-Sig", "sha256={hex}"),
    type=body("type"),
    # a redelivery has a delivery id of its own
    id=first_of(body("originalDeliveryId"), body("deliveryId")),
    time=body("timestamp"),
    subject=first_of(body("invoiceId"), body("paymentRequestId"), body("pullPaymentId"), body("storeId")),
    limits=Limits(
        retries="if switched on: after 10 seconds, a minute, then 6 times every 10 minutes", confidence="high"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [btcpay]

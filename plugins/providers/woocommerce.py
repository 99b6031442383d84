"""WooCommerce: webhooks of a WordPress shop.

Setup: in WordPress, under WooCommerce > Settings > Advanced > Webhooks, add an active webhook with a topic, the hub's
URL and a secret, the `secret`.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC


def ping(request: Request) -> Reply | None:
    """WordPress posts `webhook_id=n`, unsigned, when a webhook is saved; anything but 200 is shown as an error."""
    if len(request.body) > 40 or request.header("X-WC-Webhook-Topic"):
        return None
    number = request.form.get("webhook_id", [""])[0]
    return Reply(200, event=False, note="ping answered") if len(request.form) == 1 and number.isdigit() else None


woocommerce = Provider(
    name="woocommerce",
    title="WooCommerce",
    docs="https://developer.woocommerce.com/docs/apis/rest-api/",
    verify=HMAC("X-WC-Webhook-Signature", "{base64}"),
    type=header("X-WC-Webhook-Topic"),
    # no id: nothing is sent twice, and deliveries within one second share X-WC-Webhook-Delivery-ID
    time=first_of(body("date_modified_gmt"), body("date_created_gmt")),
    subject=first_of(body("id"), body("arg")),
    handshake=ping,
    limits=Limits(timeout=60, retries="none", disables="after more than 5 failures in a row", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [woocommerce]

"""PayPal: REST webhooks, signed with a certificate that the request names.

Setup: in the Developer Dashboard open the app and add a webhook with the hub's URL and events; `webhook_id` is its id.
Sandbox and live apps are two sources.

Only a CRC-32 binds the body to the signature: who sees a request can make another body that fits. Requests of the
webhook simulator are of no webhook of yours and are refused (unverified).
"""

from urllib.parse import urlsplit

from hub import Limits, Option, Provider, Refused, Request, body, header, hookimpl
from hub.signatures import RSA

from ._certificate import certificate_at

HOSTS = ("api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com")
PATH = "/v1/notifications/certs/"


def certificate(request: Request, *, fetched: dict[str, str] | None) -> str:
    """The certificate behind the URL that the request names: on PayPal's hosts, for certificates, still good."""
    url = request.header("Paypal-Cert-Url") or ""
    if not urlsplit(url).path.startswith(PATH):
        raise Refused("malformed", f"Paypal-Cert-Url is {url[:100]!r}, which is no certificate of PayPal's")
    return certificate_at(url, HOSTS, request, fetched)


paypal = Provider(
    name="paypal",
    title="PayPal",
    docs="https://developer.paypal.com/api/rest/webhooks/",
    verify=RSA(
        "Paypal-Transmission-Sig",
        "{base64}",
        "{id}|{timestamp}|{option:webhook_id}|{body|crc32}",
        id=header("Paypal-Transmission-Id"),
        timestamp=header("Paypal-Transmission-Time"),
        clock="iso",
        tolerance=None,  # it is sent again with the old time
        option="certificate",
        doc="PayPal's certificate, where it shall not be fetched.",
        fetch=certificate,
        require={"Paypal-Auth-Algo": "SHA256withRSA"},
    ),
    type=body("event_type"),
    id=body("id"),
    time=body("create_time"),
    subject=body("resource.id"),
    options={"webhook_id": Option("The webhook's id in PayPal's dashboard: it is signed, but not sent.")},
    limits=Limits(retries="25 within 3 days", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [paypal]

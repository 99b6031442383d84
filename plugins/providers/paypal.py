"""PayPal: REST webhooks, signed with a certificate that the request names."""

from datetime import UTC
from urllib.parse import urlsplit

from hub import Fetch, KeyNeeded, Limits, Option, Provider, Refused, Request, body, header, hookimpl
from hub.signatures import RSA

HOSTS = ("api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com")
PATH = "/v1/notifications/certs/"


def certificate(request: Request, *, fetched: dict[str, str] | None) -> str:
    """The certificate behind the URL that the request names: on PayPal's hosts, for certificates, still good."""
    from cryptography.x509 import load_pem_x509_certificate

    url = request.header("Paypal-Cert-Url") or ""
    if not urlsplit(url).path.startswith(PATH):
        raise Refused("malformed", f"Paypal-Cert-Url is {url[:100]!r}, which is no certificate of PayPal's")
    text = (fetched or {}).get(url)
    if text is None:
        raise KeyNeeded(Fetch(url, HOSTS))
    try:
        known = load_pem_x509_certificate(text.encode())
    except ValueError:
        raise Refused("mismatch", "there is no certificate behind Paypal-Cert-Url") from None
    if not known.not_valid_before_utc <= request.received.astimezone(UTC) <= known.not_valid_after_utc:
        raise Refused("mismatch", "the certificate behind Paypal-Cert-Url is not valid now")
    return text


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

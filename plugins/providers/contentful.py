"""Contentful: entries, assets, content types, releases and tasks.

Setup: under Settings > Webhooks add a webhook with the hub's URL, and enable request verification for the space.
`secret` is the signing secret that is shown then. Basic authentication (`username`, `password`) or a secret header of
your own (`token`, `header`) will do instead.
"""

from urllib.parse import quote

from hub import Limits, Provider, Request, body, first_of, header, hookimpl
from hub.signatures import HMAC, Basic, OneOf

from ._places import chosen_header

NAMES = "x-contentful-signed-headers"
ALWAYS = f"{NAMES},x-contentful-timestamp,x-contentful-topic"


def signed(request: Request, *, timestamp: str | None) -> bytes | None:
    """The method, the path, the headers that the request names, and the body, a line each."""
    names = {name.strip().lower() for name in (request.header(NAMES) or "").split(",")}
    values = {name: request.header(name) for name in names | {NAMES}} | {"x-contentful-timestamp": timestamp}
    if None in values.values():
        return None
    headers = ";".join(f"{name}:{(values[name] or '').strip()}" for name in sorted(values))
    query = quote(request.query_string, safe="-_.!~*'()")  # escaped, and again with the path
    path = quote(request.path + (f"?{query}" if query else ""), safe=";,/?:@&=+$-_.!~*'()#")
    return f"{request.method}\n{path}\n{headers}\n".encode("utf-8", "surrogatepass") + request.body


contentful = Provider(
    name="contentful",
    title="Contentful",
    docs="https://www.contentful.com/developers/docs/extensibility/webhooks/request-verification/",
    verify=OneOf(
        signature=HMAC(
            "x-contentful-signature",
            "{hex}",
            signed,
            timestamp=header("x-contentful-timestamp"),
            clock="ms",
            tolerance=30,
            covers="all",
            defaults={NAMES: ALWAYS, "x-contentful-topic": "ContentManagement.Entry.save"},
        ),
        basic=Basic(),
        header=chosen_header(),
    ),
    type=first_of(header("X-Contentful-Topic"), "webhook"),
    id=header("X-Contentful-Idempotency-Key"),
    time=first_of(header("X-Contentful-Event-Datetime"), body("sys.deletedAt"), body("sys.updatedAt")),
    subject=body("sys.id"),
    methods=("POST", "PUT", "PATCH", "DELETE", "GET"),
    limits=Limits(timeout=30, retries="2, half a minute apart, of 429 and 5xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [contentful]

"""Certificates that a request names by their URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC

from hub import Fetch, KeyNeeded, Refused, Request


def certificate_at(
    url: str, hosts: tuple[str | re.Pattern[str], ...], request: Request, fetched: Mapping[str, str] | None
) -> str:
    """The certificate behind a URL on one of these hosts, valid when the request came.

    Raises:
        KeyNeeded: it has to be fetched first; Refused: there is none, or it is not valid.
    """
    from cryptography.x509 import load_pem_x509_certificate

    text = (fetched or {}).get(url)
    if text is None:
        raise KeyNeeded(Fetch(url, hosts))
    try:
        known = load_pem_x509_certificate(text.encode())
    except ValueError:
        raise Refused("mismatch", f"there is no certificate behind {url}") from None
    if not known.not_valid_before_utc <= request.received.astimezone(UTC) <= known.not_valid_after_utc:
        raise Refused("mismatch", f"the certificate behind {url} is not valid now")
    return text

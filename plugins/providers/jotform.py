"""Jotform: submissions of forms, which nothing but the URL's secret proves.

Setup: in the form's Settings > Integrations add WebHooks with the hub's URL, ending with `?token=...`, the `secret`.
"""

from contextlib import suppress
from typing import Any

import orjson

from hub import Limits, Provider, Request, digest_of, first_of, form, hookimpl, query
from hub.signatures import Token


def content(request: Request) -> Any:
    """The form's fields; the answers among them are JSON."""
    fields: dict[str, Any] = {name: values[0] for name, values in request.form.items()}
    with suppress(orjson.JSONDecodeError):
        fields["rawRequest"] = orjson.loads(fields.get("rawRequest", ""))
    return fields


jotform = Provider(
    name="jotform",
    title="Jotform",
    docs="https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/",
    verify=Token(query("token"), doc="The secret in the URL that Jotform is told: `?token=...`."),
    type=first_of("submission"),
    # an edited submission keeps its id; among the answers stands when they were sent
    id=digest_of(form("submissionID"), form("rawRequest")),
    subject=form("formID"),
    data=content,
    limits=Limits(timeout=30, confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [jotform]

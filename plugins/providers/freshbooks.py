"""FreshBooks: invoices, clients, payments and more, as forms.

Setup: start the hub with an empty `[providers.freshbooks]` and make a callback with the API, the hub's URL as `uri`.
The hub trusts its verifier, and `hub secrets --show` shows it: `PUT` it to the callback.

Verifiers of later callbacks are not trusted by themselves: `hub secrets accept` trusts one.
"""

import json

from hub import Limits, Provider, Reply, Request, first_of, form, hookimpl
from hub.signatures import HMAC


def fields(request: Request) -> str | None:
    """What is signed: the form's fields, as Python's `json.dumps` writes them."""
    return json.dumps({name: values[0] for name, values in request.form.items()}) if request.form else None


def greet(request: Request) -> Reply | None:
    """A new webhook starts with its verifier, the key of all later signatures, which a person sends back by the API."""
    small = len(request.body) < 2000  # a stranger's form is parsed here
    if not small or form("name")(request) != "callback.verify":
        return None
    verifier, callback = form("verifier")(request), form("object_id")(request) or ""
    if not verifier:
        return None
    note = f"FreshBooks waits for the verifier of the callback {callback[:20]}: `hub secrets --show`, and PUT it"
    return Reply(200, event=False, learn={"secret": verifier}, note=note)


freshbooks = Provider(
    name="freshbooks",
    title="FreshBooks",
    docs="https://www.freshbooks.com/api/webhooks",
    verify=HMAC(
        "X-FreshBooks-Hmac-SHA256",
        "{base64}",
        fields,
        learned=True,
        doc="The verifier that FreshBooks sent when the callback was made; a list for several callbacks.",
    ),
    type=form("name"),
    subject=first_of(form("object_id"), form("account_id")),
    handshake=greet,
    limits=Limits(retries="some", disables="after repeated failures", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [freshbooks]

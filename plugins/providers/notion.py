"""Notion: pages, databases and comments.

Setup: in the integration's settings, under Webhooks, create a subscription with the hub's URL. Notion sends a token,
which the hub trusts; `hub secrets --show` shows it: paste it under Verify.

An event names what has changed; the content has to be fetched by Notion's API.
"""

from hub import Limits, Provider, Reply, Request, body, hookimpl
from hub.signatures import HMAC


def greet(request: Request) -> Reply | None:
    """A new subscription starts with its token, which a person pastes into Notion; it is the key of all signatures.

    Signed or not, it proves nothing: it would be signed with the token that it brings.
    """
    content = request.json if len(request.body) < 2000 else None
    if not isinstance(content, dict) or list(content) != ["verification_token"]:
        return None
    token = content["verification_token"]
    if not isinstance(token, str) or not token:
        return None
    note = "Notion waits for the verification token: `hub secrets --show`, and paste it under Verify"
    return Reply(200, event=False, learn={"secret": token}, note=note)


notion = Provider(
    name="notion",
    title="Notion",
    docs="https://developers.notion.com/reference/webhooks",
    verify=HMAC("X-Notion-Signature", "sha256={hex}", learned=True, doc="The verification token of the subscription."),
    type=body("type"),
    id=body("id"),
    time=body("timestamp"),
    subject=body("entity.id"),
    handshake=greet,
    limits=Limits(retries="8 attempts in all, the last after 24 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [notion]

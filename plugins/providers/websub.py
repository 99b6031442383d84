"""WebSub (PubSubHubbub): feeds and pages that tell of their changes, such as the channels of YouTube.

Setup: ask the hub that the feed names (YouTube: https://pubsubhubbub.appspot.com/subscribe) for a subscription, with a
form of `hub.mode=subscribe`, `hub.topic` the feed's URL, `hub.callback` the URL of this source, and `hub.secret`, a
text of up to 200 bytes that you make up and that is the option `secret`. Set `topic` to the feed's URL, or a list of
them: you are asked whether the subscription is yours. It ends after some days (`hub.lease_seconds`) and has to be
renewed.

Whoever knows the URL can ask for a subscription with a secret of his own in the place of yours: add one to the URL too,
`?token=...`, which is the option `token`. It is the only proof where content comes unsigned.
"""

import re
from typing import Annotated, Any
from xml.etree import ElementTree  # only after parse_xml found the document harmless

from hub import Provider, Reply, Request, body, dig, digest_of, echo, first_of, hookimpl, parse_xml, query
from hub.signatures import HMAC, AllOf, OneOf, Token

ENTRIES = ("entry", "deleted-entry", "item", "items")
"""What feeds hold: Atom, with entries that are gone; RSS; JSON Feed."""
SELF = re.compile(r'<([^<>]+)>\s*;\s*rel="?self\b', re.ASCII)
TOKEN = Token(query("token"), option="token", doc="The secret in the URL of the subscription: `?token=...`.")


class NamedHash(HMAC):
    """An HMAC whose hash the header names."""

    def present(self, request: Request) -> bool:
        """Does it name this one?"""
        return (request.header("X-Hub-Signature") or "").startswith(f"{self.hash}=")


def named(hash: str) -> NamedHash:
    """The signature with that hash."""
    return NamedHash("X-Hub-Signature", f"{hash}={{hex}}", hash=hash, doc="The `hub.secret` of the subscriptions.")


def intent(
    request: Request,
    *,
    topic: Annotated[str | list[str] | None, "The feed's URL, or a list; any is subscribed to if left out."],
    token: str | list[str] | None,
) -> Reply | None:
    """A subscription to a topic of the config is confirmed, and the end of one to any other topic."""
    mode, asked = query("hub.mode")(request), query("hub.topic")(request)
    if request.method != "GET" or not mode:
        return None
    if token:
        TOKEN.verify(request, {"token": token})
    if mode == "denied":
        return Reply(
            200, event=False, note=f"the subscription was denied: {query('hub.reason')(request) or 'without a reason'}"
        )
    topics = [topic] if isinstance(topic, str) else topic or []
    if (mode == "subscribe" and (asked in topics or not topics)) or (mode == "unsubscribe" and asked not in topics):
        return echo(query("hub.challenge"))(request)
    return Reply(404, event=False, note=f"{mode} refused: the config says otherwise of that topic")


def element(node: ElementTree.Element) -> Any:
    """An element as `parse_xml` reads it, but with its attributes (`@href`): Atom says much in them."""
    found: dict[str, Any] = {f"@{name.rpartition('}')[2]}": value for name, value in node.attrib.items()}
    if len(node) == 0:
        return {**found, "#text": node.text} if found and node.text else found or node.text or ""
    for child in node:
        name, value = child.tag.rpartition("}")[2], element(child)
        before = found.get(name, [])
        found[name] = [*(before if isinstance(before, list) else [before]), value] if name in found else value
    return found


def content(request: Request) -> Any:
    """The body's value: XML, JSON, or any text."""
    if "xml" in request.content_type:
        parse_xml(request.body)
        return element(ElementTree.fromstring(request.body))  # noqa: S314  # it has no document type
    return request.json if "json" in request.content_type else request.text


def parts(request: Request) -> list[Any]:
    """The entries of a feed, each with what is said of the feed; anything else is one event."""
    whole = content(request)
    for feed in (whole, dig(whole, ["channel"])):
        listed = {name: feed[name] for name in ENTRIES if name in feed} if isinstance(feed, dict) else {}
        if listed:
            around = {name: value for name, value in feed.items() if name not in listed}
            return [
                {**around, name.removesuffix("s"): one}
                for name, found in listed.items()
                for one in (found if isinstance(found, list) else [found])
            ]
    return [whole]


def kind(request: Request) -> str:
    """`entry`, `deleted-entry`, `item`, or `content` of what is no feed."""
    told = request.json if isinstance(request.json, dict) else {}
    return next((name for name in ENTRIES if name in told), "content")


def topic(request: Request) -> str | None:
    """The feed that the request says it is of."""
    found = SELF.search(request.header("Link") or "")
    return found.group(1) if found else None


websub = Provider(
    name="websub",
    title="WebSub",
    docs="https://www.w3.org/TR/websub/",
    verify=AllOf(
        OneOf(sha1=named("sha1"), sha256=named("sha256"), sha384=named("sha384"), sha512=named("sha512")),
        TOKEN,
    ),
    type=kind,
    id=first_of(
        digest_of(body("entry.updated"), body("entry.id")),
        digest_of(body("deleted-entry.@when"), body("deleted-entry.@ref")),
        digest_of(body("item.date_modified"), body("item.id")),
    ),
    time=first_of(body("entry.updated"), body("deleted-entry.@when"), body("item.date_modified"), body("item.pubDate")),
    subject=first_of(
        body("entry.videoId"), body("entry.id"), body("deleted-entry.@ref"), body("item.link"), body("item.id"), topic
    ),
    split=parts,
    handshake=intent,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [websub]

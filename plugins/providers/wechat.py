"""WeChat: messages and events of Official Accounts, mini programs and WeCom.

Setup: start the hub, then open Settings and Development > Basic Configuration (WeCom: the app's Receive messages) and
enter the hub's URL, a token of your own and the format XML or JSON. `secret` is the token. In safe mode, which WeCom
always has, `encoding_aes_key` is the EncodingAESKey.

With `encoding_aes_key` a message that is not encrypted is refused, though its URL be signed.

The hub answers `success`, so it never replies to a message.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from xml.sax.saxutils import escape

import orjson

from hub import (
    Limits,
    Option,
    Provider,
    Reply,
    Request,
    Slot,
    Unreadable,
    body,
    dig,
    first_of,
    hookimpl,
    join,
    parse_xml,
    query,
)
from hub.signatures import Hash, OneOf

BLOCK = 32
"""Bytes to whose multiple WeChat pads; twice the cipher's own."""
AES_KEY = Option("The EncodingAESKey, 43 letters and digits, where messages are encrypted.", secret=True)
AESKey = Annotated[str | None, AES_KEY]


def parsed(raw: bytes) -> Any:
    """A message, in either of its formats."""
    return orjson.loads(raw) if raw.lstrip().startswith(b"{") else parse_xml(raw)


def cipher(key: str) -> Any:
    """AES-256-CBC as WeChat does it, the key's first half as the first block."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    raw = b64decode(f"{key}=")
    return Cipher(AES(raw), CBC(raw[:16]))


def decrypted(text: str, key: str) -> bytes:
    """The message: after 16 random bytes and its length, before the account's id.

    Raises:
        Unreadable: it is not encrypted with this key.
    """
    try:
        decryptor = cipher(key).decryptor()
        raw: bytes = decryptor.update(b64decode(text, validate=True)) + decryptor.finalize()
        size = int.from_bytes(raw[16:20], "big")
        if not 0 < size <= len(raw) - 20:
            raise ValueError("no length")
    except ValueError:
        raise Unreadable("the message is not encrypted with the configured encoding_aes_key") from None
    return raw[20 : 20 + size]


def encrypted(message: bytes, key: str) -> str:
    """The message as WeChat encrypts it."""
    raw = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + b"development"
    padding = BLOCK - len(raw) % BLOCK
    encryptor = cipher(key).encryptor()
    return b64encode(encryptor.update(raw + bytes([padding]) * padding) + encryptor.finalize()).decode()


def sealed_text(request: Request) -> str | None:
    """What is encrypted: a message, or the text that WeCom wants back."""
    found = query("echostr")(request) if request.method == "GET" else dig(parsed(request.body), ["Encrypt"])
    return found if isinstance(found, str) else None


def ordered(secret: bytes, *texts: str | None) -> str | None:
    """What is signed: the token and these in order of their letters; nothing where one is missing."""
    found = [text for text in texts if text is not None]
    return "".join(sorted([secret.decode("utf-8", "replace"), *found])) if len(found) == len(texts) else None


def plain(
    request: Request,
    *,
    secret: bytes,
    timestamp: str | None,
    nonce: str | None,
    encoding_aes_key: str | None = None,
) -> str | None:
    """The token, the time and the nonce, in order of their letters."""
    # with the key a message has to be encrypted: else a signed URL would be good for any
    return ordered(secret, timestamp, nonce) if request.method == "GET" or not encoding_aes_key else None


def sealed(request: Request, *, secret: bytes, timestamp: str | None, nonce: str | None) -> str | None:
    """The token, the time, the nonce and the encrypted text, in order of their letters."""
    return ordered(secret, timestamp, nonce, sealed_text(request))


class Sealed(Hash):
    """The signature of an encrypted message; signing encrypts it first."""

    def options(self) -> dict[str, Option]:
        """The token, and the other key."""
        return {**super().options(), "encoding_aes_key": AES_KEY}

    def missing(self, options: Mapping[str, Any]) -> list[str]:
        """Without the other key there is nothing to read."""
        return [] if options.get("encoding_aes_key") else ["encoding_aes_key"]

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as WeChat would send it in safe mode."""
        key = str(options["encoding_aes_key"])
        if request.method == "GET":
            echo = encrypted((query("echostr")(request) or "").encode(), key)
            return super().sign(query("echostr").put(request, echo), options)
        text = f"<xml><Encrypt>{escape(encrypted(request.body, key))}</Encrypt></xml>"
        return super().sign(replace(request, body=text.encode()), options)

    def credentials(self) -> dict[str, Any]:
        """A token and a key for messages."""
        key = b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        return {**super().credentials(), "encoding_aes_key": key}


def content(request: Request, *, encoding_aes_key: AESKey = None) -> Any:
    """The message, decrypted where it is not plain."""
    found = parsed(request.body)
    text = dig(found, ["Encrypt"])
    return parsed(decrypted(text, encoding_aes_key)) if encoding_aes_key and isinstance(text, str) else found


def inside(place: Slot) -> Slot:
    """A place in the message."""

    def read(request: Request, *, encoding_aes_key: AESKey = None) -> Any:
        return place(request.part(content(request, encoding_aes_key=encoding_aes_key)))

    return read


def answer(request: Request, *, encoding_aes_key: AESKey = None) -> Reply:
    """`success`; a GET tries the URL and wants its text back."""
    if request.method != "GET":
        return Reply(200, "success")
    echo: str | bytes = query("echostr")(request) or ""
    if encoding_aes_key and query("msg_signature")(request):
        echo = decrypted(str(echo), encoding_aes_key)
    return Reply(200, echo, event=False, note="the URL was tried")


WHEN = body("CreateTime")
PLACES = {"timestamp": query("timestamp"), "nonce": query("nonce")}

wechat = Provider(
    name="wechat",
    title="WeChat",
    docs="https://developers.weixin.qq.com/doc/offiaccount/en/Basic_Information/Access_Overview.html",
    verify=OneOf(
        sealed=Sealed(query("msg_signature"), "{hex}", sealed, hash="sha1", tolerance=None, covers="part", **PLACES),
        plain=Hash(query("signature"), "{hex}", plain, hash="sha1", tolerance=None, covers="none", **PLACES),
    ),
    type=inside(join(body("MsgType"), body("Event"))),
    id=inside(first_of(body("MsgId"), join(body("FromUserName"), WHEN, body("Event"), body("EventKey")))),
    time=inside(WHEN),
    subject=inside(first_of(body("FromUserName"), body("ToUserName"))),
    data=content,
    answer=answer,
    methods=("POST", "GET"),
    limits=Limits(timeout=5, retries="3", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [wechat]

"""How a sender proves itself where its user chooses: basic authentication, or a secret in a header or the URL."""

from hub import query
from hub.signatures import Basic, Bearer, OneOf, Token

from ._places import chosen_header

DOC = "The secret: as a bearer token, in the header that was chosen, or in the URL as `?token=...`."


def any_proof(default: str = "X-Hub-Token") -> OneOf:
    """The option `secret` may be sent in any of three places; `username` and `password` as basic authentication."""
    return OneOf(
        basic=Basic(),
        bearer=Bearer(doc=DOC),
        header=chosen_header(default, option="secret"),
        url=Token(query("token")),
    )

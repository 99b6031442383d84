"""Tokens that Google signs for a service account (OpenID Connect)."""

from hub.signatures import JWT

ISSUERS = ("https://accounts.google.com", "accounts.google.com")


def google_token() -> JWT:
    """The options `audience` and `email` say for whom and by whom it must be made."""
    return JWT(
        "Authorization",
        "Bearer {token}",
        algorithms=("RS256",),
        fetch="https://www.googleapis.com/oauth2/v3/certs",
        claims={"aud": "{option:audience}", "email": "{option:email}", "email_verified": "True", "iss": ISSUERS},
        doc="Google's public keys (JSON Web Keys), if they are not to be fetched.",
    )

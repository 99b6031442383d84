"""SurveyMonkey: responses to surveys.

Setup: with the hub running, `POST https://api.surveymonkey.com/v3/webhooks` with the hub's URL as `subscription_url`.
`secret` and `client_id` are the app's.

An event names a response; its answers have to be fetched by the API.
"""

from typing import Annotated

from hub import Limits, Provider, body, first_of, head_ok, hookimpl
from hub.signatures import HMAC


def key(secret: str, *, client_id: Annotated[str, "The app's client id, a part of the key."]) -> bytes:
    """The key is made of both of the app's credentials."""
    return f"{client_id}&{secret}".encode("utf-8", "surrogatepass")


surveymonkey = Provider(
    name="surveymonkey",
    title="SurveyMonkey",
    docs="https://api.surveymonkey.com/v3/docs",
    verify=HMAC("Sm-Signature", "{base64}", hash="sha1", key=key, doc="The app's client secret."),
    type=body("event_type"),
    id=body("event_id"),
    time=body("event_datetime"),
    subject=first_of(body("resources.survey_id"), body("object_id")),
    handshake=head_ok,
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [surveymonkey]

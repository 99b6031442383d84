"""Google Forms: responses that a form's Apps Script sends, written as the Forms API writes them.

Setup: Google Forms sends nothing by itself. In the form's Apps Script let a trigger on submission post the response, as
the Forms API writes it, to the hub's URL with `UrlFetchApp` and the header `X-Hub-Token`, the `secret`.

Watches of the Forms API are pushed by Pub/Sub: for them take the provider `google-pubsub`.
"""

from hub import Provider, body, first_of, hookimpl, join

from ._places import chosen_header

google_forms = Provider(
    name="google-forms",
    title="Google Forms",
    # Google Forms has no webhooks: a trigger on submission calls UrlFetchApp with a token in a header
    docs="https://developers.google.com/apps-script/guides/triggers/installable",
    verify=chosen_header(option="secret"),
    type=first_of(body("eventType"), "RESPONSES"),
    # an edited response keeps its id
    id=join(body("responseId"), body("lastSubmittedTime"), by=":"),
    time=first_of(body("lastSubmittedTime"), body("createTime")),
    subject=body("formId"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_forms]

"""Google Forms: responses that a form's Apps Script sends, written as the Forms API writes them."""

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

"""Heroku: webhooks of apps and add-ons.

Setup: `heroku webhooks:add -a APP -i api:release -l notify -u URL -s SECRET` with the hub's URL and a secret of your
own, which is the `secret`; `authorization` is the value of `-t`, if you give one. Level `sync` repeats what fails.
"""

from hub import Limits, Provider, body, first_of, hookimpl, join
from hub.signatures import HMAC, AllOf, Token

heroku = Provider(
    name="heroku",
    title="Heroku",
    docs="https://devcenter.heroku.com/articles/app-webhooks",
    verify=AllOf(
        HMAC("Heroku-Webhook-Hmac-SHA256", "{base64}"),
        Token("Authorization", option="authorization", doc="The `authorization` that the webhook was made with."),
    ),
    type=join(body("webhook_metadata.event.include"), body("action")),
    id=first_of(body("webhook_metadata.event.id"), body("id")),
    time=first_of(body("published_at"), body("created_at")),
    subject=first_of(body("data.app.name"), body("data.name"), body("data.id")),
    limits=Limits(retries="level notify: none; level sync: until it succeeds, or a limit", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [heroku]

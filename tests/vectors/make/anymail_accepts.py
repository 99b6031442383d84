"""django-anymail, which receives webhooks of mail services, and some more libraries that are not the platforms' own."""

import asyncio
from types import SimpleNamespace
from typing import Any

from accepts import Check, R


def anymail(module: str, view: str, **settings: str) -> Check:
    """settings: of the view, with the name of the hub's option that each one is."""

    def check(r: R) -> object:
        import django
        from django.conf import settings as configuration
        from django.test import RequestFactory

        if not configuration.configured:
            configuration.configure(ALLOWED_HOSTS=["*"], DATA_UPLOAD_MAX_MEMORY_SIZE=None)
            django.setup()
        views = __import__(f"anymail.webhooks.{module}", fromlist=[view])
        extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in r.headers.items()}
        kind = r.headers.get("content-type", "application/json")
        target = r.url.removeprefix("https://hub.example.com")
        request = RequestFactory().generic(
            "POST", target, r.raw, kind, secure=True, SERVER_NAME="hub.example.com", **extra
        )
        given: dict[str, Any] = {name: r.options[option] for name, option in settings.items()}
        if module == "postal":
            r.headers["x-postal-signature"]  # it knows this one alone
            given = {"webhook_key": "".join(r.options["public_key"].splitlines()[1:-1])}
        if not given:
            given = {"webhook_secret": f"{r.options['username']}:{r.options['password']}"}
        found = getattr(views, view)(**given)
        found.run_validators(request)
        return True

    return check


def meta(r: R) -> object:
    from pywa.utils import webhook_updates_validator

    return webhook_updates_validator(r.secret, r.raw, r.headers["x-hub-signature-256"])


def twitch(r: R) -> object:
    from twitchAPI.eventsub.webhook import EventSubWebhook

    async def text() -> str:
        return r.body

    names = ("Id", "Timestamp", "Signature")
    request = SimpleNamespace(headers=r.shown(*(f"Twitch-Eventsub-Message-{name}" for name in names)), text=text)
    return asyncio.run(EventSubWebhook._verify_signature(SimpleNamespace(secret=r.secret), request))


def mailtrap(r: R) -> object:
    from mailtrap.webhooks import verify_signature

    return verify_signature(r.raw, r.headers["mailtrap-signature"], r.secret)


MORE: dict[str, tuple[str, Check]] = {
    "brevo": ("django-anymail", anymail("brevo", "BrevoTrackingWebhookView")),
    "mailersend": ("django-anymail", anymail("mailersend", "MailerSendTrackingWebhookView", signing_secret="secret")),
    "mailgun": ("django-anymail", anymail("mailgun", "MailgunTrackingWebhookView", webhook_signing_key="secret")),
    "mailjet": ("django-anymail", anymail("mailjet", "MailjetTrackingWebhookView")),
    "mailtrap": ("mailtrap", mailtrap),
    "mandrill": ("django-anymail", anymail("mandrill", "MandrillCombinedWebhookView", webhook_key="secret")),
    "meta": ("pywa", meta),
    "postal": ("django-anymail", anymail("postal", "PostalTrackingWebhookView")),
    "postmark": ("django-anymail", anymail("postmark", "PostmarkTrackingWebhookView")),
    "sparkpost": ("django-anymail", anymail("sparkpost", "SparkPostTrackingWebhookView")),
    "twitch": ("twitchAPI", twitch),
    "unisender-go": ("django-anymail", anymail("unisender_go", "UnisenderGoTrackingWebhookView", api_key="secret")),
    "whatsapp": ("pywa", meta),
}

"""Content platforms and senders of events as their users know them: events, answers, times, and forgeries."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from provider_kit import JSON, NOW, builtin, packed, proven, sent, signed

from hub.source import Outcome
from hub.testing import receive


class TestSegment:
    first = b'{"type": "track",  "event":"Bought", "messageId":"m-1", "userId":"u"}'
    mark = hmac.new(b"s", first, "sha1").hexdigest()

    async def test_one_event_is_signed_as_the_body(self) -> None:
        (event,) = (await sent("segment", {"secret": "s"}, self.first, {**JSON, "X-Signature": self.mark})).events
        assert (event.type, event.deliveryid, event.subject) == ("segment.track.Bought", "m-1", "u")
        longer = await sent("segment", {"secret": "s"}, self.first + b" ", {**JSON, "X-Signature": self.mark})
        assert longer.reason == "mismatch"

    async def test_of_a_batch_only_the_first_is_signed(self) -> None:
        for rest in (b"", b',{"type":"page","messageId":"m-2"}', b' , {"type":"page"} '):
            batch = b"[ " + self.first + rest + b"]"
            outcome = await sent("segment", {"secret": "s"}, batch, {**JSON, "X-Signature": self.mark})
            assert [event.type for event in outcome.events][:1] == ["segment.track.Bought"]
        for batch in (b'[{"type":"page"},' + self.first + b"]", b"[]", b"[", b"[" * 100_000):
            assert not (await sent("segment", {"secret": "s"}, batch, {**JSON, "X-Signature": self.mark})).accepted
        assert builtin("segment").verify.covers == "none"  # that of its weakest mode

    async def test_a_header_of_ones_own(self) -> None:
        options = {"token": "t", "header": "X-Own"}
        assert (await sent("segment", options, self.first, {**JSON, "X-Own": "t"})).accepted
        assert not (await sent("segment", options, self.first, {**JSON, "X-Own": "x"})).accepted


class TestContentful:
    secret: Mapping[str, Any] = {"secret": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"}
    target = "?a=b%20c&d=%C3%A9+x/y(z)"
    headers: Mapping[str, str] = {
        "Content-Type": "application/json",
        "X-Contentful-Topic": "ContentManagement.Entry.publish",
        # made by @contentful/node-apps-toolkit 3.16.1
        "x-contentful-signature": "bbe19957d43ab083fba0a1ad85c66419306db8857b9e1aa9bf359859b58da5aa",
        "x-contentful-signed-headers": "content-type,x-contentful-signed-headers,x-contentful-timestamp,"
        "x-contentful-topic",
        "x-contentful-timestamp": "1760000000000",
    }
    content = '{"sys":{"id":"é"}}'.encode()

    async def made(self, *, age: float = 0, target: str = target, content: bytes = content, **changed: str) -> Outcome:
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return await receive(
            "contentful",
            self.secret,
            method="PUT",
            url=f"https://hub.example.com/in/contentful{target}",
            headers=headers,
            body=content,
            now=1_760_000_000 + age,
        )

    async def test_a_query_is_escaped_twice(self) -> None:
        (event,) = (await self.made()).events
        assert (event.type, event.subject) == ("contentful.ContentManagement.Entry.publish", "é")

    async def test_it_is_fresh_for_half_a_minute(self) -> None:
        assert (await self.made(age=29)).accepted
        assert (await self.made(age=31)).reason == "stale"

    @pytest.mark.parametrize(
        "changed",
        [
            {"target": "?a=b%20c&d=%C3%A9+x/y(z)&e=1"},
            {"content": b'{"sys":{"id":"e"}}'},
            {"X_Contentful_Topic": "ContentManagement.Entry.delete"},
            {"x_contentful_timestamp": "1760000000001"},
            {"x_contentful_signed_headers": "content-type,x-contentful-signed-headers,x-contentful-timestamp"},
            {"x_contentful_signed_headers": "x-never"},
        ],
    )
    async def test_everything_is_signed(self, changed: dict[str, Any]) -> None:
        assert (await self.made(**changed)).reason in ("mismatch", "missing")


class TestGhost:
    content: Mapping[str, Any] = {"event": "post.published", "post": {"current": {"id": "p"}, "previous": {}}}

    async def test_the_time_is_signed_unless_the_site_is_old(self) -> None:
        raw, time = packed(self.content), str(int(NOW.timestamp() * 1000))
        old = hmac.new(b"s", raw, "sha256").hexdigest()
        headers = {**JSON, "X-Ghost-Signature": f"sha256={old}, t={time}"}
        assert (await sent("ghost", {"secret": "s"}, raw, headers)).reason == "mismatch"
        assert (await sent("ghost", {"secret": "s", "legacy": True}, raw, headers)).accepted
        new = hmac.new(b"s", raw + time.encode(), "sha256").hexdigest()
        headers = {**JSON, "X-Ghost-Signature": f"sha256={new}, t={time}"}
        assert (await sent("ghost", {"secret": "s"}, raw, headers)).accepted
        assert (await sent("ghost", {"secret": "s"}, raw, headers, now=NOW + timedelta(hours=1))).reason == "stale"

    @pytest.mark.parametrize(
        ("content", "kind", "subject"),
        [
            (content, "ghost.post.published", "p"),
            ({"event": "tag.deleted", "tag": {"current": {}, "previous": {"id": "t"}}}, "ghost.tag.deleted", "t"),
            ({"member": {"current": {"id": "m"}, "previous": {}}}, "ghost.member", "m"),
            ({}, "ghost.site.changed", None),
        ],
    )
    async def test_what_it_is_about(self, content: Any, kind: str, subject: str | None) -> None:
        (event,) = (await signed("ghost", {"secret": "s"}, content)).events
        assert (event.type, event.subject) == (kind, subject)


class TestDiscourse:
    async def test_it_is_json_whatever_its_type_says(self) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded", "X-Discourse-Event": "post_created"}
        content = {"post": {"id": 7, "cooked": "<a href='/?a=1&b=2'>", "created_at": "2026-05-01T11:59:00Z"}}
        (event,) = (await signed("discourse", {"secret": "s"}, content, headers)).events
        assert (event.type, event.subject, event.data) == ("discourse.post_created", "7", content)
        assert event.time == datetime(2026, 5, 1, 11, 59, tzinfo=UTC)

    async def test_a_ping_is_an_event_that_has_to_be_proven(self) -> None:
        headers = {**JSON, "X-Discourse-Event-Type": "ping"}
        assert [e.type for e in (await signed("discourse", {"secret": "s"}, {"ping": "OK"}, headers)).events] == [
            "discourse.ping"
        ]
        assert (await sent("discourse", {"secret": "s"}, {"ping": "OK"}, headers)).accepted is False
        assert (await sent("discourse", {"verify": False}, {"ping": "OK"}, headers)).status == 200


class TestTimes:
    async def test_customerio_may_send_again_for_days(self) -> None:
        raw, time = packed({"event_id": "e", "object_type": "email", "metric": "sent"}), str(int(NOW.timestamp()))
        mark = hmac.new(b"s", f"v0:{time}:".encode() + raw, "sha256").hexdigest()
        headers = {**JSON, "X-CIO-Timestamp": time, "X-CIO-Signature": mark}
        (event,) = (await sent("customerio", {"secret": "s"}, raw, headers, now=NOW + timedelta(days=6))).events
        assert (event.type, event.deliveryid) == ("customerio.email.sent", "e")

    @pytest.mark.parametrize(("late", "accepted"), [(-86_400, True), (290, True), (310, False)])
    async def test_mux_checks_the_age_alone(self, late: int, accepted: bool) -> None:
        request = proven("mux", {"secret": "s"}, {"type": "video.asset.ready", "id": "1"})
        headers = {**JSON, "Mux-Signature": request.header("mux-signature") or ""}
        now = NOW + timedelta(seconds=late)
        assert (await sent("mux", {"secret": "s"}, request.body, headers, now=now)).accepted is accepted


class TestWebflow:
    form: Mapping[str, Any] = {"triggerType": "form_submission", "payload": {"id": "f", "siteId": "s"}}
    item: Mapping[str, Any] = {"triggerType": "collection_item_changed", "payload": {"id": "i", "siteId": "s"}}

    async def test_a_webhook_of_the_dashboard_has_a_secret_in_its_url(self) -> None:
        assert (await sent("webflow", {"token": "t"}, self.form, query="?token=t")).accepted
        assert not (await sent("webflow", {"token": "t"}, self.form, query="?token=x")).accepted
        assert not (await sent("webflow", {"secret": "s"}, self.form, query="?token=s")).accepted

    async def test_only_a_submission_has_an_id(self) -> None:
        (form,) = (await signed("webflow", {"secret": "s"}, self.form)).events
        (item,) = (await signed("webflow", {"secret": "s"}, self.item)).events
        assert (form.deliveryid, item.deliveryid) == ("f", item.id)
        assert item.subject == "i"


class TestSvix:
    @pytest.mark.parametrize("prefix", ["svix", "webhook"])
    async def test_either_set_of_headers(self, prefix: str) -> None:
        options = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        request = proven("svix", options, {"type": "invoice.paid"})
        headers = {
            f"{prefix}-{part}": request.header(f"svix-{part}") or "" for part in ("id", "timestamp", "signature")
        }
        (event,) = (await sent("svix", options, request.body, {**JSON, **headers})).events
        assert (event.type, event.deliveryid) == ("svix.invoice.paid", headers[f"{prefix}-id"])


class TestSupabase:
    hook: Mapping[str, Any] = {"secret": "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    row: Mapping[str, Any] = {"type": "DELETE", "schema": "public", "table": "orders", "old_record": {"id": 3}}

    @pytest.mark.parametrize(
        ("content", "kind", "answer"),
        [
            ({"user": {"id": "u"}, "email_data": {"token": "1"}}, "send-email", {}),
            ({"user": {"id": "u"}, "sms": {"otp": "1"}}, "send-sms", {}),
            ({"user_id": "u", "claims": {"role": "x"}}, "customize-access-token", {"claims": {"role": "x"}}),
            ({"user_id": "u", "factor_id": "f", "valid": False}, "mfa-verification", {"decision": "continue"}),
            ({"user_id": "u", "valid": False}, "password-verification", {"decision": "continue"}),
            ({"metadata": {"name": "before-user-created"}, "user": {"id": "u"}}, "before-user-created", {}),
        ],
    )
    async def test_an_auth_hook_lets_everything_pass(self, content: Any, kind: str, answer: Any) -> None:
        outcome = await signed("supabase", self.hook, content)
        assert (outcome.events[0].type, outcome.events[0].subject) == (f"supabase.{kind}", "u")
        assert orjson.loads(outcome.body) == answer
        assert outcome.headers["content-type"] == "application/json"

    async def test_rows_come_with_a_token(self) -> None:
        (event,) = (await sent("supabase", {"secret": "t"}, self.row, {**JSON, "Authorization": "Bearer t"})).events
        assert (event.type, event.subject) == ("supabase.public.orders.DELETE", "3")
        assert event.deliveryid == event.id
        assert (await sent("supabase", {"secret": "t", "header": "X-T"}, self.row, {**JSON, "X-T": "t"})).accepted
        for headers in (JSON, {**JSON, "Authorization": "t"}, {**JSON, "webhook-id": "1"}):
            assert not (await sent("supabase", {"secret": "t"}, self.row, headers)).accepted


class TestSanity:
    async def test_document_and_operation_are_the_type(self) -> None:
        headers = {**JSON, "sanity-operation": "delete", "idempotency-key": "k", "sanity-document-id": "d"}
        (event,) = (await signed("sanity", {"secret": "s"}, {"_type": "page"}, headers)).events
        assert (event.type, event.deliveryid, event.subject) == ("sanity.page.delete", "k", "d")

    @pytest.mark.parametrize("projected", [[1, 2], "text", 7, None])
    async def test_a_projection_may_be_anything(self, projected: Any) -> None:
        (event,) = (await signed("sanity", {"secret": "s"}, projected)).events
        assert (event.type, event.data) == ("sanity.document", projected)

"""E-mail platforms: tests of a new URL, several modes, batches, ids, attacks."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from mail_kit import BASIC, FORM, LOGIN, form, fresh, keys, made, sample, sent, signed
from provider_kit import JSON, NOW, URL

from hub import Request
from hub.source import Outcome


class TestSendGrid:
    options = fresh("sendgrid", "signature")

    async def test_a_batch_that_is_regrouped_has_the_same_ids(self) -> None:
        batch = sample("sendgrid", "processed")
        first = await sent("sendgrid", self.options, signed("sendgrid", self.options, batch))
        assert [event.type for event in first.events] == [
            f"sendgrid.{word}" for word in ("processed", "delivered", "open", "click")
        ]
        again = signed("sendgrid", self.options, made(batch.json[2:]))
        assert keys(await sent("sendgrid", self.options, again)) == keys(first)[2:]

    async def test_a_received_email_is_signed_as_it_was_sent(self) -> None:
        email = signed("sendgrid", self.options, sample("sendgrid", "inbound"))
        (event,) = (await sent("sendgrid", self.options, email)).events
        assert (event.type, event.subject) == ("sendgrid.inbound", "Test Inbound <test@inbound.example.com>")
        assert event.data["envelope"] == '{"to":["test@inbound.example.com"],"from":"envelope-from@example.org"}'
        forged = replace(email, body=email.body.replace(b"Test body plain", b"Send me money"))
        assert (await sent("sendgrid", self.options, forged)).reason == "mismatch"

    async def test_a_received_email_without_a_signature_needs_another_proof(self) -> None:
        email = sample("sendgrid", "inbound")
        assert (await sent("sendgrid", self.options, email)).reason == "missing"
        email = replace(email, url=f"{URL}?token=t")
        assert (await sent("sendgrid", {**self.options, "secret": "t"}, email)).accepted
        assert (await sent("sendgrid", {**self.options, "secret": "u"}, email)).accepted is False

    async def test_a_bad_signature_is_not_made_good_by_a_token(self) -> None:
        request = signed("sendgrid", self.options, replace(sample("sendgrid", "dropped"), url=f"{URL}?token=t"))
        forged = replace(request, body=request.body.replace(b"dropped", b"bounced"))
        assert (await sent("sendgrid", {**self.options, "secret": "t"}, forged)).reason == "mismatch"

    @pytest.mark.parametrize(("hours", "reason"), [(23, ""), (26, "stale")])
    async def test_it_is_sent_again_for_a_day(self, hours: int, reason: str) -> None:
        request = signed("sendgrid", self.options, sample("sendgrid", "dropped"))
        late = replace(request, received=NOW + timedelta(hours=hours))
        assert (await sent("sendgrid", self.options, late)).reason == reason


class TestMailgun:
    options: Mapping[str, str] = {"secret": "key-1"}
    token = "123abcdef" + "0" * 41

    def event(self, key: bytes = b"key-1", **signature: str) -> Request:
        time = str(int(NOW.timestamp()))
        mark = hmac.new(key, (time + self.token).encode(), "sha256").hexdigest()
        fields = {"timestamp": time, "token": self.token, "signature": mark, **signature}
        return made({"signature": fields, "event-data": {"event": "failed", "severity": "permanent"}})

    async def test_a_failure_has_its_severity(self) -> None:
        (event,) = (await sent("mailgun", self.options, self.event())).events
        assert (event.type, event.deliveryid) == ("mailgun.failed.permanent", self.token)

    @pytest.mark.parametrize("digits", [1, 3])
    async def test_digits_of_the_token_cannot_be_moved_to_the_time(self, digits: int) -> None:
        """Three of them would make milliseconds of it: the same signature, a right time, another token."""
        time = str(int(NOW.timestamp())) + self.token[:digits]
        outcome = await sent("mailgun", self.options, self.event(timestamp=time, token=self.token[digits:]))
        assert (outcome.accepted, outcome.reason, outcome.bug) == (False, "malformed", False)

    async def test_another_event_with_a_seen_token_is_its_duplicate(self) -> None:
        forged = self.event()
        content = {**forged.json, "event-data": {"event": "delivered"}}
        assert keys(await sent("mailgun", self.options, made(content))) == keys(
            await sent("mailgun", self.options, forged)
        )

    async def test_either_key_of_a_subaccount_will_do(self) -> None:
        parent = self.event(b"key-1").json["signature"]["signature"]
        child = self.event(b"key-2", **{"parent-signature": parent})
        for key, accepted in (("key-1", True), ("key-2", True), ("key-3", False)):
            assert (await sent("mailgun", {"secret": key}, child)).accepted is accepted

    async def test_of_a_forms_fields_the_last_is_mailguns(self) -> None:
        own = self.event().json["signature"]
        body = urlencode([("token", "a user's variable"), *own.items(), ("recipient", "a@example.com")]).encode()
        (event,) = (await sent("mailgun", self.options, made(body, FORM))).events
        assert (event.type, event.deliveryid, event.subject) == ("mailgun.inbound", self.token, "a@example.com")

    @pytest.mark.parametrize(("hours", "reason"), [(8, ""), (13, "stale")])
    async def test_it_is_sent_again_for_eight_hours(self, hours: int, reason: str) -> None:
        late = replace(self.event(), received=NOW + timedelta(hours=hours))
        assert (await sent("mailgun", self.options, late)).reason == reason


class TestMailchimp:
    async def test_the_address_is_tried_with_get(self) -> None:
        outcome = await sent("mailchimp", {"secret": "t"}, made(method="GET"))
        assert (outcome.status, outcome.events) == (200, ())

    async def test_a_secret_in_the_url_is_demanded(self) -> None:
        request = sample("mailchimp", "subscribe")
        assert (await sent("mailchimp", {"secret": "t"}, request)).accepted is False
        assert (await sent("mailchimp", {"secret": "t"}, replace(request, url=f"{URL}?token=t"))).accepted

    async def test_the_same_change_is_one_event(self) -> None:
        change = {"type": "profile", "fired_at": "2009-03-26 21:31:21", "data[merges][FNAME]": "A"}
        ids = []
        for fields in (change, change, {**change, "data[merges][FNAME]": "B"}):
            ids += keys(await sent("mailchimp", {"secret": "t"}, form(fields, query="?token=t")))
        assert ids[0] == ids[1] != ids[2]


class TestMandrill:
    options: Mapping[str, str] = {"secret": "k"}
    event: Mapping[str, Any] = {"event": "open", "_id": "m", "ts": 1384954004, "msg": {"email": "a@example.com"}}

    def batch(self, *events: Any) -> Request:
        return form({"mandrill_events": json.dumps(events)})

    @pytest.mark.parametrize("request_", [made(method="HEAD"), sample("mandrill", "test")], ids=["HEAD", "POST"])
    async def test_the_address_is_tried_before_there_is_a_key(self, request_: Request) -> None:
        outcome = await sent("mandrill", {}, request_)
        assert (outcome.status, outcome.events) == (200, ())

    async def test_nothing_else_is_taken_unsigned(self) -> None:
        assert (await sent("mandrill", self.options, self.batch(self.event))).reason == "missing"

    async def test_the_url_is_signed_as_it_was_typed(self) -> None:
        typed = "https://user:pass@hub.example.com/webhooks/x"
        text = f"{typed}mandrill_events{json.dumps([self.event])}"
        mark = b64encode(hmac.new(b"k", text.encode(), "sha1").digest()).decode()
        request = self.batch(self.event).with_header("X-Mandrill-Signature", mark)
        assert (await sent("mandrill", self.options, replace(request, url=typed))).accepted
        assert (await sent("mandrill", self.options, request)).reason == "mismatch"

    async def test_events_of_one_email_are_told_apart(self) -> None:
        click = {**self.event, "event": "click", "url": "http://a.example"}
        batch = self.batch(self.event, click, {**click, "url": "http://b.example"}, self.event)
        first = await sent("mandrill", self.options, signed("mandrill", self.options, batch))
        assert len(set(keys(first))) == 4
        again = signed("mandrill", self.options, self.batch(click))
        assert keys(await sent("mandrill", self.options, again)) == keys(first)[1:2]

    async def test_what_is_no_list_is_kept_as_unreadable(self) -> None:
        request = signed("mandrill", self.options, form({"mandrill_events": "{}"}))
        outcome = await sent("mandrill", self.options, request)
        assert (outcome.status, outcome.stage) == (200, "read")


class TestAnySender:
    @pytest.mark.parametrize("name", ["postmark", "sparkpost", "brevo"])
    @pytest.mark.parametrize(
        ("options", "headers", "query"),
        [
            (LOGIN, BASIC, ""),
            ({"secret": "s"}, {"Authorization": "Bearer s"}, ""),
            ({"secret": "s", "header": "X-Own"}, {"X-Own": "s"}, ""),
            ({"secret": "s"}, {}, "?token=s"),
        ],
        ids=["basic", "bearer", "header", "url"],
    )
    async def test_each_of_its_modes(
        self, name: str, options: Mapping[str, str], headers: Mapping[str, str], query: str
    ) -> None:
        content = [{"msys": {"message_event": {"type": "open"}}}] if name == "sparkpost" else {"event": "open"}
        assert (await sent(name, options, made(content, {**JSON, **headers}, query=query))).accepted
        assert (await sent(name, options, made(content))).accepted is False
        wrong = {**options, **({"password": "x"} if "password" in options else {"secret": "x"})}
        assert (await sent(name, wrong, made(content, {**JSON, **headers}, query=query))).accepted is False

    @pytest.mark.parametrize(
        ("event", "word", "subject"),
        [
            ("Bounce", "Bounce", "bounce@example.com"),
            ("Open", "Open", "john@example.com"),
            ("Inbound", "Inbound", "yourhash+SampleHash@inbound.postmarkapp.com"),
        ],
    )
    async def test_records_of_postmark(self, event: str, word: str, subject: str) -> None:
        request = sample("postmark", event).with_header("Authorization", BASIC["Authorization"])
        (read,) = (await sent("postmark", LOGIN, request)).events
        assert (read.type, read.subject) == (f"postmark.{word}", subject)

    async def test_openings_of_an_email_are_told_apart_by_their_time(self) -> None:
        opened = {"RecordType": "Open", "MessageID": "m", "ReceivedAt": "2016-04-27T16:21:41.2493688-04:00"}
        ids = []
        for record in (opened, opened, {**opened, "ReceivedAt": "2016-04-27T16:21:41.2493689-04:00"}):
            ids += keys(await sent("postmark", LOGIN, made(record, {**JSON, **BASIC})))
        assert ids[0] == ids[1] != ids[2]


class TestSparkPost:
    async def test_the_test_of_a_webhook_has_to_be_proven(self) -> None:
        assert (await sent("sparkpost", LOGIN, sample("sparkpost", "test"))).status == 401
        outcome = await sent("sparkpost", LOGIN, made([{"msys": {}}], {**JSON, **BASIC}))
        assert (outcome.status, outcome.events) == (200, ())

    async def test_events_are_unwrapped_and_empty_ones_left_out(self) -> None:
        classes = [{"message_event": {"type": "bounce", "event_id": "1"}}, {}, {"relay_message": {"rcpt_to": "a"}}]
        batch = made([{"msys": one} for one in classes], {**JSON, **BASIC, "X-MessageSystems-Batch-ID": "b"})
        outcome = await sent("sparkpost", LOGIN, batch)
        assert [(event.type, event.deliveryid) for event in outcome.events] == [
            ("sparkpost.bounce", "1"),
            ("sparkpost.relay_message", "b"),
        ]
        assert outcome.events[0].data == {"type": "bounce", "event_id": "1"}


class TestBrevo:
    event: Mapping[str, Any] = {"event": "opened", "message-id": "<m>", "email": "a@example.com", "ts_epoch": 1}

    async def test_batched_or_not_it_is_the_same_event(self) -> None:
        proven = {**JSON, **BASIC}
        single = await sent("brevo", LOGIN, made(self.event, proven))
        batch = await sent("brevo", LOGIN, made([{**self.event, "event": "click"}, self.event], proven))
        assert keys(batch)[1:] == keys(single)

    async def test_a_received_email_has_an_id(self) -> None:
        request = sample("brevo", "inbound").with_header("Authorization", BASIC["Authorization"])
        (event,) = (await sent("brevo", LOGIN, request)).events
        assert (event.type, event.deliveryid) == ("brevo.inbound", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")


class TestMailjet:
    async def test_grouped_or_not_it_is_the_same_event(self) -> None:
        event = {"event": "open", "MessageID": 12345678901234567, "time": 1498093527, "ip": "192.0.2.1"}
        proven = {**JSON, **BASIC}
        single = await sent("mailjet", LOGIN, made(event, proven))
        batch = await sent("mailjet", LOGIN, made([{**event, "ip": "192.0.2.2"}, event], proven))
        assert keys(batch)[1:] == keys(single)
        assert single.events[0].data["MessageID"] == 12345678901234567

    async def test_a_received_email(self) -> None:
        request = sample("mailjet", "inbound").with_header("Authorization", BASIC["Authorization"])
        (event,) = (await sent("mailjet", LOGIN, request)).events
        assert (event.type, event.subject) == ("mailjet.inbound", "passenger@mailjet.com")


class TestMailerSend:
    options: Mapping[str, str] = {"secret": "s"}
    known = b"test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G"
    """With it MailerSend signs the test of every webhook."""

    def event(self, content: Mapping[str, Any], key: bytes = b"s") -> Request:
        raw = json.dumps(content).encode()
        return made(raw, {**JSON, "Signature": hmac.new(key, raw, "sha256").hexdigest()})

    async def test_the_test_of_a_webhook_is_no_event(self) -> None:
        outcome = await sent("mailersend", self.options, self.event({"type": "webhook.test"}, self.known))
        assert (outcome.status, outcome.events) == (200, ())

    async def test_the_key_that_all_know_proves_nothing(self) -> None:
        forged = self.event({"type": "activity.sent", "data": {"id": "1"}}, self.known)
        assert (await sent("mailersend", self.options, forged)).reason == "mismatch"

    async def test_an_opening_is_told_twice(self) -> None:
        ids = []
        for word in ("activity.opened", "activity.opened_unique"):
            content = {"type": word, "data": {"id": "1", "email": "a@example.com"}}
            outcome = await sent("mailersend", self.options, self.event(content))
            ids += keys(outcome)
            assert outcome.events[0].subject == "a@example.com"
        assert len(set(ids)) == 2


class TestAmazonSES:
    options = fresh("amazon-ses", "v2")

    async def event(self, request: Request) -> Outcome:
        return await sent("amazon-ses", self.options, signed("amazon-ses", self.options, request, "v2"))

    async def test_what_ses_says_is_the_event(self) -> None:
        (event,) = (await self.event(sample("amazon-ses", "Bounce"))).events
        assert (event.type, event.deliveryid) == ("amazon-ses.Bounce", "19ba9823-d7f2-53c1-860e-cb10e0d13dfc")
        assert event.subject == "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000"
        assert event.time == datetime(2016, 1, 27, 14, 59, 44, 101000, tzinfo=UTC)
        assert event.data["bounce"]["bounceType"] == "Permanent"

    async def test_a_subscription_is_confirmed(self) -> None:
        outcome = await self.event(sample("amazon-ses", "SubscriptionConfirmation"))
        assert outcome.reply is not None
        assert outcome.reply.follow is not None
        assert outcome.reply.follow.url.startswith("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription")

    async def test_the_text_that_ses_tries_a_topic_with_is_no_event(self) -> None:
        text = "Successfully validated SNS topic for Amazon SES event publishing."
        content = {**sample("amazon-ses", "Bounce").json, "Message": text}
        outcome = await self.event(made(content, {"Content-Type": "text/plain; charset=UTF-8"}))
        assert (outcome.status, outcome.events) == (200, ())

    async def test_a_forged_event_is_refused(self) -> None:
        request = signed("amazon-ses", self.options, sample("amazon-ses", "Bounce"), "v2")
        forged = replace(request, body=request.body.replace(b"jane@", b"evil@"))
        assert (await sent("amazon-ses", self.options, forged)).status == 401

    async def test_a_raw_message_is_the_event_of_ses(self) -> None:
        raw = {"x-amz-sns-rawdelivery": "true", "x-amz-sns-message-id": "1", "x-amz-sns-message-type": "Notification"}
        content = {"eventType": "Send", "mail": {"messageId": "m"}}
        assert (await sent("amazon-ses", LOGIN, made(content, raw))).headers["www-authenticate"].startswith("Basic")
        (event,) = (await sent("amazon-ses", LOGIN, made(content, {**raw, **BASIC}))).events
        assert (event.type, event.deliveryid, event.data) == ("amazon-ses.Send", "1", content)

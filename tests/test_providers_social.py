"""Social platforms and their like: subscriptions, challenges, batches in another grouping, attacks on the unsigned."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
import pytest
from provider_kit import JSON
from social_kit import SECRET, identities, sample, send, signed, types

from hub.source import Outcome


@pytest.mark.parametrize("name", ["meta", "whatsapp"])
class TestMetaSubscribes:
    query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="

    async def test_with_the_token(self, name: str) -> None:
        outcome = await send(
            name, options={"verify_token": "meatyhamhock"}, method="GET", query=self.query + "meatyhamhock"
        )
        assert (outcome.status, outcome.body, outcome.stage) == (200, b"1158201444", "handshake")
        assert outcome.headers["content-type"].startswith("text/plain")

    @pytest.mark.parametrize(
        ("options", "token", "reason"),
        [({"verify_token": "meatyhamhock"}, "wrong", "mismatch"), ({}, "", "missing"), (SECRET, "x", "unconfigured")],
    )
    async def test_without_it_nothing_is_echoed(
        self, name: str, options: Mapping[str, Any], token: str, reason: str
    ) -> None:
        given = {"verify_token": "meatyhamhock"} if reason == "missing" else options
        outcome = await send(name, options=given, method="GET", query=self.query + token)
        assert (outcome.accepted, outcome.status, outcome.reason) == (False, 403, reason)
        assert b"1158201444" not in outcome.body
        assert "verify_token" in outcome.detail
        assert "meatyhamhock" not in outcome.detail

    async def test_the_old_signature_alone_is_none(self, name: str) -> None:
        mark = hmac.new(b"s3cRe7s3cRe7", b"{}", "sha1").hexdigest()
        outcome = await send(name, b"{}", headers={**JSON, "X-Hub-Signature": f"sha1={mark}"})
        assert (outcome.accepted, outcome.reason) == (False, "missing")


class TestMeta:
    page: Mapping[str, Any] = {"id": "682498171943165", "time": 1502905976963}

    def message(self, **what: Any) -> dict[str, Any]:
        return {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": 1502905976377, **what}

    async def test_entries_and_their_lists_are_events(self) -> None:
        entries = [
            {**self.page, "messaging": [self.message(message={"mid": "m1"}), self.message(read={"watermark": 1})]},
            {**self.page, "standby": [self.message(postback={"payload": "p"})]},
            {"id": "9", "time": 1520383571, "changes": [{"field": "feed", "value": {"item": "status"}}]},
            {"id": "9", "time": 1520383571, "changed_fields": ["photos"]},
        ]
        outcome = await signed("meta", {"object": "page", "entry": entries})
        words = ["message", "read", "postback", "feed", "photos"]
        assert types(outcome) == [f"meta.page.{word}" for word in words]
        first, *_, last = outcome.events
        assert first.time == datetime(2017, 8, 16, 17, 52, 56, 377000, tzinfo=UTC)
        assert first.data == {"object": "page", **self.page, **self.message(message={"mid": "m1"})}
        assert last.subject == "9"

    async def test_one_message_is_several_events(self) -> None:
        """It is sent, received and deleted with one id; received again it is the same."""

        async def told(page: str, **message: Any) -> Outcome:
            entry = {"id": page, "time": 1, "messaging": [self.message(message={"mid": "m1", **message})]}
            return await signed("meta", {"object": "instagram", "entry": [entry]})

        received, again = await told("a"), await told("a")
        assert identities(received) == identities(again)
        assert len(identities(received, await told("b", is_echo=True), await told("a", is_deleted=True))) == 3

    async def test_threads_has_no_entries(self) -> None:
        (event,) = (await signed("meta", sample("meta", "moderate.replies"))).events
        assert (event.type, event.subject) == ("meta.moderate.replies", "78901")
        assert event.data["values"]["value"]["text"] == "Reply"


class TestWhatsApp:
    def change(self, **lists: Any) -> dict[str, Any]:
        value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"}, **lists}
        return {"field": "messages", "value": value}

    def body(self, *changes: Any) -> dict[str, Any]:
        return {"object": "whatsapp_business_account", "entry": [{"id": "10229", "changes": list(changes)}]}

    async def test_another_grouping_brings_no_new_events(self) -> None:
        texts = [{"id": f"wamid.{number}", "type": "text", "timestamp": "1749416383"} for number in range(3)]
        batch = await signed("whatsapp", self.body(self.change(messages=texts[:2]), self.change(messages=texts[2:])))
        singly = [await signed("whatsapp", self.body(self.change(messages=[text]))) for text in texts]
        assert types(batch) == ["whatsapp.messages.text"] * 3
        assert identities(batch) == identities(*singly)
        first = batch.events[0]
        assert first.data["value"]["messages"] == texts[:1]
        assert first.data["value"]["metadata"] == {"phone_number_id": "106540352242922"}
        assert (first.subject, first.time) == ("106540352242922", datetime(2025, 6, 8, 20, 59, 43, tzinfo=UTC))

    async def test_each_status_of_a_message_is_an_event(self) -> None:
        told = [{"id": "wamid.1", "status": word, "timestamp": "1"} for word in ("sent", "delivered", "read")]
        outcome = await signed(
            "whatsapp", self.body(self.change(statuses=told, messages=[{"id": "wamid.1", "type": "text"}]))
        )
        words = ["messages.text", "statuses.sent", "statuses.delivered", "statuses.read"]
        assert types(outcome) == [f"whatsapp.{word}" for word in words]
        assert len(identities(outcome)) == 4

    async def test_changes_without_messages(self) -> None:
        changes = [{"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}}, {"field": "security"}]
        outcome = await signed("whatsapp", self.body(*changes))
        assert types(outcome) == ["whatsapp.account_update.VERIFIED_ACCOUNT", "whatsapp.security"]


class TestX:
    async def test_crc(self) -> None:
        token = "9b4507b3-9040-4669-9ca3-6b94edb50553"
        outcome = await send("x-twitter", method="GET", query=f"?crc_token={token}&nonce=1")
        proof = b64encode(hmac.digest(b"s3cRe7s3cRe7", token.encode(), "sha256")).decode()
        assert orjson.loads(outcome.body) == {"response_token": f"sha256={proof}"}
        assert outcome.headers["content-type"] == "application/json"

    @pytest.mark.parametrize("token", ['{"for_user_id":"1"}', "[1]", '"text"', "", "x" * 257, "a b", "\u0661"])
    async def test_nothing_that_could_be_a_body_is_signed(self, token: str) -> None:
        outcome = await send("x-twitter", method="GET", query=f"?crc_token={quote(token)}")
        assert (outcome.accepted, outcome.status) == (False, 405)

    @pytest.mark.parametrize("token", ["challenge_string", "123", "null"])
    async def test_what_was_signed_is_no_body(self, token: str) -> None:
        answer = orjson.loads((await send("x-twitter", method="GET", query=f"?crc_token={token}")).body)
        forged = {**JSON, "x-twitter-webhooks-signature": answer["response_token"]}
        assert (await send("x-twitter", token.encode(), headers=forged)).accepted is False

    async def test_no_challenge_without_a_secret(self) -> None:
        assert (await send("x-twitter", options={}, method="GET", query="?crc_token=abc")).status == 405

    async def test_another_grouping_brings_no_new_events(self) -> None:
        tweets = [{"id": number, "id_str": str(number), "timestamp_ms": "1522082006140"} for number in (7, 8)]
        likes = [{"id": "a7ba59eab0bfcba386f7acedac279542", "timestamp_ms": 1522082006140}]
        around = {"for_user_id": "1", "users": {"1": {"name": "One"}}}
        batch = await signed("x-twitter", {**around, "tweet_create_events": tweets, "favorite_events": likes})
        assert types(batch) == ["x-twitter.tweet_create_events"] * 2 + ["x-twitter.favorite_events"]
        singly = [await signed("x-twitter", {**around, "tweet_create_events": [tweet]}) for tweet in tweets]
        assert identities(*singly) < identities(batch)
        assert batch.events[0].data == {**around, "tweet_create_events": tweets[:1]}
        other = await signed("x-twitter", {"for_user_id": "2", "tweet_create_events": tweets[:1]})
        assert not identities(other) & identities(batch)

    async def test_follows_have_no_id(self) -> None:
        (event,) = (await signed("x-twitter", sample("x-twitter", "follow_events"))).events
        assert event.deliveryid == event.id

    async def test_activities_are_named_as_they_are(self) -> None:
        content = {"data": {"event_type": "profile.update.bio", "filter": {"user_id": "2244994945"}, "payload": {}}}
        (event,) = (await signed("x-twitter", content)).events
        assert (event.type, event.subject) == ("x-twitter.profile.update.bio", "2244994945")


class TestTwitch:
    headers: Mapping[str, str] = {**JSON, "Twitch-Eventsub-Message-Id": "m-1"}

    async def test_the_challenge_has_to_be_proven(self) -> None:
        content = sample("twitch", "challenge")
        claims = {**self.headers, "Twitch-Eventsub-Message-Type": "webhook_callback_verification"}
        assert (await send("twitch", content, headers=claims)).reason == "missing"
        outcome = await signed("twitch", content)
        assert (outcome.status, outcome.body, outcome.events) == (200, b"pogchamp-kappa-360noscope-vohiyo", ())
        assert outcome.headers["content-type"].startswith("text/plain")

    async def test_unsigned_headers_change_nothing(self) -> None:
        lies = {
            **self.headers,
            "Twitch-Eventsub-Message-Type": "notification",
            "Twitch-Eventsub-Subscription-Type": "channel.cheer",
        }
        (event,) = (await signed("twitch", sample("twitch", "revocation"), headers=lies)).events
        assert event.type == "twitch.revocation.channel.follow"
        (event,) = (await signed("twitch", sample("twitch", "channel.follow"), headers=lies)).events
        assert (event.type, event.deliveryid, event.subject) == ("twitch.channel.follow", "m-1", "1337")

    async def test_drops_in_another_grouping(self) -> None:
        batch = sample("twitch", "drop.entitlement.grant")
        together = await signed("twitch", batch, headers=self.headers)
        alone = {**batch, "events": batch["events"][1:]}
        again = await signed("twitch", alone, headers={**JSON, "Twitch-Eventsub-Message-Id": "m-2"})
        assert len(together.events) == 2
        assert identities(again) < identities(together)
        assert again.events[0].data == alone

    @pytest.mark.parametrize(
        ("time", "reason"), [("2026-05-01T11:50:01.999999999Z", ""), ("2026-05-01T11:49:00Z", "stale")]
    )
    async def test_ten_minutes(self, time: str, reason: str) -> None:
        raw = b'{"subscription":{"type":"stream.online"},"event":{}}'
        mark = hmac.new(b"s3cRe7s3cRe7", f"m-1{time}".encode() + raw, "sha256").hexdigest()
        proof = {"Twitch-Eventsub-Message-Timestamp": time, "Twitch-Eventsub-Message-Signature": f"sha256={mark}"}
        assert (await send("twitch", raw, headers={**self.headers, **proof})).reason == reason


class TestLinkedIn:
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"

    async def test_challenge(self) -> None:
        outcome = await send("linkedin", method="GET", query=f"?challengeCode={self.code}&applicationId=1")
        proof = hmac.new(b"s3cRe7s3cRe7", self.code.encode(), "sha256").hexdigest()
        assert orjson.loads(outcome.body) == {"challengeCode": self.code, "challengeResponse": proof}

    @pytest.mark.parametrize("code", ['hmacsha256={"type":"LEAD_ACTION"}', "hmacsha256=", "x", "", "{}"])
    async def test_nothing_that_could_be_signed_for_a_body_is(self, code: str) -> None:
        outcome = await send("linkedin", method="GET", query=f"?challengeCode={quote_plus(code)}")
        assert (outcome.accepted, outcome.status) == (False, 405)

    @pytest.mark.parametrize(("prefix", "accepted"), [("", True), ("hmacsha256=", True), ("sha256=", False)])
    async def test_the_header_may_have_a_prefix(self, prefix: str, accepted: bool) -> None:
        mark = hmac.new(b"s3cRe7s3cRe7", b'hmacsha256={"type":"LEAD_ACTION"}', "sha256").hexdigest()
        headers = {**JSON, "X-LI-Signature": prefix + mark}
        assert (await send("linkedin", b'{"type":"LEAD_ACTION"}', headers=headers)).accepted is accepted

    async def test_a_body_signed_without_the_prefix_is_refused(self) -> None:
        mark = hmac.new(b"s3cRe7s3cRe7", b"{}", "sha256").hexdigest()
        assert (await send("linkedin", b"{}", headers={**JSON, "X-LI-Signature": mark})).reason == "mismatch"

    async def test_another_grouping_brings_no_new_notifications(self) -> None:
        kind = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
        told = [{"notificationId": number, "action": word} for number, word in ((1, "LIKE"), (2, "COMMENT"))]
        batch = await signed("linkedin", {"type": kind, "notifications": told})
        again = await signed("linkedin", {"type": kind, "notifications": told[1:]})
        assert types(batch) == [f"linkedin.{kind}.LIKE", f"linkedin.{kind}.COMMENT"]
        assert identities(again) < identities(batch)

    async def test_a_lead_is_made_and_deleted(self) -> None:
        lead = sample("linkedin", "LEAD_ACTION.CREATED")
        made, gone = await signed("linkedin", lead), await signed("linkedin", {**lead, "leadAction": "DELETED"})
        assert types(made) + types(gone) == ["linkedin.LEAD_ACTION.CREATED", "linkedin.LEAD_ACTION.DELETED"]
        assert len(identities(made, gone)) == 2


class TestKofi:
    form: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}

    def body(self, **fields: Any) -> bytes:
        return b"data=" + quote_plus(json.dumps({"type": "Shop Order", "message_id": "1", **fields})).encode()

    async def test_the_token_is_no_part_of_the_event(self) -> None:
        outcome = await send("kofi", self.body(verification_token="s3cRe7s3cRe7"), headers=self.form)
        (event,) = outcome.events
        assert (event.type, event.deliveryid) == ("kofi.Shop Order", "1")
        assert event.data == {"type": "Shop Order", "message_id": "1", "verification_token": "[secret]"}

    @pytest.mark.parametrize("fields", [{}, {"verification_token": "x"}, {"verification_token": ["s3cRe7s3cRe7"]}])
    async def test_other_tokens_are_refused(self, fields: Mapping[str, Any]) -> None:
        assert (await send("kofi", self.body(**fields), headers=self.form)).accepted is False

    @pytest.mark.parametrize("raw", [b"data=%7B", b"data=", b"other=1", b"data=%5B%5D", b"data=null"])
    async def test_other_bodies_are_refused(self, raw: bytes) -> None:
        outcome = await send("kofi", raw, headers=self.form)
        assert (outcome.accepted, outcome.reason, outcome.bug) == (False, "missing", False)


class TestTikTok:
    @pytest.mark.parametrize(("content", "read"), [('{"reason": 1 }', {"reason": 1}), ("{", "{"), (None, None)])
    async def test_json_in_the_event_is_read(self, content: Any, read: Any) -> None:
        (event,) = (await signed("tiktok", {"event": "authorization.removed", "content": content})).events
        assert (event.type, event.data["content"]) == ("tiktok.authorization.removed", read)

    async def test_a_shop_signs_with_the_key_of_its_app(self) -> None:
        raw = b'{"type":27,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621"}'
        mark = hmac.new(b"s3cRe7s3cRe7", b"68xu7ks" + raw, "sha256").hexdigest()
        options, headers = {**SECRET, "app_key": "68xu7ks"}, {**JSON, "Authorization": mark}
        (event,) = (await send("tiktok-shop", raw, options, headers)).events
        assert (event.type, event.deliveryid) == ("tiktok-shop.27", "7327112393057371910")
        assert (await send("tiktok-shop", raw, {**SECRET, "app_key": "other"}, headers)).reason == "mismatch"
        assert (await send("tiktok-shop", raw, SECRET, headers)).reason == "unconfigured"
        assert (await send("tiktok-shop", raw, options, {**JSON, "Authorization": f"Bearer {mark}"})).accepted is False

    async def test_numbers_are_read_as_names(self) -> None:
        options = {**SECRET, "app_key": "68xu7ks"}
        (event,) = (await signed("tiktok-shop", sample("tiktok-shop", "ORDER_STATUS_CHANGE"), options)).events
        assert (event.type, event.subject) == ("tiktok-shop.ORDER_STATUS_CHANGE", "576486316948490001")


class TestLeadsAndSupporters:
    async def test_pinterest_in_another_grouping(self) -> None:
        leads = [{"lead_id": "1", "lead_form_id": "6"}, {"lead_id": "2", "lead_form_id": "6"}]
        batch = await send("pinterest", leads, query="?token=s3cRe7s3cRe7")
        assert types(batch) == ["pinterest.lead"] * 2
        assert identities(await send("pinterest", leads[1:], query="?token=s3cRe7s3cRe7")) < identities(batch)
        assert (await send("pinterest", leads)).accepted is False

    async def test_patreon(self) -> None:
        raw = b'{"data":{"id":"03ca69c3","type":"member"}}'
        mark = hmac.new(b"s3cRe7s3cRe7", raw, hashlib.md5).hexdigest()
        headers = {**JSON, "X-Patreon-Event": "members:pledge:create", "X-Patreon-Signature": mark}
        (event,) = (await send("patreon", raw, headers=headers)).events
        assert (event.type, event.subject) == ("patreon.members:pledge:create", "03ca69c3")
        assert event.deliveryid == event.id

    async def test_buy_me_a_coffee_tries_again_with_the_same_id(self) -> None:
        donation = sample("buymeacoffee", "donation.created")
        first = await signed("buymeacoffee", donation)
        assert types(first) == ["buymeacoffee.donation.created"]
        assert identities(first) == identities(await signed("buymeacoffee", {**donation, "attempt": 2}))

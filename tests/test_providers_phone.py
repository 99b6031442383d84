"""Telephony and messengers: handshakes, several modes, what a signature covers, attacks."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import orjson
import pytest
from phone_kit import FORM, JSON, NOW, URL, made, sample, sent, signed, source, vector

from hub import Request
from hub.testing import receive


class TestVonage:
    secret = "signature-secret-of-the-account!"

    def test_a_query_is_signed_as_json(self) -> None:
        """As Vonage's support shows it: the fields in their order, without white space."""
        request = made(
            b"", {}, "GET", f"{URL}?to=447700900000&from=%C3%BC+1&uuid=u-1&status=ringing&timestamp=2020-01-01"
        )
        claims = {
            "payload_hash": hashlib.sha256(
                '{"to":"447700900000","from":"ü 1","uuid":"u-1","status":"ringing","timestamp":"2020-01-01"}'.encode()
            ).hexdigest()
        }
        token = jwt.encode(claims, self.secret, "HS256")
        own = source("vonage", {"secret": self.secret})
        (event,) = own.examine(request.with_header("Authorization", f"Bearer {token}")).events
        assert (event.type, event.subject, event.data["from"]) == ("vonage.ringing", "u-1", "ü 1")
        swapped = replace(request, url=f"{URL}?from=%C3%BC+1&to=447700900000&uuid=u-1&status=ringing")
        assert own.examine(swapped.with_header("Authorization", f"Bearer {token}")).reason == "mismatch"

    def test_a_token_without_the_bodys_hash_is_taken_only_when_asked_for(self) -> None:
        token = jwt.encode({"iat": int(NOW.timestamp()), "api_key": "abcd1234"}, self.secret, "HS256")
        request = made({"status": "answered", "uuid": "1"}).with_header("Authorization", f"Bearer {token}")
        assert source("vonage", {"secret": self.secret}).examine(request).reason == "mismatch"
        asked = source("vonage", {"secret": self.secret, "payload_hash": "optional"})
        assert asked.examine(request).accepted
        assert asked.examine(replace(request, received=NOW + timedelta(minutes=10))).reason == "stale"
        hashed = signed("vonage", {"secret": self.secret}, request)
        assert asked.examine(replace(hashed, body=b"{}")).reason == "mismatch"

    def test_an_unsigned_one_is_asked_for_again(self) -> None:
        """Vonage sends one when its signing fails, and sends it again after a 5xx."""
        assert source("vonage", {"secret": self.secret}).examine(made({"status": "answered"})).status == 503

    def test_events_of_a_call_are_told_apart(self) -> None:
        call = {"uuid": "1", "timestamp": "2020-01-01T12:00:00.000Z"}
        ids = [
            sent("vonage", {"secret": self.secret}, made({**call, **more})).events[0].deliveryid
            for more in ({"status": "ringing"}, {"status": "answered"}, {"dtmf": "1"}, {"dtmf": "2"}, {"dtmf": "2"})
        ]
        assert len(set(ids)) == 4
        unnamed = sent("vonage", {"secret": self.secret}, made({"uuid": "1"})).events[0]
        assert unnamed.deliveryid == unnamed.id

    @pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512", "md5hash"])
    def test_each_method_in_each_format(self, method: str) -> None:
        options = {"secret": "s", "method": method}
        content = {"msisdn": "447700900001", "messageId": "m-1", "text": "a & b = c", "type": "text"}
        query = urlencode(content)
        for request in (made(b"", {}, "GET", f"{URL}?{query}"), made(query.encode(), FORM), made(content)):
            good = signed("vonage-sms-signature", options, request)
            (event,) = source("vonage-sms-signature", options).examine(good).events
            assert (event.type, event.deliveryid) == ("vonage-sms-signature.text", "m-1")
            forged = [
                replace(good, url=good.url.replace("447700900001", "447700900002")),
                replace(good, body=good.body.replace(b"447700900001", b"447700900002")),
            ]
            assert any(source("vonage-sms-signature", options).examine(one).reason == "mismatch" for one in forged)

    def test_the_md5_hash_has_the_secret_at_its_end(self) -> None:
        text = b"&messageId=1&text=a _ b&timestamp=1777636800&type=texts3cret"
        mark = hashlib.md5(text).hexdigest()  # Vonage's
        url = f"{URL}?text=a+%26+b&type=text&messageId=1&timestamp=1777636800&sig={mark}"
        options = {"secret": "s3cret", "method": "md5hash"}
        assert source("vonage-sms-signature", options).examine(made(b"", {}, "GET", url)).accepted


class TestBird:
    def test_bird_signs_the_url_where_messagebird_signed_the_query(self) -> None:
        body = b'{"event":"sms.inbound","payload":{"id":"p-1","createdAt":"2024-07-01T08:40:59Z"}}'
        stamp = str(int(NOW.timestamp()))
        digest = hashlib.sha256(body).digest()
        url = f"{URL}?b=2&a=1"
        bird = hmac.new(b"key", f"{stamp}\n{url}\n".encode() + digest, "sha256").digest()
        legacy = hmac.new(b"key", f"{stamp}\na=1&b=2\n".encode() + digest, "sha256").digest()
        for provider, mark, other in (("messagebird", bird, legacy), ("messagebird-legacy", legacy, bird)):
            own = source(provider, {"secret": "key", "public_url": url})
            headers = {"MessageBird-Request-Timestamp": stamp, "MessageBird-Signature": b64encode(mark).decode()}
            (event,) = own.examine(made(body, {**JSON, **headers}, url=url)).events
            assert (event.type, event.subject) == (f"{provider}.sms.inbound", "p-1")
            headers["MessageBird-Signature"] = b64encode(other).decode()
            assert own.examine(made(body, {**JSON, **headers}, url=url)).reason == "mismatch"

    @pytest.mark.parametrize("body", [b"", b"{}"])
    def test_the_bodys_hash_is_there_if_and_only_if_there_is_a_body(self, body: bytes) -> None:
        claims = {"iss": "MessageBird", "url_hash": hashlib.sha256(URL.encode()).hexdigest()}
        other = b"{}" if not body else b""
        if other:
            claims["payload_hash"] = hashlib.sha256(other).hexdigest()
        token = jwt.encode(claims, "s" * 32, "HS256")
        own = source("messagebird", {"secret": "s" * 32})
        assert own.examine(made(other, {"MessageBird-Signature-JWT": token})).accepted
        assert own.examine(made(body, {"MessageBird-Signature-JWT": token})).reason == "mismatch"


class TestPlivo:
    def test_either_account_may_have_signed(self) -> None:
        request = signed("plivo", {"secret": "main"}, sample("plivo", "StartApp"))
        mark = request.header("X-Plivo-Signature-V3")
        both = request.with_header("X-Plivo-Signature-V3", f"{'A' * 43}=,{mark}")
        assert source("plivo", {"secret": "main"}).examine(both).accepted
        main = request.with_header("X-Plivo-Signature-V3", f"{'A' * 43}=").with_header("X-Plivo-Signature-Ma-V3", mark)
        outcome = source("plivo", {"secret": "main"}).examine(main)
        assert (outcome.status, outcome.body, outcome.headers["content-type"]) == (200, b"<Response/>", "text/xml")

    def test_no_body_is_taken_that_is_not_signed(self) -> None:
        bare = signed("plivo", {"secret": "s"}, made(b"", FORM))
        assert source("plivo", {"secret": "s"}).examine(bare).accepted
        forged = replace(bare, body=b'{"Event":"Hangup"}').with_header("content-type", "application/json")
        assert not source("plivo", {"secret": "s"}).examine(forged).accepted
        asked = signed("plivo", {"secret": "s"}, made(b"", {}, "GET"))
        assert not source("plivo", {"secret": "s"}).examine(replace(asked, body=b"Event=Hangup")).accepted


class TestSinch:
    def test_the_documented_callback(self) -> None:
        """https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request/"""
        options = {"key": "669E367E-6BBA-48AB-AF15-266871C28135", "secret": "BeIukql3pTKJ8RGL5zo0DA=="}
        body = b64decode(vector("sinch-voice")["body_b64"])
        mark = f"application {options['key']}:Tg6fMyo8mj9pYfWQ9ssbx3Tc1BNC87IEygAfLbJqZb4="
        headers = {**JSON, "x-timestamp": "2014-09-24T10:59:41Z", "authorization": mark}
        url = "https://callbacks.yourdomain.com/sinch/callback/ace"
        own = source("sinch-voice", {**options, "public_url": url})
        outcome = own.examine(made(body, headers, url=url))
        assert [event.type for event in outcome.events] == ["sinch-voice.ace"]
        assert (outcome.body, outcome.headers["content-type"]) == (b"{}", "application/json")
        assert not own.examine(made(body, headers, url=url.replace("ace", "ice"))).accepted
        other = {**headers, "authorization": mark.replace("669E367E", "00000000")}
        assert "the configured key" in own.examine(made(body, other, url=url)).detail
        late = source("sinch-voice", {**options, "public_url": url, "tolerance": 300})
        assert late.examine(made(body, headers, url=url)).reason == "stale"

    def test_numbers_are_signed_in_another_way(self) -> None:
        body = (
            b'{"eventId":"abcd1234efghijklmnop567890","timestamp":"2023-06-06T07:45:27.78",'
            b'"eventType":"PROVISIONING_TO_CAMPAIGN","resourceId":"+12345612345"}'
        )
        mark = hmac.new(b"s", body, "sha1").hexdigest()
        (event,) = source("sinch", {"secret": "s"}).examine(made(body, {**JSON, "X-Sinch-Signature": mark})).events
        assert event.type == "sinch.PROVISIONING_TO_CAMPAIGN"
        assert event.time == datetime(2023, 6, 6, 7, 45, 27, 780000, UTC)


class TestZoom:
    async def test_the_url_is_validated_by_who_proves_to_be_zoom(self) -> None:
        found = vector("zoom")
        body = b64decode(found["body_b64"])
        outcome = await receive("zoom", found["options"], headers=found["headers"], body=body, now=found["now"])
        assert (outcome.status, outcome.events) == (200, ())
        assert orjson.loads(outcome.body) == {
            "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
            "encryptedToken": "f701f7132692635de3bd4aef8beedb1c203cbdff0d55c101bfd8a4faceabb1f0",
        }
        stranger = await receive("zoom", found["options"], headers=JSON, body=body, now=found["now"])
        assert not stranger.accepted and b"encryptedToken" not in stranger.body

    def test_a_header_besides_has_to_be_right_too(self) -> None:
        request = signed("zoom", {"secret": "s"}, sample("zoom", "meeting.started"))
        both = source("zoom", {"secret": "s", "token": "mine", "header": "X-Mine"})
        assert not both.examine(request).accepted
        assert both.examine(request.with_header("X-Mine", "mine")).accepted


class TestMessengers:
    @pytest.mark.parametrize(
        ("update", "kind", "subject"),
        [
            ({"message": {"date": 1, "chat": {"id": 5}}}, "message", "5"),
            ({"callback_query": {"from": {"id": 6}, "message": {"chat": {"id": 7}}}}, "callback_query", "7"),
            ({"poll": {"id": "8"}}, "poll", "8"),
        ],
    )
    def test_telegram_updates(self, update: dict[str, Any], kind: str, subject: str) -> None:
        outcome = sent("telegram", {"secret": "s"}, made({"update_id": 3, **update}))
        (event,) = outcome.events
        assert (event.type, event.subject, event.deliveryid) == (f"telegram.{kind}", subject, "3")
        assert outcome.body == b""

    def test_line_events_are_recognized_in_another_batch(self) -> None:
        follow = orjson.loads(sample("line", "follow").body)
        first = sent("line", {"secret": "s"}, made(follow)).events
        again = sent("line", {"secret": "s"}, made({**follow, "events": follow["events"][1:]})).events
        assert (again[0].deliveryid, again[0].index) == (first[1].deliveryid, first[1].index)
        verify = sent("line", {"secret": "s"}, made({**follow, "events": []}))
        assert (verify.status, verify.events) == (200, ())

    def test_viber_signs_in_the_header_or_the_query(self) -> None:
        body = sample("viber", "message").body
        mark = hmac.new(b"s", body, "sha256").hexdigest()
        own = source("viber", {"secret": "s"})
        assert own.examine(made(body, {"X-Viber-Content-Signature": mark})).body == b""
        assert own.examine(made(body, url=f"{URL}?sig={mark}")).accepted
        assert own.examine(made(body + b" ", url=f"{URL}?sig={mark}")).reason == "mismatch"
        trial = sent("viber", {"secret": "s"}, sample("viber", "webhook"))
        assert (trial.status, trial.events) == (200, ())

    def test_viber_receipts_of_a_message_are_told_apart(self) -> None:
        receipt = {"message_token": 1, "user_id": "u"}
        ids = {
            sent("viber", {"secret": "s"}, made({**receipt, "event": event})).events[0].deliveryid
            for event in ("delivered", "seen")
        }
        assert len(ids) == 2


class TestWeChat:
    plain: Mapping[str, str] = {"secret": "test_wx_token"}
    sealed: Mapping[str, str] = {**plain, "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}

    def mode(self, name: str, request: Request) -> Request:
        return signed("wechat", self.plain if name == "plain" else self.sealed, request)

    async def test_the_url_is_tried(self) -> None:
        found = vector("wechat")
        for options in (self.plain, self.sealed):
            outcome = await receive("wechat", options, method="GET", url=found["url"])
            assert (outcome.status, outcome.body, outcome.events) == (200, b"5838479218127813673", ())
        forged = found["url"].replace("nonce=1320562132", "nonce=1320562133")
        assert not (await receive("wechat", self.plain, method="GET", url=forged)).accepted

    def test_wecom_wants_the_text_decrypted(self) -> None:
        request = self.mode("sealed", sample("wechat", "echostr"))
        assert "5838479218127813673" not in request.url
        assert source("wechat", self.sealed).examine(request).body == b"5838479218127813673"

    def test_a_message_in_either_mode(self) -> None:
        for mode, options in (("plain", self.plain), ("sealed", self.sealed)):
            outcome = source("wechat", options).examine(self.mode(mode, sample("wechat", "event.CLICK")))
            (event,) = outcome.events
            assert (event.type, event.subject, outcome.body) == ("wechat.event.CLICK", "FromUser", b"success")
            assert event.data["EventKey"] == "EVENTKEY"

    def test_a_plain_message_is_refused_where_they_are_encrypted(self) -> None:
        """Else whoever has seen a signed URL could send any message."""
        forged = self.mode("plain", sample("wechat", "text"))
        assert source("wechat", self.plain).examine(forged).accepted
        assert not source("wechat", self.sealed).examine(forged).accepted
        good = self.mode("sealed", sample("wechat", "text"))
        swapped = replace(good, body=self.mode("sealed", sample("wechat", "event.CLICK")).body)
        assert source("wechat", self.sealed).examine(swapped).reason == "mismatch"

    def test_what_cannot_be_decrypted_is_kept(self) -> None:
        other = {**self.sealed, "encoding_aes_key": "0" * 43}
        outcome = source("wechat", other).examine(self.mode("sealed", sample("wechat", "text")))
        assert (outcome.accepted, outcome.stage, outcome.bug) == (True, "read", False)

    def test_entities_are_never_expanded(self) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><MsgType>&a;</MsgType></xml>'
        outcome = source("wechat", self.plain).examine(self.mode("plain", made(bomb, {"Content-Type": "text/xml"})))
        assert (outcome.stage, outcome.bug, outcome.events) == ("read", False, ())

"""Amazon SNS: certificates from where SNS has them, topics of others, confirmations, raw messages."""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from phone_kit import JSON, NOW, made, sample, sent, signed, source, vector
from provider_kit import builtin

from hub import KeyNeeded, Request
from hub.keys import Keys
from hub.source import Source
from hub.testing import receive, running


class TestAmazonSNS:
    topic = "arn:aws:sns:us-west-2:123456789012:MyTopic"
    certificate: str = vector("aws-sns")["options"]["certificate"]
    url: str = vector("aws-sns")["options"]["certificate_url"]

    def notification(self, **changed: str) -> Request:
        content = {**orjson.loads(b64decode(vector("aws-sns")["body_b64"])), **changed}
        return made(content, {"Content-Type": "text/plain; charset=UTF-8"})

    def fetching(self, **options: Any) -> Source:
        """A source that has fetched the certificate already."""
        found = source("aws-sns", {"topic": self.topic, **options})
        with pytest.raises(KeyNeeded) as needed:
            found.examine(self.notification())
        assert needed.value.fetch.url == self.url
        found.supply(needed.value.fetch, self.certificate)
        return found

    def test_the_certificate_is_fetched_from_the_region_that_signed(self) -> None:
        (event,) = self.fetching().examine(self.notification()).events
        assert (event.type, event.subject) == ("aws-sns.Notification", self.topic)
        assert event.deliveryid == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"

    @pytest.mark.parametrize(
        "url",
        [
            "http://sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com/x.txt",
            "https://sns.us-west-2.amazonaws.com/a/b.pem",
            "https://sns.us-west-2.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.us-west-2.amazonaws.com/x.pem",
            "https://user@sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com:8443/x.pem",
            "https://sns.us-west-2.amazonaws.com/x.pem\n",
            "https://sns.s3.amazonaws.com/x.pem",
            "https://sns.s3-eu-west-1.amazonaws.com/x.pem",  # a bucket called sns
            "",
        ],
    )
    def test_no_certificate_is_fetched_from_elsewhere(self, url: str) -> None:
        outcome = source("aws-sns", {"topic": self.topic}).examine(self.notification(SigningCertURL=url))
        assert (outcome.status, outcome.reason) == (401, "malformed")

    @pytest.mark.parametrize("region", ["eu-central-1.amazonaws.com", "us-gov-west-1.amazonaws.com"])
    def test_regions(self, region: str) -> None:
        with pytest.raises(KeyNeeded):
            source("aws-sns", {"topic": self.topic}).examine(
                self.notification(SigningCertURL=f"https://sns.{region}/x.pem")
            )

    def test_anybody_has_topics_that_sns_signs_for(self) -> None:
        own = source("aws-sns", {"topic": ["arn:aws:sns:us-west-2:1:Other", "arn:aws:sns:us-west-2:2:Other"]})
        outcome = own.examine(self.notification())
        assert outcome.reason == "mismatch" and "not the source's topic" in outcome.detail
        assert source("aws-sns", {}).examine(self.notification()).reason == "unconfigured"
        assert not builtin("aws-sns").verify.configured({})

    @pytest.mark.parametrize(
        "changed",
        [
            {"Message": "Hello World!"},
            {"Subject": "Another"},
            {"MessageId": "1"},
            {"Timestamp": "2012-05-02T00:54:07.655Z"},
            {"Type": "UnsubscribeConfirmation"},
            {"SignatureVersion": "2"},
            # the same signed lines, divided in another way
            {"Message": "Hello world!\nMessageId", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject"},
        ],
    )
    def test_changed_fields_are_refused(self, changed: dict[str, str]) -> None:
        assert self.fetching().examine(self.notification(**changed)).reason in ("mismatch", "missing")

    def test_a_certificate_that_has_ended(self) -> None:
        late = replace(self.notification(), received=NOW + timedelta(days=365 * 20))
        assert "not valid now" in self.fetching().examine(late).detail

    def test_a_certificate_of_ones_own_may_be_bound_to_its_url(self) -> None:
        options = {"certificate": self.certificate, "certificate_url": self.url}
        assert source("aws-sns", options).examine(self.notification()).accepted
        other = {**options, "certificate_url": self.url.replace("f3ec", "0000")}
        assert "certificate_url" in source("aws-sns", other).examine(self.notification()).detail

    def test_json_in_the_message_is_read(self) -> None:
        keys = builtin("aws-sns").verify.credentials()
        (event,) = sent("aws-sns", keys, sample("aws-sns", "Notification-s3")).events
        assert event.data["Message"]["Records"][0]["s3"]["object"]["key"] == "HappyFace.jpg"

    def test_raw_messages_are_proven_by_the_password_that_is_asked_for(self) -> None:
        options = {"username": "sns", "password": "pw"}
        headers = {
            "x-amz-sns-rawdelivery": "true",
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": "m-1",
            "x-amz-sns-topic-arn": self.topic,
        }
        asked = source("aws-sns", options).examine(made(b"just text", headers))
        assert (asked.status, asked.headers["www-authenticate"]) == (401, 'Basic realm="webhooks"')
        login = {"authorization": f"Basic {b64encode(b'sns:pw').decode()}"}
        (event,) = source("aws-sns", options).examine(made(b"just text", {**headers, **login})).events
        assert (event.type, event.deliveryid, event.subject, event.data) == (
            "aws-sns.Notification",
            "m-1",
            self.topic,
            "just text",
        )

    def test_a_password_is_no_second_try_for_a_bad_signature(self) -> None:
        both = self.fetching(username="sns", password="pw")
        login = f"Basic {b64encode(b'sns:pw').decode()}"
        assert both.examine(self.notification(Message="x").with_header("authorization", login)).reason == "mismatch"

    async def test_a_confirmation_is_answered_by_calling_its_url(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[str] = []

        async def load(keys: Keys, fetch: Any) -> Any:
            called.append(fetch.url)
            from hub.keys import _Entry

            return _Entry("<ConfirmSubscriptionResponse/>", float("inf"))

        monkeypatch.setattr(Keys, "_load", load)
        scheme = builtin("aws-sns").verify
        keys, known = scheme.credentials(), scheme.options()
        # with a development key the hub would call nobody
        given = {name: value for name, value in keys.items() if not known[name].development}
        config = f"[providers.aws-sns]\ntopic = '{self.topic}'\n" + "".join(
            f"{name} = '''{value}'''\n" for name, value in given.items()
        )

        def confirmation(event: str) -> bytes:
            return signed(
                "aws-sns", {**keys, "topic": self.topic}, made(orjson.loads(sample("aws-sns", event).body))
            ).body

        async with running(tmp_path, config) as hub:
            answer = await hub.post("aws-sns", confirmation("SubscriptionConfirmation"), JSON)
            assert answer.status_code == 200
            elsewhere = orjson.loads(sample("aws-sns", "SubscriptionConfirmation").body)
            elsewhere |= {"SubscribeURL": "https://evil.example/", "MessageId": "2"}
            request = signed("aws-sns", {**keys, "topic": self.topic}, made(elsewhere))
            assert (await hub.post("aws-sns", request.body, JSON)).status_code == 200
            await hub.post("aws-sns", confirmation("UnsubscribeConfirmation"), JSON)
            (first, second, third) = await hub.events()
        assert {first.event.type, second.event.type} == {"aws-sns.SubscriptionConfirmation"}
        assert third.event.type == "aws-sns.UnsubscribeConfirmation"
        assert called == [first.event.data["SubscribeURL"]]
        assert called[0].startswith("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&")

    async def test_no_confirmation_is_called_for_a_strangers_topic(self) -> None:
        request = sample("aws-sns", "SubscriptionConfirmation")
        outcome = await receive("aws-sns", {"topic": f"{self.topic}2"}, headers={}, body=request.body)
        assert (outcome.accepted, outcome.reply) == (False, None)

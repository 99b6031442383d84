"""Amazon SNS: messages of topics, by HTTPS subscriptions.

Setup: set `topic` to the topic's ARN, start the hub, then create a subscription of that topic with the protocol HTTPS
and the hub's URL as its endpoint. SNS sends a confirmation, which the hub answers by calling the URL in it. Set the
topic's attribute SignatureVersion to 2: version 1 signs with SHA-1.

SNS signs for every topic of every customer: what says that a message is yours is `topic`, so it has to be set.

Raw message delivery sends messages without a signature. For such a subscription put a user name and a password
(`username`, `password`) or a token (`secret`, as `?token=...`) into the endpoint's URL.

A subscription that was not confirmed within three days has to be made again (unverified).
"""

from hub import Limits, Provider, body, hookimpl

from ._sns import ID, TOPIC, TYPE, confirm, content, sns_proof

aws_sns = Provider(
    name="aws-sns",
    title="Amazon SNS",
    docs="https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    verify=sns_proof(),
    type=TYPE,
    id=ID,
    time=body("Timestamp"),
    subject=TOPIC,
    data=content,
    answer=confirm,
    refuse=401,  # SNS sends the user name and the password of a URL only after it was asked
    limits=Limits(timeout=15, retries="3, 20 seconds apart; the delivery policy says more", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [aws_sns]

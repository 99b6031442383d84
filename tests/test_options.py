"""Options: gathered from schemes, slots and fields; checked with one model each; secrets are never shown."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest

from hub import Event, Option, Provider, Reply, Request, Subscriber, body
from hub.options import option_model, options_of, read_options, subscriber_options
from hub.signatures import HMAC, OneOf, Token, Unsigned


def crc(request: Request, *, secret: str, secrets: list[str]) -> Reply | None:
    return None


def challenge(
    request: Request,
    *,
    verify_token: Annotated[str, Option("Asked for in the challenge.", secret=True)],
    app: Annotated[str, "The app's id."] = "main",
    retries: int = 3,
    public_url: str | None = None,
) -> Reply | None:
    return None


def make(**slots: Any) -> Provider:
    given = {"verify": HMAC("X-Signature"), "type": body("type"), **slots}
    return Provider(name="acme", title="Acme", docs="https://acme.example", **given)


def problems(provider: Provider, table: dict[str, Any]) -> list[str]:
    found = read_options(options_of(provider), table, "providers.acme")[1]
    return [f"{problem.where}: {problem.text}" for problem in found]


def test_options_come_from_the_scheme_the_slots_and_the_provider():
    own = {"region": Option("Where it runs.", Literal["eu", "us"])}
    options = options_of(make(handshake=challenge, answer=crc, options=own))
    assert set(options) == {"secret", "verify_token", "app", "retries", "region"}
    assert {name for name, option in options.items() if option.secret} == {"secret", "verify_token"}
    assert options["verify_token"].doc == "Asked for in the challenge."
    assert options["app"] == Option("The app's id.", str, "main")
    assert (options["retries"].type, options["retries"].default) == (int, 3)


def test_a_provider_may_reword_a_credential():
    option = options_of(make(options={"secret": Option("The app's client secret.")}))["secret"]
    assert option.doc == "The app's client secret."
    assert option.secret
    assert option.type is HMAC("X").options()["secret"].type


def test_a_slots_own_secret_is_one():
    options = options_of(make(verify=Unsigned(), answer=crc))
    assert set(options) == {"secret"}
    assert options["secret"].secret


@pytest.mark.parametrize(
    "value", ["s", "120475", ["a", "b"], {"1": "a", "2": "b"}, 120475, [120475, "b"], {"key-1": 120475}]
)
def test_a_secret_may_be_text_a_number_a_list_or_a_table(value):
    assert read_options(options_of(make()), {"secret": value}, "providers.acme") == ({"secret": value}, [])


@pytest.mark.parametrize("value", [True, 1.5, [], {}, [[]], [True], {"a": {"b": "c"}}, {"a": False}])
def test_a_secret_that_is_none(value):
    values, found = read_options(options_of(make()), {"secret": value}, "providers.acme")
    assert (values, [problem.where for problem in found]) == ({}, ["providers.acme.secret"])


def test_a_misspelt_option_is_said_with_the_one_that_was_meant():
    assert problems(make(), {"secert": "x"}) == [
        "providers.acme.secert: there is no such option; did you mean 'secret'?"
    ]
    assert problems(make(verify=HMAC("X", option="public_key")), {"secret": "x"}) == [
        "providers.acme.secret: there is no such option; it takes public_key"
    ]


def test_a_value_out_of_a_list_is_said_with_the_list():
    verify = OneOf(v3=HMAC("A"), v2=HMAC("B"), v1=Token("C"))
    assert problems(make(verify=verify), {"secret": "x", "variant": "v4"}) == [
        "providers.acme.variant: input should be 'v3', 'v2' or 'v1', found 'v4'"
    ]


def test_a_wrong_type_is_said():
    assert problems(make(handshake=challenge), {"retries": "many"}) == [
        "providers.acme.retries: input should be a valid integer, unable to parse string as an integer, found 'many'"
    ]


def test_several_problems_are_said_at_once():
    found = problems(make(handshake=challenge), {"secrte": 1, "retries": "many", "apps": "x"})
    assert [text.partition(":")[0] for text in found] == [
        "providers.acme.secrte",
        "providers.acme.apps",
        "providers.acme.retries",
    ]


@pytest.mark.parametrize(
    "value", [True, 1.25, ["hunter2", ["hunter2"]], {"hunter2": ["hunter2"]}, {"a": {"b": "hunter2"}}]
)
def test_no_problem_shows_a_secret(value):
    text = "\n".join(problems(make(handshake=challenge), {"secret": value, "verify_token": value}))
    assert "providers.acme.secret" in text
    assert "hunter2" not in text
    assert "1.25" not in text


def test_an_option_may_be_called_like_a_method_of_the_model():
    own = {name: Option("", int) for name in ("copy", "json", "schema", "model_config", "dict")}
    table = dict.fromkeys(own, 1)
    assert read_options(options_of(make(options=own)), table, "providers.acme") == (table, [])
    assert problems(make(options=own), {"json": "x"})[0].startswith("providers.acme.json: input should be a valid")


def test_the_json_schema_says_what_an_option_is():
    schema = option_model(options_of(make(handshake=challenge))).model_json_schema()
    assert schema["properties"]["verify_token"]["description"] == "Asked for in the challenge."
    assert schema["properties"]["secret"]["writeOnly"] is True
    assert schema["additionalProperties"] is False
    assert "required" not in schema


@dataclass
class Forward(Subscriber):
    name: ClassVar[str] = "forward"
    url: str = field(repr=False)
    mode: Annotated[Literal["plain", "signed"], "How it is sent."] = "plain"
    retries: int = 3
    labels: dict[str, str] = field(default_factory=dict)
    token: Annotated[str, Option("Sent along.", secret=True)] = ""
    codes: list[int] = field(default_factory=list, metadata={"doc": "Exit codes."})
    made: str = field(default="", init=False)

    async def deliver(self, event: Event) -> None: ...


def test_fields_are_options():
    options = subscriber_options(Forward)
    assert list(options) == ["url", "mode", "retries", "labels", "token", "codes"]
    assert options["url"].required
    assert not options["mode"].required
    assert {name for name, option in options.items() if option.secret} == {"url", "token"}
    assert options["labels"].default == {}


def test_docs_of_fields():
    docs = {name: option.doc for name, option in subscriber_options(Forward).items() if option.doc}
    assert docs == {"mode": "How it is sent.", "token": "Sent along.", "codes": "Exit codes."}


def test_fields_are_checked():
    options = subscriber_options(Forward)
    values, found = read_options(options, {"url": 5, "mode": "odd", "moode": "x"}, "subscribers.forward")
    assert values == {}
    assert [str(problem) for problem in found] == [
        "config.toml: subscribers.forward.moode: there is no such option; did you mean 'mode'?",
        "config.toml: subscribers.forward.url: input should be a valid string",
        "config.toml: subscribers.forward.mode: input should be 'plain' or 'signed', found 'odd'",
    ]
    missing = read_options(options, {}, "subscribers.forward")[1]
    assert [problem.where for problem in missing] == ["subscribers.forward.url"]
    assert missing[0].text.startswith("it is missing")

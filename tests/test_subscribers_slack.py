"""The slack subscriber, against a real HTTP server."""

import json
from dataclasses import replace

import httpx2
import pytest
from subscriber_kit import EVENT, running, server


async def posted(folder, event=EVENT, **options):
    async with server() as target, running("slack", folder, url=f"{target.url}/services/T/B/x", **options) as slack:
        await slack.deliver(event)
    assert target.requests[0][0] == "POST /services/T/B/x HTTP/1.1"
    assert target.headers["content-type"] == "application/json"
    return json.loads(target.body)


async def test_a_line_is_posted(tmp_path):
    assert await posted(tmp_path) == {"text": "github: github.push"}


async def test_the_text_is_a_template_whose_values_are_escaped(tmp_path):
    event = replace(EVENT, subject="<!channel>", data={"title": "a & b <https://evil.example|bank>", "<k>": ["<v>"]})
    text = "<https://hub.example|hub> {{ event.subject }}: {{ event.data.title }} {{ event.data }}"
    message = await posted(tmp_path, event, text=text)
    assert message["text"].startswith(
        "<https://hub.example|hub> &lt;!channel&gt;: a &amp; b &lt;https://evil.example|bank&gt; "
    )
    assert message["text"].count("<") == 1


@pytest.mark.parametrize("padding", range(6))
async def test_long_text_is_cut_between_characters(tmp_path, padding):
    event = replace(EVENT, data="&" * 50_000)
    message = await posted(tmp_path, event, text="x" * padding + "{{ event.data }}")
    assert 39_990 < len(message["text"]) <= 40_000
    assert message["text"].removeprefix("x" * padding).replace("&amp;", "") == "…"


async def test_blocks_are_filled_and_no_value_breaks_out(tmp_path):
    event = replace(
        EVENT, data={"title": 'a "quoted" \\ <b>\n', "url": "https://x.example/?a=1&b=2", "long": "x" * 9000}
    )
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "{{ event.data.long }}", "emoji": True}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*{{ event.data.title }}* {{ event.data.long }}"}},
        {"type": "actions", "elements": [{"type": "button", "url": "{{ event.data.url }}"}]},
    ]
    for given in (blocks, json.dumps(blocks), json.dumps({"blocks": blocks})):
        message = await posted(tmp_path, event, blocks=given)
        assert message["text"] == "github: github.push"
        header, section, actions = message["blocks"]
        assert len(header["text"]["text"]) == 150
        assert header["text"]["emoji"] is True
        assert section["text"]["text"].startswith('*a "quoted" \\ &lt;b&gt;\n* xxx')
        assert len(section["text"]["text"]) == 3000
        assert actions["elements"][0]["url"] == "https://x.example/?a=1&b=2"


async def test_text_that_utf8_cannot_say_is_sent(tmp_path):
    event = replace(EVENT, data={"a": "half \ud83d", "b": "日本 😀"})
    assert (await posted(tmp_path, event, text="{{ event.data.a }} {{ event.data.b }}"))[
        "text"
    ] == "half \ufffd 日本 😀"


async def test_slow_down_reaches_the_hub(tmp_path):
    answer = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 30\r\ncontent-length: 12\r\n\r\nrate_limited"
    async with server(answer) as target, running("slack", tmp_path, url=f"{target.url}/services/secret") as slack:
        with pytest.raises(httpx2.HTTPStatusError, match=r"^429 Too Many Requests: rate_limited$") as error:
            await slack.deliver(EVENT)
    assert error.value.response.headers["retry-after"] == "30"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"text": "{{ event.type"}, r"the template '{{ event.type' has an error: unexpected end"),
        ({"blocks": [{"text": "{% if %}"}]}, "the template '{% if %}' has an error"),
        ({"blocks": "[{"}, "blocks is not JSON"),
        ({"blocks": '{"text": 1}'}, "blocks is a list"),
    ],
)
async def test_wrong_options_are_found_before_the_first_event(tmp_path, options, problem):
    with pytest.raises(ValueError, match=problem):
        async with running("slack", tmp_path, url="http://127.0.0.1", **options):
            pass


async def test_its_repr_does_not_show_the_url(tmp_path):
    async with running("slack", tmp_path, url="https://hooks.slack.com/services/secret") as slack:
        assert "secret" not in repr(slack)

"""Strangers' requests: a flood of refused ones leaves little in the log, and stands in nobody's way."""

from __future__ import annotations

import os
from pathlib import Path

from hub.core import Hub
from hub.log.base import Rejection, RejectionQuery
from hub.request import Request
from hub.testing import running

CONFIG = """
[server]
log = "quiet"
[providers.github]
secret = "the-secret-of-github"
[providers.typeform]
secret = "the-secret-of-typeform"
"""
MEGABYTE = os.urandom(2**20)
URL = "http://hub.test/webhooks/"


def signed(hub: Hub, number: int) -> Request:
    body = b'{"event_id":"%d","event_type":"form_response"}' % number
    request = Request.make("POST", f"{URL}typeform", {"content-type": "application/json"}, body)
    return hub.sources["typeform"].provider.verify.sign(request, {"secret": "the-secret-of-typeform"})


async def rejections(hub: Hub, source: str) -> list[Rejection]:
    return (await hub.log.rejections(RejectionQuery(sources=(source,)), None, 1000)).items


async def test_a_flood_of_large_refused_requests(tmp_path: Path) -> None:
    flood = Request.make("POST", f"{URL}github", {"content-type": "application/json"}, MEGABYTE)
    async with running(tmp_path, CONFIG) as running_hub:
        hub = running_hub.hub
        for number in range(2_000):
            assert (await hub.receive("github", flood)).status == 403
            if number % 100 == 0:
                assert (await hub.receive("typeform", signed(hub, number))).status == 200
        wrong = Request.make("POST", f"{URL}typeform", {"Typeform-Signature": "sha256=x"}, b"{}")
        assert (await hub.receive("typeform", wrong)).status == 403
        await hub.quarantine.close(30)
        kept = await rejections(hub, "github")
        assert 0 < len(kept) < 200
        assert hub.quarantine.dropped + len(kept) == 2_000
        assert [one.request.body for one in await rejections(hub, "typeform")] == [b"{}"]
        assert len(await running_hub.events()) == 20
        assert sum(file.stat().st_size for file in (tmp_path / "data").iterdir()) < 500 * len(MEGABYTE)

"""The console's JSON API, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_kit import SECRET, Running, acme_folder, running
from cli_kit import append, event

from hub.event import new_id
from hub.filters import Filter
from hub.log.base import Log, Query, Rejection, Settled, SubscriptionSpec

FILTER = Filter.make(events=["paid.*"]).text


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(acme_folder(tmp_path)) as one:
        yield one


async def give_up(log: Log, name: str, count: int) -> None:
    """Make the next events of a subscription dead letters."""
    feed = await log.feed(SubscriptionSpec(name=name, start="beginning"))
    deliveries = await feed.take(count, 1)
    await feed.settle([Settled(one, "dead", reason="the target is gone") for one in deliveries])
    await feed.close()


async def refused(console: Running, body: bytes, secret: str) -> Rejection:
    """A kept rejection of a request that is signed with this secret."""
    request = console.request(body, secret)
    rejection = Rejection(
        id=new_id(),
        source="acme",
        at=request.received,
        stage="verify",
        reason="mismatch",
        detail="the signature is of another secret",
        request=request,
    )
    await console.hub.log.reject(rejection)
    return rejection


async def test_the_index_lists_what_there_is(console: Running) -> None:
    index = await console.get("/")
    assert "/api/events/{id}" in index["paths"]
    assert (await console.client.get("/")).headers["cache-control"] == "no-store"


async def test_health(console: Running, tmp_path: Path) -> None:
    health = await console.get("/api/health")
    assert health["writable"] is True
    assert health["config"] == str((tmp_path / "config.toml").resolve())


async def test_events_are_paged_newest_first(console: Running) -> None:
    events = [event(number) for number in range(1, 6)]
    await append(console.hub.log, events)
    first = await console.get("/api/events", limit=2)
    assert [row["id"] for row in first["items"]] == [events[4].id, events[3].id]
    second = await console.get("/api/events", limit=2, before=first["next"])
    third = await console.get("/api/events", limit=2, before=second["next"])
    assert [row["id"] for row in second["items"] + third["items"]] == [one.id for one in reversed(events[:3])]
    assert "data" not in first["items"][0]


async def test_events_are_selected(console: Running) -> None:
    await append(console.hub.log, [event(1), event(2, type="github.issues"), event(3, source="eu", subject="s")])

    async def ids(**values: object) -> list[str]:
        return [row["deliveryid"] for row in (await console.get("/api/events", **values))["items"]]

    assert await ids(type="github.push") == ["delivery-3", "delivery-1"]
    assert await ids(type=["github.issues", "x"]) == ["delivery-2"]
    assert await ids(source="eu", subject="s") == ["delivery-3"]
    assert await ids(since="2026-05-01T12:02:00Z", until="2026-05-01T12:03:00Z") == ["delivery-2"]
    assert await ids(id="delivery-1", source="") == ["delivery-1"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/events?sorce=x", "there is no 'sorce' here"),
        ("/api/events?since=soon", "is no time"),
        ("/api/events?limit=0", "1 to 1000 rows"),
        ("/api/events?limit=1&limit=2", "a whole number"),
        ("/api/events?before=x", "a whole number"),
        ("/api/deliveries?state=gone", "later or dead"),
        ("/api/rejections?stage=x", "verify or read"),
        ("/api/follow?after=x", "the position of an event"),
        ("/api/follow?since=1h", "there is no 'since' here"),
    ],
)
async def test_a_bad_query_is_a_problem(console: Running, path: str, said: str) -> None:
    response = await console.client.get(path)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:webhook-hub:problem:usage"
    assert said in response.json()["title"]


async def test_an_event_with_what_became_of_it(console: Running) -> None:
    (stored,) = await append(console.hub.log, [event(1)])
    await give_up(console.hub.log, "store", 1)
    details = await console.get(f"/api/events/{stored.event.id[:18]}")
    assert details["event"] == stored.event.cloudevent()
    (delivery,) = details["deliveries"]
    assert (delivery["subscription"], delivery["status"], delivery["why"]) == ("store", "dead", "the target is gone")
    assert [attempt["outcome"] for attempt in details["attempts"]] == ["dead"]


async def test_what_a_filter_passed_over_is_told_with_the_filter_of_that_time(console: Running) -> None:
    before = console.hub.log
    feed = await before.feed(SubscriptionSpec(name="paid", filter=FILTER))
    (stored,) = await append(before, [event(1)])
    await feed.settle([Settled(one, "filtered") for one in await feed.take(1, 1)])
    (delivery,) = (await console.get(f"/api/events/{stored.event.id}"))["deliveries"]
    assert delivery["status"] == "filtered"
    assert "paid.*" in delivery["why"]


async def test_a_kept_request_hides_secrets(console: Running) -> None:
    outcome = await console.hub.receive("acme", console.request(b'{"event":"a","note":"%s"}' % SECRET.encode()))
    (one,) = outcome.events
    request = await console.get(f"/api/events/{one.id}/request")
    assert request["body"] == '{"event":"a","note":"[secret]"}'
    assert ["authorization", "Bearer [hidden]"] in request["headers"]
    assert SECRET not in str(request)


@pytest.mark.parametrize("path", ["/api/events/nope", "/api/events/nope/request", "/api/rejections/nope", "/api/x"])
async def test_what_is_not_there_is_404(console: Running, path: str) -> None:
    problem = await console.get(path, 404)
    assert problem["type"] == "urn:webhook-hub:problem:not-found"


async def test_dead_letters_are_listed_retried_and_dropped(console: Running) -> None:
    log = console.hub.log
    await append(log, [event(1), event(2, source="eu"), event(3)])
    await give_up(log, "store", 3)
    rows = (await console.get("/api/deliveries"))["items"]
    assert [row["reason"] for row in rows] == ["the target is gone"] * 3
    assert (await console.get("/api/deliveries", state="later"))["items"] == []
    assert await console.post("/api/dead/retry", source="eu") == {"count": 1}
    assert await console.post("/api/dead/drop", id=[event(1).deliveryid]) == {"count": 1}
    assert [row["id"] for row in (await console.get("/api/deliveries"))["items"]] == [rows[0]["id"]]
    assert await console.post("/api/dead/drop", all=True, subscription="other") == {"count": 0}
    assert await console.post("/api/dead/drop", all=True) == {"count": 1}


@pytest.mark.parametrize(
    "path", ["/api/dead/retry", "/api/dead/drop", "/api/rejections/accept", "/api/rejections/drop"]
)
async def test_nothing_selected_is_not_everything(console: Running, path: str) -> None:
    await append(console.hub.log, [event(1)])
    await give_up(console.hub.log, "store", 1)
    for body in ({}, {"source": []}, {"source": None, "since": ""}, {"all": False}):
        assert "nothing is selected" in (await console.post(path, 400, **body))["title"]
    assert "there is no 'sorce' here" in (await console.post(path, 400, sorce="x"))["title"]
    assert "true or false" in (await console.post(path, 400, all="yes"))["title"]
    assert len((await console.get("/api/deliveries"))["items"]) == 1


@pytest.mark.parametrize(("content", "said"), [(b"[]", "JSON object"), (b"{", "not JSON"), (b"\xff", "not JSON")])
async def test_a_body_that_is_no_object(console: Running, content: bytes, said: str) -> None:
    headers = {"content-type": "application/json"}
    response = await console.client.post("/api/dead/drop", content=content, headers=headers)
    assert response.status_code == 400
    assert said in response.json()["title"]


async def test_a_body_has_a_limit(console: Running) -> None:
    headers = {"content-type": "application/json"}
    response = await console.client.post("/api/dead/drop", content=b" " * 300_000, headers=headers)
    assert response.status_code == 413


async def test_a_replay_counts_first(console: Running) -> None:
    log = console.hub.log
    await append(log, [event(1), event(2, source="eu"), event(3)])
    feed = await log.feed(SubscriptionSpec(name="store"))
    await log.feed(SubscriptionSpec(name="other"))
    assert "which subscription? There are other, store" in (await console.post("/api/replay", 400, all=True))["title"]
    assert "no subscription 'x'" in (await console.post("/api/replay", 400, to="x", all=True))["title"]
    assert "nothing is selected" in (await console.post("/api/replay", 400, to="store"))["title"]
    counted = await console.post("/api/replay", to="store", source="github", dry_run=True)
    assert counted == {"count": 2, "to": ["store"], "jobs": []}
    assert (await console.get("/api/jobs"))["items"] == []
    answer = await console.post("/api/replay", to=["store"], source="github")
    (job,) = answer["jobs"]
    assert answer["count"] == 2
    taken = [one.event.deliveryid for _ in range(2) for one in await feed.take(1, 1)]
    assert taken == ["delivery-1", "delivery-3"]
    (row,) = (await console.get("/api/jobs"))["items"]
    assert (row["id"], row["subscription"], row["state"], row["total"]) == (job, "store", "running", 2)
    assert await console.post(f"/api/jobs/{job}/cancel") == {"cancelled": job}
    assert (await console.get("/api/jobs"))["items"][0]["state"] == "cancelled"
    await console.post(f"/api/jobs/{job}/cancel", 404)


async def test_a_rejection_is_shown_and_let_in_when_it_is_good_now(console: Running) -> None:
    good = await refused(console, b'{"event":"paid","id":"1"}', SECRET)
    bad = await refused(console, b'{"event":"paid","id":"2"}', "another-secret")
    rows = (await console.get("/api/rejections", source="acme"))["items"]
    assert [row["id"] for row in rows] == [bad.id, good.id]
    shown = await console.get(f"/api/rejections/{good.id}")
    assert shown["request"]["body"] == '{"event":"paid","id":"1"}'
    answer = await console.post("/api/rejections/accept", all=True)
    assert [one["id"] for one in answer["accepted"]] == [good.id]
    assert [one["id"] for one in answer["refused"]] == [bad.id]
    (stored,) = (await console.hub.log.browse(Query(), None, 5)).items
    assert answer["accepted"][0]["events"] == [stored.event.id]
    assert stored.event.receivedat == good.at
    assert await console.post("/api/rejections/drop", id=[bad.id]) == {"count": 1}
    assert (await console.get("/api/rejections"))["items"] == []
    states = {row["state"] for row in (await console.get("/api/rejections", state=["accepted", "dropped"]))["items"]}
    assert states == {"accepted", "dropped"}


async def test_sources_say_whether_they_are_verified(console: Running) -> None:
    rows = {row["name"]: row for row in (await console.get("/api/sources"))["items"]}
    assert rows["acme"]["trust"] == "verified"
    assert rows["open"]["trust"] == "UNSIGNED"
    assert rows["acme"]["url"].endswith("/webhooks/acme")
    assert SECRET not in str(rows)


async def test_a_forgotten_subscription_is_retired(console: Running) -> None:
    await console.hub.log.feed(SubscriptionSpec(name="old"))
    (row,) = (await console.get("/api/subscriptions"))["items"]
    assert (row["name"], row["configured"]) == ("old", False)
    assert await console.post("/api/subscriptions/old/retire") == {"retired": "old"}
    assert (await console.get("/api/subscriptions"))["items"] == []
    await console.post("/api/subscriptions/old/retire", 404)


async def test_a_configured_subscription_is_not_retired(tmp_path: Path) -> None:
    file = acme_folder(tmp_path, '[subscribers.lines]\nplugin = "jsonl"\npath = "x.jsonl"\n')
    async with running(file) as console:
        await console.hub.log.feed(SubscriptionSpec(name="lines"))
        problem = await console.post("/api/subscriptions/lines/retire", 409)
        assert "lines is configured" in problem["title"]


async def test_metrics(console: Running) -> None:
    await append(console.hub.log, [event(1)])
    await console.hub.log.feed(SubscriptionSpec(name="store", start="beginning"))
    await console.hub.receive("acme", console.request(b'{"event":"a"}'))
    response = await console.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert 'hub_events_total{source="acme"} 1.0' in response.text
    assert 'hub_subscription_lag{state="waiting",subscription="store"} 2.0' in response.text


async def test_a_wrong_method_is_a_problem(console: Running) -> None:
    problem = await console.get("/api/dead/drop", 405)
    assert problem["type"] == "urn:webhook-hub:problem:method"


async def test_the_token_is_asked_for(tmp_path: Path) -> None:
    file = acme_folder(tmp_path)
    text = file.read_text(encoding="utf-8").replace("[console]", '[console]\ntoken = "let-me-in"')
    file.write_text(text, encoding="utf-8")
    async with running(file) as console:
        for path in ("/", "/metrics", "/api/events", "/api/health", "/api/follow"):
            assert (await console.client.get(path)).status_code == 401
        console.client.headers["authorization"] = "Bearer let-me-in"
        await console.get("/api/events")

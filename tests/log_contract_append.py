"""The contract of a log: appending, de-duplication, what is read back, listings, following, retention."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from log_contract import (
    FAR,
    Place,
    event_of,
    everything,
    incoming,
    keep,
    keep_many,
    now,
    positions,
    settle,
    subscribe,
    take,
)

from hub.errors import LogError, LogUnavailable
from hub.event import new_id
from hub.log.base import Log, Query, Rejection, RejectionQuery, Stored
from hub.request import Request

ODD_DATA = [
    None,
    {},
    [],
    "text",
    {"a": None, "b": [1, 2.5, True, {"c": "é"}]},
    {"big": 2**64, "bigger": -(10**40)},
    {"lone": "\ud800", "\udfff": 1},
    {"float": 1e308, "tiny": 5e-324, "null": None},
    {"infinite": float("inf"), "null": None},
]


class Appending:
    """append, find, get, request."""

    async def test_what_was_appended_is_read_back(self, log: Log) -> None:
        request = incoming(b'{"order": 7, "lines": ["\xc3\xa9"]}', headers={"X-Topic": "orders"}, peer="203.0.113.9")
        event = event_of(request, "d-1", subject="gid://7", time=now(), type="shopify.orders.create")
        (stored,) = await log.append(request, [event])
        assert not stored.duplicate
        assert stored.event == event
        found = await log.get(event.id)
        assert found == stored
        assert await log.find("shop", "d-1") == stored
        assert await log.request(event.id) == request

    @pytest.mark.parametrize("data", ODD_DATA, ids=repr)
    async def test_data_of_its_own_comes_back_equal(self, log: Log, data: Any) -> None:
        request = incoming(b"a=1", headers={"content-type": "application/x-www-form-urlencoded"})
        event = event_of(incoming(), data=data)
        await log.append(request, [event])
        found = await log.get(event.id)
        assert found is not None
        assert found.event.data == data

    @pytest.mark.parametrize(
        "body",
        [b'{"a": 1, "a": 2}', b' {"x" :\t1.50}\n', b"\xef\xbb\xbf[1]", b'"\\ud800"', b"123456789012345678901234"],
    )
    async def test_data_of_the_body_comes_back_equal(self, log: Log, body: bytes) -> None:
        request = incoming(body)
        event = event_of(request)
        await log.append(request, [event])
        found = await log.get(event.id)
        assert found is not None
        assert found.event.data == request.json

    async def test_data_that_a_plugin_changed_in_place_comes_back_changed(self, log: Log) -> None:
        request = incoming(b'{"token": "s3cret", "n": 1}')
        del request.json["token"]
        event = event_of(request)
        await log.append(request, [event])
        found = await log.get(event.id)
        assert found is not None
        assert found.event.data == {"n": 1}

    async def test_odd_bytes_are_kept(self, log: Log) -> None:
        request = Request(
            method="PUT",
            url="https://hub.test/webhooks/shop?q=%FF&é=\udcff\x00",
            headers=((b"x-odd", b"\x00\xff\r\n"), (b"x-odd", b""), (b"", b"nameless")),
            body=bytes(range(256)),
            received=now(),
        )
        event = event_of(incoming(), deliveryid="\ud800é", subject="\udc00", type="shopify.\udfff")
        await log.append(request, [event])
        assert await log.request(event.id) == request
        found = await log.find("shop", "\ud800é")
        assert found is not None
        assert found.event == event

    async def test_a_large_body_is_kept(self, log: Log) -> None:
        request = incoming(b'"' + b"0123456789abcdef" * 65536 + b'"')
        event = event_of(request)
        await log.append(request, [event])
        assert await log.request(event.id) == request

    async def test_events_of_a_request_are_kept_in_order(self, log: Log) -> None:
        request = incoming()
        events = [event_of(request, "batch", index=index) for index in range(700)]
        stored = await log.append(request, events)
        assert [one.event for one in stored] == events
        assert positions(stored) == sorted(set(positions(stored)))
        assert await everything(log) == stored

    async def test_no_events_keep_nothing(self, log: Log) -> None:
        assert await log.append(incoming(), []) == []
        assert await log.count(Query()) == 0

    async def test_a_duplicate_is_the_first_one(self, log: Log, place: Place) -> None:
        first = await keep(log, "same")
        again = await keep(log, "same")
        assert again.duplicate
        assert (again.position, again.event) == (first.position, first.event)
        await log.close()
        log = await place.open()
        later = await keep(log, "same")
        assert later.duplicate
        assert (later.position, later.event) == (first.position, first.event)
        assert await log.count(Query()) == 1

    async def test_the_key_is_source_delivery_and_index(self, log: Log) -> None:
        stored = [await keep(log, "same"), await keep(log, "same", source="eu"), await keep(log, "same", index=1)]
        assert [one.duplicate for one in stored] == [False, False, False]

    async def test_a_partly_duplicate_request_keeps_the_rest(self, log: Log) -> None:
        first = await keep(log, "b")
        request = incoming()
        stored = await log.append(request, [event_of(request, key) for key in "abc"])
        assert [one.duplicate for one in stored] == [False, True, False]
        assert stored[1].position == first.position
        assert await log.count(Query()) == 3

    async def test_the_same_twice_at_once_is_one(self, log: Log) -> None:
        stored = await asyncio.gather(*[keep(log, "same") for _ in range(20)])
        assert [one.duplicate for one in stored].count(False) == 1
        assert len({(one.position, one.event.id) for one in stored}) == 1

    async def test_the_same_twice_in_one_request_is_one(self, log: Log) -> None:
        request = incoming()
        stored = await log.append(request, [event_of(request, "same"), event_of(request, "same")])
        assert [one.duplicate for one in stored] == [False, True]

    async def test_only_the_bad_one_of_many_fails(self, log: Log) -> None:
        async def one(number: int) -> Stored | Exception:
            try:
                return await keep(log, None if number != 40 else "x", **({"deliveryid": None} if number == 40 else {}))
            except LogError as error:
                return error

        results = await asyncio.gather(*[one(number) for number in range(64)])
        failed = [number for number, result in enumerate(results) if isinstance(result, Exception)]
        assert failed == [40]
        assert not isinstance(results[40], LogUnavailable)
        assert await log.count(Query()) == 63

    async def test_data_that_is_no_json_is_refused(self, log: Log) -> None:
        with pytest.raises(LogError):
            await keep(log, data={"when": object()})
        assert await log.count(Query()) == 0

    async def test_cancelled_appends_do_not_harm_the_others(self, log: Log) -> None:
        tasks = [asyncio.create_task(keep(log, f"d{number}")) for number in range(60)]
        for step, task in enumerate(tasks[::2]):
            if step % 10 == 0:
                await asyncio.sleep(0)
            task.cancel()
        kept = [await task for task in tasks[1::2]]
        for task in tasks[::2]:
            with suppress(asyncio.CancelledError):
                kept.append(await task)
        # what was cancelled is there whole, or not at all, and can be repeated
        again = [await keep(log, f"d{number}") for number in range(60)]
        assert {one.position for one in kept} <= {one.position for one in again}
        assert await log.count(Query()) == 60

    async def test_a_clock_that_goes_back_keeps_the_order(self, log: Log) -> None:
        first = await keep(log)
        second = await keep(log, at=now() - FAR)
        assert first.position < second.position
        assert positions(await everything(log)) == [first.position, second.position]


class Listing:
    """browse, count, follow."""

    async def test_each_part_of_a_query_selects(self, log: Log) -> None:
        old = await keep(log, "d1", at=now() - FAR, type="a.x", source="one", subject="s1")
        new = await keep(log, "d2", type="b.y.z", source="two", subject="s2")
        middle = now() - FAR / 2
        for query in (
            Query(sources=("one",)),
            Query(types=("a.*",)),
            Query(types=("nothing", "a.x")),
            Query(ids=(old.event.id,)),
            Query(ids=("d1",)),
            Query(subject="s1"),
            Query(until=middle),
            Query(sources=("one", "three"), types=("a.?",), until=middle),
        ):
            assert await everything(log, query) == [old], query
            assert await log.count(query) == 1, query
        assert await everything(log, Query(since=middle)) == [new]
        assert await everything(log, Query(types=("*z",))) == [new]
        assert await everything(log, Query(sources=("one",), types=("b.*",))) == []
        assert await everything(log, Query(sources=("nobody",))) == []

    async def test_pages_are_stable_under_appends(self, log: Log) -> None:
        kept = await keep_many(log, 25)
        first = await log.browse(Query(types=("shopify.*",)), None, 10)
        assert first.next is not None
        await keep_many(log, 5)
        rest = await log.browse(Query(types=("shopify.*",)), first.next, 100)
        assert [*first.items, *rest.items] == kept[::-1]
        assert rest.next is None

    async def test_an_empty_log_has_an_empty_page(self, log: Log) -> None:
        page = await log.browse(Query(types=("*",)), None, 10)
        assert (page.items, page.next, page.complete) == ([], None, True)
        assert await log.get("nothing") is None
        assert await log.request(new_id()) is None
        assert await log.find("shop", "nothing") is None

    async def test_follow_has_no_gap_between_history_and_live(self, log: Log) -> None:
        kept = await keep_many(log, 300)

        async def more() -> list[Stored]:
            return [await keep(log) for _ in range(100)]

        task = asyncio.create_task(more())
        seen = await first_of(log.follow(kept[9].position), 390)
        kept += await task
        assert positions(seen) == positions(kept[10:])

    async def test_follow_from_now_begins_at_the_call(self, log: Log) -> None:
        await keep(log)
        following = log.follow(None)
        fresh = await keep(log)
        assert await first_of(following, 1) == [fresh]

    async def test_closing_ends_those_who_follow(self, log: Log) -> None:
        task = asyncio.create_task(first_of(log.follow(None), 1))
        await asyncio.sleep(0.01)
        await log.close()
        with pytest.raises(LogUnavailable):
            await task


class Retention:
    """prune, rejections, learned."""

    async def test_a_pruned_event_is_gone_and_its_key_is_free(self, log: Log) -> None:
        gone = await keep(log, "same")
        kept = await keep(log, at=now() + FAR)
        assert await log.prune(now() + FAR / 2) == 1
        assert await everything(log) == [kept]
        assert await log.request(gone.event.id) is None
        assert not (await keep(log, "same")).duplicate

    async def test_a_pruned_event_is_not_delivered(self, log: Log) -> None:
        await keep_many(log, 10)
        assert await log.prune(now() + FAR, 7) == 7
        left = await everything(log)
        assert positions(await take(await subscribe(log, start="beginning"), 3)) == positions(left)

    async def test_an_emptied_log_goes_on(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        last = (await keep_many(log, 10))[-1]
        await settle(feed, await take(feed, 10))
        assert await log.prune(now() + FAR) == 10
        await log.close()
        log = await place.open()
        feed = await subscribe(log)
        fresh = await keep(log)
        assert fresh.position > last.position
        assert positions(await take(feed, 1)) == [fresh.position]

    async def test_prune_goes_in_steps(self, log: Log) -> None:
        await keep_many(log, 25)
        assert [await log.prune(now() + FAR, 10) for _ in range(4)] == [10, 10, 5, 0]

    async def test_prune_keeps_what_is_not_done(self, log: Log) -> None:
        feed = await subscribe(log)
        waiting = [await keep(log, f"d{number}") for number in range(6)]
        taken = await take(feed, 4)
        await settle(feed, taken[:1], "later", due=now() + FAR)
        await settle(feed, taken[1:2], "dead")
        await settle(feed, taken[2:3])
        # the first two have rows, the third is done, the fourth is out, the rest wait
        assert await log.prune(now() + FAR) == 1
        assert await everything(log) == [waiting[0], waiting[1], *waiting[3:]]
        for stored in waiting[:2]:
            assert await log.request(stored.event.id) is not None

    async def test_what_waits_for_another_attempt_holds_nothing_else(self, log: Log) -> None:
        feed = await subscribe(log)
        stored = await keep_many(log, 50)
        taken = await take(feed, 50)
        await settle(feed, taken[:1], "later", due=now() + FAR)
        await settle(feed, taken[1:])
        assert await log.prune(now() + FAR) == 49
        assert await everything(log) == stored[:1]

    async def test_retiring_frees_what_a_subscription_held(self, log: Log) -> None:
        await subscribe(log)
        await keep_many(log, 3)
        assert await log.prune(now() + FAR) == 0
        await log.retire("store")
        assert await log.prune(now() + FAR) == 3
        assert await log.subscriptions() == []

    async def test_rejections_are_kept_until_decided(self, log: Log) -> None:
        made = [rejection(source=f"s{number}") for number in range(3)]
        for one in made:
            await log.reject(one)
        page = await log.rejections(RejectionQuery(), None, 2)
        assert [one.id for one in page.items] == [made[2].id, made[1].id]
        assert page.items[0].request == made[2].request
        rest = await log.rejections(RejectionQuery(), page.next, 2)
        assert [one.id for one in rest.items] == [made[0].id]
        assert await log.decide(made[0].id, "dropped")
        assert not await log.decide(made[0].id, "accepted")
        assert [one.source for one in (await log.rejections(RejectionQuery(), None, 9)).items] == ["s2", "s1"]
        decided = await log.rejections(RejectionQuery(ids=(made[0].id,), states=()), None, 9)
        assert [one.state for one in decided.items] == ["dropped"]
        assert (await log.rejections(RejectionQuery(sources=("s1",), stages=("read",)), None, 9)).items == []

    async def test_learned_secrets_are_kept_in_order(self, log: Log, place: Place) -> None:
        await log.learn("asana", "secret", "one", True)
        await log.learn("asana", "secret", "two", False)
        await log.learn("other", "secret", "three", False)
        await log.close()
        log = await place.open()
        assert await log.learned("asana") == [("secret", "one", True), ("secret", "two", False)]
        assert await log.forget("asana", "secret", "one")
        assert not await log.forget("asana", "secret", "one")
        assert not await log.forget("asana", "secret", "three")
        assert await log.learned("asana") == [("secret", "two", False)]
        assert await log.learned("other") == [("secret", "three", False)]


def rejection(**parts: Any) -> Rejection:
    given: dict[str, Any] = {
        "id": new_id(),
        "source": "shop",
        "at": now(),
        "stage": "verify",
        "reason": "mismatch",
        "detail": "the header does not match",
        "request": incoming(b"\xff\x00"),
    }
    return Rejection(**{**given, **parts})


async def first_of(following: AsyncIterator[Stored], count: int) -> list[Stored]:
    found: list[Stored] = []
    async with asyncio.timeout(10):
        async for stored in following:
            found.append(stored)
            if len(found) == count:
                break
    await following.aclose()  # type: ignore[attr-defined]  # an async generator
    return found

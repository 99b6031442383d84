"""The contract of a log: feeds, retries, dead letters, replays."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from log_contract import (
    FAR,
    SOON,
    Place,
    keep,
    keep_many,
    nothing,
    now,
    positions,
    settle,
    subscribe,
    take,
)

from hub.log.base import DeliveryQuery, Log, Query, Settled


class Feeding:
    """feed, take, settle."""

    async def test_each_subscription_gets_every_event_in_order(self, log: Log) -> None:
        feeds = [await subscribe(log, name) for name in ("a", "b")]
        stored = await keep_many(log, 300)
        for feed in feeds:
            taken = await take(feed, 300)
            assert positions(taken) == positions(stored)
            assert [one.event for one in taken] == [one.event for one in stored]
            assert {one.attempt for one in taken} == {1}
            await settle(feed, taken)
            assert await nothing(feed)

    async def test_where_a_new_subscription_starts(self, log: Log) -> None:
        old = await keep(log, at=now() - FAR)
        recent = await keep(log)
        at = await subscribe(log, "at", start=now() - FAR / 2)
        beginning = await subscribe(log, "beginning", start="beginning")
        from_now = await subscribe(log, "now", start="now")
        fresh = await keep(log)
        assert positions(await take(beginning, 3)) == positions([old, recent, fresh])
        assert positions(await take(at, 2)) == positions([recent, fresh])
        assert positions(await take(from_now, 1)) == [fresh.position]

    async def test_a_known_subscription_goes_on_where_it_was(self, log: Log, place: Place) -> None:
        feed = await subscribe(log, start="now")
        await keep_many(log, 5)
        await settle(feed, (await take(feed, 3))[:3])
        await log.close()
        log = await place.open()
        missed = await keep(log)
        assert len(await take(await subscribe(log, start="now"), 3)) == 3
        assert missed.position

    async def test_take_waits_for_the_next_event(self, log: Log) -> None:
        feed = await subscribe(log)
        waiting = asyncio.create_task(feed.take(10, 10))
        await asyncio.sleep(0.01)
        stored = await keep(log)
        assert positions(await waiting) == [stored.position]

    async def test_a_cancelled_take_loses_nothing(self, log: Log, place: Place) -> None:
        await subscribe(log)
        stored = await keep_many(log, 40)
        await log.close()
        log = await place.open()
        feed = await subscribe(log)
        for steps in range(12):
            task = asyncio.create_task(feed.take(3, 1))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await settle(feed, await task, "returned")
        assert sorted(positions(await take(feed, 40))) == positions(stored)

    async def test_only_what_is_not_settled_comes_again(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        stored = await keep_many(log, 20)
        taken = await take(feed, 20)
        for index in (19, 3, 7, 0, 12):
            await settle(feed, [taken[index]])
        await log.close()
        log = await place.open()
        again = await take(await subscribe(log), 15)
        left = [one for index, one in enumerate(stored) if index not in (19, 3, 7, 0, 12)]
        assert sorted(positions(again)) == positions(left)

    async def test_one_that_hangs_is_all_that_comes_again(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        await keep_many(log, 10_000)
        first, *rest = await take(feed, 10_000, 500)
        await settle(feed, rest)
        await log.close()
        log = await place.open()
        feed = await subscribe(log)
        assert positions(await take(feed, 1)) == [first.position]
        assert await nothing(feed)

    async def test_settling_twice_or_with_an_old_token_is_ignored(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        await keep(log)
        (old,) = await take(feed, 1)
        await feed.close()
        feed = await subscribe(log)
        (delivery,) = await take(feed, 1)
        await settle(feed, [old], "dead")
        assert (await feed.lag()).in_flight == 1
        await settle(feed, [delivery])
        await settle(feed, [delivery], "dead")
        assert (await feed.lag()).dead == 0
        await log.close()
        log = await place.open()
        assert await nothing(await subscribe(log))

    async def test_a_cancelled_settle_is_not_lost(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        await keep_many(log, 10)
        task = asyncio.create_task(settle(feed, await take(feed, 10)))
        await asyncio.sleep(0)
        task.cancel()
        await log.close()
        log = await place.open()
        assert await nothing(await subscribe(log))

    async def test_one_settle_that_is_cancelled_does_not_cancel_the_others(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 20)
        tasks = [asyncio.create_task(settle(feed, [delivery])) for delivery in await take(feed, 20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks[1::2])
        assert (await feed.lag()).in_flight == 0

    async def test_returned_ones_come_again_uncounted(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep(log)
        for _ in range(2):
            (delivery,) = await take(feed, 1)
            assert delivery.attempt == 1
            await settle(feed, [delivery], "returned")
        (delivery,) = await take(feed, 1)
        await settle(feed, [delivery], "later", due=now())
        for _ in range(2):
            (delivery,) = await take(feed, 1)
            assert delivery.attempt == 2
            await settle(feed, [delivery], "returned")

    async def test_two_feeds_of_one_name_share(self, log: Log) -> None:
        feeds = [await subscribe(log), await subscribe(log)]
        stored = await keep_many(log, 50)
        taken = [*await take(feeds[0], 20, 7), *await take(feeds[1], 30, 7)]
        assert sorted(positions(taken)) == positions(stored)

    async def test_what_a_closed_feed_had_goes_to_the_other(self, log: Log) -> None:
        one, other = await subscribe(log), await subscribe(log)
        stored = await keep_many(log, 4)
        mine, _ = await take(one, 2), await take(other, 2)
        await one.close()
        assert positions(await take(other, 2)) == positions(mine) == positions(stored[:2])
        assert await one.take(1, 0.01) == []

    async def test_status_and_lag_tell_where_deliveries_are(self, log: Log) -> None:
        feed = await subscribe(log)
        stored = [await keep(log, f"d{number}") for number in range(6)]
        taken = await take(feed, 5)
        await settle(feed, taken[:1])
        await settle(feed, taken[1:2], "filtered")
        await settle(feed, taken[2:3], "later", due=now() + FAR)
        await settle(feed, taken[3:4], "dead")
        assert [(await log.status(one.event.id))["store"] for one in stored] == [
            "delivered", "delivered", "later", "dead", "in-flight", "waiting",
        ]  # fmt: skip
        lag = await feed.lag()
        assert (lag.waiting, lag.in_flight, lag.later, lag.dead) == (1, 1, 1, 1)
        assert lag.oldest == stored[4].event.receivedat
        (state,) = await log.subscriptions()
        assert (state.name, state.live, state.lag) == ("store", True, lag)

    async def test_filters_are_kept_in_versions(self, log: Log) -> None:
        await subscribe(log, filter="one")
        first = await keep(log)
        await settle(feed := await subscribe(log, filter="one"), await take(feed, 1))
        await subscribe(log, filter="two")
        second = await keep(log)
        assert await log.filter_at("store", first.position) == "one"
        assert await log.filter_at("store", second.position) == "two"


class Retrying:
    """later, dead, requeue, drop."""

    async def test_a_retry_comes_when_it_is_due(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        stored = await keep(log)
        await settle(feed, await take(feed, 1), "later", due=now() + SOON, reason="503", took=0.25)
        (delivery,) = await take(feed, 1)
        assert (delivery.attempt, delivery.event) == (2, stored.event)
        await settle(feed, [delivery], "later", due=now() + SOON, reason="502")
        await log.close()
        log = await place.open()
        feed = await subscribe(log)
        (delivery,) = await take(feed, 1)
        assert delivery.attempt == 3
        await settle(feed, [delivery])
        assert [(one.number, one.outcome, one.detail) for one in await log.attempts(stored.event.id)] == [
            (1, "later", "503"),
            (2, "later", "502"),
            (3, "delivered", ""),
        ]
        assert (await log.attempts(stored.event.id))[0].took == 0.25
        assert (await log.status(stored.event.id)) == {"store": "delivered"}

    async def test_retries_come_in_the_order_they_are_due(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 3)
        taken = await take(feed, 3)
        for delivery, seconds in zip(taken, (-1, -3, -2), strict=True):
            await settle(feed, [delivery], "later", due=now() + timedelta(seconds=seconds))
        assert positions(await take(feed, 3)) == positions([taken[1], taken[2], taken[0]])

    async def test_due_retries_get_at_most_half_while_new_ones_wait(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 40)
        await settle(feed, await take(feed, 40), "later", due=now())
        await keep_many(log, 40)
        mixed = await feed.take(10, 1)
        assert len([one for one in mixed if one.attempt == 2]) == 5
        assert len(mixed) == 10
        single = [one for _ in range(10) for one in await feed.take(1, 1)]
        assert 0 < len([one for one in single if one.attempt == 2]) <= 5

    async def test_a_thousand_retries_do_not_hold_up_new_ones(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 1000)
        await settle(feed, await take(feed, 1000), "later", due=now() + FAR)
        fresh = await keep(log)
        assert positions(await take(feed, 1)) == [fresh.position]
        assert await nothing(feed)
        assert (await feed.lag()).later == 1000

    async def test_an_ordered_subscription_goes_one_by_one(self, log: Log) -> None:
        feed = await subscribe(log, ordered=True)
        stored = await keep_many(log, 3)
        (first,) = await feed.take(10, 1)
        assert await nothing(feed)
        await settle(feed, [first], "later", due=now() + SOON * 4)
        (again,) = await feed.take(10, 10)
        assert (again.position, again.attempt) == (stored[0].position, 2)
        await settle(feed, [again], "dead")
        (second,) = await feed.take(10, 1)
        assert second.position == stored[1].position
        await settle(feed, [second], "returned")
        (second,) = await feed.take(10, 1)
        assert second.position == stored[1].position

    async def test_dead_letters_are_listed_requeued_and_dropped(self, log: Log) -> None:
        feed = await subscribe(log)
        stored = await keep_many(log, 4)
        await settle(feed, await take(feed, 4), "dead", reason="gone")
        page = await log.deliveries(DeliveryQuery(), None, 3)
        assert positions_of(page.items) == positions(stored[:0:-1])
        assert (page.items[0].reason, page.items[0].attempts, page.items[0].state) == ("gone", 1, "dead")
        rest = await log.deliveries(DeliveryQuery(), page.next, 3)
        assert positions_of(rest.items) == [stored[0].position]
        one = DeliveryQuery(subscription="store", events=Query(ids=(stored[2].event.id,)))
        assert await log.requeue(one) == 1
        (delivery,) = await take(feed, 1)
        assert (delivery.position, delivery.attempt) == (stored[2].position, 1)
        await settle(feed, [delivery])
        assert await log.drop(DeliveryQuery(subscription="nobody")) == 0
        assert await log.drop(DeliveryQuery()) == 3
        assert (await feed.lag()).dead == 0
        assert await nothing(feed)

    async def test_a_redelivery_by_the_platform_requeues_dead_letters(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep(log, "same")
        await settle(feed, await take(feed, 1), "dead")
        assert await nothing(feed)
        assert (await keep(log, "same")).duplicate
        (delivery,) = await take(feed, 1)
        assert delivery.attempt == 1
        await settle(feed, [delivery])
        assert (await keep(log, "same")).duplicate
        assert await nothing(feed)


class Replaying:
    """replay, cancel, jobs."""

    async def test_one_event_is_replayed_to_one_subscription(self, log: Log) -> None:
        feed, other = await subscribe(log), await subscribe(log, "other")
        stored = await keep_many(log, 3)
        for one in (feed, other):
            await settle(one, await take(one, 3))
        job = await log.replay("store", Query(ids=(stored[1].event.id,)))
        (delivery,) = await take(feed, 1)
        assert (delivery.position, delivery.job, delivery.attempt) == (stored[1].position, job, 1)
        await settle(feed, [delivery])
        assert await nothing(feed)
        assert await nothing(other)
        (state,) = await log.jobs()
        assert (state.id, state.subscription, state.state, state.total, state.delivered) == (job, "store", "done", 1, 1)

    async def test_a_range_is_replayed_beside_new_events(self, log: Log) -> None:
        feed = await subscribe(log)
        wanted = await keep_many(log, 30, type="a.b")
        await keep_many(log, 30, type="c.d")
        await settle(feed, await take(feed, 60))
        job = await log.replay("store", Query(types=("a.*",)))
        fresh = await keep_many(log, 30, type="a.b")
        both = await feed.take(20, 1)
        assert 5 <= len([one for one in both if one.job]) <= 15
        both += await take(feed, 60 - len(both))
        assert positions([one for one in both if one.job == job]) == positions(wanted)
        assert positions([one for one in both if not one.job]) == positions(fresh)

    async def test_a_replay_goes_on_after_a_restart(self, log: Log, place: Place) -> None:
        feed = await subscribe(log)
        stored = await keep_many(log, 20)
        await settle(feed, await take(feed, 20))
        await log.replay("store", Query())
        taken = await take(feed, 12)
        await settle(feed, taken[:10])
        await log.close()
        log = await place.open()
        feed = await subscribe(log)
        again = await take(feed, 10)
        assert positions(again) == positions(stored[10:])
        await feed.settle([Settled(one, "delivered") for one in again])
        assert [(job.state, job.delivered) for job in await log.jobs()] == [("done", 20)]
        assert await nothing(feed)

    async def test_a_cancelled_replay_stops(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 20)
        await settle(feed, await take(feed, 20))
        job = await log.replay("store", Query())
        taken = await take(feed, 5)
        assert await log.cancel(job)
        assert not await log.cancel(job)
        await settle(feed, taken)
        assert await nothing(feed)
        assert [one.state for one in await log.jobs()] == ["cancelled"]

    async def test_a_failed_replay_is_tried_again(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep(log)
        await settle(feed, await take(feed, 1))
        job = await log.replay("store", Query())
        await settle(feed, await take(feed, 1), "later", due=now())
        (delivery,) = await take(feed, 1)
        assert (delivery.job, delivery.attempt) == (job, 2)
        await settle(feed, [delivery])
        assert [(one.state, one.delivered) for one in await log.jobs()] == [("done", 1)]

    async def test_a_replay_holds_its_events(self, log: Log) -> None:
        feed = await subscribe(log)
        await keep_many(log, 5)
        await settle(feed, await take(feed, 5))
        await log.replay("store", Query())
        await settle(feed, await take(feed, 2))
        assert await log.prune(now() + FAR) == 2
        assert len(await take(feed, 3)) == 3


def positions_of(states: object) -> list[int]:
    return [one.position for one in states]  # type: ignore[attr-defined]  # a list of states

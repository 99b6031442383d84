"""The request of an event that is being delivered: at hand, and the same as the log's."""

import asyncio
import pickle
from copy import deepcopy

import pytest
from log_contract import incoming, now, subscribe, take

from hub.event import Event, new_id
from hub.log.base import Group
from hub.log.sqlite import SqliteLog

HEADERS = {"X-Topic": "orders", "Content-Type": "application/json"}


@pytest.fixture
async def log(tmp_path):
    log = SqliteLog(tmp_path / "hub.db")
    await log.open()
    yield log
    await log.close()


def event_of(request, **attributes):
    given = {
        "id": new_id(),
        "source": "shop",
        "type": "shopify.order",
        "provider": "shopify",
        "deliveryid": new_id(),
        "receivedat": request.received,
    }
    return Event.of_text(request.body, **given, **attributes)


async def keep(log, request, event):
    """As a receiver does."""
    kept = asyncio.get_running_loop().create_future()
    log.keep(Group(log.prepare([(request, [event])]), lambda stored: kept.set_result(stored[0])))
    return await kept


@pytest.mark.parametrize("way", [SqliteLog.append, keep])
@pytest.mark.parametrize("subscribed", ["before", "afterwards"])
async def test_it_is_at_hand_and_the_same(log, way, subscribed):
    feed = await subscribe(log, start="beginning") if subscribed == "before" else None
    request = incoming(b'{"order":  7}', headers=HEADERS, peer="203.0.113.9")
    event = event_of(request)
    await way(log, request, event if way is keep else [event])
    feed = feed or await subscribe(log, start="beginning")
    (delivery,) = await take(feed, 1)
    assert delivery.event == event
    assert delivery.event.origin is not None
    assert delivery.event.apart().origin() == request == await log.request(event.id)


async def test_what_one_does_to_it_nobody_else_sees(log):
    feeds = [await subscribe(log, name) for name in ("a", "b")]
    request = incoming(b'{"order": 7}')
    await log.append(request, [event_of(request)])
    one, other = [(await take(feed, 1))[0].event.apart().origin() for feed in feeds]
    one.json["order"] = 8
    assert other.json == {"order": 7} == request.json


async def test_an_event_with_data_of_its_own_has_it_in_the_log(log):
    feed = await subscribe(log)
    form = incoming(b"a=1", headers={"content-type": "application/x-www-form-urlencoded"})
    event = Event(
        id=new_id(), source="shop", type="x.y", provider="x", deliveryid="1", receivedat=now(), data={"a": "1"}
    )
    await keep(log, form, event)
    (delivery,) = await take(feed, 1)
    assert delivery.event.data == {"a": "1"}
    assert delivery.event.origin is not None
    assert delivery.event.origin().body == form.body
    assert (await log.request(event.id)).body == form.body


@pytest.mark.parametrize("copied", [deepcopy, lambda event: pickle.loads(pickle.dumps(event))], ids=["copy", "pickle"])
@pytest.mark.parametrize("way", [SqliteLog.append, keep])
async def test_an_event_can_be_copied_and_sent_to_another_process(log, way, copied):
    feed = await subscribe(log)
    request = incoming(b'{"order": 7}')
    event = event_of(request)
    await way(log, request, event if way is keep else [event])
    (delivery,) = await take(feed, 1)
    copy = copied(delivery.event)
    assert copy == delivery.event
    assert copy.data == {"order": 7}
    assert copy.origin() == request

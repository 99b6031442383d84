"""The hooks: every function that a plugin file may implement, and what the hub does with it.

A plugin marks a function of one of these names with `@hookimpl`. It names only the parameters that it wants; a name
that is no hook, a parameter that a hook does not have and a wrong kind of function are errors when the hub starts,
with the plugin's file and line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from hub.core import Hub
    from hub.event import Event
    from hub.log.base import Attempt, Delivery
    from hub.provider import Provider
    from hub.subscriber import Subscriber

PROJECT = "hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_providers() -> list[Provider]:
    """The providers of this plugin.

    Called once, when the plugin is loaded: at start for local and installed plugins, when the configuration first names
    the provider for built-in ones. An exception keeps the hub from starting, and so does a second provider of one name
    in the same place.

    Returns:
        Providers; a built-in file has one, of the file's name.
    """
    return []


@hookspec
def register_subscribers() -> list[type[Subscriber]]:
    """The subscriber classes of this plugin: dataclasses that derive from `Subscriber` and have a `name`.

    Called when `register_providers` is, with the same consequences. Instances are made by the hub, one for each
    `[subscribers.<name>]` table that names the class.

    Returns:
        Classes, not instances; a built-in file has one, of the file's name.
    """
    return []


@hookspec
async def startup(hub: Hub) -> None:
    """The hub has its configuration and its log is open; no request is taken yet.

    Called once, one plugin after the other, in the order they were loaded. An exception keeps the hub from starting.

    Args:
        hub: the running hub.
    """


@hookspec
async def shutdown(hub: Hub) -> None:
    """The hub takes no more requests and its deliveries have ended; the log is still open.

    Called once, in the reverse order of `startup`, also when the start failed half-way. An exception is logged with the
    plugin's file and the others are still called.

    Args:
        hub: the hub that is ending.
    """


@hookspec
def attempt_finished(event: Event, delivery: Delivery, attempt: Attempt) -> None:
    """One try at a delivery has ended: for counting and reporting, not for deciding.

    Called on the event loop after each attempt, so it must return at once; not called for events that a filter passed
    over. An exception is logged with the plugin's file and changes nothing.

    Args:
        event: what was delivered, or was not.
        delivery: the subscription it is owed to, and the number of the try.
        attempt: when, how long, and the outcome.
    """

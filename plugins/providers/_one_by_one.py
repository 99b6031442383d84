"""Lists of events in an object that says something about them all."""

from typing import Any


def one_by_one(content: Any, *names: str) -> list[Any]:
    """For `split`: the object once for each item of its lists of these names, with that item alone in its list.

    So an event looks as the platform documents it. An object without such a list is the only event.
    """
    if not isinstance(content, dict):
        return [content]
    lists = {name: content[name] for name in names if isinstance(content.get(name), list)}
    around = {name: value for name, value in content.items() if name not in lists}
    return [{**around, name: [item]} for name, found in lists.items() for item in found] or [content]

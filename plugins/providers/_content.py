"""Bodies that a user designs on the platform: JSON, XML, a form, or none."""

from typing import Any

from hub import Request, Slot, body, first_of, xml


def content(request: Request) -> Any:
    """The body's value, whatever it is written in; the query's fields where there is no body."""
    if "xml" in request.content_type:
        return xml()(request)
    fields = request.form if request.body else request.query
    if fields or not request.body:
        return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    return request.json


def inside(*paths: str) -> Slot:
    """The first of several places in the content that has a value."""
    place = first_of(*(body(path) for path in paths))
    return lambda request: place(request.part(content(request)))


def parts(request: Request) -> list[Any]:
    """For `split`: the items of a list in JSON; any other content is the only item."""
    value = content(request)
    return value if isinstance(value, list) else [value]

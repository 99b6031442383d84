"""Bodies that a user designs on the platform: JSON, XML, a form, or none."""

from typing import Any

from hub import Request, xml


def content(request: Request) -> Any:
    """The body's value, whatever it is written in; the query's fields where there is no body."""
    if "xml" in request.content_type:
        return xml()(request)
    fields = request.form if request.body else request.query
    if fields or not request.body:
        return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    return request.json


def parts(request: Request) -> list[Any]:
    """For `split`: the items of a list in JSON; any other content is the only item."""
    value = content(request)
    return value if isinstance(value, list) else [value]

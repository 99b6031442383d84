"""The ceiling: a Starlette handler that reads the body, verifies the signature and answers; it keeps nothing."""

import hashlib
import hmac
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["GITHUB_SECRET"].encode()


async def receive(request: Request) -> Response:
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
        return Response(status_code=403)
    return Response()


app = Starlette(routes=[Route("/webhooks/github", receive, methods=["POST"])])

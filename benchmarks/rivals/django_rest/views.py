"""The view."""

import hashlib
import hmac
import os

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_rest.models import WebhookEvent

SECRET = os.environ["GITHUB_SECRET"].encode()


class WebhookView(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        expected = "sha256=" + hmac.new(SECRET, request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return Response(status=403)
        WebhookEvent.objects.create(
            delivery=request.headers["X-GitHub-Delivery"],
            event=request.headers["X-GitHub-Event"],
            payload=request.data,
        )
        return Response({"status": "accepted"})

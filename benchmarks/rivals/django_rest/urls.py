"""The one address."""

from django.urls import path

from django_rest.views import WebhookView

urlpatterns = [path("webhooks/github", WebhookView.as_view())]

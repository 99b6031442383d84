"""What is kept."""

from django.db import models


class WebhookEvent(models.Model):
    delivery = models.CharField(max_length=64, unique=True)
    event = models.CharField(max_length=64)
    payload = models.JSONField()
    received = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "events"

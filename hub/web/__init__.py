"""The two listeners: webhooks for the world, the console for the operator."""

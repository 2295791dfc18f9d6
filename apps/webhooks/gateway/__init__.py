"""The only way out to the receivers of webhooks."""

"""Webhooks: URLs that are told of what happens in groups."""

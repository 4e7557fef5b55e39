"""Notifications: devices that hear of messages while their user has no socket."""

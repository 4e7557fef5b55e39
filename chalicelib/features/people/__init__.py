"""Profiles, contacts and blocks."""

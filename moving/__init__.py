"""Brings users and history over from another messenger's database: `make import`."""

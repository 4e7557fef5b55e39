"""Registering, logging in, sessions and their tokens, passwords."""

"""A chat by a model in plain Python, against the running service."""

"""The client library under Node, against the real stack."""

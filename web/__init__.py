"""What runs in browsers: the client library, and how its package is made."""

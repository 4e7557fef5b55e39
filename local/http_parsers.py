"""Which HTTP parser the local servers use."""

import importlib

from local.http_posts import PostsAtOnce


def http_protocol() -> type[PostsAtOnce]:
    """httptools' where it is installed, else h11's."""
    try:
        module = importlib.import_module("local.http_httptools")
    except ImportError:
        module = importlib.import_module("local.http_h11")
    found: type[PostsAtOnce] = module.GatewayHttpProtocol
    return found

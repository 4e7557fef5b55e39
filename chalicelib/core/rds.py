"""Logging in to PostgreSQL on RDS: a token that the function's role signs, over TLS that is checked to the end.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

from pathlib import Path
from typing import Any

from chalicelib.core import aws, clock, sigv4
from chalicelib.core.config import settings

# RDS takes no longer ones. Only the log-in needs the token: a connection stays when it has run out.
_TOKEN_SECONDS = 15 * 60

_RDS_ROOTS = Path(__file__).with_name("rds_roots.pem")
_AMAZON_ROOTS = Path(__file__).with_name("amazon_roots.pem")


def login(url: str) -> dict[str, Any]:
    """What psycopg is told beside `url`: whom to trust, and a token as the password where the URL has none.

    The one URL with a password is the master's, which migrations get. Behind a proxy nothing is prepared: that would
    pin the proxy's connection to this one.
    """
    from psycopg.conninfo import conninfo_to_dict

    where = conninfo_to_dict(url)
    host = str(where.get("host", ""))
    proxied = ".proxy-" in host
    # A database's certificate comes from RDS's own authority, a proxy's from one of Amazon's public ones.
    roots = settings().database_ca_file or str(_AMAZON_ROOTS if proxied else _RDS_ROOTS)
    told: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": roots}
    if proxied:
        told["prepare_threshold"] = None
    if "password" not in where:
        told["password"] = token(host, int(where.get("port") or 5432), str(where.get("user", "")))
    return told


def token(host: str, port: int, user: str) -> str:
    """What a database user shows as their password, within 15 minutes. The signer needs `rds-db:connect`."""
    request = sigv4.Request("GET", f"{host}:{port}", "/", {"Action": "connect", "DBUser": user})
    url = sigv4.presign_url(
        request, who=aws.credentials(), expires_seconds=_TOKEN_SECONDS, now=clock.now(), service="rds-db"
    )
    return url.removeprefix("https://")

"""Logging in to PostgreSQL on RDS: a token that the function's role signs, over TLS that is checked to the end.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

from pathlib import Path

from chalicelib.core import aws, clock, sigv4
from chalicelib.core.config import settings

# RDS takes no longer ones. Only the log-in needs the token: a connection stays when it has run out.
_TOKEN_SECONDS = 15 * 60

_RDS_ROOTS = Path(__file__).with_name("rds_roots.pem")
_AMAZON_ROOTS = Path(__file__).with_name("amazon_roots.pem")


def login(url: str) -> dict[str, str]:
    """What a connection to `url` says beside it: how it trusts the server, and a token where the URL has no password.

    The one URL with a password is the master's, which migrations get.
    """
    from psycopg.conninfo import conninfo_to_dict

    where = conninfo_to_dict(url)
    host = str(where.get("host", ""))
    trust = {"sslmode": "verify-full", "sslrootcert": settings().database_ca_file or str(_roots(host))}
    if "password" in where:
        return trust
    return {**trust, "password": token(host, int(where.get("port") or 5432), str(where.get("user", "")))}


def token(host: str, port: int, user: str) -> str:
    """What a database user shows as their password, within 15 minutes. The signer needs `rds-db:connect`."""
    request = sigv4.Request("GET", f"{host}:{port}", "/", {"Action": "connect", "DBUser": user})
    url = sigv4.presign_url(
        request, who=aws.credentials(), expires_seconds=_TOKEN_SECONDS, now=clock.now(), service="rds-db"
    )
    return url.removeprefix("https://")


def _roots(host: str) -> Path:
    """A proxy (`name.proxy-….rds.amazonaws.com`) has a certificate of Amazon's public roots, a database of RDS's."""
    return _AMAZON_ROOTS if ".proxy-" in host else _RDS_ROOTS

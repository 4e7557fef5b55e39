"""What a connection to RDS shows and trusts: tokens against botocore's, roots as they are shipped."""

import datetime
from collections.abc import Iterator
from unittest import mock

import boto3
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from chalicelib.core import clock, config, rds
from chalicelib.core.rds import _RDS_ROOTS

NOW = 1_795_166_824.7
HOST = "messenger-prod.abcdefghijkl.eu-central-1.rds.amazonaws.com"
PROXY = "messenger-prod.proxy-abcdefghijkl.eu-central-1.rds.amazonaws.com"
SETTINGS = config.Settings(
    region="eu-central-1", access_key_id="ASIAEXAMPLE", secret_access_key="secret" * 6, database_iam=True
)


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    before = config.settings()
    config.use(SETTINGS)
    yield
    config.use(before)


@pytest.mark.parametrize("user", ["messenger_app", "o'neil", "пользователь", "a b&c=d/%"])
@pytest.mark.parametrize("session_token", [None, "IQoJb3JpZ2luX2VjE//+abc=="])
def test_a_token_is_botocores_byte_for_byte(user: str, session_token: str | None) -> None:
    config.use(replace(SETTINGS, session_token=session_token))
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None)
    client = boto3.session.Session().client(
        "rds",
        region_name=SETTINGS.region,
        aws_access_key_id=SETTINGS.access_key_id,
        aws_secret_access_key=SETTINGS.secret_access_key,
        aws_session_token=session_token,
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        theirs = client.generate_db_auth_token(HOST, 5432, user)
    with mock.patch.object(clock, "now", return_value=NOW):
        assert rds.token(HOST, 5432, user) == theirs


def test_a_token_is_for_the_user_and_the_port_of_the_url() -> None:
    said = rds.login(f"postgresql://messenger_app@{HOST}:6432/messenger")["password"]
    assert said.startswith(f"{HOST}:6432/?Action=connect&DBUser=messenger_app&")
    assert "X-Amz-Expires=900" in said
    assert f"{HOST}:5432/?" in rds.login(f"postgresql://messenger_app@{HOST}/messenger")["password"]


def test_a_url_with_a_password_keeps_it_and_checks_the_server_all_the_same() -> None:
    said = rds.login(f"postgresql://master:secret@{HOST}:5432/messenger")
    assert said == {"sslmode": "verify-full", "sslrootcert": str(_RDS_ROOTS)}


@pytest.mark.parametrize(
    ("host", "own", "file"),
    [(HOST, None, "rds_roots.pem"), (PROXY, None, "amazon_roots.pem"), (HOST, "/opt/roots.pem", "roots.pem")],
)
def test_whom_a_connection_trusts(host: str, own: str | None, file: str) -> None:
    config.use(replace(SETTINGS, database_ca_file=own))
    said = rds.login(f"postgresql://messenger_app@{host}/messenger")
    assert said["sslmode"] == "verify-full"
    assert said["sslrootcert"].endswith(f"/{file}")


def test_behind_a_proxy_nothing_is_prepared() -> None:
    assert rds.login(f"postgresql://messenger_app@{PROXY}/messenger")["prepare_threshold"] is None
    assert "prepare_threshold" not in rds.login(f"postgresql://messenger_app@{HOST}/messenger")


def test_the_shipped_roots_are_rdss_one_a_region_and_last() -> None:
    roots = x509.load_pem_x509_certificates(_RDS_ROOTS.read_bytes())
    names = [str(root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value) for root in roots]
    regions = [name.removeprefix("Amazon RDS ").removesuffix(" Root CA RSA2048 G1") for name in names]
    assert regions == sorted(set(regions))
    assert {"us-east-1", "eu-central-1", "ap-southeast-1"} <= set(regions)
    for root in roots:
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert root.not_valid_after_utc.year >= 2061

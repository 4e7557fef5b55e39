"""The stack lets nothing go by plain HTTP: no client of its host, and nobody who speaks to its stores and queues."""

import re
from pathlib import Path

import pytest

TEMPLATE = (Path(__file__).parents[2] / "infra/stack.yaml").read_text(encoding="utf-8")


def test_the_host_answers_by_https_alone() -> None:
    # Who types the address of the web client is led to HTTPS.
    assert set(re.findall(r"ViewerProtocolPolicy: (\S+)", TEMPLATE)) == {"https-only", "redirect-to-https"}
    assert set(re.findall(r"OriginProtocolPolicy: ([\w-]+)", TEMPLATE)) <= {"https-only"}


@pytest.mark.parametrize("kind", ["S3::Bucket", "SQS::Queue", "SNS::Topic"])
def test_each_store_queue_and_topic_denies_what_comes_without_tls(kind: str) -> None:
    names = re.findall(rf"^  (\w+):\n(?:    .*\n)*?    Type: AWS::{kind}\n", TEMPLATE, re.MULTILINE)
    assert len(names) == TEMPLATE.count(f"Type: AWS::{kind}\n")
    denials = re.findall(
        r'- Sid: TlsOnly\n(?:.*\n)*?.*Condition: { Bool: { "aws:SecureTransport": "false" } }', TEMPLATE
    )
    assert [name for name in names if not any(re.search(rf"!(?:GetAtt|Ref) {name}\b", one) for one in denials)] == []

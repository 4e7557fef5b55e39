"""An empty frame, which API Gateway sends for an answer without a body: clients of native frames pass over it."""

import json

import httpx
from websockets.sync.client import connect

from local.demo import Speaker
from tests.local.sample.serving import serve
from tests.support.socket import Socket

ACK = json.dumps({"body": json.dumps({"type": "ack", "id": "c1", "data": {}})})


def test_native_clients_pass_over_an_empty_frame() -> None:
    with serve() as running:
        native = Socket(running.socket)
        native.send_text("{}")
        native.send_text(ACK)
        assert native.wait_for("ack")["id"] == "c1"
        native.close()
        with connect(running.socket) as client:
            speaker = Speaker("anna", 1, httpx.Client(), client)
            client.send("{}")
            client.send(ACK)
            assert speaker.wait_for("ack")["id"] == "c1"

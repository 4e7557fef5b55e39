"""Where uvicorn's WebSocket protocol differs from API Gateway on the wire, and the short way of a usual message."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.protocol import OPEN
from websockets.streams import StreamReader

from local.events import FRAME_BYTES, MESSAGE_BYTES

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library has no wheel for this platform
    from websockets.utils import apply_mask

GOING_AWAY = 1001

# The first byte of a frame that is a whole message.
_TEXT, _BINARY = 0x81, 0x82
# Where the library's parser stands between two frames.
_BETWEEN_FRAMES = StreamReader.at_eof.__code__


class GatewaySocketProtocol(WebSocketsSansIOProtocol):
    """Has API Gateway's size limits, tells 1006 from 1005, and does not hurry clients out of a failed connection.

    Once `receiver` is set, it is called with each message, and ASGI's `receive` only tells of the end. A frame that
    is a whole message takes a short way to it, and `transmit` a short way back, which cost a tenth of the library's;
    all other frames are the library's.
    """

    stalled_seconds = 10.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn.max_message_size = MESSAGE_BYTES
        self.conn.max_fragment_size = FRAME_BYTES
        self.receiver: Callable[[str], None] | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def transmit(self, text: bytes) -> None:
        """Sends one message at once, even to a client that reads too slowly. Raises OSError when it is gone."""
        if self.disconnected or self.conn.state is not OPEN:
            raise ClientDisconnected
        size = len(text)
        if size < 126:
            head = bytes((_TEXT, size))
        elif size < 65536:
            head = bytes((_TEXT, 126, size >> 8, size & 0xFF))
        else:
            head = bytes((_TEXT, 127)) + size.to_bytes(8)
        self.transport.write(head + text)

    def data_received(self, data: bytes) -> None:
        if self.receiver is not None and self._is_between_frames():
            data = self._deliver_whole_messages(data, self.receiver)
            if not data:
                return
        if self.conn.parser_exc is not None:
            self.conn.receive_data(data)  # discards it
            return
        super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        if self.receiver is not None and not self.close_sent:
            text = _text(b"".join(self.frames), binary=self.curr_msg_data_type == "bytes")
            if text is not None:
                self.frames = []
                self.receiver(text)
                return
        super().send_receive_event_to_app()  # which closes the connection for text that is not UTF-8

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            cast(Any, self.scope)["extensions"]["gateway.socket"] = self

    def handle_parser_exception(self) -> None:
        """Half-closes, and reads on until the client closes: closing at once would reset the connection while its
        oversized frame is still coming in, and the client would never see why."""
        assert self.conn.close_sent is not None
        self._tell_app(self.conn.close_sent.code, self.conn.close_sent.reason)
        self._finish(self.close_timeout)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._not_stalled()
        if self.conn.close_rcvd is None and self.conn.close_sent is None:
            self._tell_app(1006, "")
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._not_stalled()
        super().resume_writing()

    def shutdown(self) -> None:
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self._tell_app(GOING_AWAY, "Going away")
        self.conn.send_close(GOING_AWAY, "Going away")
        self._finish(1.0)

    def _is_between_frames(self) -> bool:
        """Whether what comes next is the first byte of a message."""
        waits: Any = self.conn.parser
        while waits.gi_yieldfrom is not None:
            waits = waits.gi_yieldfrom
        return waits.gi_code is _BETWEEN_FRAMES and self.conn.current_size is None and self.conn.state is OPEN

    @staticmethod
    def _deliver_whole_messages(data: bytes, receiver: Callable[[str], None]) -> bytes:
        """Takes the frames at the front that are whole messages, and came whole; the rest is for the library."""
        start = 0
        while len(data) - start >= 6 and data[start] in {_TEXT, _BINARY}:
            size, at = data[start + 1] - 0x80, start + 2
            if size == 126:
                size, at = int.from_bytes(data[at : at + 2]), at + 2
            end = at + 4 + size
            if not 0 <= size <= FRAME_BYTES or data[start + 1] == 0xFF or end > len(data):
                break
            text = _text(apply_mask(data[at + 4 : end], data[at : at + 4]), binary=data[start] == _BINARY)
            if text is None:
                break
            receiver(text)
            start = end
        return data[start:] if start else data

    def _finish(self, seconds: float) -> None:
        """Sends the close frame that is waiting, and gives the client so long to close in turn."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(seconds, self.transport.close)
        self.read_paused = False
        self.transport.resume_reading()

    def _tell_app(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _not_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def _text(data: bytes, *, binary: bool) -> str | None:
    """A message as the handler gets it, a binary one too; None where a text is not UTF-8."""
    if binary:
        return data.decode("utf-8", "replace")
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode()
    return None

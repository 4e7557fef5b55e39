"""HTTP by httptools, which is the fastest parser there is for uvicorn; it has no wheel for some platforms."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.http_posts import PostsAtOnce


class GatewayHttpProtocol(PostsAtOnce, HttpToolsProtocol):
    """Passes header names on as the client spelled them, which ASGI's own header list does not."""

    _spelled: list[tuple[bytes, bytes]]
    _within = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._within = True
        self._spelled = []
        self.scope["extensions"] = {"raw_headers": self._spelled}  # type: ignore[dict-item]  # our own extension

    def on_header(self, name: bytes, value: bytes) -> None:
        self._spelled.append((name, value))
        super().on_header(name, value)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._within = False

    def handle_websocket_upgrade(self) -> None:
        self.scope["headers"] = self._spelled
        super().handle_websocket_upgrade()

    def _is_between_requests(self) -> bool:
        cycle = self.cycle
        return not self._within and (cycle is None or cycle.response_complete) and not self.flow.write_paused

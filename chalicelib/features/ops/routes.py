"""What operators and developers ask for."""

from chalicelib.core.http import Reply, Routes
from chalicelib.features.ops.health import Health, health

routes = Routes("ops")


@routes.get("/health", also=(503,))
def get_health() -> Reply[Health]:
    """Which parts of the service answer: 503 where one fails that more than files need."""
    state = health()
    return Reply(body=state, status=200 if state.serves else 503)

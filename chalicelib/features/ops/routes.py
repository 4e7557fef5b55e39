"""What operators and developers ask for."""

from chalicelib.core.http import Reply, Routes
from chalicelib.features.ops.health import Health, health

routes = Routes("ops")


@routes.get("/health")
def get_health() -> Reply[Health]:
    """Whether the service and what it stands on do answer (503 where they do not)."""
    state = health()
    return Reply(body=state, status=200 if state.status == "ok" else 503)

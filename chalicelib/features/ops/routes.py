"""What operators and developers ask for."""

from chalicelib.core.context import Actor
from chalicelib.core.http import Reply, Routes
from chalicelib.features.ops.health import Health, health
from chalicelib.features.ops.numbers import Numbers, numbers

routes = Routes("ops")


@routes.get("/health", also=(503,))
def get_health() -> Reply[Health]:
    """Which parts of the service answer: 503 where one fails that more than files need."""
    state = health()
    return Reply(body=state, status=200 if state.serves else 503)


@routes.get("/admin/metrics", needs="admin")
def get_metrics(actor: Actor) -> Numbers:
    """How much there is, and what waits for how long."""
    return numbers(actor)

"""What API Gateway has to know of the ways into the functions, beside the routes of `app.py`."""

from collections.abc import Mapping

# Methods of REST paths that another function serves: to wait holds a container, and what waits needs little.
SERVED_APART: Mapping[tuple[str, str], str] = {("GET", "/socket.io"): "polling"}
# The WebSocket API chooses a route by what a frame says here. The route of this name sends no answer back.
ROUTE_SELECTION = "$request.body.reply"
ONE_WAY_ROUTE = "none"

"""The table of contents: the REST features, and every other function that is deployed, a line each."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, CORSConfig, Rate, S3Event, SQSEvent, WebsocketEvent

from chalicelib.core.config import settings
from chalicelib.entry import queues, triggers, websocket
from chalicelib.entry.blueprints import FEATURES
from chalicelib.entry.preload import preload

app = Chalice(app_name="messenger", configure_logs=False)
app.experimental_feature_flags.update(["BLUEPRINTS", "WEBSOCKETS"])
app.api.cors = CORSConfig(
    allow_origin=settings().origins[0],
    allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id"],
    expose_headers=["ETag", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
    max_age=3600,
)
for feature in FEATURES:
    app.register_blueprint(feature.blueprint)


@app.on_ws_connect(name="websocket_connect")
def websocket_connect(event: WebsocketEvent) -> dict[str, Any]:
    return websocket.connect(event.to_dict())


@app.on_ws_message(name="websocket_message")
def websocket_message(event: WebsocketEvent) -> dict[str, Any]:
    return websocket.message(event.to_dict())


@app.on_ws_disconnect(name="websocket_disconnect")
def websocket_disconnect(event: WebsocketEvent) -> None:
    websocket.disconnect(event.to_dict())


@app.on_sqs_message(queue=settings().push_queue_url.rpartition("/")[2], batch_size=10, name="push")
def push(event: SQSEvent) -> dict[str, Any]:
    return queues.push(event.to_dict())


@app.on_sqs_message(queue=settings().presence_queue_url.rpartition("/")[2], batch_size=10, name="presence_changed")
def presence_changed(event: SQSEvent) -> dict[str, Any]:
    return queues.presence_changed(event.to_dict())


@app.on_s3_event(bucket=settings().uploads_bucket, events=["s3:ObjectCreated:*"], name="upload_stored")
def upload_stored(event: S3Event) -> None:
    triggers.upload_stored(event.to_dict())


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(_event: CloudWatchEvent) -> None:
    triggers.sweep()


@app.lambda_function(name="migrate")
def migrate(_event: Any, _context: Any) -> dict[str, list[str]]:
    return triggers.migrate()


preload()

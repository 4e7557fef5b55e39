"""The table of contents: the REST features, and every other function that is deployed.

Every one of them loads this file, so each imports what it runs inside itself.
"""

import gc

# Of what imports make nothing is garbage; to look for it would cost a cold start one part in twenty.
gc.disable()

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, CORSConfig, Rate, Response, S3Event, SQSEvent, WebsocketEvent

from chalicelib.core.config import settings
from chalicelib.entry.preload import preload, serves_rest

app = Chalice(app_name="messenger", configure_logs=False)
app.experimental_feature_flags.update(["BLUEPRINTS", "WEBSOCKETS"])
app.api.cors = CORSConfig(
    # Several cannot be named in one header: then each answer names the one that asked (core/http.py).
    allow_origin=settings().origins[0] if len(settings().origins) == 1 else "*",
    allow_headers=[
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "Idempotency-Key",
        "If-None-Match",
        "X-Request-Id",
        "X-Requested-With",
    ],
    # Clients of other messengers send them unasked; browsers refuse the answer then, unless it names one origin.
    allow_credentials=len(settings().origins) == 1 and "*" not in settings().origins,
    expose_headers=["ETag", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
    max_age=3600,
)
app.api.binary_types.append("multipart/form-data")
if serves_rest():
    from chalicelib.entry.blueprints import blueprints

    for blueprint in blueprints():
        app.register_blueprint(blueprint)

    # A deployment gives GET to the function `polling` (entry/ways.py).
    @app.route("/socket.io", methods=["GET", "POST", "OPTIONS"], cors=False, content_types=["*/*"])
    def socketio() -> Response:
        from chalicelib.entry import polling

        request = app.current_request
        assert request is not None
        answer = polling.serve(request.to_original_event())
        return Response(answer["body"], headers=answer["headers"], status_code=answer["statusCode"])


@app.on_ws_connect(name="websocket_connect")
def websocket_connect(event: WebsocketEvent) -> dict[str, Any]:
    from chalicelib.entry import connecting

    return connecting.connect(event.to_dict())


@app.on_ws_message(name="websocket_message")
def websocket_message(event: WebsocketEvent) -> dict[str, Any]:
    from chalicelib.entry import websocket

    return websocket.message(event.to_dict())


@app.on_ws_disconnect(name="websocket_disconnect")
def websocket_disconnect(event: WebsocketEvent) -> None:
    from chalicelib.entry import connecting

    connecting.disconnect(event.to_dict())


@app.lambda_function(name="polling")
def polling(event: Any, _context: Any) -> dict[str, Any]:
    from chalicelib.entry import polling

    return polling.serve(event)


@app.on_sqs_message(queue=settings().push_queue_url.rpartition("/")[2], batch_size=10, name="push")
def push(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.entry import queues

    return queues.push(event.to_dict())


@app.on_sqs_message(queue=settings().presence_queue_url.rpartition("/")[2], batch_size=10, name="presence_changed")
def presence_changed(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.entry import queues

    return queues.presence_changed(event.to_dict())


@app.on_sqs_message(queue=settings().mail_queue_url.rpartition("/")[2], batch_size=10, name="mail")
def mail(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.entry import queues

    return queues.mail(event.to_dict())


@app.on_sqs_message(queue=settings().notify_queue_url.rpartition("/")[2], batch_size=10, name="notify")
def notify(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.entry import queues

    return queues.notify(event.to_dict())


# A question at a time: an answer takes seconds.
@app.on_sqs_message(queue=settings().assistant_queue_url.rpartition("/")[2], batch_size=1, name="assistant")
def assistant(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.entry import queues

    return queues.assistant(event.to_dict())


# S3 tells each event to one function: these prefixes must not overlap.
@app.on_s3_event(
    bucket=settings().uploads_bucket, events=["s3:ObjectCreated:*"], prefix="uploads/", name="upload_stored"
)
def upload_stored(event: S3Event) -> None:
    from chalicelib.entry import triggers

    triggers.upload_stored(event.to_dict())


@app.on_s3_event(bucket=settings().uploads_bucket, events=["s3:ObjectCreated:*"], prefix="waiting/", name="pictures")
def pictures(event: S3Event) -> None:
    from chalicelib.entry import triggers

    triggers.picture_waits(event.to_dict())


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(_event: CloudWatchEvent) -> None:
    from chalicelib.entry import triggers

    triggers.sweep()


@app.lambda_function(name="migrate")
def migrate(event: Any, _context: Any) -> dict[str, Any]:
    from chalicelib.entry import triggers

    return triggers.migrate(event or {})


preload()
# Nor will any of it become garbage: it is left out of every later look.
gc.freeze()
gc.enable()

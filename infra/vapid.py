"""By what a stage shows itself to push services: made of a secret that is kept with its deployments."""

import hmac

from chalicelib.features.notifications import webpush
from chalicelib.features.notifications.webpush import Pair
from infra.bucket import Bucket


def keys(bucket: Bucket) -> Pair:
    """The same for the stage's whole life: browsers subscribe with the public one."""
    return webpush.pair_of(hmac.digest(bucket.smoke_secret().encode(), b"vapid", "sha256"))

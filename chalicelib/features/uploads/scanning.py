"""What scanners say of files: GuardDuty by its events, or one of the deployer's own.

With `SCAN_FILES` a file that was checked waits for a verdict, and cannot be fetched or sent before it. A harmful one
is quarantined, also later: its content is deleted, so that no link leads to it, and its messages say so.
"""

from chalicelib.core.errors import Unavailable
from chalicelib.features.uploads import derived, media, sniff, storage, store
from chalicelib.features.uploads.verdicts import Verdict


def judge(verdict: Verdict) -> None:
    """Lets a file be used, or takes it away. Safe to repeat. Raises Unavailable where it is not checked yet."""
    if not storage.is_upload(verdict.key):
        return
    found = store.judge(verdict.key, is_clean=verdict.is_clean)
    if found.judged == "pending":
        raise Unavailable()
    if found.judged == "quarantined":
        storage.delete_uploads([verdict.key])
        media.tell(found.told)
    elif found.judged == "ready" and found.content_type and derived.is_looked_at(found.content_type):
        storage.put(derived.waiting(verdict.key), b"", sniff.OCTETS)

"""The verdicts of scanners, as they come from the queue."""

import msgspec

from chalicelib.core.logs import logger

# GuardDuty's words for a file that it has judged. Where it failed, it may be asked again; until then the file waits.
_CLEAN = "NO_THREATS_FOUND"
_HARMFUL = frozenset({"THREATS_FOUND", "UNSUPPORTED"})


class Verdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of a scanner of the deployer's own."""

    key: str
    is_clean: bool


class _Object(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    object_key: str


class _Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    scan_result_status: str


class GuardDutyScan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The `detail` of GuardDuty's event `Malware Protection Object Scan Result`, as far as it is needed."""

    s3_object_details: _Object
    scan_result_details: _Result

    @property
    def verdict(self) -> Verdict | None:
        """What it says; None where nothing was found out."""
        status = self.scan_result_details.scan_result_status
        if status != _CLEAN and status not in _HARMFUL:
            logger().error("file not scanned", extra={"key": self.s3_object_details.object_key, "status": status})
            return None
        return Verdict(key=self.s3_object_details.object_key, is_clean=status == _CLEAN)

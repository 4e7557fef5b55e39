"""The files of the web client as browsers get them, at home and on AWS.

All of a version are below one path that has the hash of them all, so that they may be kept for ever and never mix
with those of another version. The page itself is asked for anew each time. Nothing is bundled or renamed: each module
stays a file. Only its comments and indentation stay at home, which are more than half of what there is.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parent
_FOLDERS = ("app", "admin", "sdk")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
# At the root: browsers look for them there, under one name for all versions.
_ROOTS = {
    "app/index.html": "index.html",
    "app/manifest.webmanifest": "manifest.webmanifest",
    "app/worker.js": "worker.js",
    "admin/admin.html": "admin.html",
}
AT_ROOT = tuple(_ROOTS.values())
# Comments that document, comments that are lines of their own, and what stands before lines. A test holds that no
# text in the code has any of these.
_COMMENTS = re.compile(r"/\*\*.*?\*/ ?|^[ \t]*//[^\n]*\n", re.MULTILINE | re.DOTALL)
_BEFORE_LINES = re.compile(r"^\s+", re.MULTILINE)
_NODE_ALONE = ("sdk/node.js", "sdk/platform/files.js", "sdk/platform/websocket.js")

FOREVER = "public, max-age=31536000, immutable"
EACH_TIME = "no-cache"


@dataclass(frozen=True)
class File:
    """A file to serve: its type, and how long it may be kept."""

    content: bytes
    kind: str
    caching: str


def files() -> dict[str, File]:
    """All files by their paths, which begin without a slash."""
    found = {f"{folder}/{path.relative_to(WEB / folder)}": path for folder in _FOLDERS for path in _sources(folder)}
    texts = {name: _text(path) for name, path in found.items() if name not in _NODE_ALONE}
    version = _version(texts)
    # What the client keeps to open without a network; the admin pages ask for theirs.
    kept = [f"/web/{version}/{name}" for name in texts if name not in _ROOTS and not name.startswith("admin/")]
    served = {}
    for name, text in texts.items():
        kind = _KINDS[Path(name).suffix]
        if name in _ROOTS:
            told = text.replace("VERSION", version).replace('["FILES"]', json.dumps(kept))
            served[_ROOTS[name]] = File(told.encode(), kind, EACH_TIME)
        else:
            served[f"web/{version}/{name}"] = File(text.encode(), kind, FOREVER)
    return served


def headers(files_origin: str) -> dict[str, str]:
    """What every answer says to browsers. `files_origin` is where users' files are stored and read."""
    return {
        "Content-Security-Policy": policy(files_origin),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), display-capture=(self)",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def policy(files_origin: str) -> str:
    """What the page may load and do: its own files, the service beside it, and the files of users."""
    allowed = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: data: {files_origin}",
        "media-src": f"'self' blob: {files_origin}",
        "connect-src": f"'self' {files_origin}",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "worker",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _sources(folder: str) -> list[Path]:
    return sorted(path for path in (WEB / folder).rglob("*") if path.suffix in _KINDS and path.is_file())


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return lean(text) if path.suffix in {".js", ".css"} else text


def lean(text: str) -> str:
    """Code without its comments and indentation."""
    return _BEFORE_LINES.sub("", _COMMENTS.sub("", text))


def _version(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:16]


def write(folder: Path) -> None:
    """Writes the files to where a server of files reads them."""
    for name, file in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    sys.stdout.writelines(f"{name}: {value}\n" for name, value in headers(sys.argv[2]).items())

"""`make screenshots`: the web client as it looks, on phones, tablets and desktops, light and dark.

python -m tests.browser.screenshots docs/screenshots
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from local.stack import Options, Stack
from tests.browser.app_page import Client, client
from tests.browser.seed import World, world

_CHAT = (
    "return document.querySelector('.history:not([aria-busy])') && !document.querySelector('.picture:not(.loaded)')"
)
_SETTINGS = "return document.querySelector('.settings .about') !== null"
_LIST = "return document.querySelectorAll('.chat-row').length > 4"
_INFO = "return document.querySelectorAll('.info .row .avatar').length > 4"


@dataclass(frozen=True)
class Shot:
    """A view at a size in a theme. `until` says when all of it is there."""

    name: str
    size: tuple[int, int]
    theme: str
    where: str
    until: str


SHOTS = (
    Shot("desktop-light", (1440, 900), "light", "chat/{group}", _CHAT),
    Shot("desktop-dark", (1440, 900), "dark", "chat/{group}/info", _INFO),
    Shot("tablet-dark", (768, 1024), "dark", "chat/{group}", _CHAT),
    Shot("tablet-light", (768, 1024), "light", "settings", _SETTINGS),
    Shot("phone-chat-dark", (360, 800), "dark", "chat/{group}", _CHAT),
    Shot("phone-chat-light", (360, 800), "light", "chat/{group}", _CHAT),
    Shot("phone-list-light", (360, 800), "light", "", _LIST),
    Shot("phone-info-dark", (360, 800), "dark", "chat/{group}/info", _INFO),
)


def shoot(page: Client, there: World, folder: Path) -> None:
    """Takes all pictures, as the first of the people."""
    folder.mkdir(parents=True, exist_ok=True)
    page.log_in(there.people[0].username)
    for shot in SHOTS:
        width, height = shot.size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        page.run("document.documentElement.dataset.theme = arguments[0]", shot.theme)
        page.go("")
        page.go(shot.where.format(group=there.group))
        page.until(shot.until)
        page.run("document.activeElement.blur()")
        # Two frames later all of it is painted, and what fades in is there.
        page.browser.execute_async_script(
            "const [done] = arguments; setTimeout(() => requestAnimationFrame(done), 400)"
        )
        page.browser.save_screenshot(str(folder / f"{shot.name}.png"))


def main(folder: Path) -> None:
    """Starts everything, has people talk, and looks at it."""
    options = Options(port=0, data_dir=None, settings={"rate_limits": False, "log_level": "ERROR"}, fsync=False)
    with Stack(options) as stack, client(stack.url.removesuffix("/api"), "--font-render-hinting=none") as page:
        shoot(page, world(stack.url), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

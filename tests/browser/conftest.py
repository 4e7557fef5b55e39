"""What browser tests share."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser import support


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """A headless Chromium with an empty profile."""
    with support.chromium() as driver:
        yield driver

"""What stands on a page for a moment only, kept there until it was seen; and what comes in its own time, waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from playwright.sync_api import Page

from tests.browser.conftest import PATIENCE_MS

LOOK_MS = 50
_HOLD = """() => {
  const real = globalThis.setTimeout;
  const held = [];
  globalThis.setTimeout = (work, ms, ...given) =>
    ms >= 500 ? -held.push(() => work(...given)) : real(work, ms, ...given);
  globalThis.letGo = () => {
    globalThis.setTimeout = real;
    for (const work of held) work();
  };
}"""
_Value = TypeVar("_Value")


@contextmanager
def held(page: Page) -> Iterator[None]:
    """What the page would do half a second later, or more, it does at the end of this: what it takes back stays."""
    page.evaluate(_HOLD)
    yield
    page.evaluate("letGo()")


def soon(page: Page, read: Callable[[], _Value], wanted: Callable[[_Value], bool]) -> _Value:
    """What `read` gives as soon as it is `wanted`; after all patience what it gives then."""
    until_s = monotonic() + PATIENCE_MS / 1000
    while not wanted(found := read()) and monotonic() < until_s:
        page.wait_for_timeout(LOOK_MS)
    return found

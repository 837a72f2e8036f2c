"""What axe-core finds wrong with a page, for those who cannot see it, or cannot use a mouse.

The program is handed to the page by the browser itself and not loaded by it, so that the content security policy is
the same as for a visitor. What axe can only suspect ("incomplete") is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule: the rule, how bad it is, the element's selector, and what to do."""
    return list(_lines(Axe().run(page).response))


def _lines(response: dict[str, Any]) -> Iterator[str]:
    for rule in response["violations"]:
        for node in rule["nodes"]:
            # Inside a frame or a shadow root, a selector has several parts or is a list.
            target = " ".join(part if isinstance(part, str) else " ".join(part) for part in node["target"])
            summary = " ".join(node["failureSummary"].split())
            yield f"{rule['id']} ({rule['impact']}) {target}: {summary}"

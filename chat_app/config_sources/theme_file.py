"""What is wrong with a theme's file, before Gradio reads it: its own errors are tracebacks.

The form is that of `gr.Theme.dump` in Gradio 6.31: `{"theme": {name: value}, "gradio_version"}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

_ELSEWHERE = re.compile(r"url\(\s*['\"]?\s*(https?:)?//|@import", re.IGNORECASE)


def faults_in(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of what is wrong with the file and the fix; nothing when it cannot be read, which is told elsewhere."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return
    except (ValueError, RecursionError):
        yield "This is not a theme: it is no JSON.", "Write it with `dump` of a theme in Gradio."
        return
    theme = values.get("theme") if isinstance(values, dict) else None
    if not isinstance(theme, dict):
        yield "This is not a theme: it has no `theme`.", "Write it with `dump` of a theme in Gradio."
        return
    for name, value in theme.items():
        if name.startswith("_font"):
            if not isinstance(value, list):
                yield f"`{name}` of the theme must be a list.", "Write the file with `dump` of a theme in Gradio."
        elif isinstance(value, str) and _ELSEWHERE.search(value):
            yield f"`{name}` of the theme is taken from another host.", "The page asks no other host: leave it out."

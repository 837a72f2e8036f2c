"""Whether this process runs in a container, where `localhost` is the container and hints must speak of another host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "CHAT_APP_IN_CONTAINER"
_MARKS = (".dockerenv", "run/.containerenv")
_NO = frozenset({"", "0", "false", "no", "off"})


def in_container(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    """What `CHAT_APP_IN_CONTAINER` says (the image sets it); without it, whether there is a container's mark."""
    said = environ.get(VARIABLE)
    if said is not None:
        return said.strip().lower() not in _NO
    return "KUBERNETES_SERVICE_HOST" in environ or any((root / mark).exists() for mark in _MARKS)

"""Every route of Gradio 6.31, and whether it is open: this table is what `gate.py` obeys.

What is not in the table is shut, and a test fails when Gradio has a route about which nothing is decided here. Paths
are regular expressions for the whole path behind the root path. A door without methods is shut; HEAD goes wherever GET
goes, OPTIONS (a browser asks before it calls the API from another page) wherever POST goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_API = "/gradio_api"
_ID = r"[A-Za-z0-9_-]{1,64}"
_CHAT = f"{_API}/call/(v2/)?chat"


@dataclass(frozen=True, slots=True)
class Door:
    """Which methods may pass to which path, and why; none for a door that is shut."""

    methods: str
    path: str
    why: str


DOORS = (
    # The page and what it is made of
    Door("GET", r"/", "the page"),
    Door("GET", r"/assets/.+", "its scripts and styles"),
    Door("GET", r"/static/(fonts|img|js)/.+", "its fonts and icons"),
    Door("GET", r"/static/[0-9a-f]{12}/[a-z0-9_/-]+\.(mjs|css)", "our own scripts and style, routed before Gradio"),
    Door("", r"/static/.*", "the rest is for video and plots"),
    Door("GET", r"/theme\.css", "its colours"),
    Door("", rf"{_API}/theme\.css", "the same at another path"),
    Door("GET", r"/favicon\.ico|/manifest\.json|/robots\.txt", "browsers and crawlers ask"),
    Door("GET", r"/pwa_icon(/(192|512))?", "the manifest names these; any other size is scaled at our cost"),
    Door("", r"/pwa_icon/.*", "see above"),
    Door("", r"/svelte/.*", "server-side rendering"),
    # Events
    Door("POST", rf"{_API}/queue/join", "starts an event, from the page and from clients"),
    Door("GET", rf"{_API}/queue/data", "streams its updates"),
    Door("", rf"{_API}/queue/status", "how busy the server is"),
    Door("POST", rf"{_API}/run/predict", "the page's events that skip the queue; others need `api_open`"),
    Door("", rf"{_API}/(run|api)/.*", "the queue and its limits skipped by name"),
    Door("POST", _CHAT, "the API over plain HTTP starts a turn"),
    Door("GET", rf"{_CHAT}/{_ID}", "streams its updates"),
    Door("", rf"{_API}/call/.*", "`chat` is the only name of the API"),
    Door("POST", rf"{_API}/cancel", "stops an event"),
    Door("POST", rf"{_API}/reset", "follows it"),
    Door("GET", rf"{_API}/heartbeat/{_ID}", "keeps the session of a client of the API"),
    Door("GET", rf"{_API}/app_id", "tells a page that lost its connection whether the app is still the same"),
    Door("", rf"{_API}/startup-events", "run at the start of the process"),
    Door("", rf"{_API}/component_server.*", "calls of components; none of ours has one"),
    Door("", rf"{_API}/stream/.*", "audio and video"),
    # What the API is
    Door("GET", r"/config", "clients read it first"),
    Door("GET", rf"{_API}/info", "clients read it next; the page's own API page too"),
    Door("GET", rf"{_API}/openapi\.json", "the same for programs"),
    # Files
    Door("", rf"{_API}/file=.*", "only the pictures of the page pass: `Gate(files=…)` names each"),
    Door("", rf"{_API}/file/.*", "the old form, and any path"),
    Door("", rf"{_API}/upload(_progress)?", "the page takes no files"),
    Door("", rf"{_API}/proxy=.*", "fetches from other hosts"),
    Door("", rf"{_API}/custom_component/.*", "files from Python packages; there is no such component"),
    # Logins, records of visitors, tools for developers
    Door("", r"/login|/logout", "no login yet, and then our own"),
    Door("", rf"{_API}/(user|login_check|token)", "the same; the last shows a cookie to scripts"),
    Door("", rf"{_API}/deep_link", "writes a visitor's session to the disk and gives out its address"),
    Door("", rf"{_API}/(runs|run-history/.*)", "records of visitors, and a way to other hosts with their tokens"),
    Door("", r"/monitoring.*", "who asked what, and when"),
    Door("", rf"{_API}/profiling/.*", "the same"),
    Door("", rf"{_API}/process_recording", "runs ffmpeg on what is posted"),
    Door("", rf"{_API}/(vibe-.*|undo-vibe-edit)", "reads and writes the program's code"),
    Door("", rf"{_API}/dev/reload", "for development"),
    Door("", rf"{_API}/mcp.*", "a server of tools; off"),
)


@dataclass(frozen=True, slots=True)
class Doors:
    """The table, ready to be asked."""

    rows: tuple[tuple[re.Pattern[str], frozenset[str]], ...]

    def open(self, method: str, path: str) -> bool:
        """Whether a request may pass. The first row that matches the path decides."""
        return next((method in methods for pattern, methods in self.rows if pattern.fullmatch(path)), False)


def compiled(doors: tuple[Door, ...] = DOORS) -> Doors:
    """`doors` as something that can be asked."""
    also = {"GET": {"GET", "HEAD"}, "POST": {"POST", "OPTIONS"}, "": set[str]()}
    return Doors(tuple((re.compile(door.path), frozenset(also[door.methods])) for door in doors))

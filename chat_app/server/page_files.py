"""The files that the page loads, from memory: each has a route of its own, so no path of a request is ever a file's.

Their folder's name changes with what is in them. Under the present name a browser keeps them for good. Under another
(a page that was open before an update, or that a replica of another version has served) it gets what there is now, and
asks each time whether it is still that: better another version's module than none. `compressed.py` makes them small.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES = {"css": "text/css; charset=utf-8", "mjs": "text/javascript; charset=utf-8"}
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def routes(folder: str, contents: Mapping[str, bytes]) -> list[Route]:
    """A route for each of `contents`, which are text by their path in `folder`: `/static/` and 12 hex digits."""
    return [_route(folder, path, content) for path, content in contents.items()]


def _route(folder: str, path: str, content: bytes) -> Route:
    above, _, present = folder.rpartition("/")
    kind = _TYPES[path.rpartition(".")[2]]
    tag = f'W/"{sha256(content).hexdigest()[:16]}"'  # weak: it is the same for the compressed form

    async def file(request: Request) -> Response:
        asked = request.path_params["version"]
        headers = {"ETag": tag, "Cache-Control": _FOR_GOOD if asked == present else _ASK_AGAIN}
        if tag in re.split(r"\s*,\s*", request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    return Route(f"{above}/{{version}}/{path}", file, name=path)

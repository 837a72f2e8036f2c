"""The files that the page loads, from memory and by one route: no path of a request is ever that of a file on the disk.

Their folder's name changes with what is in them. Under the present name a browser keeps them for good. Under another
(a page that was open before an update, or that a replica of another version has served) it gets what there is now, and
asks each time whether it is still that: better another version's module than none. `compressed.py` makes them small.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES = {"css": "text/css; charset=utf-8", "mjs": "text/javascript; charset=utf-8"}
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class _Version(Convertor[str]):
    """Tells the name of a folder from Gradio's own `fonts`, `img` and `js`."""

    regex = "[0-9a-f]{12}"

    def convert(self, value: str) -> str:
        """The name as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The same."""
        return value


register_url_convertor("version", _Version())


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    tag: str


def route(folder: str, contents: Mapping[str, bytes]) -> Route:
    """The route to `contents`, which are text by their path in `folder`: `/static/` and 12 hex digits."""
    above, _, present = folder.rpartition("/")
    files = {path: _file(path, content) for path, content in contents.items()}

    async def serve(request: Request) -> Response:
        file = files.get(request.path_params["path"])
        if file is None:
            raise HTTPException(404)
        kept = _FOR_GOOD if request.path_params["version"] == present else _ASK_AGAIN
        headers = {"ETag": file.tag, "Cache-Control": kept}
        if file.tag in re.split(r"\s*,\s*", request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.kind)

    return Route(f"{above}/{{version:version}}/{{path:path}}", serve)


def _file(path: str, content: bytes) -> _File:
    tag = f'W/"{sha256(content).hexdigest()[:16]}"'  # weak: it is the same for the compressed form
    return _File(content, _TYPES[path.rpartition(".")[2]], tag)

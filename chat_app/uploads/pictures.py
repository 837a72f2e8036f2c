"""Pictures: measured before they are decoded, turned upright, made smaller, and written anew without metadata.

Only the first picture of a file is shown: of a moving GIF the first frame, of a TIFF the first page; models look at no
more. What comes out is PNG where parts are see-through or there are few colours (line art, charts), else JPEG. Every
later turn posts it again, so a PNG that would be large becomes a JPEG too, on white where it is see-through: of 1568 by
1568 pixels of noise 9.8 MB become 1.9. WebP would keep them see-through, but llama.cpp, which reads pictures with
stb_image, takes none. What is still large loses half its pixels of a side. Colour profiles go with the other metadata:
a phone's wider colours come out slightly paler, which no model minds.
"""

from __future__ import annotations

import importlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from chat_app.errors import FileRefused
from chat_app.uploads.limits import Limits
from chat_app.uploads.refusals import broken

_QUALITY: Final = 88
LARGEST_PNG_BYTES: Final = 2_000_000
LARGEST_BYTES: Final = 5_000_000
"""Of any picture as it is sent; in Base64 these are 6.7 MB."""
_FEW_COLOURS: Final = 256
_OPAQUE: Final = 255
_FORMATS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "image/jpeg": ("JPEG", "JpegImagePlugin"),
        "image/png": ("PNG", "PngImagePlugin"),
        "image/gif": ("GIF", "GifImagePlugin"),
        "image/webp": ("WEBP", "WebPImagePlugin"),
        "image/bmp": ("BMP", "BmpImagePlugin"),
        "image/tiff": ("TIFF", "TiffImagePlugin"),
        "image/avif": ("AVIF", "AvifImagePlugin"),
    }
)
"""Pillow's name of each, and the module that is enough for it: asked for all, it imports forty."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is sent."""

    mime_type: str
    data: str
    """Base64."""
    width: int
    height: int


def picture_of(content: bytes, mime_type: str, limits: Limits) -> Picture:
    """The picture in `content`. Raises `FileRefused`."""
    name, module = _FORMATS[mime_type]
    importlib.import_module(f"PIL.{module}")
    Image.MAX_IMAGE_PIXELS = None  # our own limit stands below, before anything is decoded
    try:
        with Image.open(BytesIO(content), formats=(name,)) as opened:
            _refuse_too_large(opened.width, opened.height, limits)
            opened.draft(opened.mode, (limits.image_max_px, limits.image_max_px))
            picture = _smaller(_plain(opened), limits.image_max_px)
            return _written(ImageOps.exif_transpose(picture))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise broken("picture") from error


def _refuse_too_large(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.image_max_pixels:
        raise FileRefused(
            f"The picture has {width:,} by {height:,} pixels, which is more than {limits.image_max_pixels:,} in all.",
            hint="Add a smaller one; whoever runs this page can raise `uploads.image_max_pixels`.",
        )


def _plain(opened: Image.Image) -> Image.Image:
    """The picture with three colours, or grey, and with what is see-through where it is; its orientation kept aside."""
    if opened.has_transparency_data:
        return opened if opened.mode == "RGBA" else opened.convert("RGBA")
    if opened.mode.startswith(("I", "F")):
        low, high = opened.convert("F").getextrema()
        if not isinstance(low, float) or not isinstance(high, float):
            raise broken("picture")
        scale = _OPAQUE / (high - low) if high > low else 1.0
        return opened.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    return opened if opened.mode in {"RGB", "L"} else opened.convert("RGB")


def _smaller(picture: Image.Image, most_px: int) -> Image.Image:
    picture.thumbnail((most_px, most_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return picture


def _written(picture: Image.Image) -> Picture:
    """The picture as bytes, and nothing but its pixels."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (_OPAQUE, _OPAQUE):
        picture = picture.convert("RGB")
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    if bare.mode == "RGBA" or bare.getcolors(_FEW_COLOURS):
        content = _saved(bare, "PNG")
        if len(content) <= LARGEST_PNG_BYTES:
            return Picture("image/png", b64encode(content).decode(), bare.width, bare.height)
    flat = _on_white(bare)
    while len(content := _saved(flat, "JPEG", quality=_QUALITY)) > LARGEST_BYTES:
        flat = flat.reduce(2)
    return Picture("image/jpeg", b64encode(content).decode(), flat.width, flat.height)


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white

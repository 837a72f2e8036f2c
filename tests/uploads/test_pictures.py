from base64 import b64decode
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from chat_app.config import UploadsConfig
from chat_app.errors import FileRefused
from chat_app.uploads.kinds import kind_of
from chat_app.uploads.pictures import LARGEST_BYTES, LARGEST_PNG_BYTES, Picture, picture_of
from chat_app.uploads.reading import limits_of
from tests.uploads import files

_ORIENTATION, _MAKER = 0x0112, 0x010F


def read(content: bytes, **settings: int) -> Picture:
    """The picture that is sent."""
    limits = limits_of("picture", len(content), UploadsConfig.model_validate(settings))
    return picture_of(content, kind_of("a", content).mime_type, limits)


def opened(picture: Picture) -> Image.Image:
    """Its pixels."""
    image = Image.open(BytesIO(b64decode(picture.data)))
    assert (image.get_format_mimetype(), image.size) == (picture.mime_type, (picture.width, picture.height))
    return image


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Very many colours."""
    return Image.merge("RGB", [Image.effect_noise(size, 80) for _ in range(3)]).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """As a file."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_kind_is_read(kind: str) -> None:
    """And sent as JPEG or PNG, which all servers read."""
    picture = read(files.picture(kind))
    assert picture.mime_type in {"image/jpeg", "image/png"}
    red, _, blue = opened(picture).convert("RGB").getpixel((2, 10))  # type: ignore[misc] # three colours
    assert red != blue


def test_a_large_picture_is_made_smaller() -> None:
    """Its longer side is the setting's; a small one stays as it is."""
    picture = read(saved(noise((1000, 500)), "PNG"), image_max_px=100)
    assert (picture.mime_type, picture.width, picture.height) == ("image/jpeg", 100, 50)
    assert read(saved(noise((60, 30)), "PNG"), image_max_px=100).width == 60


def test_the_orientation_is_applied_and_all_metadata_is_gone() -> None:
    """Where a photograph was taken is nobody's business."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER] = 6, "Camera of mine"
    content = saved(noise((200, 100)), "JPEG", exif=exif, comment=b"my comment")
    assert b"Camera of mine" in content

    picture = read(content, image_max_px=100)

    assert (picture.width, picture.height) == (50, 100)
    data = b64decode(picture.data)
    assert b"Camera" not in data
    assert b"comment" not in data
    assert not opened(picture).getexif()


def test_what_is_see_through_stays_so() -> None:
    """As PNG; a picture that only could be is JPEG."""
    clear = noise((40, 40), "RGBA")
    clear.putpixel((0, 0), (1, 2, 3, 0))
    assert opened(read(saved(clear, "PNG"))).mode == "RGBA"
    assert read(saved(noise((40, 40), "RGBA"), "PNG")).mime_type == "image/jpeg"
    palette = Image.new("P", (4, 4))
    assert opened(read(saved(palette, "GIF", transparency=0))).getpixel((0, 0)) == (0, 0, 0, 0)


def test_few_colours_stay_sharp() -> None:
    """Line art and charts, as PNG."""
    assert read(saved(Image.new("RGB", (50, 50), "red"), "JPEG")).mime_type == "image/png"


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "F", "CMYK"])
def test_pictures_of_any_colours_are_read(mode: str) -> None:
    """As a TIFF may have them; those with more shades than a screen are brought to what it shows."""
    grey = Image.linear_gradient("L")
    made = grey.convert("I").point(lambda value: value * 200).convert("I;16") if mode == "I;16" else grey.convert(mode)
    low, high = opened(read(saved(made, "TIFF"))).convert("L").getextrema()
    assert (low, high) == (0, 255) if mode != "CMYK" else low != high


def test_the_first_frame_of_a_moving_picture_is_shown() -> None:
    """Models look at no more."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert opened(read(content)).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    """By what its header says; the setting is named."""
    with pytest.raises(FileRefused, match=r"100 by 100 pixels.*`uploads.image_max_pixels`"):
        read(files.png_of(100, 100, b""), image_max_pixels=5000)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_half_a_picture_is_refused(kind: str) -> None:
    """An upload that broke off, say."""
    content = saved(noise((64, 64)), kind)
    with pytest.raises(FileRefused, match="broken or not complete"):
        read(content[: len(content) // 2])


def test_noise_that_would_be_a_large_png_is_a_jpeg_on_white() -> None:
    """Each later turn posts it again; what is see-through shows what pages have behind it, and not black."""
    clear = noise((1000, 900), "RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 100, 100))
    content = saved(clear, "PNG")
    assert len(content) > LARGEST_PNG_BYTES
    picture = read(content)
    assert (picture.mime_type, len(b64decode(picture.data)) < LARGEST_PNG_BYTES) == ("image/jpeg", True)
    assert opened(picture).getpixel((50, 50)) == (255, 255, 255)
    few = Image.effect_noise((2000, 1900), 80)
    assert len(saved(few, "PNG")) > LARGEST_PNG_BYTES
    assert read(saved(few, "PNG"), image_max_px=2000).mime_type == "image/jpeg"


def test_a_picture_that_is_large_even_so_has_its_sides_halved() -> None:
    """Where the operator lets pictures be large: a conversation with it could not be posted."""
    size = (2600, 2500)
    pixels = Random(1).randbytes(3 * size[0] * size[1])  # noqa: S311 - it is noise
    picture = read(saved(Image.frombytes("RGB", size, pixels), "BMP"), image_max_px=4000)
    assert (picture.width, picture.height) == (1300, 1250)
    assert len(b64decode(picture.data)) <= LARGEST_BYTES

"""Pictures and recordings of an answer, as servers send them; whole answers of servers stand among the dialects."""

from __future__ import annotations

import io
import wave
from base64 import b64decode, b64encode

import pytest

from chat_app.conversation.deltas import Media, ReasoningDelta, Started, TextDelta
from chat_app.conversation.messages import Audio, Image
from chat_app.endpoints.reading.media import MOST_BYTES, MOST_PICTURES, NOT_SHOWN, TOO_MUCH, MediaSoFar, pictures_in
from tests.endpoints.reading.dialects.table import chunk, sse, stream
from tests.endpoints.reading.whole import read

DATA = b64encode(b"a picture").decode()
PNG = f"data:image/png;base64,{DATA}"
SHOWN = Media(Image("image/png", DATA))


def said(*deltas: dict[str, object] | str) -> list[object]:
    """What an answer of these deltas shows."""
    found, failure = read([stream(*deltas)])
    assert failure is None
    return [delta for delta in found if isinstance(delta, Media | TextDelta | ReasoningDelta)]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "image_url", "image_url": PNG},
        {"type": "output_image", "image_url": PNG},
        {"inline_data": {"mime_type": "image/png", "data": DATA}},
        {"inlineData": {"mimeType": "image/png", "data": DATA}},
    ],
)
@pytest.mark.parametrize("place", ["images", "content"])
def test_a_picture_is_found_wherever_servers_put_it(part: dict[str, object], place: str) -> None:
    """In a list of its own, or among the parts of the content."""
    assert said({place: [part]}) == [SHOWN]


def test_text_and_pictures_keep_their_order() -> None:
    """Within one content list."""
    parts = [{"type": "text", "text": "See:"}, {"type": "image_url", "image_url": {"url": PNG}}]
    assert said({"content": parts}, " That is it.") == [TextDelta("See:"), SHOWN, TextDelta(" That is it.")]


def test_a_whole_message_behind_its_pieces_does_not_repeat_the_picture() -> None:
    """As some servers send it at the end."""
    body = sse(
        chunk(images=[{"type": "image_url", "image_url": {"url": PNG}}]),
        '{"object":"chat.completion","choices":[{"message":{"images":[{"image_url":{"url":"' + PNG + '"}}]},'
        '"finish_reason":"stop"}]}',
        "[DONE]",
    )
    assert [delta for delta in read([body])[0] if isinstance(delta, Media)] == [SHOWN]


def test_a_picture_at_an_address_becomes_a_link() -> None:
    """Loading it would tell its host who reads the answer."""
    (found,) = said({"images": [{"image_url": {"url": "https://example.com/a.png"}}]})
    assert found == TextDelta("\n\n[A picture](<https://example.com/a.png>)\n\n")


@pytest.mark.parametrize(
    "url",
    [
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,PHA+",
        "data:image/png;base64,not base64!",
        "data:image/png;base64,",
        "data:image/png,plain",
        "javascript:alert(1)",
        "https://example.com/a.png>)[x](javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_plain_picture_is_said_to_be_missing(url: str) -> None:
    """No script, no other scheme and no markup comes through."""
    assert list(pictures_in([{"image_url": {"url": url}}])) == [TextDelta(NOT_SHOWN)]


@pytest.mark.parametrize("value", [None, 7, {}, {"image_url": None}, [None, 7, {}], {"image_url": {"url": 7}}])
def test_what_is_no_picture_at_all_is_passed_over(value: object) -> None:
    """No server can make an answer fail with a surprise."""
    assert list(pictures_in(value)) == []


def test_too_many_or_too_large_pictures_are_left_out() -> None:
    """An answer has bounds, and says where it met them."""
    so_far = MediaSoFar()
    many = [Media(Image("image/png", f"{number:04}")) for number in range(MOST_PICTURES + 1)]
    assert [shown for one in many for shown in so_far.new_in(one)] == [*many[:-1], TextDelta(TOO_MUCH)]
    large = Media(Image("image/png", "A" * (MOST_BYTES + 1)))
    assert list(MediaSoFar().new_in(large)) == [TextDelta(TOO_MUCH)]


def test_pieces_of_pcm_become_one_recording() -> None:
    """Each is base64 by itself; the transcript is the text."""
    samples = bytes(range(200)) * 10
    first, second = (b64encode(piece).decode() for piece in (samples[:501], samples[501:]))
    found = said(
        {"audio": {"id": "audio_1", "transcript": "Hello"}},
        {"audio": {"id": "audio_1", "data": first}},
        {"audio": {"transcript": " there", "data": second}},
        {"audio": {"id": "audio_1", "expires_at": 1}},
    )
    text, recording = found
    assert text == TextDelta("Hello there")
    assert isinstance(recording, Media)
    assert isinstance(recording.part, Audio)
    assert recording.part.mime_type == "audio/wav"
    with wave.open(io.BytesIO(b64decode(recording.part.data))) as heard:
        assert (heard.getframerate(), heard.getnchannels(), heard.getsampwidth()) == (24_000, 1, 2)
        assert heard.readframes(10_000) == samples


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"RIFF....WAVE", "audio/wav"),
        (b"ID3....", "audio/mpeg"),
        (b"\xff\xfb..", "audio/mpeg"),
        (b"OggS....", "audio/ogg"),
        (b"fLaC....", "audio/flac"),
    ],
)
def test_a_whole_recording_keeps_the_format_that_it_has(start: bytes, kind: str) -> None:
    """Of an answer that came at once."""
    data = b64encode(start).decode()
    body = f'{{"choices":[{{"message":{{"audio":{{"data":"{data}","transcript":"Hi"}}}},"finish_reason":"stop"}}]}}'
    found, _ = read([body.encode()])
    assert Media(Audio(kind, data)) in found


def test_the_answer_begins_with_the_first_sound() -> None:
    """From then on nobody else is asked; what had come is kept when the stream is cut."""
    body = sse(chunk(audio={"data": b64encode(b"ID3 first").decode()}))
    found, failure = read([body])
    assert found[0] == Started("main", "m")
    assert Media(Audio("audio/mpeg", b64encode(b"ID3 first").decode())) in found
    assert failure is not None

"""Verdicts about conversations with pictures, recordings and tools: what is signed, what a row holds, what is kept."""

from __future__ import annotations

import hashlib
import json
import stat
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from chat_app.conversation.messages import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    user,
)
from chat_app.conversation.turn import TurnSummary
from chat_app.errors import StoreFailed, TokenRefused
from chat_app.feedback.files import files_of, place_of
from chat_app.feedback.record import FeedbackRecord, Verdict, record_of
from chat_app.feedback.signature import SignedAnswer, Signer, messages_hash, text_hash, tool_calls_hash
from chat_app.feedback.store import FeedbackStore

BYTES = b"\x89PNG a picture"
PNG = Image("image/png", b64encode(BYTES).decode(), "a.png", 4, 4)
PLACE = f"files/{hashlib.sha256(BYTES).hexdigest()}.png"
CALL = ToolCall("get_weather", '{"city": "Paris"}', "a")
PARTS: tuple[Part, ...] = (CALL, ToolResult("a", "Sunny."), Text("Go out."))


def test_plain_conversations_hash_as_they_always_did() -> None:
    """Tokens that were given out before there were files stay valid: this is what version 0.1 hashed."""
    said = (system("Be kind."), user("Hi"), assistant("Hello!"), user("Grüße\n😀"))
    assert messages_hash(said) == text_hash(
        '[["user","Hi"],["assistant","Hello!"],["user","Gr\\u00fc\\u00dfe\\n\\ud83d\\ude00"]]'
    )


@pytest.mark.parametrize(
    "part",
    [
        PNG,
        Image("image/jpeg", PNG.data),
        Image("image/png", "AAAA"),
        Audio("audio/wav", PNG.data),
        File("a.txt", "text/plain", "Hi"),
        File("b.txt", "text/plain", "Hi"),
        File("a.txt", "text/plain", "Hi", "The rest."),
        Reasoning("Hm."),
        CALL,
        ToolCall("get_weather", "{}", "a"),
        ToolResult("a", "One."),
        ToolResult("a", "One.", (PNG,)),
    ],
)
def test_every_part_counts_in_the_hash(part: Part) -> None:
    """What a model sees cannot be exchanged behind the token; where a picture has its name from can."""
    others = (
        Message("user", (PNG, File("a.txt", "text/plain", "Ho"), Text("x"))),
        Message("user", (Text("x"),)),
    )
    mine = messages_hash([Message("user", (part, Text("x")))])
    assert mine not in {messages_hash([other]) for other in others}
    assert mine != messages_hash([Message("user", (Text("x"), part))])


def test_a_token_of_an_older_version_is_read_and_believed(summary: TurnSummary, verdict: Verdict) -> None:
    """It says nothing of tools, and the answer had none."""
    signer = Signer("k")
    fields = signer.read(signer.sign(summary, messages=[user("Hi")], answer="Hello")).model_dump(mode="json")
    del fields["tool_calls_sha256"]
    old = signer.read(str(signer._serializer.dumps(fields)))  # noqa: SLF001 -- as an older version signed
    row = record_of(old, verdict, messages=[user("Hi")], answer="Hello", options=["Like"])
    assert (row.answer, row.tool_calls) == ("Hello", "")


def signed(summary: TurnSummary, *messages: Message, parts: tuple[Part, ...] = ()) -> SignedAnswer:
    """What the token of the answer `Go out.` says."""
    signer = Signer("k")
    return signer.read(signer.sign(summary, messages=messages, answer="Go out.", parts=parts))


def test_a_row_holds_the_conversation_as_it_was_sent_with_pictures_as_files(
    summary: TurnSummary, verdict: Verdict
) -> None:
    """A dataset reads it as it stands: parts of the protocol, calls and results as messages of it."""
    earlier = Message("assistant", (Reasoning("Hm."), CALL, ToolResult("a", "Sunny.", (PNG,)), Text("Sunny.")))
    wav = Audio("audio/wav", b64encode(b"RIFF").decode())
    said = (user("What is it?", PNG), earlier, user("And this?", wav), assistant("A bird."), user("Why?"), user("Hm?"))
    row = record_of(signed(summary, *said), verdict, messages=said, answer="Go out.", options=["Like"])

    picture = {"type": "image_url", "image_url": {"url": PLACE}}
    sound = {"type": "input_audio", "input_audio": {"data": place_of(wav), "format": "wav"}}
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    assert json.loads(row.messages) == [
        {"role": "user", "content": [picture, {"type": "text", "text": "What is it?"}]},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "a", "content": "Sunny."},
        {"role": "assistant", "content": "(An answer without words.)"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "The pictures that the call of `get_weather` gave:"}, picture],
        },
        {"role": "assistant", "content": "Sunny."},
        {"role": "user", "content": [sound, {"type": "text", "text": "And this?"}]},
        {"role": "assistant", "content": "A bird."},
        {"role": "user", "content": "Why?"},
        {"role": "user", "content": "Hm?"},
    ]
    assert files_of(said) == {PLACE: BYTES, place_of(wav): b"RIFF"}


def test_the_tools_that_were_called_for_an_answer_are_in_its_row(summary: TurnSummary, verdict: Verdict) -> None:
    """Name, arguments as the model wrote them, and what it was told."""
    said = (user("Weather?"),)
    row = record_of(
        signed(summary, *said, parts=PARTS), verdict, messages=said, answer="Go out.", options=["Like"], parts=PARTS
    )
    assert json.loads(row.tool_calls) == [{"name": "get_weather", "arguments": '{"city": "Paris"}', "result": "Sunny."}]


@pytest.mark.parametrize(
    "posted",
    [
        (),
        (CALL, ToolResult("a", "Rainy."), Text("Go out.")),
        (ToolCall("get_weather", "{}", "a"), ToolResult("a", "Sunny."), Text("Go out.")),
        (*PARTS, ToolCall("other", "{}", "b")),
    ],
)
def test_tools_that_were_not_called_so_are_refused(
    summary: TurnSummary, verdict: Verdict, posted: tuple[Part, ...]
) -> None:
    """The page may post what it likes; the token says what was."""
    said = (user("Weather?"),)
    with pytest.raises(TokenRefused, match="tools"):
        record_of(
            signed(summary, *said, parts=PARTS),
            verdict,
            messages=said,
            answer="Go out.",
            options=["Like"],
            parts=posted,
        )


def test_what_is_shown_of_calls_but_not_their_ids_is_signed() -> None:
    """Ids are for the page; an answer without calls has no hash, as those of older versions."""
    other = (ToolCall(CALL.name, CALL.arguments, "z"), ToolResult("z", "Sunny."))
    assert tool_calls_hash(PARTS) == tool_calls_hash(other)
    assert tool_calls_hash((Text("Hi"),)) == ""


@pytest.mark.parametrize(
    ("media", "ending"),
    [
        (Image("image/jpeg", "AAAA"), "jpg"),
        (Audio("audio/mpeg", "AAAA"), "mp3"),
        (Image("image/../../x", "AAAA"), "bin"),
        (Image("image/png", "no base64é"), "png"),
    ],
)
def test_places_are_named_by_what_is_in_them(media: Image | Audio, ending: str) -> None:
    """Nothing that anybody posted is part of a path."""
    place = place_of(media)
    assert place.startswith("files/")
    assert place.endswith(f".{ending}")
    assert len(place) == len("files/") + 64 + 1 + len(ending)
    content = files_of([user("", media)])[place]
    assert hashlib.sha256(content).hexdigest() in place


def test_the_store_writes_each_file_once(tmp_path: Path, record: Callable[..., FeedbackRecord]) -> None:
    """Before the row that names it, whole, and never again."""
    store = FeedbackStore(tmp_path)
    assert store.append(record(), {PLACE: BYTES})
    path = tmp_path / PLACE
    assert path.read_bytes() == BYTES
    before = path.stat()
    assert store.append(record(answer_id="other"), {PLACE: BYTES})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [each.name for each in (tmp_path / "files").iterdir()] == [path.name]


def test_a_verdict_that_is_repeated_writes_no_file(tmp_path: Path, record: Callable[..., FeedbackRecord]) -> None:
    """Nor a row."""
    store = FeedbackStore(tmp_path)
    store.append(record())
    assert not store.append(record(), {PLACE: BYTES})
    assert not (tmp_path / "files").exists()


def test_a_file_that_cannot_be_written_leaves_no_row(tmp_path: Path, record: Callable[..., FeedbackRecord]) -> None:
    """A row never names what is not there."""
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StoreFailed):
        FeedbackStore(tmp_path).append(record(), {PLACE: BYTES})
    assert not (tmp_path / "feedback.csv").exists() or b"answer-1" not in (tmp_path / "feedback.csv").read_bytes()
    assert stat.S_ISREG((tmp_path / "files").stat().st_mode)

import multiprocessing
import stat
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from chat_app.conversation.messages import Message, Text, assistant, system, user
from chat_app.conversation.turn import TurnSummary
from chat_app.errors import StoreFailed, TokenRefused
from chat_app.feedback.record import COLUMNS
from chat_app.feedback.signature import SignedAnswer, Signer, load_secret, messages_hash, text_hash


def test_what_was_signed_is_read_back(summary: TurnSummary, conversation: tuple[Message, ...]) -> None:
    """A token says everything about the answer but its words."""
    signed = Signer("k").read(Signer("k").sign(summary, messages=conversation, answer="Blue."))

    assert (signed.answer_id, signed.conversation_id, signed.turn) == ("answer-1", "conversation-1", 2)
    assert (signed.preset, signed.endpoint, signed.model) == ("Assistant", "ollama", "llama3.2")
    assert signed.parameters == {"temperature": 0.7, "stop": ["\n\n"]}
    assert signed.system_prompt_sha256 == text_hash("Be kind.")
    assert (signed.prompt_tokens, signed.completion_tokens, signed.attempts) == (31, 7, 1)
    assert (signed.first_token_s, signed.total_s) == (0.123, 1.988)
    assert signed.messages_sha256 == messages_hash(conversation)
    assert signed.answer_sha256 == text_hash("Blue.")


def test_a_turn_of_which_little_is_known_can_be_signed(summary: TurnSummary) -> None:
    """Counts, times and a system prompt may be missing."""
    bare = replace(summary, prompt_tokens=None, completion_tokens=None, first_token_s=None, finish_reason="")

    signed = Signer("k").read(Signer("k").sign(bare, messages=[user("Hi")], answer=""))

    assert (signed.prompt_tokens, signed.completion_tokens, signed.first_token_s) == (None, None, None)
    assert signed.system_prompt_sha256 == ""


def test_the_system_prompt_does_not_count_as_a_message() -> None:
    """The page posts the conversation without it."""
    assert messages_hash([system("Be kind."), user("Hi")]) == messages_hash([user("Hi")])


def test_moving_text_from_one_message_to_the_next_changes_the_hash() -> None:
    """Roles and the borders between messages are part of what was said."""
    assert messages_hash([user("a"), assistant("b")]) != messages_hash([user("a"), user("b")])
    assert messages_hash([user("ab")]) != messages_hash([user("a"), user("b")])
    assert messages_hash([user("ab")]) == messages_hash([Message("user", (Text("a"), Text("b")))])


@given(position=st.integers(min_value=0), letter=st.sampled_from("Aa0-_."))
def test_a_token_altered_anywhere_is_refused(position: int, letter: str) -> None:
    """One letter is enough."""
    token = Signer("k").sign(_summary(), messages=[user("Hi")], answer="Hello")
    position %= len(token)
    altered = token[:position] + letter + token[position + 1 :]

    if altered == token or _same_signature(altered, token):
        return
    with pytest.raises(TokenRefused):
        Signer("k").read(altered)


@pytest.mark.parametrize("token", ["", "made up", "a.b.c", "\ud800.x", "é", "x" * 100_000, "." * 50])
def test_what_is_no_token_is_refused(token: str) -> None:
    """Whatever a page posts, it is one sentence and a hint."""
    with pytest.raises(TokenRefused, match="valid token"):
        Signer("k").read(token)


def test_a_token_of_another_server_is_refused(summary: TurnSummary) -> None:
    """The key decides, and so does what it is used for."""
    with pytest.raises(TokenRefused):
        Signer("k").read(Signer("other").sign(summary, messages=[], answer=""))
    with pytest.raises(TokenRefused):
        Signer("k").read(URLSafeSerializer("k", salt="something else").dumps({"answer_id": "1"}))


def test_a_token_with_other_fields_is_refused() -> None:
    """Another version may have signed it; guessing what is missing would spoil the data."""
    signer = Signer("k")
    with pytest.raises(TokenRefused):
        signer.read(signer._serializer.dumps({"answer_id": "1", "colour": "blue"}))  # noqa: SLF001


def test_a_configured_secret_is_taken_and_no_file_made(tmp_path: Path) -> None:
    """Replicas share it."""
    assert load_secret("mine", tmp_path / "feedback") == "mine"
    assert not (tmp_path / "feedback").exists()


def test_without_one_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """Only its owner can read it, and nothing is left over."""
    folder = tmp_path / "deep" / "feedback"
    key = load_secret("", folder)

    assert len(key) >= 32
    assert load_secret("", folder) == key
    assert stat.S_IMODE((folder / "signing.key").stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} <= {"signing.key", "signing.key.lock"}


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    """Otherwise half of the verdicts would be refused."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.starmap(load_secret, [("", tmp_path / "feedback")] * 8)

    assert len(set(keys)) == 1


def test_an_empty_key_is_not_used(tmp_path: Path) -> None:
    """Everybody could sign with it."""
    (tmp_path / "signing.key").write_text("\n", encoding="ascii")

    with pytest.raises(StoreFailed, match=r"empty.*Delete"):
        load_secret("", tmp_path)


def test_a_folder_that_cannot_be_made_is_said_with_both_ways_out(tmp_path: Path) -> None:
    """The hint names the settings."""
    (tmp_path / "file").write_text("", encoding="ascii")

    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir.*feedback\.secret"):
        load_secret("", tmp_path / "file" / "feedback")


def test_a_key_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """It is not replaced: the tokens it signed would be lost."""
    (tmp_path / "signing.key").mkdir()

    with pytest.raises(StoreFailed, match="cannot be read"):
        load_secret("", tmp_path)


def _summary() -> TurnSummary:
    return TurnSummary("a", "c", 1, "p", "e", "m", {}, "stop", "complete", 1, 1, 0.1, 0.2, 1)


def _same_signature(altered: str, token: str) -> bool:
    """Whether only the last letter's unused bits differ, which base64 does not look at."""
    return altered[:-1] == token[:-1]


def test_nothing_that_is_known_of_a_turn_is_left_out_of_its_token_and_its_row() -> None:
    """The three list the same fields; one that is added to a turn must not be missing from what is kept of it."""
    for_logs = {"outcome", "passed_over"}  # a row has `finish_reason`, and who answered
    of_turn = {field.name for field in fields(TurnSummary)} - for_logs
    hashes = {"system_prompt_sha256", "messages_sha256", "answer_sha256", "tool_calls_sha256"}
    assert set(SignedAnswer.model_fields) - hashes == of_turn
    assert of_turn <= set(COLUMNS)

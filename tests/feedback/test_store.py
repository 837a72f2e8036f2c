import csv
import errno
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_app.errors import StoreFailed
from chat_app.feedback.record import COLUMNS, FeedbackRecord
from chat_app.feedback.store import FeedbackStore
from chat_app.feedback.table import HEADER, line_of

Make = Callable[..., FeedbackRecord]
PROCESSES, EACH = 3, 40


@pytest.fixture(autouse=True)
def _long_cells() -> Iterator[None]:
    limit = csv.field_size_limit(1 << 30)
    yield
    csv.field_size_limit(limit)


def test_a_record_becomes_a_row_under_one_header(tmp_path: Path, record: Make) -> None:
    """The folder and the file are made when the first verdict comes."""
    store = FeedbackStore(tmp_path / "deep" / "feedback")

    assert store.append(record(answer_id="1"))
    assert store.append(record(answer_id="2", prompt_tokens=None))

    data = (tmp_path / "deep" / "feedback" / "feedback.csv").read_bytes()
    assert data.startswith(b"feedback_id,recorded_at,answer_id,")
    assert data.count(b"feedback_id") == 1
    assert [row["answer_id"] for row in _rows(tmp_path / "deep" / "feedback")] == ["1", "2"]
    assert [row["prompt_tokens"] for row in _rows(tmp_path / "deep" / "feedback")] == ["31", ""]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=3, max_size=3))
def test_what_is_appended_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, record: Make, texts: list[str]
) -> None:
    """Every column, exactly."""
    folder = tmp_path_factory.mktemp("feedback")
    appended = record(question=texts[0], answer=texts[1], comment=texts[2])

    FeedbackStore(folder).append(appended)
    FeedbackStore(folder).append(replace(appended, rating="Dislike"))

    expected = {column: "" if value is None else str(value) for column, value in asdict(appended).items()}
    assert _rows(folder) == [expected, expected | {"rating": "Dislike"}]


def test_a_very_long_conversation_fits(tmp_path: Path, record: Make) -> None:
    """A cell may be longer than what csv readers take unasked."""
    FeedbackStore(tmp_path).append(record(answer="x\n" * 500_000))

    assert _rows(tmp_path)[0]["answer"] == "x\n" * 500_000


def test_a_repeated_verdict_is_written_once(tmp_path: Path, record: Make) -> None:
    """One click may be reported twice; changing one's mind is another verdict, and so is another user's."""
    store = FeedbackStore(tmp_path)

    written = [
        store.append(record(rating="Like", feedback_id="1")),
        store.append(record(rating="Like", feedback_id="2")),
        store.append(record(rating="")),
        store.append(record(rating="Like")),
        store.append(record(rating="Like", user="bob")),
        store.append(record(rating="Like", comment="because")),
    ]

    assert written == [True, False, True, True, True, True]
    assert [row["rating"] for row in _rows(tmp_path)] == ["Like", "", "Like", "Like", "Like"]


def test_a_verdict_is_not_taken_for_repeated_when_another_process_wrote(tmp_path: Path, record: Make) -> None:
    """It may have recorded another verdict about the same answer; and a file that is gone holds none at all."""
    here, elsewhere = FeedbackStore(tmp_path), FeedbackStore(tmp_path)
    here.append(record(rating="Like"))
    elsewhere.append(record(rating="Dislike"))
    here.append(record(rating="Like", answer_id="another"))

    assert here.append(record(rating="Like"))
    assert [row["rating"] for row in _rows(tmp_path)] == ["Like", "Dislike", "Like", "Like"]

    (tmp_path / "feedback.csv").unlink()
    assert here.append(record(rating="Like"))
    assert not here.append(record(rating="Like"))


def test_only_the_last_thousand_verdicts_are_remembered(tmp_path: Path, record: Make) -> None:
    """Memory does not grow with the file."""
    store = FeedbackStore(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        for number in range(1001):
            store.append(record(answer_id=str(number)))

    assert not store.append(record(answer_id="1000"))
    assert store.append(record(answer_id="0"))


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path, record: Make) -> None:
    """Every row is whole, and there is one header."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    writers = [
        context.Process(target=_append_many, args=(tmp_path / "feedback", record(), number, start))
        for number in range(PROCESSES)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)

    assert [writer.exitcode for writer in writers] == [0] * PROCESSES
    rows = _rows(tmp_path / "feedback")
    assert sorted(row["answer_id"] for row in rows) == sorted(f"{p}-{n}" for p in range(PROCESSES) for n in range(EACH))
    assert (tmp_path / "feedback" / "feedback.csv").read_bytes().count(b"feedback_id") == 1


def test_threads_that_write_at_once_lose_nothing(tmp_path: Path, record: Make) -> None:
    """The page's verdicts arrive in threads."""
    store = FeedbackStore(tmp_path)
    threads = [
        threading.Thread(target=lambda n=n: [store.append(record(answer_id=f"{n}-{i}")) for i in range(10)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_rows(tmp_path)) == 40


@pytest.mark.parametrize("torn", range(0, len(HEADER), 40))
def test_a_torn_header_is_written_anew(tmp_path: Path, record: Make, torn: int) -> None:
    """A crash at the very first verdict."""
    (tmp_path / "feedback.csv").write_bytes(HEADER[:torn])

    FeedbackStore(tmp_path).append(record())

    assert (tmp_path / "feedback.csv").read_bytes().startswith(HEADER)
    assert len(_rows(tmp_path)) == 1


@pytest.mark.parametrize("torn", [1, 2, 3, 60, 200, 300])
def test_a_torn_line_is_closed_before_the_next(tmp_path: Path, record: Make, torn: int) -> None:
    """What a crash left is never glued to the next row, and the rows before it are unharmed."""
    FeedbackStore(tmp_path).append(record(answer_id="1"))
    FeedbackStore(tmp_path).append(record(answer_id="2", answer='é "x" \r\n' * 20))
    path = tmp_path / "feedback.csv"
    path.write_bytes(path.read_bytes()[:-torn])

    FeedbackStore(tmp_path).append(record(answer_id="3"))

    rows = _rows(tmp_path)
    assert (rows[0]["answer_id"], rows[-1]["answer_id"], len(rows)) == ("1", "3", 3)
    assert rows[-1]["app_version"] == record().app_version


def test_a_line_torn_by_another_process_is_noticed_too(tmp_path: Path, record: Make) -> None:
    """What this process wrote last is no longer the end of the file."""
    store = FeedbackStore(tmp_path)
    store.append(record(answer_id="1"))
    with (tmp_path / "feedback.csv").open("ab") as file:
        file.write(b'torn,"in quotes\r\n')

    store.append(record(answer_id="2"))

    assert [row["answer_id"] for row in _rows(tmp_path)][::2] == ["1", "2"]


def test_a_file_that_was_taken_away_is_begun_again(tmp_path: Path, record: Make) -> None:
    """Somebody rotates it while the server runs."""
    store = FeedbackStore(tmp_path)
    store.append(record(answer_id="1"))
    (tmp_path / "feedback.csv").rename(tmp_path / "old.csv")

    store.append(record(answer_id="2"))

    assert [row["answer_id"] for row in _rows(tmp_path)] == ["2"]


def test_a_newer_versions_columns_are_kept(tmp_path: Path, record: Make) -> None:
    """Ours are written under their names, theirs stay empty."""
    newer = [*COLUMNS, "mood", "weather"]
    (tmp_path / "feedback.csv").write_bytes(line_of(newer) + line_of(newer))

    FeedbackStore(tmp_path).append(record(answer_id="2"))

    rows = _rows(tmp_path)
    assert list(rows[0]) == newer
    assert (rows[1]["answer_id"], rows[1]["mood"], rows[1]["weather"]) == ("2", "", "")


def test_an_older_versions_file_gets_our_columns(tmp_path: Path, record: Make) -> None:
    """Its rows keep what they had and are empty in the new columns; its permissions stay."""
    path = tmp_path / "feedback.csv"
    path.write_bytes(line_of(COLUMNS[:4]) + line_of(["f", "r", 'a\r\n"b"', "c"]) + b"torn")
    path.chmod(0o640)

    FeedbackStore(tmp_path).append(record(answer_id="2"))

    rows = _rows(tmp_path)
    assert list(rows[0]) == list(COLUMNS)
    assert [row["answer_id"] for row in rows] == ['a\r\n"b"', "", "2"]
    assert rows[0]["app_version"] == ""
    assert path.stat().st_mode & 0o777 == 0o640
    assert {file.name for file in tmp_path.iterdir()} <= {"feedback.csv", "feedback.csv.lock"}


def test_a_file_saved_by_a_spreadsheet_is_still_ours(tmp_path: Path, record: Make) -> None:
    """It puts a byte order mark before the header."""
    (tmp_path / "feedback.csv").write_bytes(b"\xef\xbb\xbf" + HEADER)

    FeedbackStore(tmp_path).append(record(answer_id="1"))

    assert [row["answer_id"] for row in _rows(tmp_path)] == ["1"]


@pytest.mark.parametrize("content", [b"username,flag\r\na,b\r\n", b"\n", b"feedback_id,other\n", b"\x00\xff"])
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, record: Make, content: bytes) -> None:
    """Nothing is written into it, and the hint names the setting."""
    (tmp_path / "feedback.csv").write_bytes(content)
    store = FeedbackStore(tmp_path)

    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir"):
        store.append(record())
    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir"):
        store.check_writable()
    assert (tmp_path / "feedback.csv").read_bytes() == content


def test_a_full_disk_leaves_no_half_row(tmp_path: Path, record: Make) -> None:
    """The hint speaks of room. (A limit on the size of files cuts a write short, as a full disk does.)"""
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_append_beyond_the_limit, args=(tmp_path, record()))
    writer.start()
    writer.join(timeout=60)

    assert writer.exitcode == 0
    assert [row["answer_id"] for row in _rows(tmp_path)] == ["1"]
    assert (tmp_path / "feedback.csv").read_bytes().endswith(b"\r\n")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, record: Make) -> None:
    """The hint names the setting."""
    (tmp_path / "file").write_text("", encoding="ascii")

    with pytest.raises(StoreFailed, match=r"cannot be written.*chat\.flagging_dir"):
        FeedbackStore(tmp_path / "file").append(record())
    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir"):
        FeedbackStore(tmp_path / "file").check_writable()


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path, record: Make) -> None:
    """However it came there."""
    (tmp_path / "feedback.csv").mkdir()

    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir"):
        FeedbackStore(tmp_path).append(record())
    with pytest.raises(StoreFailed, match=r"chat\.flagging_dir"):
        FeedbackStore(tmp_path).check_writable()


def test_a_lock_that_is_never_given_back_is_said(tmp_path: Path, record: Make) -> None:
    """The visitor is not kept waiting for ever."""
    with FileLock(tmp_path / "feedback.csv.lock"), pytest.raises(StoreFailed, match="locked"):
        FeedbackStore(tmp_path, lock_timeout_s=0.05).append(record())


def test_checking_writes_no_row(tmp_path: Path, record: Make) -> None:
    """A new folder stays without a file, an existing file as it was."""
    store = FeedbackStore(tmp_path / "feedback")
    store.check_writable()
    assert {path.name for path in (tmp_path / "feedback").iterdir()} <= {"feedback.csv.lock"}

    store.append(record())
    before = (tmp_path / "feedback" / "feedback.csv").read_bytes()
    store.check_writable()
    assert (tmp_path / "feedback" / "feedback.csv").read_bytes() == before


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "feedback.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _append_many(folder: Path, record: FeedbackRecord, process: int, start: threading.Barrier) -> None:
    store = FeedbackStore(folder)
    start.wait(timeout=60)
    for number in range(EACH):
        store.append(replace(record, answer_id=f"{process}-{number}", answer='a "b"\r\n' * 500))


def _append_beyond_the_limit(folder: Path, record: FeedbackRecord) -> None:
    import resource  # noqa: PLC0415  # not there on Windows
    import signal  # noqa: PLC0415

    store = FeedbackStore(folder)
    store.append(replace(record, answer_id="1"))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    room = (folder / "feedback.csv").stat().st_size + 50
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    with pytest.raises(StoreFailed, match=r"Make room.*chat\.flagging_dir") as caught:
        store.append(replace(record, answer_id="2"))
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno in {errno.ENOSPC, errno.EFBIG}

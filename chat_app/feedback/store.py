"""The feedback file: records are appended, never changed, by any number of processes at once.

Every append takes a lock between processes, writes the whole line with one `write` and waits until it is on the disk;
what could not be written whole is cut off again. A line that a crash left torn is closed first, so that nothing is ever
glued to it. The header decides the order of the cells:

- it is ours: the usual case;
- it has more columns at its end, a newer version's: they stay, and are empty in our rows;
- it has fewer, an older version's: the file is rewritten once, and replaced in one step, with ours added at the end;
- it is something else: refused, since the file is somebody else's.

Pictures and recordings that a row names are files of their own, written whole before the row and never again.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from types import MappingProxyType

from filelock import FileLock, Timeout

from chat_app.errors import StoreFailed
from chat_app.feedback.record import COLUMNS, FeedbackRecord
from chat_app.feedback.table import HEADER, cells_in, columns_of, ending_of, line_of, widened

FILE_NAME = "feedback.csv"
_REMEMBERED = 1000
_CHUNK_BYTES = 1 << 20


class FeedbackStore:
    """`feedback.csv` in a folder, both made when first needed. Its methods wait for the disk: call them in a thread."""

    def __init__(self, folder: Path, *, lock_timeout_s: float = 10) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._path = folder / FILE_NAME
        self._last: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._left = (0, 0, 0, 0)
        """How the last write left the file: while it is still so, its end and `_last` are what they were."""

    def append(self, record: FeedbackRecord, files: Mapping[str, bytes] = MappingProxyType({})) -> bool:
        """Whether a row was written; False when it would repeat the last one of the same answer and user.

        (Gradio reports a click on any option but Like and Dislike twice.) While other processes write too, one is
        rather repeated than missed. `files` are those that the record names, by their paths from the folder. Raises
        `StoreFailed`.
        """
        key = (record.answer_id, record.user)
        said = (record.rating, record.reasons, record.comment, record.correction)
        with self._locked():
            if self._state() != self._left:
                self._last.clear()  # another process wrote, perhaps another verdict about the same answer
            if self._last.get(key) == said:
                return False
            for place, content in files.items():
                _keep(self._path.parent / place, content)
            columns = self._settle()
            row = line_of(cells_in(columns or COLUMNS, asdict(record)))
            with FileIO(self._path, "a+") as file:
                self._write(file, row if columns else HEADER + row)
            self._last[key] = said
            self._last.move_to_end(key)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        return True

    def check_writable(self) -> None:
        """Nothing, when verdicts can be recorded. Writes no row. Raises `StoreFailed` with what to do about it."""
        with self._locked():
            probe = self._path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
            try:
                with FileIO(probe, "x") as file:
                    _write_whole(file, HEADER)
            finally:
                probe.unlink(missing_ok=True)
            if self._path.exists():
                with FileIO(self._path, "a+") as file:
                    self._columns(file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock", timeout=self._lock_timeout_s):
                yield
        except Timeout as error:
            raise StoreFailed(
                f"Another program has kept `{self._path}` locked for {self._lock_timeout_s} seconds.",
                hint="Close what has the file open, or set `chat.flagging_dir` to another folder.",
            ) from error
        except (OSError, NotImplementedError) as error:
            raise StoreFailed(f"`{self._path}` cannot be written: {_reason(error)}.", hint=_hint(error)) from error

    def _state(self) -> tuple[int, int, int, int]:
        """How the file is now; as before the first write when it is not there."""
        try:
            return _state_of(self._path.stat())
        except FileNotFoundError:
            return (0, 0, 0, 0)

    def _settle(self) -> tuple[str, ...]:
        """The columns of the file, which now ends with a whole record; none when it is empty."""
        with FileIO(self._path, "a+") as file:
            columns = self._columns(file)
            if not columns:
                file.truncate(0)
                return ()
            self._close_last_line(file)
        if len(columns) < len(COLUMNS):
            self._widen(len(COLUMNS) - len(columns))
            return COLUMNS
        return columns

    def _columns(self, file: FileIO) -> tuple[str, ...]:
        """The columns that the file has; none when it is empty, or holds but a torn header."""
        start = _start_of(file)
        if len(start) < len(HEADER) and HEADER.startswith(start):
            return ()
        columns = columns_of(start.split(b"\n", 1)[0])
        shared = min(len(columns), len(COLUMNS))
        if not columns or columns[:shared] != COLUMNS[:shared]:
            raise StoreFailed(
                f"`{self._path}` is there, but it is not a feedback file of this program: its first line is another.",
                hint="Move the file away, or set `chat.flagging_dir` to another folder.",
            )
        return columns

    def _close_last_line(self, file: FileIO) -> None:
        if _state_of(os.fstat(file.fileno())) == self._left:
            return
        ending = ending_of(_chunks(file))
        if ending.cut_bytes:
            file.truncate(file.seek(0, os.SEEK_END) - ending.cut_bytes)
        if ending.closing:
            self._write(file, ending.closing)

    def _widen(self, more: int) -> None:
        path = self._path.resolve()
        draft = path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
        try:
            with path.open("rb") as old, draft.open("xb") as new:
                new.writelines(widened(old, HEADER, more))
                new.flush()
                os.fsync(new.fileno())
            shutil.copymode(path, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _write(self, file: FileIO, data: bytes) -> None:
        """Append `data` whole or not at all."""
        before = os.fstat(file.fileno()).st_size
        try:
            _write_whole(file, data)
        except OSError:
            with suppress(OSError):
                file.truncate(before)
            raise
        self._left = _state_of(os.fstat(file.fileno()))


def _keep(path: Path, content: bytes) -> None:
    """Write a file that is named after what it holds, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with FileIO(draft, "x") as file:
            _write_whole(file, content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write_whole(file: FileIO, data: bytes) -> None:
    """Write `data` and wait until it is on the disk; one that takes only a part of it is full."""
    if file.write(data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())


def _state_of(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _start_of(file: FileIO) -> bytes:
    file.seek(0)
    return file.read(_CHUNK_BYTES) or b""


def _chunks(file: FileIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _reason(error: OSError | NotImplementedError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _hint(error: OSError | NotImplementedError) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "Make room on the disk that holds `chat.flagging_dir`, or set it to a folder on another disk."
    return "Make `chat.flagging_dir` a folder that this program can write, or set it to another one."

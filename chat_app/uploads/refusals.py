"""The refusals that several kinds of files share, so that each is worded once."""

from __future__ import annotations

from chat_app.errors import FileRefused


def broken(what: str = "file") -> FileRefused:
    """For a file whose content is not what its kind should be."""
    return FileRefused(f"The {what} cannot be read: it is broken or not complete.", hint="Save it again, and add that.")


def too_much_memory() -> FileRefused:
    """For a file whose reading needs more memory than there is for one."""
    return FileRefused("The file needs too much memory to be read.", hint="Add a smaller part of it, or its text.")


def too_slow() -> FileRefused:
    """For a file whose reading takes too long."""
    return FileRefused(
        "The file takes too long to be read.",
        hint="Add a smaller part of it, or its text; whoever runs this page can raise `uploads.parse_timeout_s`.",
    )


def no_text(what: str) -> FileRefused:
    """For a document in which no text was found."""
    return FileRefused(f"The {what} has no text in it.", hint="Add what should be read as text or as pictures.")


def binary() -> FileRefused:
    """For what is neither text nor of a kind that is known."""
    return FileRefused(
        "The file is neither text nor of a kind that can be read.",
        hint="Add text, a picture (JPEG, PNG, WebP, GIF, BMP, TIFF), PDF, DOCX, XLSX, PPTX, WAV or MP3.",
    )


def protected(what: str) -> FileRefused:
    """For a document that opens with a password only."""
    return FileRefused(f"The {what} is protected by a password.", hint="Save it without a password, and add that.")


def too_large_inside(what: str) -> FileRefused:
    """For an archive that would unpack to far more than it is."""
    return FileRefused(
        f"The {what} would unpack to far more than it is.", hint="Add a smaller part of it, or its text."
    )

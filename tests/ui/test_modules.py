"""The files that a page loads are found, and so is what the document says of them."""

import re
from pathlib import Path

from chat_app.ui.modules import PageFiles, elements, read_files

STATIC = Path(__file__).parents[2] / "chat_app" / "ui" / "static"


def written(folder: Path, *paths: str) -> Path:
    """The folder with these files in it, each with its own path for its text."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path, encoding="utf-8")
    return folder


def test_every_module_is_found_and_nothing_else() -> None:
    """The package's own; the style that Gradio is given stays with Gradio."""
    found = read_files()
    modules = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.mjs")}
    styles = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.css")} - {"page.css"}
    assert "history/tree.mjs" in modules
    assert set(found.contents) == modules | styles
    assert found.contents["history/tree.mjs"] == (STATIC / "history" / "tree.mjs").read_bytes()


def test_files_of_other_kinds_are_not_served(tmp_path: Path) -> None:
    """Whatever else lies there, at any depth."""
    names = ("a/b/c.mjs", "x.css", "page.css", "page.js", "a/b/c.test.js", "a/note.txt", "a/secret.mjs.bak")
    assert list(read_files(written(tmp_path, *names)).contents) == ["a/b/c.mjs", "x.css"]


def test_the_folder_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    """A change of a text or of a name is another folder; the same files are the same."""
    folder = read_files(written(tmp_path / "one", "a.mjs", "b/c.mjs")).folder
    assert re.fullmatch(r"/static/[0-9a-f]{12}", folder)
    assert read_files(written(tmp_path / "two", "b/c.mjs", "a.mjs")).folder == folder
    renamed = written(tmp_path / "three", "a.mjs", "b/d.mjs")
    (renamed / "b/d.mjs").write_text("b/c.mjs", encoding="utf-8")
    changed = written(tmp_path / "four", "a.mjs", "b/c.mjs")
    (changed / "a.mjs").write_text("b.mjs", encoding="utf-8")
    assert len({folder, read_files(renamed).folder, read_files(changed).folder}) == 3


def test_the_document_loads_all_and_starts_main() -> None:
    """Each from below the root path; only what is called main is run by its own."""
    files = PageFiles("/static/0123456789ab", {"h/domain.mjs": b"", "h/main.mjs": b"", "s.css": b""})
    assert elements(files, '/a"b').splitlines() == [
        '<link rel="stylesheet" href="/a&quot;b/static/0123456789ab/s.css">',
        '<link rel="modulepreload" href="/a&quot;b/static/0123456789ab/h/domain.mjs">',
        '<link rel="modulepreload" href="/a&quot;b/static/0123456789ab/h/main.mjs">',
        '<script type="module" src="/a&quot;b/static/0123456789ab/h/main.mjs"></script>',
    ]

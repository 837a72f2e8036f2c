"""The files that a page loads are found, and so is what the document says of them."""

import re
from pathlib import Path

from chat_app.ui.modules import PageFiles, elements, read_files, without_comments

WHOLE = {"page/page.mjs", "page/page.css"}
"""What a page loads: all modules as one, all styles as one."""
STATIC = Path(__file__).parents[2] / "chat_app" / "ui" / "static"


def written(folder: Path, *paths: str) -> Path:
    """The folder with these files in it, each with a text of its own."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f'"{path}";', encoding="utf-8")
    return folder


def test_every_module_is_found_and_nothing_else() -> None:
    """The package's own; the style that Gradio is given stays with Gradio."""
    found = read_files()
    modules = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.mjs")}
    styles = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.css")} - {"page.css"}
    assert "history/tree.mjs" in modules
    assert set(found.contents) == modules | styles | WHOLE
    tree = (STATIC / "history" / "tree.mjs").read_text(encoding="utf-8")
    assert found.contents["history/tree.mjs"].decode() == without_comments(tree)


def test_files_of_other_kinds_are_not_served(tmp_path: Path) -> None:
    """Whatever else lies there, at any depth."""
    names = ("a/b/c.mjs", "x.css", "page.css", "page.js", "a/b/c.test.js", "a/note.txt", "a/secret.mjs.bak")
    assert read_files(written(tmp_path, *names)).contents.keys() == {"a/b/c.mjs", "x.css"} | WHOLE


def test_comments_are_left_out_and_lines_keep_their_numbers() -> None:
    """Those that have a line for themselves; a browser's messages name the line that is in the file."""
    text = """/** What it is:
 * a test. */
import { a } from "./a.mjs"; // behind code
  // about b
const b = "// no comment"; /* nor this */
/* between */ const c = `
// text
/* text */
`;
// of a `backtick
/* one
   `two` */
export { b, c };
"""
    assert without_comments(text).split("\n") == [
        "",
        "",
        'import { a } from "./a.mjs"; // behind code',
        "",
        'const b = "// no comment"; /* nor this */',
        " const c = `",
        "// text",
        "/* text */",
        "`;",
        "",
        "",
        "",
        "export { b, c };",
        "",
    ]


def test_our_modules_lose_a_quarter_and_nothing_but_comments() -> None:
    """Every line that is left is as it was, and every line that is gone began as a comment does or went on with one."""
    written = {path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8") for path in STATIC.rglob("*.mjs")}
    served = {path: read_files().contents[path].decode() for path in written}

    for path, text in written.items():
        lines = list(zip(text.split("\n"), served[path].split("\n"), strict=True))
        assert {after for before, after in lines if after != before} <= {""}, path
        gone = "\n".join(before for before, after in lines if after != before)
        assert not re.sub(r"/\*.*?\*/|//[^\n]*", "", gone, flags=re.DOTALL).strip(), path
    assert sum(map(len, served.values())) < 0.85 * sum(map(len, written.values()))


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


def test_the_document_loads_all_as_one() -> None:
    """From below the root path."""
    assert elements(PageFiles("/static/0123456789ab", {}), '/a"b').splitlines() == [
        '<link rel="stylesheet" href="/a&quot;b/static/0123456789ab/page/page.css">',
        '<script type="module" src="/a&quot;b/static/0123456789ab/page/page.mjs"></script>',
    ]


def test_the_one_style_is_all_styles(tmp_path: Path) -> None:
    """In the order of their paths."""
    styles = read_files(written(tmp_path, "b/b.css", "a.css")).contents
    assert styles["page/page.css"] == b'"a.css";\n"b/b.css";'

"""The ES modules of the page: their own tests, by Node's test runner, and what they may import.

Node comes with Playwright, so nothing else has to be installed. Run alone, a file of these tests is
`.venv/lib/python3.*/site-packages/playwright/driver/node --test tests/ui/history/tree.test.mjs`.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from chat_app.ui import joined
from chat_app.ui.modules import read_files

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "chat_app" / "ui" / "static"
TESTS = sorted((ROOT / "tests" / "ui").rglob("*.test.mjs"))
MODULES: Mapping[str, str] = {
    path: content.decode()
    for path, content in read_files().contents.items()
    if path.endswith(".mjs") and path != joined.PATH
}
LONGEST_LINES = 400
_STATIC_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"']*)["']""", re.MULTILINE)
_DYNAMIC_IMPORT = re.compile(r"""(?<![.#\w$])import\s*\(\s*(?:["']([^"']*)["'])?""")


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Node, run to its end, with both its outputs in one."""
    program, _ = compute_driver_executable()
    return subprocess.run(  # noqa: S603 — our own sources
        [program, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=110,  # before pytest itself gives up on the whole run
        check=False,
    )


def breaches(path: str, source: str, known: Mapping[str, str] = MODULES) -> Iterator[str]:
    """What is wrong with the imports of the module at `path`."""
    dynamic = [found[1] for found in _DYNAMIC_IMPORT.finditer(source)]
    for named in [*_STATIC_IMPORT.findall(source), *dynamic]:
        if named is None:
            yield f"{path}: what is imported is not written as text"
        elif not named.startswith(("./", "../")):
            yield f"{path}: {named!r} is not relative"
        elif posixpath.normpath(posixpath.join(posixpath.dirname(path), named)) not in known:
            yield f"{path}: there is no module {named!r}"


def test_there_are_tests_of_modules() -> None:
    """None found would be none failed."""
    assert TESTS


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_tests_of_a_module_pass(path: Path) -> None:
    """Node says which did not."""
    done = node("--test", "--test-reporter=spec", str(path))
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ℹ pass [1-9]", done.stdout, re.MULTILINE), done.stdout  # noqa: RUF001 — the reporter's own sign


def test_a_test_that_fails_is_told(tmp_path: Path) -> None:
    """With its name."""
    file = tmp_path / "bad.test.mjs"
    file.write_text('import { test } from "node:test";\ntest("two is one", () => { throw new Error("no"); });\n')
    done = node("--test", "--test-reporter=spec", str(file))
    assert done.returncode == 1
    assert "two is one" in done.stdout


@pytest.mark.parametrize("path", MODULES)
def test_a_module_can_be_parsed(path: str) -> None:
    """One that cannot be would take all of them with it."""
    done = node("--check", str(STATIC / path))
    assert done.returncode == 0, done.stdout


def test_a_module_that_cannot_be_parsed_is_told(tmp_path: Path) -> None:
    """By the same check."""
    (tmp_path / "bad.mjs").write_text("export const a = ;\n")
    assert "SyntaxError" in node("--check", str(tmp_path / "bad.mjs")).stdout


@pytest.mark.parametrize("path", MODULES)
def test_modules_import_each_other_and_nothing_else(path: str) -> None:
    """Relatively, so that they find each other wherever they are served, and ask no other host."""
    assert not list(breaches(path, MODULES[path]))


@pytest.mark.parametrize(
    "source",
    [
        'import { a } from "lodash";',
        "import a from 'https://cdn.invalid/a.mjs';",
        'import "/static/history/tree.mjs";',
        'import * as a from "//cdn.invalid/a.mjs";',
        'import {\n  a,\n  b,\n} from "node:fs";',
        'export { a } from "elsewhere";',
        'export * from "../page.mjs";',
        'import { a } from "./nothing.mjs";',
        'import { a } from "../../../secret.mjs";',
        'const a = await import("lodash");',
        "const a = await import(name);",
        "const a = await import(`./${name}.mjs`);",
    ],
)
def test_the_check_finds_what_is_imported_from_elsewhere(source: str) -> None:
    """A rule that cannot fail is none."""
    assert len(list(breaches("history/made_up.mjs", source, {"history/tree.mjs": ""}))) == 1


def test_the_check_allows_what_is_meant_to_be() -> None:
    """Nor is one that always fails."""
    source = (
        "// Chats that come from 'elsewhere'; import them.\n"
        'import { a } from "../tree.mjs";\nimport "./b.mjs";\n'
        'export const c = "from";\nexport const d = () => import("./b.mjs");\n'
        "class E { async #import() { await files.import(this); } }\n"
        'console.log(`${import.meta.url} from "x"`);\n'
    )
    assert not list(breaches("history/deep/a.mjs", source, {"history/tree.mjs": "", "history/deep/b.mjs": ""}))


@pytest.mark.parametrize("path", MODULES)
def test_a_module_is_short(path: str) -> None:
    """A long one has a second idea in it."""
    assert len(MODULES[path].splitlines()) <= LONGEST_LINES

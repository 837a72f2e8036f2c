from __future__ import annotations

import json
from pathlib import Path

import pytest

from chat_app.ui.joined import PATH, joined
from chat_app.ui.modules import read_files
from tests.ui.test_history_modules import node

MODULES = {
    "a/main.mjs": """import { greet, LOUD as loud } from "./greet.mjs";
import {
  Counter,
  one,
} from "../counter.mjs";
import * as all from "./greet.mjs";
import "./aside.mjs";

const counter = new Counter();
counter.add(one);
globalThis.told.push(greet("you"), loud, Object.keys(all).sort().join(), counter.count, HERE);
const HERE_TOO = 1;
""".replace("HERE);", "new URL('./x', import.meta.url).pathname);"),
    "a/greet.mjs": """export { one as first } from "../counter.mjs";
const word = "Hello";
export const greet = (name) => `${word}, ${name}
export no more`;
export const LOUD = greet("YOU").slice(0, 5).toUpperCase();
export async function later() {}
""".replace("\nexport no more", ""),
    "a/aside.mjs": 'globalThis.told = ["aside"];\n',
    "counter.mjs": """export const one = 1;
export class Counter {
  count = 0;
  add(more) {
    this.count += more;
  }
}
""",
}


def ran(script: str, folder: Path) -> list[object]:
    """What a module told, at the place where it is served."""
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_text(script, encoding="utf-8")
    told = f"import({json.dumps(file.as_uri())}).then(() => console.log(JSON.stringify(globalThis.told)))"
    run = node("-e", told)
    assert not run.returncode, run.stdout
    return list(json.loads(run.stdout))


def test_one_module_does_what_they_do(tmp_path: Path) -> None:
    """By name, under another name, as a whole, for what it does alone, and given out again; each at its own address."""
    told = ran(joined(MODULES), tmp_path)
    assert told == ["aside", "Hello, you", "HELLO", "LOUD,first,greet,later", 1, f"{tmp_path}/a/x"]


@pytest.mark.parametrize(
    "line",
    ['import a from "./b.mjs";', "export default 1;", 'export * from "./b.mjs";', "export let a = 1;", "export { a };"],
)
def test_what_is_not_known_is_refused(line: str) -> None:
    """Rather than served broken."""
    with pytest.raises(ValueError, match=r"a\.mjs has what cannot be joined"):
        joined({"a.mjs": f"const a = 1;\n{line}\n", "b.mjs": ""})


def test_modules_that_need_each_other_are_refused() -> None:
    """Neither could be first."""
    with pytest.raises(ValueError, match="cycle"):
        joined({"a.mjs": 'import { b } from "./b.mjs";', "b.mjs": 'import { a } from "./a.mjs";'})


def test_ours_can_be_joined(tmp_path: Path) -> None:
    """And a JavaScript engine can read what comes of it."""
    file = tmp_path / "page.mjs"
    file.write_bytes(read_files().contents[PATH])
    assert not node("--check", str(file)).returncode

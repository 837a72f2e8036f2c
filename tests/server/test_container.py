from pathlib import Path

import pytest

from chat_app.server.container import in_container


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_the_marks_of_docker_and_podman_are_known(tmp_path: Path, mark: str) -> None:
    """Each puts a file there."""
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()

    assert in_container({}, tmp_path)


def test_without_a_mark_it_is_no_container(tmp_path: Path) -> None:
    """Somebody's own machine."""
    assert not in_container({}, tmp_path)


@pytest.mark.parametrize(("said", "expected"), [("1", True), ("true", True), ("0", False), ("No", False), ("", False)])
def test_the_variable_has_the_last_word(tmp_path: Path, said: str, expected: bool) -> None:  # noqa: FBT001
    """Containers that leave no mark set it; whoever knows better unsets it."""
    (tmp_path / ".dockerenv").touch()

    assert in_container({"CHAT_APP_IN_CONTAINER": said}, tmp_path) is expected

from __future__ import annotations

import pytest

from chat_app.endpoints.model_list import model_names_in


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}', ("b", "a")),
        ('[{"id": "a"}]', ("a",)),
        ('{"models": [{"name": "a"}], "data": [{"id": "a"}]}', ("a",)),
        ('{"models": [{"name": "a"}]}', ("a",)),
        ('{"object": "list", "data": null}', ()),
        ('{"object": "list", "data": []}', ()),
        ('{"data": [null, 3, {}, {"id": 4}, {"id": "a"}, "b"]}', ("a", "b")),
        ('{"detail": "no"}', None),
        ("<html></html>", None),
        ("", None),
    ],
    ids=["OpenAI", "Together", "llama.cpp", "names only", "old Ollama", "none", "junk", "other JSON", "page", "empty"],
)
def test_names_are_read_from_every_form_of_list(body: str, names: tuple[str, ...] | None) -> None:
    """In the server's order, each once; None for what is no list."""
    assert model_names_in(body) == names

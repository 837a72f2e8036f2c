"""JSON schemas in one piece."""

from __future__ import annotations

from pydantic import BaseModel

from chat_app.tools.schemas import plain_schema


class Leaf(BaseModel):
    """A leaf."""

    title: str


class Branch(BaseModel):
    """A branch."""

    leaves: list[Leaf]


class Tree(BaseModel):
    """A tree in a tree."""

    below: list[Tree] = []


def test_definitions_are_written_where_they_are_used() -> None:
    """Titles go, but not a property of that name."""
    leaf = {
        "description": "A leaf.",
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
    }
    assert plain_schema(Branch.model_json_schema()) == {
        "description": "A branch.",
        "type": "object",
        "properties": {"leaves": {"type": "array", "items": leaf}},
        "required": ["leaves"],
    }


def test_a_recursive_schema_keeps_its_definitions() -> None:
    """It cannot be written without."""
    schema = plain_schema(Tree.model_json_schema())
    assert schema["$defs"]["Tree"]["properties"]["below"]["items"] == {"$ref": "#/$defs/Tree"}

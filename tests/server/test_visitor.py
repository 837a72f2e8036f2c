import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from chat_app.server.visitor import LONGEST_USER, store_of, stores_of, user_of

HEADER = "X-Forwarded-User"
SECRET = "signs the answers too"


def sent(*values: bytes, name: bytes = b"x-forwarded-user") -> Headers:
    """The headers of a request in which this one stands once for each value."""
    return Headers(raw=[(b"accept", b"*/*"), *((name, value) for value in values)])


@pytest.mark.parametrize(
    ("value", "user"),
    [
        (b"alice", "alice"),
        (b"  alice@example.org ", "alice@example.org"),
        ("Zoë 李".encode(), "Zoë 李"),
        ("Zoë".encode("latin-1"), "Zoë"),
        (b"Doe, John", "Doe, John"),
        (b"", ""),
        (b"a\x00b", ""),
        (b"a\x1b[31mb", ""),
        ("a\u202eb".encode(), ""),
        (b"a" * LONGEST_USER, "a" * LONGEST_USER),
        (b"a" * (LONGEST_USER + 1), ""),
    ],
)
def test_the_visitor_is_whom_the_header_names(value: bytes, user: str) -> None:
    """As UTF-8 or Latin-1; a name that cannot be shown, or cannot be told from another, is none."""
    assert user_of(sent(value), HEADER) == user


def test_nobody_has_a_name_unless_a_header_is_configured() -> None:
    """Whatever a visitor sends."""
    assert user_of(sent(b"alice"), "") == ""
    assert user_of(sent(b"alice", name=b""), "") == ""
    assert user_of(sent(b"alice"), "Remote-User") == ""
    assert user_of(sent(), HEADER) == ""


def test_two_names_are_none() -> None:
    """One of them may be the visitor's own; also when both say the same, or are written in two ways."""
    assert user_of(sent(b"alice", b"bob"), HEADER) == ""
    assert user_of(sent(b"alice", b"alice"), HEADER) == ""
    assert user_of({"x-forwarded-user": "alice", "X-Forwarded-User": "bob"}, HEADER) == ""


def test_the_name_is_found_in_a_plain_mapping() -> None:
    """However the header is written there."""
    assert user_of({"x-forwarded-USER": "alice"}, HEADER) == "alice"


@given(st.binary(max_size=300))
def test_whatever_stands_in_the_header_a_name_can_be_shown_and_kept(value: bytes) -> None:
    """It raises nothing, neither here nor when the store is named."""
    user = user_of(sent(value), HEADER)
    assert user == user.strip()
    assert user.isprintable()
    assert store_of("chat_app", user, SECRET).startswith("chat_app:")


def test_a_store_is_named_after_the_app_and_the_visitor() -> None:
    """The same for every process that has the secret; another for another app, visitor or secret."""
    name = store_of("chat_app", "alice", SECRET)
    assert name == store_of("chat_app", "alice", SECRET)
    others = {
        store_of("chat_app", "", SECRET),
        store_of("chat_app", "Alice", SECRET),
        store_of("other", "alice", SECRET),
        store_of("chat_app", "alice", f"{SECRET}!"),
    }
    assert len(others - {name}) == 4
    assert store_of("chat_app", "", SECRET) == "chat_app:visitor"
    assert all(one.startswith((stores_of("chat_app"), stores_of("other"))) for one in others)


def test_a_store_does_not_tell_whose_it_is() -> None:
    """Neither the name nor a hash that anybody could make; nor one that signs something else."""
    name = store_of("chat_app", "alice", SECRET)
    assert "alice" not in name
    assert len(name.removeprefix("chat_app:")) == 16
    assert hmac.new(SECRET.encode(), b"alice", "sha256").hexdigest()[:16] not in name

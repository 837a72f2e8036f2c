"""What is more than text is shown from the message itself."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from chat_app.conversation.messages import Audio, File, Image
from chat_app.conversation.tools import Gallery, Html, Plot, Table
from chat_app.ui.contents import of_display, of_media

PICTURE = Image("image/png", "aGk=", "cat.png")


def file_of(content: dict[str, Any]) -> dict[str, Any]:
    """The file in a content."""
    assert content["type"] == "file"
    file: dict[str, Any] = content["file"]
    return file


def test_pictures_and_recordings_are_in_their_address() -> None:
    """The server keeps nothing, so there is nowhere else."""
    picture, recording = file_of(of_media(PICTURE)), file_of(of_media(Audio("audio/wav", "aGk=")))
    assert (picture["url"], picture["mime_type"]) == ("data:image/png;base64,aGk=", "image/png")
    assert (recording["url"], recording["orig_name"]) == ("data:audio/wav;base64,aGk=", "recording.wav")


def test_a_document_can_be_saved_as_its_text() -> None:
    """Never as what it calls itself: a browser would open that."""
    file = file_of(of_media(File("page.html", "text/html", "<script>x</script>")))
    assert file["url"].startswith("data:text/plain;")
    assert b64decode(file["url"].partition(",")[2]) == b"<script>x</script>"
    assert file["orig_name"] == "page.html.txt"


def test_a_table_shows_just_the_text_of_its_cells() -> None:
    """Neither lines nor bars nor tags in a cell change the table."""
    said = of_display(Table(("a|b", "c"), (("1\n2", "<b>"),), "All *of* it"))["text"]
    rows = said.splitlines()
    assert rows[0] == "**All &#42;of&#42; it**"
    assert rows[2:] == ["| a&#124;b | c |", "| --- | --- |", "| 1 2 | &#60;b&#62; |"]


def test_figures_and_galleries_are_components() -> None:
    """As the frontend of Gradio's chatbot takes them."""
    plot, gallery = of_display(Plot('{"data": []}')), of_display(Gallery(((PICTURE, "A cat"), (PICTURE, ""))))
    assert (plot["component"], plot["value"]) == ("plot", {"type": "plotly", "plot": '{"data": []}'})
    assert [each["caption"] for each in gallery["value"]] == ["A cat", None]
    assert gallery["value"][0]["image"]["url"] == "data:image/png;base64,aGk="


def test_a_page_is_a_file_that_the_script_puts_into_a_frame() -> None:
    """Its name is its title, without what no file may be called."""
    file = file_of(of_display(Html("<b>x</b>", "../a:b")))
    assert file["url"].startswith("data:text/html;")
    assert file["orig_name"] == ".. a b.html"
    assert file_of(of_display(Html("x")))["orig_name"] == "page.html"

"""What Gradio's chat can do, and where it is here.

Every parameter of `gr.ChatInterface` and `gr.Chatbot`, and everything that its guides on both show, with the test that
shows it.

`ui/test_signatures.py` compares the parameters with Gradio's own signatures and looks whether the named tests exist;
`docs.py` makes the README's tables of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SAME_NAME: Final = frozenset(
    {
        "additional_inputs_accordion", "allow_file_downloads", "allow_tags", "api_description", "api_visibility",
        "autofocus", "autoscroll", "avatar_images", "buttons", "cache_examples", "cache_mode", "concurrency_limit",
        "container", "description", "editable", "elem_classes", "example_icons", "example_labels", "examples",
        "fill_height", "fill_width", "flagging_dir", "flagging_mode", "flagging_options", "height", "label",
        "latex_delimiters", "layout", "line_breaks", "max_height", "min_height", "multimodal", "placeholder",
        "render_markdown", "resizable", "rtl", "run_examples_on_click", "save_history", "show_label", "stop_btn",
        "submit_btn", "title", "watermark",
    }
)  # fmt: skip
"""Parameters of which `chat` has a setting with the same name."""

ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "ChatInterface.fn": ("endpoints", "the answer is a server's, not a function's"),
        "ChatInterface.additional_inputs": ("chat.parameters", "and the pickers of presets and models"),
        "ChatInterface.additional_outputs": ("chat.artifacts", "the panel beside the conversation"),
        "ChatInterface.textbox": (
            "chat.textbox_placeholder",
            "with `submit_btn`, `stop_btn`, `autofocus`, `multimodal`",
        ),
        "ChatInterface.chatbot": ("chat", "everything of `gr.Chatbot` that can be set stands there too"),
        "ChatInterface.validator": ("chat.parameters", "bounds there, limits in `uploads`"),
        "Chatbot.feedback_options": ("chat.flagging_options", "ChatInterface's name for the same"),
        "Chatbot.reasoning_tags": (
            "endpoints[].send_reasoning",
            "tags in the text are always read, by our own reader: Gradio's shows half a tag and takes tags in code",
        ),
    }
)
"""Parameters that another setting stands for, and why it has another name."""

NOT_HERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ChatInterface.examples_label": "stands above a list of examples; here they are in the empty conversation",
        "ChatInterface.analytics_enabled": "always off: nothing is told to anybody",
        "ChatInterface.delete_cache": "nothing of a visitor is kept on the server that could be deleted",
        "ChatInterface.show_progress": "the answer's own lines say what is waited for, and how long already",
        "ChatInterface.api_name": "always `chat`: programs rely on it",
        "Chatbot.value": "conversations begin empty, or are the browser's",
        "Chatbot.every": "there is no function to be called again",
        "Chatbot.inputs": "the same",
        "Chatbot.scale": "for pages of several columns; `fill_height` and `fill_width` say what there is to say",
        "Chatbot.min_width": "the same",
        "Chatbot.visible": "a chat page without its conversation is none",
        "Chatbot.elem_id": "always `conversation`: style and script find it by that",
        "Chatbot.render": "the same as `visible`",
        "Chatbot.key": "for pages that are made anew while they run",
        "Chatbot.preserved_by_key": "the same",
        "Chatbot.sanitize_html": "always on: what a model writes must not run in the page",
        "Chatbot.feedback_value": "the browser keeps which verdicts were given",
        "Chatbot.group_consecutive_messages": "always on: an answer of several messages has one row of buttons",
        "Chatbot.like_user_message": "verdicts are about answers; what a visitor says cannot be rated",
    }
)
"""Parameters without a setting, and why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that Gradio's guides show."""

    what: str
    setting: str
    """The setting that turns it on; empty where it is always there."""
    test: str
    """The file below `tests/` and the test in it that shows it: `browser/test_turns.py::test_…`."""


GUIDES: Final = (
    Shown("Streaming", "", "browser/test_turns.py::test_an_answer_streams_below_its_question"),
    Shown("Stopping", "chat.stop_btn", "browser/test_turns.py::test_stop_ends_an_answer_however_it_was_started"),
    Shown(
        "Title, description, placeholder",
        "chat.title",
        "browser/test_page.py::test_the_settings_of_the_page_are_seen_on_it",
    ),
    Shown(
        "Theme, colours, own CSS",
        "chat.theme_options",
        "ui/test_themes.py::test_colours_of_the_settings_are_the_themes",
    ),
    Shown("Examples", "chat.examples", "browser/test_turns.py::test_an_example_is_sent_with_its_own_text"),
    Shown(
        "Examples that fill the text box",
        "chat.run_examples_on_click",
        "browser/test_page.py::test_an_example_can_be_put_into_the_text_box_instead_of_being_sent",
    ),
    Shown(
        "Labels and icons of examples",
        "chat.example_labels",
        "browser/test_page.py::test_the_settings_of_the_page_are_seen_on_it",
    ),
    Shown(
        "Examples with files and values",
        "chat.examples[].files",
        "browser/test_choosing.py::test_an_example_is_asked_with_its_files_preset_and_parameters",
    ),
    Shown(
        "Cached examples",
        "chat.cache_examples",
        "browser/test_choosing.py::test_the_answers_to_examples_are_there_before_anybody_asks",
    ),
    Shown(
        "Multimodal questions: files by button, drag, paste, camera",
        "chat.multimodal",
        "browser/test_files_taken.py::test_a_file_is_dropped_and_pasted",
    ),
    Shown(
        "Additional inputs",
        "chat.parameters",
        "browser/test_choosing.py::test_what_is_set_is_sent_kept_with_the_conversation_and_in_the_feedback",
    ),
    Shown(
        "Additional outputs",
        "chat.artifacts",
        "browser/test_rich.py::test_code_of_an_answer_is_seen_beside_it",
    ),
    Shown(
        "Pictures, audio and files in answers",
        "",
        "browser/test_rich.py::test_pictures_and_recordings_of_the_model_are_part_of_its_answer",
    ),
    Shown(
        "Components in answers: plot, gallery, HTML",
        "presets[].tools",
        "browser/test_rich.py::test_display_tools_show_what_they_are_given",
    ),
    Shown(
        "Tables in answers",
        "presets[].tools",
        "browser/test_rich.py::test_display_tools_show_what_they_are_given",
    ),
    Shown(
        "Several messages in an answer",
        "",
        "browser/test_rich.py::test_a_call_is_a_nested_thought_and_the_answer_follows",
    ),
    Shown("Thoughts", "", "browser/test_turns.py::test_reasoning_stands_apart_and_is_not_sent_back"),
    Shown(
        "Nested thoughts with status, duration and log: tools",
        "tools",
        "browser/test_rich.py::test_a_call_is_a_nested_thought_and_the_answer_follows",
    ),
    Shown(
        "Preset responses",
        "presets[].tools",
        "browser/test_rich.py::test_replies_that_are_offered_are_asked_by_a_click",
    ),
    Shown(
        "Markdown, formulas, code, diagrams",
        "chat.render_markdown",
        "browser/test_page.py::test_markdown_formulas_code_and_diagrams_are_shown",
    ),
    Shown(
        "Avatars and layout",
        "chat.avatar_images",
        "browser/test_page.py::test_messages_have_avatars_and_the_layout_that_was_set",
    ),
    Shown("The API, from Python", "chat.api_visibility", "browser/test_api.py::test_a_message_alone_is_enough"),
    Shown(
        "The API, from JavaScript",
        "chat.api_visibility",
        "browser/test_readme_javascript.py::test_the_javascript_prints_the_answer",
    ),
    Shown("The API, streamed", "chat.api_visibility", "browser/test_api.py::test_the_answer_is_streamed_as_it_grows"),
    Shown(
        "How many turns run at once",
        "chat.concurrency_limit",
        "browser/test_look.py::test_no_more_turns_run_at_once_than_may",
    ),
    Shown(
        "History in the browser",
        "chat.save_history",
        "browser/test_side_panel.py::test_the_panel_follows_the_conversations",
    ),
    Shown(
        "Collecting feedback",
        "chat.flagging_mode",
        "browser/test_verdicts.py::test_a_thumb_is_a_row_with_all_that_is_known_of_the_answer",
    ),
    Shown(
        "Feedback with options of one's own",
        "chat.flagging_options",
        "browser/test_verdicts.py::test_other_options_are_behind_the_flag_and_make_one_row_each",
    ),
    Shown("Like event", "chat.flagging_mode", "browser/test_verdicts.py::test_a_verdict_can_be_changed_and_taken_back"),
    Shown("Retry event", "", "browser/test_turns.py::test_retry_asks_the_same_question_again"),
    Shown("Undo event", "", "browser/test_turns.py::test_undo_gives_the_last_question_back"),
    Shown("Edit event", "chat.editable", "browser/test_turns.py::test_an_edited_question_is_answered_anew_from_there"),
    Shown("Clear event", "", "browser/test_turns.py::test_clear_empties_the_conversation_and_lets_the_server_go"),
    Shown("Copy, copy all, watermark", "chat.buttons", "browser/test_look.py::test_what_is_copied_has_the_watermark"),
    Shown("Option event", "", "browser/test_rich.py::test_a_call_that_is_allowed_is_made"),
    Shown("Example event", "chat.examples", "browser/test_turns.py::test_an_example_is_sent_with_its_own_text"),
)
"""https://www.gradio.app/guides/creating-a-chatbot-fast, …/chatbot-specific-events, …/agents-and-tool-usage and
…/chatinterface-examples, read in Gradio 6.31."""


def guides_table() -> str:
    """Everything that the guides show, the setting that turns it on, and the test that shows it."""
    rows = (
        f"| {shown.what} | {f'`{shown.setting}`' if shown.setting else 'always'} "
        f"| {f'`{shown.test}`' if shown.test else ''} |"
        for shown in GUIDES
    )
    return "\n".join(("| Gradio's guides show | setting | test |", "|---|---|---|", *rows, ""))


def parameters_table() -> str:
    """The parameters that have another name here, or no setting, with the reason."""
    rows = [f"| `{name}` | `{setting}`: {why} |" for name, (setting, why) in ELSEWHERE.items()]
    rows += [f"| `{name}` | {why} |" for name, why in NOT_HERE.items()]
    return "\n".join(("| parameter | here |", "|---|---|", *rows, ""))

"""The page's own words in one language: what stands on buttons and above thoughts, and what the page says by itself.

A file of words is flat: a key and its text, with `{placeholders}`; where a number decides, a text for `one` and one for
`other`. The shipped ones stand beside this file. Which there are and whether a file can be used is
`config_sources/words_file.py`'s, so that a wrong file is told with all else that is wrong with the settings; here they
are only used. What servers and failures say is not translated: whoever runs the page looks for those sentences.

The values of buttons (`Try again`) are keys, not words: they stay English in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Text: TypeAlias = str | Mapping[str, str]
"""A text, or the texts for `one` and `other`."""

RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left, by their code."""
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    texts: Mapping[str, Text]
    """By their keys; `language` is the language's own code: `de`, `pt-BR`."""

    def text(self, key: str, **values: object) -> str:
        """The text of `key`, each placeholder filled. `count=1` takes the text for `one`, any other number `other`.

        Raises `KeyError` for a key or a value that is not there.
        """
        text = self.texts[key]
        if not isinstance(text, str):
            text = text["one"] if values.get("count") == 1 and "one" in text else text["other"]
        return _PLACE.sub(lambda place: str(values[place[1]]), text)

    @property
    def language(self) -> str:
        """The language's code, for the document's `lang`."""
        return self.text("language")

    def direction(self, *, rtl: bool | None = None) -> Literal["ltr", "rtl"]:
        """Where its text runs, for the document's `dir`; `rtl` (`chat.rtl`) says it, or else the language."""
        code = self.language.partition("-")[0].lower()
        return "rtl" if rtl or (rtl is None and code in RIGHT_TO_LEFT) else "ltr"

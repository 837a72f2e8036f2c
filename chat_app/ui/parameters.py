"""What visitors may set for their conversation, and what of the values that they post is used.

Pure: the components are `inputs.py`'s. A bare name in `chat.parameters` has its kind and bounds from here, a mapping
overrides them. A slider cannot be empty, so "not set" is the position in which it stands at first: a value that equals
what the page showed (`begins`) was left alone and is not sent, and the preset's own holds. Only a `value` in the
settings is sent without a touch, for the operator chose it.

A system prompt is no parameter of a request: it comes apart, and replaces the preset's. That of the preset is not
shown, as it may be nobody's business: an empty box leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final, Literal, TypeAlias

from chat_app.config import ChatConfig, ParameterConfig, PresetConfig
from chat_app.errors import ChoiceError

SYSTEM_PROMPT: Final = "system_prompt"
LONGEST_TEXT: Final = 1000
LONGEST_LINES: Final = 20_000
MOST_STOPS: Final = 4
"""OpenAI takes no more texts to stop at: https://platform.openai.com/docs/api-reference/chat/create."""
_POSITIONS: Final = 100
"""So many has a slider of which nobody says it."""
_LARGEST: Final = 2**63
"""Beyond it no server reads a number."""
_NAMED: Final = 100
"""So much of a name or a value shows in an error."""

Value: TypeAlias = float | int | bool | str
Kind: TypeAlias = Literal["slider", "number", "text", "lines", "stops", "choice", "switch"]


@dataclass(frozen=True, slots=True)
class Input:
    """One box, slider or switch. A value that it can have is of its kind and within its bounds."""

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    """Of text, the most characters."""
    step: float = 0.0
    """Between two positions of a slider; 0 for what is none."""
    whole: bool = False
    choices: tuple[str, ...] = ()
    neutral: float | None = None
    """Where a slider stands that is not set: what servers take by themselves."""
    label: str = ""
    """The operator's; empty for the page's own words."""
    info: str = ""
    value: Value | None = None
    """What the operator has it begin with."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a visitor has set."""

    parameters: Mapping[str, Any]
    """As they go into the request."""
    system_prompt: str | None = None
    """Replaces the preset's; None leaves that as it is."""


_EFFORTS: Final = ("minimal", "low", "medium", "high")
_TOKENS: Final = Input("", "number", minimum=1, whole=True)
_PENALTY: Final = Input("", "slider", minimum=-2, maximum=2, step=0.1, neutral=0)
KNOWN: Final[Mapping[str, Input]] = {
    "temperature": Input("", "slider", minimum=0, maximum=2, step=0.1, neutral=1),
    "top_p": Input("", "slider", minimum=0, maximum=1, step=0.05, neutral=1),
    "min_p": Input("", "slider", minimum=0, maximum=1, step=0.05, neutral=0),
    "top_k": Input("", "number", minimum=0, whole=True),
    "max_tokens": _TOKENS,
    "max_completion_tokens": _TOKENS,
    "presence_penalty": _PENALTY,
    "frequency_penalty": _PENALTY,
    "seed": Input("", "number", whole=True),
    "reasoning_effort": Input("", "choice", choices=_EFFORTS),
    "verbosity": Input("", "choice", choices=("low", "medium", "high")),
    "stop": Input("", "stops", maximum=LONGEST_TEXT),
    SYSTEM_PROMPT: Input("", "lines", maximum=LONGEST_LINES),
}
"""Kind and bounds of those that need no mapping: https://platform.openai.com/docs/api-reference/chat/create; `top_k`
and `min_p` are vLLM's, llama.cpp's and OpenRouter's."""


def inputs_of(chat: ChatConfig) -> tuple[Input, ...]:
    """What visitors may set, in the order of the settings."""
    return tuple(input_of(ParameterConfig(name=each) if isinstance(each, str) else each) for each in chat.parameters)


def input_of(config: ParameterConfig) -> Input:
    """The input that `config` means: its own words and bounds, before those that its name has here."""
    known = KNOWN.get(config.name, Input("", _kind_of_unknown(config)))
    given = replace(
        known,
        name=config.name,
        minimum=known.minimum if config.minimum is None else config.minimum,
        maximum=known.maximum if config.maximum is None else config.maximum,
        step=config.step or known.step,
        choices=config.choices or known.choices,
        whole=known.whole if config.step is None else config.step.is_integer(),
        label=config.label,
        info=config.info,
        value=config.value,
    )
    kind = _kind_of(given)
    if kind != "slider":
        return replace(given, kind=kind, maximum=_most(given, kind))
    span = (given.maximum or 0) - (given.minimum or 0)
    return replace(
        given, kind=kind, step=given.step or (1.0 if given.whole or span >= _POSITIONS else span / _POSITIONS)
    )


def begins(chat: ChatConfig, preset: PresetConfig) -> dict[str, Value | None]:
    """What each input shows at first, by name: the operator's value, or that of `preset`, which is the first one.

    None where nothing is set, but for sliders, which always stand somewhere, and what is picked, which is empty.
    """
    return {each.name: _begins(each, preset) for each in inputs_of(chat)}


def checked(chat: ChatConfig, preset: PresetConfig, posted: Mapping[str, Any]) -> Chosen:
    """What is used of the values that were `posted`, by name; `preset` is the first one, as for `begins`.

    What was left alone or is empty is not in it. Raises `ChoiceError` for what may not be set, or not to that.
    """
    allowed = {each.name: each for each in inputs_of(chat)}
    chosen: dict[str, Any] = {name: each.value for name, each in allowed.items() if each.value is not None}
    for name, value in posted.items():
        if name not in allowed:
            which = ", ".join(f"`{each}`" for each in allowed)
            raise ChoiceError(
                f"`{_cut(name)}` cannot be set here.",
                hint=f"What can be set: {which}." if which else "Add it to `chat.parameters` to let visitors set it.",
            )
        if value is None or value == "" or _same(value, _begins(allowed[name], preset)):
            continue
        chosen[name] = _within(allowed[name], value)
    if isinstance(stop := chosen.get("stop"), str) and "stop" in allowed:
        chosen["stop"] = _stops(allowed["stop"], stop)
    prompt = chosen.pop(SYSTEM_PROMPT, None)
    return Chosen(chosen, None if prompt is None else str(prompt))


def _kind_of_unknown(config: ParameterConfig) -> Kind:
    if isinstance(config.value, bool):
        return "switch"
    is_text = isinstance(config.value, str)
    return "text" if is_text and config.minimum is None and config.step is None else "number"


def _kind_of(given: Input) -> Kind:
    """The kind of an input with all its bounds: choices make one to pick from, two bounds make a slider."""
    if given.choices:
        return "choice"
    if given.kind == "number" and given.minimum is not None and given.maximum is not None:
        return "slider"
    return given.kind


def _most(given: Input, kind: Kind) -> float | None:
    return given.maximum or LONGEST_TEXT if kind == "text" else given.maximum


def _begins(each: Input, preset: PresetConfig) -> Value | None:
    own = None if each.name == SYSTEM_PROMPT else preset.parameters.get(each.name)
    if each.kind == "stops" and isinstance(own, list):
        own = "\n".join(map(str, own))
    value = each.value if each.value is not None else own
    if each.kind == "choice":
        return value if value in each.choices else ""  # a preset may have more than visitors may pick
    if isinstance(value, bool | int | float | str):
        return value
    if each.kind == "switch":
        return False
    if each.kind == "slider":
        low, high = each.minimum or 0, each.maximum or 0
        return min(max(low if each.neutral is None else each.neutral, low), high)
    return None


def _same(value: object, shown: object) -> bool:
    """Whether a slider, which may have rounded it, stands where it stood."""
    if isinstance(value, bool) or isinstance(shown, bool):
        return value is shown
    if isinstance(value, int | float) and isinstance(shown, int | float) and abs(value) <= _LARGEST:
        return abs(value - shown) < 1e-9  # noqa: PLR2004 -- far below the step of any slider
    return value == shown


def _within(each: Input, value: Any) -> Any:
    """`value`, if `each` can have it. Raises `ChoiceError`."""
    match each.kind:
        case "choice":
            fits, rule = value in each.choices, f"one of {', '.join(each.choices)}"
        case "switch":
            fits, rule = isinstance(value, bool), "true or false"
        case "slider" | "number":
            fits, rule = _is_number(each, value), f"a {'whole ' if each.whole else ''}number{_bounds(each)}"
        case _:
            fits = isinstance(value, str) and len(value) <= (each.maximum or LONGEST_TEXT)
            rule = f"text of at most {each.maximum:,.0f} characters"
    if not fits:
        raise ChoiceError(f"`{each.name}` cannot be set to {_cut(value)}.", hint=f"It has to be {rule}.")
    return int(value) if each.kind in {"slider", "number"} and each.whole else value


def _is_number(each: Input, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST or not isfinite(value):
        return False
    low, high = each.minimum, each.maximum
    within = (low is None or value >= low) and (high is None or value <= high)
    return within and (not each.whole or float(value).is_integer())


def _bounds(each: Input) -> str:
    low, high = each.minimum, each.maximum
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" of {low:g} or more" if low is not None else f" of {high:g} or less" if high is not None else ""


def _stops(each: Input, value: str) -> list[str]:
    stops = [line for line in value.splitlines() if line]
    if len(stops) > MOST_STOPS:
        raise ChoiceError(f"`{each.name}` has {len(stops)} lines.", hint=f"It can have {MOST_STOPS} at most.")
    return stops


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= _NAMED else f"{text[:_NAMED]}…"

"""Which endpoints and which model a question can go to: pure functions of what is known of the endpoints.

A model that nobody lists is refused when every list is known, or nobody can be asked who may have it; otherwise the
server that may have it decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chat_app.config import EndpointConfig
from chat_app.endpoints.failures.hints import Asked, of_model, shown
from chat_app.endpoints.status import EndpointStatus
from chat_app.errors import ChoiceError


def all_models(statuses: Sequence[EndpointStatus]) -> tuple[str, ...]:
    """What all of them offer, each once, in their order."""
    return tuple(dict.fromkeys(model for status in statuses for model in status.models))


def models_to_pick(statuses: Sequence[EndpointStatus], preferred: str) -> tuple[str, ...]:
    """What all of them offer, `preferred` first, each once; `preferred` is there even if nobody lists it."""
    if not preferred:
        return all_models(statuses)
    same = {preferred} | {f"{preferred}:latest" for status in statuses if status.is_ollama}
    return (preferred, *(model for model in all_models(statuses) if model not in same))


def model_to_ask(statuses: Sequence[EndpointStatus], wanted: str) -> str:
    """`wanted`, or else the first model that an endpoint lists; empty when none lists any."""
    return wanted or next((model for status in statuses for model in status.models), "")


def endpoints_to_ask(
    statuses: Sequence[EndpointStatus], model: str, *, any_model: bool = False
) -> tuple[tuple[str, str], ...]:
    """Those that offer `model` or whose list nobody knows, in their order, each with the model to ask it for.

    With `any_model` the others are asked too, each for the first that it has: nobody has chosen the model. None at all
    means that `model` is in no list that is known, and that those without one, if there are any, are down.
    """
    listed = any(status.models for status in statuses)
    silent = all(status.state == "down" for status in statuses if not status.models)
    if model and listed and silent and not any(status.offers(model) for status in statuses):
        return ()
    asked = ((status, not model or not status.models or status.offers(model)) for status in statuses)
    return tuple((status.name, model if able else status.models[0]) for status, able in asked if able or any_model)


def is_alone(status: EndpointStatus, statuses: Sequence[EndpointStatus]) -> bool:
    """Whether none of the other `statuses` offers what `status` does, so that nobody can be asked before it.

    One whose list nobody knows may offer it.
    """
    others = [other for other in statuses if other.name != status.name]
    return all(
        other.models and status.models and not any(other.offers(model) for model in status.models) for other in others
    )


def ollama_with(
    model: str, presets_own: str, statuses: Sequence[EndpointStatus], configs: Mapping[str, EndpointConfig]
) -> str:
    """The name of the first Ollama for which the settings name `model`, as the preset's own or as one of its models.

    Empty if there is none, and for an empty `model`.
    """
    ollamas = (configs[status.name] for status in statuses if status.is_ollama)
    named = (config.name for config in ollamas if model in (presets_own, *config.model_names))
    return next(named, "") if model else ""


def no_such_model(model: str, statuses: Sequence[EndpointStatus], configs: Mapping[str, EndpointConfig]) -> ChoiceError:
    """The error for a `model` that none of `statuses` offers, some of which are known to offer others."""
    known = [status for status in statuses if status.models]
    silent = [f"{status.name} cannot be asked" for status in statuses if not status.models]
    nearest = next((status for status in known if status.is_ollama), known[0])
    servers = " or ".join(status.name for status in known)
    return ChoiceError(
        f"{'; '.join((f'There is no model `{shown(model)}` on {servers}', *silent))}.",
        hint=of_model(Asked(configs[nearest.name], model=model, known_models=all_models(statuses))),
    )

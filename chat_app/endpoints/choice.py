"""Which endpoints and which model a question goes to: pure functions of what is known of the endpoints.

A model that nobody lists is refused when every list is known, or nobody can be asked who may have it; otherwise the
server that may have it decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat_app.endpoints.status import EndpointStatus


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
    return wanted or next(iter(all_models(statuses)), "")


def endpoints_to_ask(statuses: Sequence[EndpointStatus], model: str) -> tuple[str, ...]:
    """The names of those that offer `model` or whose list nobody knows, those that are down last.

    None at all means that `model` is in no list that is known, and that those without one, if there are any, are down.
    """
    listed = any(status.models for status in statuses)
    silent = all(status.state == "down" for status in statuses if not status.models)
    if model and listed and silent and not any(status.offers(model) for status in statuses):
        return ()
    able = [status for status in statuses if not model or not status.models or status.offers(model)]
    return tuple(status.name for status in sorted(able, key=lambda status: status.state == "down"))

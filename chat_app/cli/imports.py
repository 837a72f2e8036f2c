"""What `serve` leaves out of the imports of Gradio and openai: work and libraries that no page of ours comes to need.

Four things, of which nothing that works depends: where Gradio is another than the one this was read in, or a module is
not there, nothing is done. Measured with Gradio 6.31, Python 3.11 and byte code, on a busy machine, all of
`import chat_app.app`: from 5.7 to 2.8 s of CPU and from 174 to 117 MB; the last, measured later, saves another 0.5 s
and 9 MB.

- The stubs for editors: at every import Gradio parses, renders and compares them for 80 classes. 1.2 s.
- pandas, which stands in Gradio's `isinstance` and in statistics that nobody asks for: it runs when a name is looked up
  in it. 1 s with mcp, and 57 MB, of which pandas has two thirds.
- mcp, for a server of tools, which a `ChatInterface` cannot be. `chat_app.tools` imports it where it is configured.
- The overviews `openai.types` and `openai.types.responses`, of 370 modules with the types of what is never asked here:
  they run when a name is looked up in them. What is below them, as `openai.types.chat`, is imported without them.

Gradio looks into numpy, Pillow and huggingface_hub while it is imported, so putting them off gains nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from threading import RLock
from types import ModuleType

READ_IN = "6.31."
"""The versions of Gradio whose import was read and measured."""
_STUBS_IN, _STUBS = "gradio.component_meta", "create_or_modify_pyi"
_LATER = "pandas"
_OVERVIEWS = frozenset({"openai.types", "openai.types.responses"})
_HIDDEN = "mcp"


@contextmanager
def lean(of: Callable[[str], str] = version) -> Iterator[None]:
    """Gradio can be imported with less as long as the `with` block runs; `of` says which version of it there is."""
    try:
        known = of("gradio").startswith(READ_IN)
    except PackageNotFoundError:
        known = False
    if not known:
        yield
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class LaterModule(ModuleType):
    """A module that runs when something is first looked up in it.

    The standard library's `LazyLoader` runs it for `__file__` too, which pydantic asks of every module there is.
    """

    def __getattr__(self, name: str) -> object:
        loader = self.__dict__.get("__loader__")
        if not isinstance(loader, _LaterLoader) or (name.startswith("__") and name != "__path__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        loader.run(self)
        return ModuleType.__getattribute__(self, name)


class _LaterLoader(Loader):
    """Puts off what `loader` does. One that is not an `overview` has to run before a module below it is imported."""

    def __init__(self, loader: Loader, *, overview: bool) -> None:
        self._loader = loader
        self._overview = overview
        self._running = RLock()
        self._has_run = False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """What `loader` makes."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""
        if not self._overview:
            module.__dict__.pop("__path__", None)
        module.__class__ = LaterModule

    def run(self, module: ModuleType) -> None:
        """Run it, once; others that look into it meanwhile wait, and what it looks up in itself is there or not."""
        with self._running:
            if self._has_run:
                return
            self._has_run = True
            spec = module.__spec__
            if spec is not None:
                spec.loader = self._loader
                if spec.submodule_search_locations is not None:
                    module.__path__ = spec.submodule_search_locations
            self._loader.exec_module(module)
            module.__loader__ = self._loader
            module.__class__ = ModuleType


class _StublessLoader(Loader):
    """As `loader`, then takes the writing of stubs out."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """What `loader` makes."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, and leave the function out if it is there."""
        self._loader.exec_module(module)
        if hasattr(module, _STUBS):
            setattr(module, _STUBS, lambda *_: None)


class _Finder(MetaPathFinder):
    """Finds them before Python does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How `fullname` is loaded; None leaves it to Python."""
        if fullname == _HIDDEN:
            raise ModuleNotFoundError(f"{_HIDDEN} is not for Gradio", name=_HIDDEN)
        if fullname not in {_STUBS_IN, _LATER, *_OVERVIEWS}:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            if fullname == _STUBS_IN:
                spec.loader = _StublessLoader(spec.loader)
            else:
                spec.loader = _LaterLoader(spec.loader, overview=fullname in _OVERVIEWS)
        return spec

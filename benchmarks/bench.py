"""What the cases of a benchmark share: the programs, started once and when first asked for, and rounds of waves.

In a round each program has its wave, one after the other, so that a machine that is slow for a while is slow for all of
them; what is told is the median over the rounds.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from math import inf, nan
from pathlib import Path
from statistics import median
from typing import Final, Self

from benchmarks import programs
from benchmarks.programs import PEERS, Program, Wave
from benchmarks.timing import pace_of, percentile

START_S: Final = 60
PATIENCE: Final = 8
"""A wave that takes more than this many times as long as its answers, and `START_S`, is given up."""
DRIVER_CORES: Final = 0.8
"""What visitors' process and model's server, each of one thread, may take of a core and still be on time."""
CHAINLIT_DRIVER: Final = str(PEERS / "chainlit_wave.py")


@dataclass(frozen=True, slots=True)
class Asking:
    """One wave: who is asked, by how many, at what pace."""

    program: str
    visitors: int
    pace: str
    earlier: int = 0
    kind: str = ""
    times: int = 1
    """So many waves a round, one behind the other."""

    @property
    def options(self) -> list[str]:
        """As options of the driver."""
        return ["--visitors", str(self.visitors), "--pace", self.pace, "--earlier", str(self.earlier)]


@dataclass
class Bench:
    """The programs of a run and where they live; a context manager that ends them."""

    rounds: int = 3
    chainlit: Path | None = None
    """The Python of the environment that has Chainlit."""
    say: Callable[[str], None] = lambda _: None
    _programs: dict[str, Program] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def model(self) -> Program:
        """The model's server."""
        if "straight" not in self._programs:
            self._programs["straight"] = self._stack.enter_context(programs.upstream(self.folder / "upstream"))
        return self._programs["straight"]

    @property
    def model_url(self) -> str:
        """Where it answers."""
        return self.model.url

    def has(self, name: str) -> bool:
        """Whether the peer is there to be measured."""
        return name != "chainlit" or self.chainlit is not None

    def program(self, name: str) -> Program:
        """The program, running."""
        model_url = self.model_url
        if name not in self._programs:
            self._programs[name] = self._stack.enter_context(self.starting(name, model_url))
        return self._programs[name]

    def starting(self, name: str, model_url: str) -> AbstractContextManager[Program]:
        """A program of its own, for a `with` block."""
        return programs.answering(name, self.folder / name, model_url, self.chainlit)

    def measured(self, askings: Mapping[str, Asking]) -> dict[str, list[Wave]]:
        """The waves of all rounds, by the names of `askings`; peers that are not there have none."""
        waves: dict[str, list[Wave]] = {name: [] for name in askings}
        there = {name: asking for name, asking in askings.items() if self.has(asking.program)}
        for number in range(self.rounds):
            for name, asking in there.items():
                for _ in range(asking.times):
                    waves[name].append(self.wave(self.program(asking.program), asking))
                self.say(f"round {number + 1}, {name}: {_told(waves[name][-1])}")
        return waves

    def wave(self, program: Program, asking: Asking, *, memory: bool = False) -> Wave:
        """One wave."""
        chainlit = [str(self.chainlit), CHAINLIT_DRIVER]
        driver = chainlit if asking.program == "chainlit" else [sys.executable, "-m", "benchmarks.wave"]
        pace = pace_of(asking.pace)
        assert pace, asking.pace
        return programs.wave(
            program,
            self.folder / "driver",
            [*driver, asking.kind or asking.program, program.url, *asking.options],
            model=self.model,
            memory=memory,
            within_s=START_S + PATIENCE * pace.lasts_s,
        )


def cpu_of(waves: Sequence[Wave]) -> float:
    """The median CPU seconds per 1,000 tokens; nan for a peer that is not there, as below."""
    return median(wave.cpu_per_1000 for wave in waves) if waves else nan


def together(waves: Sequence[Wave]) -> float:
    """CPU seconds per 1,000 tokens over all waves together: for those so short that a hundredth counts."""
    tokens = sum(wave.seen["tokens"] for wave in waves)
    return 1000 * sum(wave.cpu_s for wave in waves) / tokens if tokens else inf


def seen(waves: Sequence[Wave], name: str) -> float:
    """The median of what the visitors saw."""
    return float(median(wave.seen[name] for wave in waves)) if waves else nan


def pooled(waves: Sequence[Wave], name: str, percent: float) -> float:
    """A percentile over the visitors of all waves."""
    return percentile([value for wave in waves for value in wave.seen[name]], percent) if waves else nan


def errors(waves: Sequence[Wave]) -> int:
    """How many answers of all waves were not whole."""
    return sum(len(wave.seen["errors"]) for wave in waves)


def around(waves: Sequence[Wave]) -> str:
    """What is to be noted of times that are the visitors' or the model's server's own, as those had too much to do."""
    return "driver-bound" if waves and max(wave.around_cores for wave in waves) > DRIVER_CORES else ""


def _told(wave: Wave) -> str:
    first, stretch = (percentile(wave.seen[name], 95) for name in ("first_s", "stretch"))
    wrong = f", {len(wave.seen['errors'])} ERRORS: {wave.seen['errors'][0][:200]}" if wave.seen["errors"] else ""
    return (
        f"{wave.cpu_per_1000:.3f} CPU s per 1,000 tokens (idle {wave.idle_cpu:.3f}/s), p95 of first token "
        f"{1000 * first:.0f} ms and of stretch {stretch:.2f}, {wave.seen['updates']:.0f} updates, "
        f"{wave.around_cores:.2f} of a core around it{wrong}"
    )

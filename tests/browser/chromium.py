"""The Chromium that the browser tests drive: one that is there, else the system's own package, never a download.

Run as a script it is the set-up step: it prints the program it found or installed, or says what to do and exits with 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
"""Without fonts the page has boxes instead of letters and emoji."""
ADVICE = (
    "The browser tests need Chromium, and none was found. Install it the way this system does it\n"
    "(Debian: apt-get install chromium; Fedora: dnf install chromium; macOS: brew install --cask chromium),\n"
    "or name one that is there: CHROMIUM=/path/to/chromium make test"
)


class NoChromium(Exception):
    """There is none that works; the text says what to do."""


def executable(environ: Mapping[str, str] = os.environ) -> str:
    """The path of a Chromium that works: `CHROMIUM` if it is set, else what is installed. Raises `NoChromium`."""
    if named := environ.get("CHROMIUM"):
        if _works(named):
            return named
        raise NoChromium(f"CHROMIUM is set to {named!r}, which does not run. Correct it, or unset it.")
    for path in _candidates(environ.get("PATH")):
        if _works(path):
            return path
    raise NoChromium(ADVICE)


def install() -> None:
    """Install the system's package, where it is Debian's and we are allowed to. Raises `NoChromium`."""
    if not shutil.which("apt-get"):
        raise NoChromium(ADVICE)
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if os.geteuid() != 0:
        if not _succeeds("sudo", "-n", "true"):
            raise NoChromium(ADVICE)
        command = ["sudo", "-n", *command]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run([*command, *step], capture_output=True, text=True, timeout=900, check=False)  # noqa: S603
        if done.returncode:
            raise NoChromium(f"{' '.join([*command, *step])} failed:\n{done.stderr[-2000:]}\n{ADVICE}")


def main() -> int:
    """Find it, else install it and find it. The exit status."""
    try:
        try:
            path = executable()
        except NoChromium:
            if "CHROMIUM" in os.environ:
                raise
            sys.stdout.write("Installing Chromium (once, about a minute) ...\n")
            sys.stdout.flush()
            install()
            path = executable()
    except NoChromium as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"Chromium: {path}\n")
    return 0


def _candidates(path: str | None) -> Iterator[str]:
    for name in NAMES:
        if found := shutil.which(name, path=path):
            yield found
    yield from filter(os.path.exists, ELSEWHERE)


def _works(path: str) -> bool:
    """Whether it tells its version: Ubuntu's `chromium-browser` is a script that may only ask for a snap."""
    return _succeeds(path, "--version")


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    sys.exit(main())

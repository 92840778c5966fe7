"""Fetch the packages of `real/packages.txt` from the package index, by exact version and hash. Nothing of them is run."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = Path(__file__).resolve().parent
CACHE = EXAMPLES.parent / ".cache" / "demo"
PINS = EXAMPLES / "real" / "packages.txt"

_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+) --hash=sha256:(?P<digest>[0-9a-f]{64})")
# The same file everywhere, whatever machine asks: wheels that hold Python code only.
_WHEELS_FOR_ALL = (
    "--only-binary",
    ":all:",
    "--platform",
    "any",
    "--implementation",
    "py",
    "--abi",
    "none",
    "--python-version",
    "3.11",
)


class IndexUnreachable(Exception):  # noqa: N818 - named after what happened
    """The package index did not answer with what is pinned."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package: an exact version, and the digest of its wheel."""

    name: str
    version: str
    digest: str

    @property
    def requirement(self) -> str:
        """The pin as a line of a requirements file."""
        return f"{self.name}=={self.version} --hash=sha256:{self.digest}"

    def wheel(self, cache: Path) -> Path:
        """Where the wheel is kept."""
        return cache / "wheels" / f"{self.name}-{self.version}.whl"

    def folder(self, cache: Path) -> Path:
        """Where the wheel is unpacked."""
        return cache / f"{self.name}-{self.version}"


def pins() -> dict[str, Pin]:
    """Return all pinned packages by name."""
    found = (_PIN.fullmatch(line) for line in PINS.read_text(encoding="utf-8").splitlines())
    return {match["name"]: Pin(match["name"], match["version"], match["digest"]) for match in found if match}


def fetch(names: Iterable[str], cache: Path = CACHE) -> dict[str, Path]:
    """Bring packages into the cache; nothing is fetched twice.

    Returns:
        For each name the folder that holds the package's modules.

    Raises:
        IndexUnreachable: With what the installer said.
    """
    wanted = [pins()[name] for name in names]
    missing = [pin for pin in wanted if _digest(pin.wheel(cache)) != pin.digest]
    if missing:
        _download(missing, cache)
    for pin in wanted:
        _unpack(pin.wheel(cache), pin.folder(cache))
    return {pin.name: pin.folder(cache) for pin in wanted}


def _download(missing: list[Pin], cache: Path) -> None:
    (cache / "wheels").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        target = Path(scratch)
        requirements = target / "requirements.txt"
        requirements.write_text("".join(f"{pin.requirement}\n" for pin in missing), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", *_WHEELS_FOR_ALL]
        done = subprocess.run(
            [*pip, "--require-hashes", "--dest", scratch, "--requirement", str(requirements)],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise IndexUnreachable(done.stderr.strip() or f"pip ended with exit code {done.returncode}")
        arrived = {_digest(wheel): wheel for wheel in target.glob("*.whl")}
        for pin in missing:
            arrived[pin.digest].replace(pin.wheel(cache))


def _unpack(wheel: Path, folder: Path) -> None:
    """Unpack a wheel, unless that has been done; a folder that exists is complete."""
    if folder.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        unpacked.replace(folder)


def _digest(wheel: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, nothing if there is no such file."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest() if wheel.is_file() else ""

"""The wheel in an environment of its own, for a person who may only read it and has no home folder."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

#: A user without a name in the system's list, as a container's often is.
NAMELESS = 54321
NOBODY = 65534


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    folder: Path
    python: str  # the version: 3.11

    @property
    def site_packages(self) -> Path:
        return self.folder / "lib" / f"python{self.python}" / "site-packages"

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        user: int = NOBODY,
        program: str = "usercli",
        stdin: str = "",
        **environ: str,
    ) -> tuple[int, str, str]:
        """Run it as that user (or, where the tests are not root, as ours), with no variable but the given ones."""
        done = subprocess.run(
            [*as_user(user, self.folder / "bin" / "python"), self.folder / "bin" / program, *arguments],
            input=stdin.encode(),
            capture_output=True,
            cwd=cwd,
            env={"PATH": "/usr/bin:/bin", **environ},
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def contents(self) -> dict[str, int]:
        """What lies in site-packages, and since when (nanoseconds)."""
        return {str(path): path.lstat().st_mtime_ns for path in self.site_packages.rglob("*")}


def as_user(user: int, python: Path) -> list[str]:
    """What stands before a command so that this user runs it; nothing where the tests are not root.

    Root's own Python may lie where nobody else may look. Then the user may look there too, and still not write.
    """
    if os.geteuid() != 0:
        return []
    plain = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    looking = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    return plain if _runs([*plain, python]) else [*plain, *looking]


def interpreters() -> dict[str, Path]:
    """The Pythons of this machine that run, by version: 3.11.

    A name on the PATH may be a shim with nothing behind it; the versions that the shims are for lie beside them.
    """
    folders = [Path(sys.base_prefix) / "bin", *(Path(name) for name in os.get_exec_path())]
    versions = [
        path for folder in folders if folder.name == "shims" for path in folder.parent.glob("versions/*/bin")
    ]
    found: dict[str, Path] = {}
    for folder in [*folders, *sorted(versions)]:
        for version in ("3.11", "3.12", "3.13"):
            python = folder / f"python{version}"
            if version not in found and python.exists() and _runs([python]):
                found[version] = python
    return found


def _runs(command: Sequence[str | Path]) -> bool:
    try:
        done = subprocess.run(
            [*command, "-IS", "-c", "pass"], capture_output=True, cwd="/", timeout=60, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def build_wheel(folder: Path) -> Path:
    """The package, built without a look at the network."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, folder: Path, python: Path) -> None:
    """An empty environment, and the wheel with what it asks for from the package index."""
    _make(folder, python)
    _pip(folder, wheel)


def install_beside_ours(wheel: Path, folder: Path) -> None:
    """The same in a second: what the wheel asks for comes from the environment that the tests run in."""
    _make(folder, interpreters()[HERE])
    for file, path in _files_of(_required("usercli")):
        place = Installed(folder, HERE).site_packages / file
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(path)
        except OSError:  # another file system
            shutil.copy2(path, place)
    _pip(folder, wheel, "--no-deps", "--no-index")


def install_apart(folder: Path, *packages: str) -> None:
    """These packages, without what they ask for, in a folder for PYTHONPATH."""
    ours = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps"]
    subprocess.run([*ours, "--target", folder, *packages], check=True, capture_output=True)


def make_read_only(folder: Path) -> None:
    """Nobody but root could write there."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)


def _make(folder: Path, python: Path) -> None:
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, capture_output=True)


def _pip(folder: Path, *arguments: str | Path) -> None:
    ours = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "--disable-pip-version-check"]
    subprocess.run([*ours, "install", "-q", *arguments], check=True, capture_output=True)


def _required(package: str) -> set[str]:
    """The names of all that the package asks for, and what that asks for."""
    found: set[tuple[str, str]] = set()
    missing = [(package, "")]
    while missing:
        name, extra = missing.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for text in metadata.requires(name) or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                missing += [(_canonical(wanted.name), extra) for extra in ("", *wanted.extras)]
    return {name for name, _ in found} - {package}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _files_of(packages: set[str]) -> Iterator[tuple[str, Path]]:
    """The files of these packages, but not their programs: where in site-packages, and where now."""
    for name in sorted(packages):
        for file in metadata.files(name) or []:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                yield str(file), path

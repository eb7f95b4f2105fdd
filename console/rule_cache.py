"""Rules that were read before, kept by content: a thousand files of YAML take seconds, the same rules as values do not.

The cache is a folder of its user alone. What stands in it is taken for values of the rule model and for nothing else,
and whatever is wrong with it costs the time of reading the files again, never an error.
"""

from __future__ import annotations

import gc
import hashlib
import io
import os
import pickle
import secrets
import stat
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from detectors.catalog import library_texts
from detectors.sigma.load import contents, load_texts, rule_files
from detectors.sigma.model import Loaded
from yunshao import __version__

FEWEST = 200
MAX_KEPT = 8
MAX_BYTES = 256 << 20
_ROOMS = ("detectors.sigma.", "yunshao.model.")
_OTHERS = frozenset({("ipaddress", "IPv4Network"), ("ipaddress", "IPv6Network")} | {
    ("ipaddress", "IPv4Address"), ("ipaddress", "IPv6Address"), ("datetime", "date"), ("datetime", "datetime"),
})  # fmt: skip


def load_cached(paths: Sequence[Path]) -> Loaded:
    """As `load_folders` without a base. Raises BadConfiguration for a path that is not there."""
    return _loaded(list(contents(rule_files(paths))))


@cache
def library() -> Loaded:
    """The rules that ship, as `detectors.catalog.library` gives them."""
    return _loaded(list(library_texts()))


def _loaded(files: Sequence[tuple[str, bytes | str]]) -> Loaded:
    if len(files) < FEWEST:
        return load_texts(files, {})
    place = _place(files)
    known = _recalled(place) if place else None
    if known is None:
        known = load_texts(files, {})
        if place:
            _keep(place, known)
    return known


def _place(files: Iterable[tuple[str, bytes | str]]) -> Path | None:
    """Where rules of this content are kept; None where there is no folder that is the user's alone."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yunshao" / "rules"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        return None
    content = hashlib.sha256(_edition().encode())
    for name, held in files:
        said = held if isinstance(held, bytes) else b"\0" + held.encode()
        content.update(f"{name}\0{len(said)}\0".encode("utf-8", "surrogateescape"))
        content.update(said)
    return folder / f"{content.hexdigest()}.rules"


@cache
def _edition() -> str:
    """Changes whenever the reading of rules does."""
    code = hashlib.sha256(__version__.encode())
    for entry in sorted(resources.files("detectors.sigma").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            code.update(entry.read_bytes())
    return code.hexdigest()


class _Values(pickle.Unpickler):
    """Reads values of the rule model; anything else is refused before it is made."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name) if self._is_ours(module, name) else None
        if not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule")
        return found

    @staticmethod
    def _is_ours(module: str, name: str) -> bool:
        return module.startswith(_ROOMS) or (module, name) in _OTHERS


def _recalled(place: Path) -> Loaded | None:
    collecting = gc.isenabled()
    gc.disable()
    try:
        found = place.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_size > MAX_BYTES:
            return None
        loaded = _Values(io.BytesIO(place.read_bytes())).load()
        os.utime(place)
    except Exception:  # noqa: BLE001 - a cache that cannot be read is none
        return None
    finally:
        if collecting:
            gc.enable()
    return loaded if isinstance(loaded, Loaded) else None


def _keep(place: Path, loaded: Loaded) -> None:
    temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            pickle.dump(loaded, stream, protocol=5)
        temporary.rename(place)
        for old in sorted(place.parent.glob("*.rules"), key=lambda path: path.stat().st_mtime)[:-MAX_KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, pickle.PicklingError, RecursionError):
        temporary.unlink(missing_ok=True)

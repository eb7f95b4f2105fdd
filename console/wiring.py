"""The one place that knows every room: a workspace on disk becomes working parts."""

from __future__ import annotations

import gc
import importlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.catalog import PARSERS, guess
from console.clock import wall_clock as wall_clock
from console.held import Held as Held
from console.keys import KeyRing, kept
from console.rule_cache import library
from detectors.sigma.detector import SigmaDetector
from detectors.sigma.load import EXCEPTION_FILE, OVERLAY_FILE, Reshape, load_folders
from detectors.sigma.model import Loaded
from detectors.sigma.overlay import LIVE, Decision, judging, overlaid, parse_overlay
from playbooks.load import library as playbook_library
from playbooks.load import load_folder
from playbooks.oncall.settings import ChannelSettings, OnCall, Secret, parse_oncall
from playbooks.words import Playbook
from reports.keys import Signer
from streams.pipeline import Rooms
from yunshao.adapters.buses.spool import Spool
from yunshao.adapters.channels.catalog import channel
from yunshao.adapters.stores.sqlite import SqliteStore
from yunshao.errors import BadConfiguration
from yunshao.estate.load import parse_estate
from yunshao.estate.own import owner_of
from yunshao.model.calendar import Blackout, WorkDays, blackout_of, work_days
from yunshao.model.estate import Estate
from yunshao.model.event import NOBODY, Owner
from yunshao.model.risk import METHODS, Method, parse_method
from yunshao.settings import Settings, SourceSettings, parse_settings
from yunshao.yaml_text import read_yaml

if TYPE_CHECKING:
    from detectors.sigma.lint import Other
    from yunshao.ports import ChainedBody, Channel, Clock, Detector, Intake

SETTINGS_FILE = "yunshao.yaml"
MAX_FILE_BYTES = 16 << 20
OFFLINE_LATENESS = 7 * 86_400


def settled() -> None:
    """What is loaded by now stays, and is not looked through for garbage again and again while events pass.

    With some thousand rules that search took nearly half of the time of `detect`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def read_text(path: Path) -> str:
    """A configuration file's text, bounded. Raises BadConfiguration."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadConfiguration("larger than 16 MiB", "", str(path))
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadConfiguration("not UTF-8", "save it as UTF-8", str(path)) from None
    except OSError as error:
        raise BadConfiguration(
            f"cannot be read: {error.strerror}", "`yunshao init` makes a workspace", str(path)
        ) from None


@dataclass(frozen=True)
class Workspace:
    """A folder with `yunshao.yaml` in it. Its parts are made when first asked for, and refused with their place.

    `clock` is the time of everything that this process does here.
    """

    folder: Path
    clock: Clock = wall_clock

    @cached_property
    def settings(self) -> Settings:
        """`yunshao.yaml`."""
        path = self.folder / SETTINGS_FILE
        return parse_settings(read_text(path), str(path))

    @cached_property
    def estate(self) -> Estate:
        """The registry of the city."""
        path = self.folder / self.settings.org
        return parse_estate(read_text(path), str(path))

    @cached_property
    def work_days(self) -> WorkDays:
        """Which days are worked. Raises BadConfiguration."""
        return work_days(self.settings.calendar.holidays, self.settings.calendar.worked)

    @cached_property
    def blackouts(self) -> tuple[Blackout, ...]:
        """Periods when no drill begins. Raises BadConfiguration."""
        zone = self.settings.timezone
        return tuple(blackout_of(one.start, one.end, one.why, zone) for one in self.settings.calendar.blackouts)

    @cached_property
    def data(self) -> Path:
        """The folder of the store, private to its user."""
        path = self.folder / self.settings.data
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @cached_property
    def local(self) -> SqliteStore:
        """What lies on this machine: all of it in one process; on a cluster accounts, and how far intakes were read."""
        return SqliteStore(self.data, self.clock)

    @cached_property
    def store(self) -> ChainedBody:
        """Events, alerts and documents: in the node of the cluster where one is named. Raises Unreachable."""
        cluster = self.settings.cluster
        if cluster is None:
            return self.local
        split = importlib.import_module("yunshao.adapters.stores.search.split")
        found: ChainedBody = split.SplitStore(cluster, self.local, self.clock)
        return found

    @cached_property
    def spool(self) -> Spool:
        """The door for pushed records."""
        return Spool(self.data / "spool")

    @property
    def rule_folders(self) -> list[Path]:
        """Where the site's rules, exceptions and overlay stand."""
        return [self.folder / name for name in self.settings.detect.rules]

    @cached_property
    def overlay(self) -> tuple[Decision, ...]:
        """What the site decides over rules."""
        paths = [path for folder in self.rule_folders if (path := folder / OVERLAY_FILE).is_file()]
        return tuple(one for path in paths for one in parse_overlay(read_text(path), str(path)))

    @cached_property
    def exceptions(self) -> tuple[Held, ...]:
        """Every exception of the site, and whether it is applied; asked anew at every start."""
        paths = [
            path for folder in self.rule_folders if folder.is_dir() for path in sorted(folder.rglob(EXCEPTION_FILE))
        ]
        files = [(str(path), read_text(path)) for path in paths]
        found: tuple[Held, ...] = importlib.import_module("console.exceptions").held_exceptions(self, files)
        return found

    @cached_property
    def rules(self) -> Loaded:
        """The shipped library and the site's own rules, as the site's overlay decides; those of every stage.

        A site rule with a shipped id takes its place; filters and correlations of the site may name shipped rules.
        """
        base = library() if self.settings.detect.library else None
        through = pipelines([self.folder / name for name in self.settings.detect.pipelines])
        own = load_folders([folder for folder in self.rule_folders if folder.exists()], base=base, reshape=through)
        return overlaid(own, self.overlay)

    @cached_property
    def playbooks(self) -> dict[str, Playbook]:
        """Shipped playbooks, and the site's own over them."""
        site = self.folder / self.settings.playbooks
        return {**playbook_library(), **(load_folder(site, tuple(self.methods)) if site.is_dir() else {})}

    @cached_property
    def methods(self) -> dict[str, Method]:
        """Shipped methods of reckoning risk, and the site's own from `methods/*.yml`."""
        found = dict(METHODS)
        for path in sorted((self.folder / "methods").glob("*.yml")):
            method = parse_method(read_yaml(read_text(path), str(path)), str(path))
            if method.id in found:
                raise BadConfiguration(f"method {method.id} is there already", "give it an id of its own", str(path))
            found[method.id] = method
        return found

    @cached_property
    def oncall(self) -> OnCall:
        """Channels, people and rotas; empty where the workspace has no such file."""
        path = self.folder / self.settings.oncall
        return parse_oncall(read_text(path), str(path)) if path.is_file() else OnCall()

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The ways out, by name, with their secrets read."""
        return {name: self._channel(one) for name, one in self.oncall.channels.items()}

    def _channel(self, one: ChannelSettings) -> Channel:
        token, secret = (self._kept_secret(kept) for kept in (one.token, one.secret))
        return channel(
            one.kind, one.url, token, secret, self.clock,
            user=one.user, sender=one.sender, starttls=one.starttls, timeout=one.timeout,
        )  # fmt: skip

    def _kept_secret(self, kept: Secret | None) -> str:
        if kept is None:
            return ""
        if kept.env:
            found = os.environ.get(kept.env, "")
            if not found:
                raise BadConfiguration(f"the variable {kept.env} is not set", "", self.settings.oncall)
            return found
        return read_text(self.folder / kept.file).strip()

    @cached_property
    def link_key(self) -> bytes:
        """What signs links that answer a page; made on first use, mode 0600."""
        return self._secret("link.key", lambda: secrets.token_bytes(32))

    @property
    def keys(self) -> KeyRing:
        """The keys that seal reports; looked up each time, for another process may have handed over to the next."""
        return KeyRing(self.data / "keys", self.settings.seal, str(self.folder / SETTINGS_FILE))

    @property
    def signer(self) -> Signer:
        """The key that seals reports; made on first use, mode 0600."""
        return self.keys.signer

    @cached_property
    def push_token(self) -> str:
        """What a pusher must show; made on first use, mode 0600."""
        return self._secret("push.token", lambda: secrets.token_urlsafe(32).encode()).decode().strip()

    def _secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        return kept(self.data / "keys" / name, make)

    def detectors(self) -> list[Detector]:
        """Rules first; detectors that learn come late, because scikit-learn takes seconds to load."""
        names = {one.id: one.name for one in self.estate.units.values()}
        applied = [one.exception for one in self.exceptions if one.exception and one.state == "applied"]
        rules, lateness = judging(self.rules, LIVE), self.settings.detect.lateness * 1000
        found: list[Detector] = [SigmaDetector(rules, lateness, names, applied)]
        if self.settings.detect.anomalies:
            found += importlib.import_module("detectors.learners").learners()
        return found

    def rooms(self) -> Rooms:
        """Parsers, detectors and ownership, joined."""
        lateness = self.settings.detect.lateness * 1000
        return Rooms(PARSERS, self.detectors(), owner_of(self.estate), guess, lateness)

    def intakes(self) -> list[Intake]:
        """The spool and every file source of the settings."""
        files = importlib.import_module("collectors.files.source")
        claims = {source.name: claim_of(source) for source in self.settings.sources}
        found: list[Intake] = [self.spool.intake(claims)]
        for source in self.settings.sources:
            if source.kind == "file":
                pattern = str(self.folder / source.path)
                found.append(files.FileIntake(source.name, source.source, pattern, claim_of(source), self.clock))
        return found


def pipelines(paths: Sequence[Path]) -> Reshape | None:
    """What these pySigma pipelines make of rules; None for no pipeline. pySigma is loaded only where there is one."""
    if not paths:
        return None
    made: Reshape = importlib.import_module("detectors.sigma.pysigma").pipeline_of(
        [(str(path), read_text(path)) for path in paths]
    )
    return made


def validation() -> Other:
    """pySigma's own opinion of rules; the library is loaded here."""
    made: Other = importlib.import_module("detectors.sigma.pysigma").Validation()
    return made


def claim_of(source: SourceSettings) -> Owner:
    """Whose the records of an intake are unless their content says so."""
    if not (source.unit or source.system or source.cloud):
        return NOBODY
    return Owner(source.unit or NOBODY.unit, source.system, source.cloud)


def offline_rooms(rules: Loaded | None, lateness: int = OFFLINE_LATENESS) -> Rooms:
    """Rules (None: no judging) and nothing else, for commands that work without a workspace.

    `lateness` is in seconds. Files stand in any order and nobody waits for them: it is long, unless it is said.
    """
    waiting = lateness * 1000
    detectors = [SigmaDetector(rules, waiting)] if rules else []
    return Rooms(PARSERS, detectors, lambda _event, claim: claim, guess, waiting)


def open_workspace(folder: Path) -> Workspace:
    """The workspace of a folder. Raises BadConfiguration where there is none."""
    if not (folder / SETTINGS_FILE).is_file():
        raise BadConfiguration("no yunshao.yaml here", "`yunshao init DIR` makes a workspace", str(folder))
    return Workspace(folder)

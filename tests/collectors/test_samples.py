"""Each collector's own samples: the golden OCSF form, or the reason of the refusal."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import pytest

from collectors.catalog import COLLECTORS, guess
from collectors.spec import Collector, Sample, samples
from yunshao.errors import Rejection

ALL = [(collector, sample) for collector in COLLECTORS for sample in samples(collector)]
GOOD = [pair for pair in ALL if not pair[1].refused]
WRONG = [pair for pair in ALL if pair[1].refused]


def _name(value: object) -> str:
    return value.source if isinstance(value, Collector) else value.name if isinstance(value, Sample) else "?"


@pytest.mark.parametrize(("collector", "sample"), GOOD, ids=_name)
def test_a_sample_becomes_its_golden_event(collector: Collector, sample: Sample) -> None:
    native = collector.parser.decode(sample.raw, sample.hint)
    event = collector.parser.normalise(native, collector.parser.identify(native))
    assert event == orjson.loads(sample.expected)


@pytest.mark.parametrize(("collector", "sample"), GOOD, ids=_name)
def test_a_golden_event_is_valid(
    collector: Collector, sample: Sample, problems: Callable[[dict[str, Any]], list[str]]
) -> None:
    assert problems(orjson.loads(sample.expected)) == []


@pytest.mark.parametrize(("collector", "sample"), GOOD, ids=_name)
def test_nothing_secret_is_kept(collector: Collector, sample: Sample) -> None:
    native = collector.parser.decode(sample.raw, sample.hint)
    for kept in (orjson.dumps(native), sample.expected):
        assert b"not for the store" not in kept
        assert b"not-for-the-store" not in kept
        assert b"bm90IGZvciB0aGUgc3RvcmU" not in kept


@pytest.mark.parametrize(("collector", "sample"), GOOD, ids=_name)
def test_auto_guesses_the_source(collector: Collector, sample: Sample) -> None:
    assert guess(sample.raw, sample.hint) == collector.source


@pytest.mark.parametrize(("collector", "sample"), GOOD, ids=_name)
def test_the_same_record_has_the_same_identity(collector: Collector, sample: Sample) -> None:
    parser = collector.parser
    assert len({parser.identify(parser.decode(sample.raw, sample.hint)) for _ in range(2)}) == 1


@pytest.mark.parametrize(("collector", "sample"), WRONG, ids=_name)
def test_a_wrong_sample_is_refused_with_its_reason(collector: Collector, sample: Sample) -> None:
    reason, _, detail = sample.expected.decode().strip().partition(": ")
    with pytest.raises(Rejection) as refused:
        collector.parser.identify(collector.parser.decode(sample.raw, sample.hint))
    assert refused.value.reason == reason
    assert refused.value.detail.startswith(detail)


@pytest.mark.parametrize("collector", COLLECTORS, ids=_name)
def test_a_collector_has_the_fixed_files(collector: Collector) -> None:
    folder = Path(str(resources.files(collector.package)))
    assert (folder / "parse.py").is_file()
    assert f"`{collector.source}`" in (folder / "README.md").read_text(encoding="utf-8")
    assert sum(not sample.refused for sample in samples(collector)) >= 5
    assert any(sample.refused for sample in samples(collector))
    assert set(collector.title) == {"zh", "en"}


def test_every_folder_is_in_the_catalogue() -> None:
    root = Path(str(resources.files("collectors")))
    with_parser = {path.parent.name for path in root.glob("*/parse.py")}
    assert with_parser == {collector.package.rpartition(".")[2] for collector in COLLECTORS}


def test_sources_are_listed_once() -> None:
    assert len({collector.source for collector in COLLECTORS}) == len(COLLECTORS)

"""Alerts to episodes: folding repeats changes nothing."""

from __future__ import annotations

from contract.samples import NOON, alert, event
from hypothesis import given
from hypothesis import strategies as st

from playbooks.assess.threats import EPISODE_GAP_MS, episodes
from yunshao.model.alert import Alert, fold
from yunshao.model.finding import ALONE, HOUR_MS, Grouping

DAY = 24 * HOUR_MS


def folded(parts: list[Alert]) -> list[Alert]:
    found: dict[str, Alert] = {}
    for part in parts:
        found[part.id] = fold(found[part.id], part) if part.id in found else part
    return list(found.values())


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from("ab")), max_size=30), st.integers(1, 168))
def test_folded_alerts_have_the_episodes_of_their_findings(seen: list[tuple[int, str]], hours: int) -> None:
    def raised(grouping: Grouping) -> list[Alert]:
        return [
            alert(event(f"e{n}", time=NOON + hour * HOUR_MS), entity=entity, grouping=grouping)
            for n, (hour, entity) in enumerate(seen)
        ]

    grouped = episodes(folded(raised(Grouping(within=hours * HOUR_MS))))
    single = episodes(raised(ALONE))
    assert grouped == single if hours <= 24 else grouped <= single


def test_a_gap_of_more_than_a_day_parts_two_episodes() -> None:
    first, last = alert(event("a")), alert(event("b", time=NOON + EPISODE_GAP_MS + 1))
    assert episodes([first, last]) == 2
    assert episodes([first, last, alert(event("c", time=NOON + DAY // 2))]) == 1

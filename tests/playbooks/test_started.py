"""What starts a run beside the clock."""

from __future__ import annotations

import pytest

from playbooks.started import Marks, happened


@pytest.mark.parametrize(
    ("on", "systems", "exposures", "drills", "found"),
    [
        (("new_system",), {"a", "b"}, [], [], "new_system"),
        (("new_system",), {"a"}, [9], [9], ""),
        (("critical_exposure", "drill_finished"), {"a", "b"}, [], [6], "drill_finished"),
        (("critical_exposure",), {"a"}, [5], [], ""),
        (("critical_exposure",), {"a"}, [6], [], "critical_exposure"),
        ((), {"a", "b"}, [9], [9], ""),
    ],
)
def test_events_since_the_last_look_start_a_run(on, systems, exposures, drills, found):
    assert happened(on, Marks(frozenset({"a"}), 5), frozenset(systems), exposures, drills) == found

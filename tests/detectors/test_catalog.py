"""What ships loads fast and brings in nothing heavy."""

import subprocess
import sys

from detectors.learners import learners
from detectors.spec import FIRST_SEEN, ISOLATION


def test_the_catalog_does_not_bring_in_scikit_learn():
    code = (
        "import sys, detectors.catalog, detectors.sigma.prove, detectors.sigma.check; print('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_learners_are_listed():
    assert [detector.name for detector in learners()] == [FIRST_SEEN, ISOLATION]

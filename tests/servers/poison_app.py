"""A worker whose detector breaks the later stages on purpose; run by `faust -A poison_app worker`."""

from __future__ import annotations

import os
from pathlib import Path

from contract.streaming import Breaking, Marked, rooms

from streams.run_faust import Worker
from streams.run_faust_settings import Parts
from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.settings import ClusterSettings

cluster = ClusterSettings.model_validate_json(os.environ["POISON_CLUSTER"])
folder = Path(os.environ["POISON_FOLDER"])
app = Worker(Parts(cluster, rooms(Marked(), Breaking()), SearchStore(cluster), now, 0, "poison-1", folder)).app

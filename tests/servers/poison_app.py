"""A worker whose detector breaks the later stages on purpose; run by `faust -A poison_app worker`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from contract.streaming import Breaking, Marked, rooms

from streams.run_faust import Worker
from streams.run_faust_settings import Parts
from yunshao.adapters.kafka.readback import read_back
from yunshao.adapters.stores.database import now
from yunshao.adapters.stores.search.store import SearchStore
from yunshao.settings import ClusterSettings

cluster = ClusterSettings.model_validate_json(os.environ["POISON_CLUSTER"])
folder = Path(os.environ["POISON_FOLDER"])
parts = Parts(cluster, rooms(Marked(), Breaking()), SearchStore(cluster), now, 0, "poison-1", folder)
parts.read_back = partial(read_back, cluster)
app = Worker(parts).app

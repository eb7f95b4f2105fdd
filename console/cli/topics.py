"""`yunshao topics`: the topics of a cluster, made as they are declared."""

from __future__ import annotations

from pathlib import Path

from console.cli.common import Format, FormatOption, WorkspaceOption, new_app, show
from console.roles.cluster import cluster_of
from console.wiring import open_workspace
from yunshao.adapters.kafka.apply import apply as apply_topics
from yunshao.adapters.kafka.topics import topics_of

app = new_app("The topics of a cluster: what they are for, and making them.")


@app.command("list")
def list_(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """What the product needs: topic, partitions, key and settings. Nothing is asked of the broker."""
    rows = [
        {"topic": one.name, "partitions": one.partitions, "key": one.key, **one.settings}
        for one in topics_of(cluster_of(open_workspace(workspace)))
    ]
    show(rows, ("topic", "partitions", "key", "cleanup.policy", "retention.ms"), format_)


@app.command()
def apply(workspace: WorkspaceOption = Path(), format_: FormatOption = Format.table) -> None:
    """Make what is missing, and set what differs. Partitions of a topic that is there are never changed."""
    show(apply_topics(cluster_of(open_workspace(workspace))), ("topic", "partitions", "key", "did"), format_)

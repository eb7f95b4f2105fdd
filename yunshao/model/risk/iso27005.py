"""ISO/IEC 27005:2022, annex A: likelihood x consequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yunshao.model.risk.method import THREE, Criterion, Method, Step, Text, of_three
from yunshao.model.risk.scales import LEVELS, Table, geometric

# Rows likelihood 1 to 5, columns consequence 1 to 5.
ISO27005: Table = (
    (1, 1, 2, 2, 2),
    (1, 2, 2, 3, 3),
    (2, 2, 3, 4, 4),
    (2, 3, 4, 4, 5),
    (3, 4, 4, 5, 5),
)


def way_of(table: Table) -> Callable[[Mapping[str, int]], Step]:
    """Likelihood is the geometric mean of threat and weakness, consequence is the asset (decision 8)."""

    def way(values: Mapping[str, int]) -> Step:
        asset, threat, weak = values["asset"], values["threat"], values["vulnerability"]
        likelihood = geometric(threat, weak)
        level = table[likelihood - 1][asset - 1]
        said = (
            f"likelihood = round(sqrt({threat} x {weak})) = {likelihood}",
            f"consequence = {asset}",
            f"matrix({likelihood}, {asset}) = {LEVELS['en'][level - 1]}",
        )
        return Step(said, likelihood, likelihood, asset, asset, level, level)

    return way


def matrix_method(key: str, name: Text, standard: str, table: Table) -> Method:
    """A method of one matrix: rows likelihood, columns consequence, fields levels."""
    return Method(key, name, standard, THREE, way_of(table), of_three, (Criterion("iso", table),))


METHOD = matrix_method(
    "iso27005", {"zh": "ISO/IEC 27005 矩阵", "en": "ISO/IEC 27005 matrix"}, "ISO/IEC 27005:2022", ISO27005
)

"""The methods that ship, by id."""

from __future__ import annotations

from collections.abc import Mapping

from yunshao.errors import WrongUse
from yunshao.model.risk import gbt20984, gbt45577, iso27005, nist80030
from yunshao.model.risk.method import THREE, Calculation, Method

METHODS: dict[str, Method] = {
    one.id: one for one in (gbt20984.MATRIX, gbt20984.MULTIPLY, iso27005.METHOD, nist80030.METHOD, gbt45577.METHOD)
}


def method_of(key: str, methods: Mapping[str, Method] = METHODS) -> Method:
    """The method of an id. Raises WrongUse with those that there are."""
    if key not in methods:
        raise WrongUse(f"unknown method {key!r}", f"one of {', '.join(methods)}")
    return methods[key]


def calculate(
    method: str, asset: int, threat: int, vulnerability: int, methods: Mapping[str, Method] = METHODS
) -> Calculation:
    """One risk of asset, threat and weakness by the named method, as the method reads these three.

    Raises WrongUse for an unknown method or a value outside 1 to 5.
    """
    found = method_of(method, methods)
    for one, value in zip(THREE, (asset, threat, vulnerability), strict=True):
        if not one.least <= value <= one.most:
            raise WrongUse(f"{one.key} is {value}", "the scales run from 1 (very low) to 5 (very high)")
    return found.calculate(found.read(asset, threat, vulnerability))

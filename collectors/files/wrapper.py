"""The beginning of a JSON document that wraps its records in a list: `{"Records": [`, an API's answer, and the like."""

from __future__ import annotations

import re

WRAPPERS = ("Records", "records", "value", "items", "Events", "events", "traces", "entries")
_MEMBER = rb'"(?:[^"\\\n]|\\[^\n])*+"\s*+:\s*+'
_FLAT = rb'(?:"(?:[^"\\\n]|\\[^\n])*+"|[^\s"{}\[\],]++|\{[^{}\[\]"]*+\})'
WRAPPER = re.compile(
    rb'\{\s*+(?P<answer>"Response"\s*+:\s*+\{\s*+)?+(?:'
    + rb'(?:(?!"(?:' + "|".join(WRAPPERS).encode() + rb')"\s*+:\s*+\[)' + _MEMBER + _FLAT
    + rb'|"metadata"\s*+:\s*+\{(?:[^{}]|\{[^{}]*+\})*+\})\s*+,\s*+)*+'
    + rb'"(?:' + "|".join(WRAPPERS).encode() + rb')"\s*+:\s*+\[(?=\s*+[{\]])'
)  # fmt: skip

"""Addresses as most logs write them."""

from __future__ import annotations

import re

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"

PLAIN_V4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""An IPv4 address in its usual form, for `fullmatch`: almost every address is one, and the general reader is dear."""

"""Everything else by Apprise, where it is installed (`pip install yunshao[apprise]`)."""

from __future__ import annotations

import importlib

from yunshao.errors import BadConfiguration
from yunshao.model.notice import SENT, Message, Outcome

TYPES = {"critical": "failure", "high": "warning", "medium": "warning"}


class Many:
    """One Apprise address, such as `ntfy://…`. What it thinks of a message is yes or no."""

    def __init__(self, address: str) -> None:
        try:
            apprise = importlib.import_module("apprise")
        except ImportError:
            raise BadConfiguration("apprise is not installed", "pip install 'yunshao[apprise]'") from None
        self._apprise = apprise.Apprise()
        if not self._apprise.add(address):
            raise BadConfiguration("apprise does not know this address", "see its list of services")

    def send(self, message: Message) -> Outcome:
        """Hand it over."""
        kind = TYPES.get(message.level, "info")
        done = self._apprise.notify(title=message.marked, body=message.text, notify_type=kind, body_format="text")
        return SENT if done else Outcome(False, "apprise could not deliver it")

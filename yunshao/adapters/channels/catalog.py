"""A channel of its kind."""

from __future__ import annotations

from yunshao.adapters.channels.chat import Robot
from yunshao.adapters.channels.mail import Mail
from yunshao.adapters.channels.many import Many
from yunshao.adapters.channels.webhook import Webhook
from yunshao.ports import Channel, Clock


def channel(
    kind: str, url: str, token: str, secret: str, clock: Clock, *,
    user: str = "", sender: str = "", starttls: bool = True, timeout: float = 10,
) -> Channel:  # fmt: skip
    """The channel that these settings mean; `token` and `secret` as they are, whatever file they stood in."""
    if kind == "mail":
        return Mail(url, sender, user, secret, starttls, timeout)
    if kind == "webhook":
        return Webhook(url, secret, timeout, clock)
    if kind == "apprise":
        return Many(token)
    return Robot(kind, url, token, secret, timeout, clock)

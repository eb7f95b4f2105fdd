"""What is said to people outside the console: one message to one address, and what came of sending it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TITLE = 300
MAX_BODY = 8000
DRILL_MARK = "【演练 DRILL】"


@dataclass(frozen=True, slots=True)
class Link:
    """A button or a line: its words and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready for any channel.

    `id` is the delivery's and the same at every try, so that a receiver can drop a second copy. `to` is an address of
    the channel: a mail address, a mobile number to mention, or empty for the whole group. `at` is in ms.
    """

    id: str
    to: str
    title: str
    body: str
    level: str
    drill: bool
    at: int
    links: tuple[Link, ...] = ()

    @property
    def marked(self) -> str:
        """The title as every channel shows it: a drill's says so in both languages, whatever the rest speaks."""
        title = " ".join(self.title.split())[:MAX_TITLE]
        return f"{DRILL_MARK}{title}" if self.drill else title

    @property
    def text(self) -> str:
        """Body and links as plain text."""
        lines = [self.body[:MAX_BODY], *(f"{link.label}: {link.url}" for link in self.links)]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `permanent`: the same try will never do; `wait` (ms): not before that long."""

    sent: bool
    reason: str = ""
    permanent: bool = False
    wait: int = 0


SENT = Outcome(True)

"""Every error that a person may meet: what, where, and what to do. The exit code comes from the kind."""

from __future__ import annotations


class YunshaoError(Exception):
    """Says in one line what is wrong (`what`) and how to mend it (`mend`)."""

    exit_code = 2

    def __init__(self, what: str, mend: str = "", where: str = "") -> None:
        self.what = what
        self.mend = mend
        self.where = where
        super().__init__(self.line())

    def line(self) -> str:
        """`where: what (mend)` on one line, control characters made visible."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.mend:
            text = f"{text} ({self.mend})"
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class WrongUse(YunshaoError):
    """A command, a request or a value that does not make sense here."""


class BadConfiguration(YunshaoError):
    """A file of the workspace that cannot be used as it stands."""


class BadContent(YunshaoError):
    """A rule, a playbook or a report of ours or of the site that is refused, with file and line."""

    def __init__(self, what: str, mend: str = "", where: str = "", line: int | None = None) -> None:
        self.line_number = line
        super().__init__(what, mend, f"{where}:{line}" if line is not None else where)


class NotFound(YunshaoError):
    """No such alert, drill, report, unit."""


class CheckFailed(YunshaoError):
    """The asked check did not hold."""

    exit_code = 1


class Unreachable(YunshaoError):
    """A needed service does not answer; trying again later may help."""

    exit_code = 3


class Rejection(Exception):
    """Raised by a parser for one record; never leaves the stream: it becomes a `Rejected` with this reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")

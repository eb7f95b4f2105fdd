"""Mail by SMTP: TLS at once (`smtps://`), or STARTTLS (`smtp://`) that is insisted on unless it is switched off."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from yunshao.model.notice import SENT, Message, Outcome

GONE = (550, 551, 553, 554, 535, 501)
PRIORITY = {"critical": "1", "high": "2"}


class Mail:
    """One mail server and sender. The Message-ID is the delivery's, the same at every try."""

    def __init__(self, url: str, sender: str, user: str, password: str, starttls: bool, timeout: float) -> None:
        self._parts = urlsplit(url)
        self._sender, self._user, self._password = sender, user, password
        self._starttls, self._timeout = starttls, timeout

    def send(self, message: Message) -> Outcome:
        """Hand it to the server."""
        try:
            mail = written(message, self._sender)
        except (ValueError, IndexError) as error:
            return Outcome(False, f"no mail address: {error}", permanent=True)
        try:
            with self._server() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(mail)
            return SENT
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return Outcome(False, f"refused the recipient: {codes}", permanent=all(code in GONE for code in codes))
        except smtplib.SMTPResponseException as error:
            return Outcome(False, f"SMTP {error.smtp_code}", permanent=error.smtp_code in GONE)
        except smtplib.SMTPNotSupportedError as error:
            return Outcome(False, str(error), permanent=True)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(False, f"{type(error).__name__}: {error}")

    def _server(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port
        context = ssl.create_default_context()
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=self._timeout, context=context)
        server = smtplib.SMTP(host, port or 587, timeout=self._timeout)
        if self._starttls:
            secure: Callable[..., object] = server.starttls
            secure(context=context)
        return server


def written(message: Message, sender: str) -> EmailMessage:
    """The mail. Raises ValueError for an address that is none; line ends in a title cannot make headers."""
    mail = EmailMessage()
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = message.marked
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at / 1000, UTC))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Yunshao-Delivery"] = message.id
    mail["X-Yunshao-Drill"] = "yes" if message.drill else "no"
    if message.level in PRIORITY:
        mail["X-Priority"] = PRIORITY[message.level]
    mail.set_content(f"{message.marked}\n\n{message.text}\n")
    return mail

"""Mail: to a file and the log where no SMTP server is named, so that a fresh studio needs none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from uuid_utils.compat import uuid7

from packshot.settings import settings

_log = structlog.get_logger(__name__)
# What a person needs from the mail: the link, or the code on a line of its own.
_ESSENCE = re.compile(r"https?://\S+|^\d{6}$", re.MULTILINE)


class FileBackend(BaseEmailBackend):
    """Writes each mail to `home/mail/<time-ordered id>.eml`, so that the last name is the newest.

    The log line carries the mail's link or code: this backend is for one's own machine.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = settings().home / "mail"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            self._write(folder, message)
        return len(email_messages)

    def _write(self, folder: Path, message: EmailMessage) -> None:
        path = folder / f"{uuid7()}.eml"
        draft = path.with_suffix(".part")
        draft.write_bytes(message.message().as_bytes())
        draft.chmod(0o600)
        draft.rename(path)
        found = _ESSENCE.search(str(message.body))
        _log.info(
            "mail.written",
            subject=message.subject,
            to=message.recipients(),
            file=path.name,
            open=found.group() if found else None,
        )


def smtp_settings(url: str) -> dict[str, Any]:
    """Django's mail settings of an address such as smtp://user:password@host:587 (STARTTLS) or smtps://…

    `smtp://host:25?tls=off` speaks without encryption. Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("PACKSHOT_EMAIL_URL must look like smtp://user:password@host:587 or smtps://...")
    wants = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if wants.keys() - {"tls"} or wants.get("tls", "on") not in ("on", "off"):
        raise ValueError("PACKSHOT_EMAIL_URL knows one option: ?tls=off")
    secure = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": not secure and wants.get("tls") != "off",
        "EMAIL_TIMEOUT": 15,
    }

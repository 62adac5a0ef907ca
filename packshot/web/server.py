"""Running granian with the bridge."""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from packshot.settings import Settings


def serve(found: Settings) -> None:
    """Serve until SIGTERM or SIGINT; open streams are ended, requests under way are answered first."""
    Granian(
        "packshot.web.asgi:application",
        address=found.host,
        port=found.api_port if found.api_only else found.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=found.web_workers,
        websockets=False,
        log_enabled=True,
        log_level=LogLevels.warning,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()

"""A worker's transactions, made by hand through the worker's own login: to do what no worker should."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

CAP = 8


class Hand:
    """One worker in slow motion."""

    def __init__(self, connection: Any, name: str = "hand") -> None:
        self._connection = connection
        self._name = name

    def _call(self, statement: str, *args: Any) -> Any:
        return self._connection.execute(f"select public.{statement}", args).fetchone()[0]

    def claim(self, organization_id: UUID, *ids: UUID, lease_s: float = 60.0) -> list[Any]:
        organizations = [organization_id] * len(ids)
        return self._call(
            "generation_claim_v1(%s, %s, %s, %s)", organizations, list(ids), self._name, lease_s
        )

    def settle(self, claims: list[Any], outcome: str = "succeeded", **facts: Any) -> list[str]:
        told = [named(claim) | {"outcome": outcome, "amount": claim["price"]} | facts for claim in claims]
        return self._call("generation_settle_v1(%s, %s)", Jsonb(told), CAP)

    def park(self, claims: list[Any], after_s: float = 60.0, rest: str = "") -> list[bool]:
        told = [
            named(c) | {"ref": f"ref-{c['job']}{rest}", "after_s": after_s, "percent": None} for c in claims
        ]
        return self._call("generation_park_v1(%s)", Jsonb(told))

    def heartbeat(self, claims: list[Any], lease_s: float = 60.0) -> dict[str, str]:
        found = self._call("generation_heartbeat_v1(%s, %s, %s, %s)", *arrays(claims), lease_s)
        return {one["job"]: one["verdict"] for one in found}

    def submitting(self, claims: list[Any]) -> list[bool]:
        return self._call("generation_submitting_v1(%s, %s, %s)", *arrays(claims))

    def progress(self, claims: list[Any], percent: int) -> None:
        self._call("generation_progress_v1(%s)", Jsonb([named(c) | {"percent": percent} for c in claims]))

    def hand_back(self, claims: list[Any]) -> int:
        return self._call("generation_hand_back_v1(%s, %s, %s)", *arrays(claims))

    def sweep(self, grace_s: float = 0.0) -> int:
        return self._call("generation_sweep_v1(%s)", grace_s)

    def reap(self, offers: int = 3) -> int:
        return self._call("generation_reap_v1(%s, %s)", offers, CAP)


def named(claim: Any) -> dict[str, Any]:
    return {"organization": claim["organization"], "job": claim["job"], "token": claim["token"]}


def arrays(claims: list[Any]) -> tuple[list[UUID], list[UUID], list[int]]:
    return (
        [UUID(claim["organization"]) for claim in claims],
        [UUID(claim["job"]) for claim in claims],
        [claim["token"] for claim in claims],
    )


def picture(fill: str = "a") -> dict[str, Any]:
    """The facts of a stored picture, for a result."""
    return {
        "id": str(uuid7()),
        "sha256": fill * 64,
        "media_type": "image/png",
        "bytes": 10,
        "width": 1,
        "height": 1,
        "placeholder": "data:,",
        "name": "a.png",
        "source_type": "trainedAlgorithmicMedia",
        "confidence": None,
        "note": None,
    }

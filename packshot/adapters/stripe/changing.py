"""Changes of a running subscription. Each looks first: what an earlier try has done is not done again.

What makes something or charges carries a key of ours. What only sets a state carries none: done twice it is done once,
and Stripe would keep a 500 for a key for a day.
"""

from __future__ import annotations

from typing import Any

import stripe

from packshot.adapters.stripe import reading
from packshot.adapters.stripe.client import asking, once, plain
from packshot.adapters.stripe.looking import Looking
from packshot.adapters.stripe.money import told
from packshot.adapters.stripe.prices import Prices
from packshot.ports.money import Money
from packshot.ports.payment_states import Kind, Seen
from packshot.ports.payments import Change, Missing, Preview, Refused, sight

_OVER = ("canceled", "incomplete_expired")


class Changing:
    def __init__(self, client: stripe.StripeClient, prices: Prices, looking: Looking) -> None:
        self._v1 = client.v1
        self._prices = prices
        self._looking = looking

    # Previews.

    def preview(self, change: Change) -> Preview:
        """Raises Missing, Refused and PaymentsUnavailable."""
        found = self._running(change.subscription)
        regular = self._previewed(change, found, recurring=True)
        currency = regular["currency"]
        balance = regular["starting_balance"]
        if change.when == "period_end":
            nothing = Money(0, currency)
            return Preview(
                due_now=nothing,
                credit=nothing,
                tax=nothing,
                next_total=told(max(0, regular["total"] + balance), currency),
                next_at=reading.moment(found["items"]["data"][0]["current_period_end"]),
                restarts=False,
            )
        due = self._previewed(change, found, recurring=False)
        kept = max(0, -(due["total"] + balance))
        return Preview(
            due_now=told(due["amount_due"], currency),
            credit=told(max(0, -due["total"]), currency),
            tax=told(max(0, sum(each["amount"] for each in due.get("total_taxes") or ())), currency),
            next_total=told(max(0, regular["total"] - kept), currency),
            next_at=reading.moment(_next_turn(found, due, change)),
            restarts=_restarts(found, change),
        )

    def _previewed(self, change: Change, found: dict[str, Any], *, recurring: bool) -> dict[str, Any]:
        details = self._terms(change, found)
        params: Any = {"subscription": change.subscription, "subscription_details": details}
        if recurring:
            params["preview_mode"] = "recurring"
            details["proration_behavior"] = "none"
            details.pop("proration_date", None)
        with asking("preview a change"):
            return plain(self._v1.invoices.create_preview(params))

    def _terms(self, change: Change, found: dict[str, Any]) -> dict[str, Any]:
        """The change, for the preview and for itself: so both come to the same."""
        item = found["items"]["data"][0]
        terms: dict[str, Any] = {
            "items": [
                {"id": item["id"], "price": self._prices.id(change.price), "quantity": change.quantity}
            ],
            "proration_behavior": "always_invoice",
            "proration_date": _within(change, item),
        }
        if found["status"] == "trialing" and change.when == "now":
            terms["trial_end"] = "now"
            del terms["proration_date"]  # nothing was paid, nothing is given back
        return terms

    # Acts.

    def change(self, change: Change) -> Seen:
        """Raises Missing, Refused and PaymentsUnavailable."""
        found = self._running(change.subscription)
        if change.when == "now":
            return self._now(change, found)
        return self._at_period_end(change, found)

    def _now(self, change: Change, found: dict[str, Any]) -> Seen:
        if _is(found, self._prices.id(change.price), change.quantity) and not found.get("schedule"):
            return self._looking.fetch(Kind.SUBSCRIPTION, change.subscription)
        waits = self._waiting(found, change)
        if waits is None:
            self._need_same(found, change)
        self._release(found)
        if waits is None:
            params: Any = self._terms(change, found) | {"payment_behavior": "pending_if_incomplete"}
            with asking("change a subscription"):
                after = self._v1.subscriptions.update(change.subscription, params, once(change.id, "change"))
            waits = reading.name_of(plain(after)["latest_invoice"])
        return self._outcome(change, waits)

    def _need_same(self, found: dict[str, Any], change: Change) -> None:
        """Raises Refused where the preview was of another plan or period."""
        if change.seen not in (None, sight(self._looking.read_subscription(found))):
            raise Refused("The subscription is another since the preview.", "changed")

    def _waiting(self, found: dict[str, Any], change: Change) -> str | None:
        """The invoice that an earlier try of this very change waits for."""
        newest = reading.name_of(found.get("latest_invoice"))
        if not found.get("pending_update") or newest is None:
            return None
        same = reading.order_of(self._looking.invoice(newest)) == change.id
        return newest if same else None

    def _outcome(self, change: Change, invoice: str | None) -> Seen:
        """What became of it. What was declined is dropped: nothing is paid later by surprise."""
        if invoice is not None:
            with asking("mark a change's invoice"):
                self._v1.invoices.update(invoice, {"metadata": {reading.ORDER: str(change.id)}})
            if self._declined(invoice):
                before = self._looking.fetch(Kind.INVOICE, invoice)
                with asking("drop a change"):
                    self._v1.invoices.void_invoice(invoice)
                after = self._looking.fetch(Kind.SUBSCRIPTION, change.subscription)
                return joined(after, before)
            return joined(
                self._looking.fetch(Kind.SUBSCRIPTION, change.subscription),
                self._looking.fetch(Kind.INVOICE, invoice),
            )
        return self._looking.fetch(Kind.SUBSCRIPTION, change.subscription)

    def _declined(self, invoice: str) -> bool:
        found = self._looking.invoice(invoice)
        payment = reading.payment_of(found)
        if found["status"] != "open":
            return False
        if payment is None:
            return True  # there was no card to try
        with asking("look at a change's payment"):
            return self._v1.payment_intents.retrieve(payment).status == "requires_payment_method"

    def _at_period_end(self, change: Change, found: dict[str, Any]) -> Seen:
        self._need_same(found, change)
        if found.get("cancel_at_period_end"):
            self._keep(found)
        schedule = found.get("schedule")
        if not isinstance(schedule, dict):
            with asking("schedule a change"):
                schedule = plain(
                    self._v1.subscription_schedules.create(
                        {"from_subscription": found["id"]}, once(change.id, "schedule")
                    )
                )
        phases = self._phases(change, found, schedule)
        with asking("schedule a change"):
            self._v1.subscription_schedules.update(
                schedule["id"],
                {
                    "end_behavior": "release",
                    "metadata": {reading.ORDER: str(change.id)},
                    "phases": phases,
                    "proration_behavior": "none",
                },
            )
        return self._looking.fetch(Kind.SUBSCRIPTION, change.subscription)

    def _phases(self, change: Change, found: dict[str, Any], schedule: dict[str, Any]) -> Any:
        """This period as it is, the next one on the new terms; then the subscription goes on by itself."""
        item, first = found["items"]["data"][0], schedule["phases"][0]
        current: dict[str, Any] = {
            "items": [{"price": item["price"]["id"], "quantity": item["quantity"]}],
            "start_date": first["start_date"],
            "end_date": item["current_period_end"],
            "proration_behavior": "none",
        }
        if found["status"] == "trialing":
            current["trial_end"] = found["trial_end"]
        assert change.price.interval is not None
        after = {
            "items": [{"price": self._prices.id(change.price), "quantity": change.quantity}],
            "duration": {"interval": change.price.interval, "interval_count": 1},
            "proration_behavior": "none",
        }
        return [current, after]

    def cancel(self, subscription: str, *, at_once: bool) -> Seen:
        """Raises Missing and PaymentsUnavailable."""
        found = self._looking.subscription(subscription)
        if found["status"] not in _OVER:
            self._release(found)
            if at_once:
                with asking("end a subscription"):
                    self._v1.subscriptions.cancel(subscription)
            elif not found.get("cancel_at_period_end"):
                with asking("cancel a subscription"):
                    self._v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
        return self._looking.fetch(Kind.SUBSCRIPTION, subscription)

    def resume(self, subscription: str) -> Seen:
        """Raises Missing, Refused and PaymentsUnavailable."""
        found = self._looking.subscription(subscription)
        if found["status"] in _OVER:
            raise Refused("This plan has ended. Choose it again to go on.")
        self._release(found)
        if found.get("cancel_at_period_end") or found.get("cancel_at"):
            self._keep(found)
        return self._looking.fetch(Kind.SUBSCRIPTION, subscription)

    def _running(self, ref: str) -> dict[str, Any]:
        found = self._looking.subscription(ref)
        if found["status"] in _OVER:
            raise Missing(f"the subscription {ref} has ended")
        return found

    def _release(self, found: dict[str, Any]) -> None:
        """Take a scheduled change back; the newest word counts."""
        schedule = found.get("schedule")
        if isinstance(schedule, dict) and schedule["status"] in ("active", "not_started"):
            with asking("take a scheduled change back"):
                self._v1.subscription_schedules.release(schedule["id"])

    def _keep(self, found: dict[str, Any]) -> None:
        params: Any = {"cancel_at_period_end": False}
        if found.get("cancel_at") and not found.get("cancel_at_period_end"):
            params = {"cancel_at": ""}
        with asking("take a cancellation back"):
            self._v1.subscriptions.update(found["id"], params)


def joined(newer: Seen, older: Seen) -> Seen:
    """Two looks as one: of what both have seen, the newer."""
    known = {each.ref for each in newer.states}
    return Seen(older.at, newer.states + tuple(each for each in older.states if each.ref not in known))


def _is(found: dict[str, Any], price: str, quantity: int) -> bool:
    item = found["items"]["data"][0]
    return bool(item["price"]["id"] == price and item["quantity"] == quantity)


def _restarts(found: dict[str, Any], change: Change) -> bool:
    interval = found["items"]["data"][0]["price"]["recurring"]["interval"]
    return bool(found["status"] == "trialing" or interval != change.price.interval)


def _within(change: Change, item: dict[str, Any]) -> int:
    """The moment of the change, which must lie in the period that runs."""
    first: int = item["current_period_start"]
    last: int = item["current_period_end"]
    return min(max(int(change.at.timestamp()), first), last)


def _next_turn(found: dict[str, Any], due: dict[str, Any], change: Change) -> int:
    if not _restarts(found, change):
        return int(found["items"]["data"][0]["current_period_end"])
    ends: list[int] = [each["period"]["end"] for each in due["lines"]["data"] if each["amount"] >= 0]
    return max(ends)

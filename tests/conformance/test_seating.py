"""Seats that are bought with the invitations they are for, at every payment provider."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from packshot.foundation.billing import seating
from packshot.foundation.billing.errors import Declined
from packshot.foundation.organizations import queries as workspaces
from packshot.foundation.organizations.commands import Invited
from tests.conformance.shops import Shop
from tests.conformance.tills import storm
from tests.foundation.conftest import new_address


def ask(at: Shop, who: str, act: UUID) -> str | list[Invited] | None:
    found = seating.preview(at.actor, [who])
    assert found is not None
    asked = found.change.asked
    return seating.buy(at.actor, act, asked.price.key, asked.quantity, asked.at, asked.seen, [who], "member")


def invited(at: Shop) -> list[str]:
    return [each.email for each in workspaces.invitations(at.actor) if each.state == "open"]


def test_seats_are_bought_first_and_then_people_are_invited(shop):
    shop.buy("team")
    who, act = new_address(), uuid4()
    found = seating.preview(shop.actor, [who])
    assert found is not None
    [said] = ask(shop, who, act)
    assert (said.email, said.outcome) == (who, "invited")
    assert shop.payments()[-1].amount == found.change.due_now
    shop.till.deliver(storm(11))
    assert (workspaces.seats(shop.actor).seats, workspaces.seats(shop.actor).used) == (2, 2)
    assert seating.invite(shop.actor, act) is None
    assert invited(shop) == [who]


def test_a_card_that_is_declined_buys_no_seat_and_invites_nobody(shop):
    shop.buy("team", card="fails_later")
    who, act = new_address(), uuid4()
    with pytest.raises(Declined):
        ask(shop, who, act)
    shop.till.deliver()
    assert seating.invite(shop.actor, act) is None
    assert (workspaces.seats(shop.actor).seats, invited(shop)) == (1, [])


@pytest.mark.parametrize("yes", [True, False])
def test_the_bank_is_waited_for(shop, yes):
    shop.buy("team", card="confirm")
    who, act = new_address(), uuid4()
    assert isinstance(ask(shop, who, act), str)
    assert seating.invite(shop.actor, act) is None
    shop.till.confirm(shop.payments()[-1].ref, yes=yes)
    shop.till.deliver(storm(3))
    said = seating.invite(shop.actor, act)
    assert (said is not None) is yes
    assert invited(shop) == ([who] if yes else [])
    assert workspaces.seats(shop.actor).seats == (2 if yes else 1)

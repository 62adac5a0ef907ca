"""Stripe on loopback, of the API version 2026-10-28.endive: its API, its hosted pages, its webhooks, its clocks.

Requests are checked against the TypedDicts of the SDK, answers and events against its classes. What the fake does is
what the documentation says and the SDK's types show. What it does not know, because nobody here has tried it against
the live service:

- only the endpoints that are used; `customers.search` finds one word of metadata, and at once;
- the sentences and some codes of errors; rate limits, locks and timeouts of objects;
- taxes: a percentage by country on top of the price, no products that differ, no tax ids, no inclusive prices;
- coupons: of the whole invoice, once or for ever; no promotion codes but the coupon's own id, no months;
- payment methods: cards and SEPA; no wallets, no Link, no bank transfers; what a subscription is while its first
  money is on its way (here `active`) and when that fails (here it ends);
- how the first invoice of a Checkout comes about (here the payment is made first and then linked to the invoice), and
  whether `payment_status` of a trial or of a coupon of everything is `no_payment_required` or `paid`;
- when dunning tries again (here 3, 5 and 7 days later) and what the account's settings do then (`after_dunning`);
- whether a refund that failed lowers `amount_refunded` again (here it does), and what disputes do to it (nothing);
- what an off-session invoice does whose card wants the bank (here it waits: `invoice.payment_action_required`);
- what voiding the invoice of a pending update does (here the update is dropped, as if it had expired);
- quantities and several items: one item a subscription is what is tried; no metered prices, no tiers;
- flexible billing's finer points: prorations here are of the price, not of what was paid after discounts;
- schedules: made from a subscription, phases that end with its periods, released at the end;
- the portal: its homepage, four acts, no flows; webhooks are tried again at once and not for three days.
"""

from tests.fakes.stripe.server import Stripe
from tests.fakes.stripe.webhooks import Chaos, Endpoint, message, signed
from tests.fakes.stripe.world import VERSION

__all__ = ["VERSION", "Chaos", "Endpoint", "Stripe", "message", "signed"]

"""What billing refuses."""

from __future__ import annotations

from packshot.errors import Conflict, Invalid, Problem, Unavailable


class NotSold(Conflict):
    """Nobody is connected who could take the money, or what is connected cannot do this."""

    code = "not_sold"


class Declined(Problem):
    """The card was refused, or its bank wants the person; nothing was changed and nothing is owed."""

    status = 402
    code = "payment_declined"


class NoticeForged(Problem):
    """A message that is not the provider's, is stale, or cannot be read."""

    status = 401
    code = "forged"


class NotPossible(Invalid):
    """The provider will not do it; nothing was changed."""

    code = "not_possible"


class ProviderAway(Unavailable):
    """The provider does not answer. Nothing was charged twice: the same request may be sent again."""

    code = "provider_away"

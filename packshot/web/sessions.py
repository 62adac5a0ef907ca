"""Whose stream it is: the session cookie read without a request."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest

from packshot.errors import Forbidden
from packshot.foundation.organizations.current import actor_of


def organization_of_session(cookies: Mapping[str, str]) -> UUID | None:
    """The organization that the session in these cookies acts for; None where nobody is signed in.

    Called from a pool thread; the database connection goes back to the pool before it returns.
    """
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        request.user = get_user(request)
        actor = actor_of(request)
    except Forbidden:
        return None
    finally:
        connection.close()
    return actor.organization_id if actor else None

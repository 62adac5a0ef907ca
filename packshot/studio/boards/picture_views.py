"""The viewer's panel about one picture: what it is, where it comes from, what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from packshot.errors import Invalid
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import ACTIONS, Selection
from packshot.studio.assets.queries import AssetView
from packshot.studio.boards import queries as boards
from packshot.studio.generation import queries as work
from packshot.web.templatetags.studio import percent, source_type

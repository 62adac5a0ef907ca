"""The page that says how the studio is: for anybody, without secrets."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client


@pytest.fixture
def providers(own_database, admin):
    return admin


def page() -> str:
    response = Client().get("/status/")
    connection.close()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return " ".join(response.content.decode().split())


def test_a_studio_that_is_well_says_so_to_strangers(providers):
    html = page()
    assert 'data-well="1"' in html
    assert html.count('data-state="working"') >= 3
    # Neither providers that are not set up nor what they need.
    assert "Gemini" not in html
    assert "PACKSHOT_" not in html


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("('mock', 'closed', 2, now(), now(), now(), null, 'rate_limited')", "limited"),
        (
            "('mock', 'closed', 2, now() - interval '1 h', now() - interval '1 h', now(), null, 'x')",
            "working",
        ),
        ("('mock', 'closed', 0, now(), now(), now(), null, 'rate_limited')", "working"),
        ("('mock', 'open', 5, now(), now(), now(), now(), 'quota_exhausted')", "out"),
    ],
)
def test_a_provider_that_fails_is_told_with_since_when_and_not_with_why(providers, row, state):
    providers.execute(
        "insert into public.generation_provider"
        f" (name, state, failures, first_at, last_at, since, trial_at, code) values {row}"
    )
    html = page()
    assert f'<tr data-state="{state}"> <th scope="row">Mock</th>' in html
    assert ("<time" in html) == (state != "working")
    assert "quota" not in html


def test_work_that_lies_in_the_queue_tells_of_workers_that_are_away(providers):
    providers.execute(
        "insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, status)"
        " values (0, 'advance', 'x', now() - interval '2 min', 'queued')"
    )
    assert '<tr data-state="limited"> <th scope="row">Queue</th>' in page()


def test_the_doctor_names_a_provider_that_is_out_and_what_more_there_could_be(providers):
    from packshot.doctor import examine

    providers.execute(
        "insert into public.generation_provider (name, state, failures, first_at, since, trial_at, code)"
        " values ('mock', 'open', 5, now(), now(), now(), 'quota_exhausted')"
    )
    found = {finding.part: finding for finding in examine()}
    assert not found["providers"].ok
    assert "mock (quota_exhausted)" in found["providers"].found
    assert found["models"].ok
    assert "PACKSHOT_FAL_KEY" in found["models"].found

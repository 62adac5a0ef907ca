"""The pages over HTTP: what they show, what a form does once and twice, what they say when something is wrong."""

from __future__ import annotations

import gzip
import io
import json
import re
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.studio.boards import commands as boards
from packshot.studio.boards import queries
from packshot.studio.generation import queries as work
from packshot.web.assets import DIST, manifest
from tests.studio.assets.seed import seed
from tests.web.conftest import signed_in

HTMX = {"HX-Request": "true"}
BUDGET = 100 * 1024
"""Compressed bytes of the first page: its HTML, scripts and styles."""


def form(**changes: object) -> dict[str, object]:
    return {
        "key": str(uuid7()),
        "model": "local-scene",
        "prompt": "On white marble, soft window light",
        "ratio": "4:5",
        "variants": "4",
        **changes,
    }


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((32, 24), 60).convert("RGB").save(file, "PNG")
    return file.getvalue()


def create(visit: Client, **changes: object) -> str:
    """Open a board with a request; its slug."""
    response = visit.post(reverse("board-create"), form(**changes))
    assert response.status_code == 302, response.content
    return response["Location"].strip("/").split("/")[-1]


def spend_all_but(admin, tenant, whole: int) -> None:
    """Leave so many whole credits in the wallet."""
    left = admin.execute(
        "select available from public.credits_wallet where id = %s", [tenant.organization_id]
    ).fetchone()[0]
    command = {
        "kind": "adjust",
        "wallet": str(tenant.organization_id),
        "key": str(uuid7()),
        "actor": None,
        "amount": whole * 1_000_000 - left,
        "note": {"why": "test"},
    }
    [answer] = admin.execute("select public.credits_staff_apply_v1(%s)", [Jsonb([command])]).fetchone()[0]
    assert answer["ok"], answer


def test_who_is_not_signed_in_is_told_what_this_is():
    response = Client().get("/")
    assert response.status_code == 200
    assert reverse("account_signup") in response.content.decode()
    assert Client().get("/boards/abcdefghijkl/")["Location"].startswith(reverse("account_login"))


def test_every_page_forbids_what_it_does_not_need(visit):
    for path in ("/", "/boards/nonesuch0000/", "/nowhere", reverse("settings")):
        response = visit.get(path)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        html = response.content.decode()
        assert not re.search(r"<[^>]+\sstyle=|<script(?![^>]*\ssrc=)|<style", html), path


def test_the_first_page_is_small(visit):
    html = visit.get("/").content
    files = [
        DIST / name for plain, name in manifest().files.items() if plain.endswith((".css", ".js", ".svg"))
    ]
    total = sum(len(gzip.compress(data, 9)) for data in (html, *(path.read_bytes() for path in files)))
    assert total < BUDGET


def test_pages_travel_compressed(visit):
    response = visit.get("/", headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert b"<!DOCTYPE html>" in gzip.decompress(response.content)
    assert "Accept-Encoding" in response["Vary"]


def test_a_full_library_is_small_too(visit, tenant, admin):
    board_id = uuid7()
    boards.create(tenant.actor, board_id, "Bottles")
    seed(admin, tenant, board_id, 70)
    html = visit.get("/library").content
    assert html.count(b"data-cell=") == 60
    # What seeds share and pictures do not: a hash, and the colours of the placeholder.
    apart = 60 * (32 + 200)
    files = [
        DIST / name for plain, name in manifest().files.items() if plain.endswith((".css", ".js", ".svg"))
    ]
    assert (
        sum(len(gzip.compress(data, 9)) for data in (html, *(path.read_bytes() for path in files))) + apart
        < BUDGET
    )


def test_an_empty_home_offers_a_beginning(visit):
    html = visit.get("/").content.decode()
    assert html.count('class="starter"') == 3
    for model in work.models():
        assert (f'value="{model.id}"' in html) == (model.makes != "text")


def test_a_request_opens_a_board_and_shows_its_tiles_at_once(visit):
    slug = create(visit)
    board = queries.board(visit.tenant.actor, slug)
    assert board.title == "On white marble, soft window light"
    html = visit.get(f"/boards/{slug}/").content.decode()
    assert html.count('data-face="waiting"') == 4
    assert html.count('viewBox="0 0 4 5"') == 4
    assert "8 held" in visit.get(reverse("shell-balance")).content.decode()
    assert 'class="board-link"' in visit.get("/").content.decode()


def test_the_same_form_twice_is_one_board_and_one_request(visit):
    sent = form()
    first, second = (visit.post(reverse("board-create"), sent)["Location"] for _ in range(2))
    assert first == second
    [board] = queries.home(visit.tenant.actor)
    assert len(work.thread(visit.tenant.actor, board.id)) == 1


def test_the_same_form_twice_is_not_refused_for_what_the_first_one_spent(visit, admin):
    spend_all_but(admin, visit.tenant, 8)
    sent = form()
    assert [visit.post(reverse("board-create"), sent).status_code for _ in range(2)] == [302, 302]


def test_a_form_works_before_its_script_has_loaded(visit):
    slug = create(visit)
    assert visit.post(f"/boards/{slug}/requests", form())["Location"] == f"/boards/{slug}/"
    assert (
        visit.post(reverse("board-rename", args=[slug]), {"title": "Plain"})["Location"] == f"/boards/{slug}/"
    )


def test_htmx_is_sent_to_the_board_by_a_header(visit):
    response = visit.post(reverse("board-create"), form(), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Redirect"].startswith("/boards/")


def test_a_further_request_joins_the_thread_and_brings_a_fresh_key(visit):
    slug = create(visit)
    sent = form(prompt="On oak", variants="2")
    html = visit.post(f"/boards/{slug}/requests", sent, headers=HTMX).content.decode()
    assert html.count('data-face="waiting"') == 2
    fresh = re.search(r'id="composer-key"\s+value="([^"]+)"', html)
    assert fresh is not None
    assert fresh[1] != sent["key"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "nonesuch"},
        {"key": "no id"},
        {"variants": "99"},
        {"variants": "-1"},
        {"seed": "abc"},
        {"size": "7"},
        {"prompt": "  "},
        {"ratio": "7:1"},
        {"reference": "no id"},
        {"model": "local-cutout"},
        {"model": "local-upscale", "parameter-factor": "3"},
    ],
    ids=lambda wrong: "-".join(f"{key}={value}" for key, value in wrong.items()),
)
def test_a_form_that_cannot_be_carried_out_is_refused_in_words_and_opens_nothing(visit, wrong):
    response = visit.post(reverse("board-create"), form(**wrong), headers=HTMX)
    assert response.status_code == 422
    assert re.search(r'role="alert"[^>]*>[^<]+\.<', response.content.decode())
    assert queries.home(visit.tenant.actor) == []


def test_a_reference_of_somebody_else_is_not_there(visit, visitor):
    theirs = visitor().post(reverse("asset-upload"), {"file": io.BytesIO(picture())}).json()["id"]
    response = visit.post(reverse("board-create"), form(reference=theirs), headers=HTMX)
    assert response.status_code == 422
    assert "not there" in response.content.decode()
    assert queries.home(visit.tenant.actor) == []


def test_too_few_credits_say_what_is_needed_and_what_can_be_done(visit, admin):
    spend_all_but(admin, visit.tenant, 5)
    response = visit.post(reverse("board-create"), form(), headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 402
    assert "8 credits" in html
    assert "5 credits" in html
    assert "Make 2 instead" in html
    assert queries.home(visit.tenant.actor) == []
    again = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', html))
    assert visit.post(reverse("board-create"), again, headers=HTMX)["HX-Redirect"]
    [board] = queries.home(visit.tenant.actor)
    [batch] = work.thread(visit.tenant.actor, board.id)
    assert (len(batch.tiles), batch.prompt, batch.ratio) == (2, "On white marble, soft window light", "4:5")


def test_nothing_is_offered_instead_when_not_even_one_is_affordable(visit, admin):
    slug = create(visit, variants="1")
    spend_all_but(admin, visit.tenant, 1)
    response = visit.post(f"/boards/{slug}/requests", form(), headers=HTMX)
    assert response.status_code == 402
    assert "instead" not in response.content.decode()


def test_cancelling_one_and_all_shows_it_and_gives_back(visit):
    slug = create(visit)
    actor = visit.tenant.actor
    [batch] = work.thread(actor, queries.board(actor, slug).id)
    job = batch.tiles[0].job_id
    html = visit.post(reverse("job-cancel", args=[batch.id, job]), headers=HTMX).content.decode()
    assert html.count('data-face="cancelled"') == 1
    assert "2 credits came back." in html
    html = visit.post(reverse("batch-cancel", args=[batch.id]), headers=HTMX).content.decode()
    assert html.count('data-face="cancelled"') == 4
    assert "data-open" not in html
    assert "500" in visit.get(reverse("shell-balance")).content.decode()


def test_trying_again_pays_once_and_says_the_price_beforehand(visit):
    slug = create(visit, variants="1")
    actor = visit.tenant.actor
    [batch] = work.thread(actor, queries.board(actor, slug).id)
    html = visit.post(reverse("batch-cancel", args=[batch.id]), headers=HTMX).content.decode()
    assert re.search(r"Try again(<[^>]*>)? · +2 credits", html)
    again = reverse("job-retry", args=[batch.id, batch.tiles[0].job_id])
    assert visit.post(again, headers=HTMX).content.decode().count('data-face="waiting"') == 1
    visit.post(again, headers=HTMX)
    assert "498" in visit.get(reverse("shell-balance")).content.decode()


def test_renaming_can_be_undone_from_its_toast(visit):
    slug = create(visit)
    path = reverse("board-rename", args=[slug])
    html = visit.post(path, {"title": "<b>Bold</b>"}, headers=HTMX).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in html
    undo = dict(re.findall(r'type="hidden"\s+name="(title|undo)"\s+value="([^"]*)"', html))
    assert visit.post(path, undo, headers=HTMX).status_code == 200
    assert queries.board(visit.tenant.actor, slug).title == "On white marble, soft window light"


def test_a_batch_is_shown_on_its_own_board_only(visit):
    first, second = create(visit), create(visit)
    actor = visit.tenant.actor
    [batch] = work.thread(actor, queries.board(actor, first).id)
    assert visit.get(reverse("board-batch", args=[first, batch.id])).status_code == 200
    assert visit.get(reverse("board-batch", args=[second, batch.id])).status_code == 404


def test_a_long_thread_comes_in_pages(visit):
    actor = visit.tenant.actor
    slug = create(visit, variants="1", prompt="Number 0")
    for number in range(1, 22):
        visit.post(f"/boards/{slug}/requests", form(variants="1", prompt=f"Number {number}"), headers=HTMX)
    html = visit.get(f"/boards/{slug}/").content.decode()
    shown = re.findall(r'class="said">(Number \d+)<', html)
    assert shown == [f"Number {number}" for number in range(2, 22)]
    oldest = work.thread(actor, queries.board(actor, slug).id)[-1]
    earlier = reverse("board-earlier", args=[slug, oldest.id])
    assert earlier in html
    assert re.findall(r'class="said">(Number \d+)<', visit.get(earlier).content.decode()) == [
        "Number 0",
        "Number 1",
    ]


def test_an_upload_becomes_a_chip_and_another_file_a_sentence(visit):
    response = visit.post(
        reverse("asset-upload"), {"file": io.BytesIO(picture())}, headers={"Accept": "application/json"}
    )
    answer = response.json()
    assert (response.status_code, answer["state"]) == (201, "checking")
    state = visit.get(reverse("asset-state", args=[answer["id"]]))
    assert state.json() == answer
    response = visit.post(
        reverse("asset-upload"), {"file": io.BytesIO(b"no picture")}, headers={"Accept": "application/json"}
    )
    assert response.status_code == 415
    assert response.json()["message"] == "This is not a JPEG, PNG, WebP or AVIF picture."


@pytest.mark.parametrize("path", ["/nowhere", "/boards/nonesuch0000/", f"/batches/{UUID(int=0)}/"])
def test_what_is_not_there_is_told_in_our_words_with_the_requests_id(visit, path):
    response = visit.get(path)
    assert response.status_code == 404
    assert f"Request {response['X-Request-ID']}" in response.content.decode()
    fragment = visit.get(path, headers=HTMX)
    assert fragment.status_code == 404
    assert fragment["HX-Reswap"] == "none"
    assert 'hx-target="#toasts"' in fragment.content.decode()


def test_our_own_fault_is_told_without_what_it_was(visit, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(queries, "listing", broken)
    visit.raise_request_exception = False
    response = visit.get("/")
    assert response.status_code == 500
    assert "Nothing was charged" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_form_without_its_token_is_told_to_reload(tenant):
    strict = signed_in(tenant)
    strict.handler.enforce_csrf_checks = True
    response = strict.post(reverse("board-create"), form(), headers=HTMX)
    assert response.status_code == 403
    assert "reload" in response.content.decode().lower()


@pytest.mark.parametrize(
    ("cookie", "attribute"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ('"><b>', None)]
)
def test_the_theme_is_in_the_page_from_its_first_byte(visit, cookie, attribute):
    visit.cookies["theme"] = cookie
    head = visit.get("/").content.decode().partition("<head>")[0]
    assert (attribute in head) if attribute else ("data-theme" not in head)


def test_the_popover_lists_lots_reset_and_last_entries(visit):
    create(visit)
    html = visit.get(reverse("shell-credits")).content.decode()
    assert "Monthly allowance" in html
    assert re.search(r"Held for work\s+· 4 ×", html)
    assert "−8" in html


def test_what_is_under_way_leads_to_its_place(visit):
    slug = create(visit)
    assert "4" in visit.get(reverse("shell-running")).content.decode()
    html = visit.get(reverse("shell-queue")).content.decode()
    assert f"/boards/{slug}/#batch-" in html
    assert "0 of 4 done" in html


def test_what_waits_is_cancelled_at_once_and_only_ones_own(visit, new_tenant):
    slug = create(visit)
    create(visit, variants="1")
    assert reverse("shell-queue-cancel-waiting") in visit.get(reverse("shell-queue")).content.decode()
    other = new_tenant()
    other_visit = signed_in(other)
    create(other_visit)
    html = visit.post(reverse("shell-queue-cancel-waiting"), headers=HTMX).content.decode()
    assert "5 cancelled before they began." in html
    assert "Nothing is under way." in html
    assert visit.get(f"/boards/{slug}/").content.decode().count('data-face="cancelled"') == 4
    assert "500" in visit.get(reverse("shell-balance")).content.decode()
    assert work.running(other.actor).count == 4


def test_one_request_is_cancelled_from_the_queue(visit):
    create(visit)
    [batch_id] = work.running(visit.tenant.actor).batches
    html = visit.post(reverse("shell-queue-cancel", args=[batch_id]), headers=HTMX).content.decode()
    assert "Nothing is under way." in html


def test_using_a_request_again_fills_the_composer_with_it(visit):
    slug = create(visit, seed="77")
    actor = visit.tenant.actor
    [batch] = work.thread(actor, queries.board(actor, slug).id)
    visit.post(reverse("batch-cancel", args=[batch.id]))
    html = visit.get(reverse("batch", args=[batch.id])).content.decode()
    found = re.search(r'data-reuse="([^"]+)"', html)
    assert found is not None
    reuse = json.loads(found[1].replace("&quot;", '"'))
    asked = {"prompt": "On white marble, soft window light", "model": "local-scene", "ratio": "4:5"}
    assert asked.items() <= reuse.items()
    assert (reuse["variants"], reuse["seed"]) == (4, None), "a remix has a seed of its own"
    assert "{&quot;seed&quot;: &quot;77&quot;}" in html, "its seed can be used by itself"


def test_a_signed_out_fragment_leads_to_signing_in(visit):
    path = reverse("shell-balance")
    visit.logout()
    response = visit.get(path, headers={**HTMX, "HX-Current-URL": "http://testserver/boards/x/"})
    assert response["HX-Redirect"].startswith(reverse("account_login"))


def test_an_address_that_is_only_sent_to_says_so_when_it_is_visited(tenant):
    visit = signed_in(tenant)
    response = visit.get(reverse("board-create"))
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "only takes what one of our pages sends" in response.content.decode()
    # A program is not answered with a page.
    assert visit.get(reverse("board-create"), HTTP_ACCEPT="application/json").content == b""


def test_a_slash_too_many_leads_where_it_was_meant(tenant):
    visit = signed_in(tenant)
    assert visit.get("/library/?q=mug")["Location"] == "/library?q=mug"
    assert visit.get("/nowhere/").status_code == 404

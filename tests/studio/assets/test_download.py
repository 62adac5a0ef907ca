"""Downloads: the stored bytes, or the same picture with its digital source type written in."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from django.test import Client
from PIL import Image
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.errors import Invalid, NotFound
from packshot.foundation.accounts.models import User
from packshot.imaging.sources import read_source_type
from packshot.studio.assets import commands, storage


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskBlobs]:
    before = storage.blobs()
    store = DiskBlobs(tmp_path / "blobs", sign_key=b"k" * 32, base_url="", now=lambda: 1_000_000.0)
    storage.connect(store)
    yield store
    storage.connect(before)


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert("RGB").save(out, form)
    return out.getvalue()


def add(
    admin: psycopg.Connection, store: DiskBlobs, organization_id: Any, data: bytes, **changes: Any
) -> Any:
    sha256 = hashlib.sha256(data).hexdigest()
    store.put(storage.key(organization_id, sha256), data)
    row = {
        "organization_id": str(organization_id), "id": str(uuid7()), "origin": "upload", "sha256": sha256,
        "media_type": "image/png", "bytes": len(data), "width": 60, "height": 40, "placeholder": "data:,",
        "name": "mug.png", "source_type": "digitalCapture",
    }  # fmt: skip
    found = admin.execute("select public.assets_add_v1(%s)", [json.dumps(row | changes)]).fetchone()
    assert found is not None
    return found[0]


def fetched(store: DiskBlobs, address: str) -> tuple[bytes, dict[str, str]]:
    """What the address leads to, and the query it signs."""
    parts = urlsplit(address)
    key, asked = parts.path.removeprefix("/blobs/"), dict(parse_qsl(parts.query))
    assert store.verify(key, asked)
    return store.get(key), asked


def test_the_original_is_untouched_and_its_own_form_is_marked(tenant, store, admin):
    data = picture("PNG")
    asset_id = add(admin, store, tenant.organization_id, data)
    original, asked = fetched(store, commands.download(tenant.actor, asset_id))
    assert (original, asked["d"]) == (data, "mug.png")
    for _ in range(2):
        marked, asked = fetched(store, commands.download(tenant.actor, asset_id, form="png"))
        assert (read_source_type(marked), asked["d"]) == ("digitalCapture", "mug.png")
        with Image.open(io.BytesIO(data)) as old, Image.open(io.BytesIO(marked)) as new:
            assert old.tobytes() == new.tobytes()
    assert fetched(store, commands.download(tenant.actor, asset_id, form="original"))[0] == data


def test_what_we_made_is_downloaded_as_it_is(tenant, store, admin):
    data = picture("PNG")
    asset_id = add(admin, store, tenant.organization_id, data, origin="generated", job_id=str(uuid7()))
    for form in ("original", "png"):
        assert fetched(store, commands.download(tenant.actor, asset_id, form=form))[0] == data


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif", "gif", "", "../x"])
def test_what_cannot_be_had_is_said(tenant, store, admin, form):
    asset_id = add(admin, store, tenant.organization_id, picture("PNG"))
    with pytest.raises(Invalid):
        commands.download(tenant.actor, asset_id, form=form)


def test_an_avif_can_only_be_had_as_it_is(tenant, store, admin):
    data = picture("AVIF")
    asset_id = add(admin, store, tenant.organization_id, data, media_type="image/avif")
    assert fetched(store, commands.download(tenant.actor, asset_id))[0] == data
    with pytest.raises(Invalid, match="original"):
        commands.download(tenant.actor, asset_id, form="avif")


def test_nobody_downloads_what_is_not_theirs_or_not_ready(new_tenant, store, admin):
    mine, other = new_tenant(), new_tenant()
    theirs = add(admin, store, other.organization_id, picture("PNG"))
    new = commands.upload(mine.actor, data=picture("JPEG"), filename="new.jpg").id
    for asset_id in (theirs, new, uuid7()):
        with pytest.raises(NotFound):
            commands.download(mine.actor, asset_id)


def test_the_page_redirects_to_the_file(new_tenant, store, admin):
    mine, other = new_tenant(), new_tenant()
    asset_id = add(admin, store, mine.organization_id, data := picture("PNG"))
    client = Client()
    client.force_login(
        User.objects.get(id=mine.user_id), "allauth.account.auth_backends.AuthenticationBackend"
    )
    answer = client.get(f"/assets/{asset_id}/download")
    assert answer.status_code == 302
    assert fetched(store, answer["location"])[0] == data
    assert client.get(f"/assets/{asset_id}/download?format=gif").status_code == 422
    stranger = Client()
    stranger.force_login(
        User.objects.get(id=other.user_id), "allauth.account.auth_backends.AuthenticationBackend"
    )
    assert stranger.get(f"/assets/{asset_id}/download").status_code == 404

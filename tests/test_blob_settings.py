"""A bucket is named in full or not used."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from packshot.settings import Settings

BUCKET = {
    "s3_bucket": "pictures",
    "s3_region": "eu-central-1",
    "s3_access_key_id": "key",
    "s3_secret_access_key": "a secret",
}


def test_a_whole_bucket_is_taken_and_its_secret_not_shown():
    found = Settings(blobs="s3", blobs_from="disk", **BUCKET)
    assert "a secret" not in repr(found)
    assert found.s3_secret_access_key is not None
    assert found.s3_secret_access_key.get_secret_value() == "a secret"


@pytest.mark.parametrize("name", list(BUCKET))
@pytest.mark.parametrize("where", [{"blobs": "s3"}, {"blobs": "disk", "blobs_from": "s3"}])
def test_what_is_missing_is_named(name, where):
    given = {key: value for key, value in BUCKET.items() if key != name}
    with pytest.raises(ValidationError, match=f"PACKSHOT_{name.upper()}"):
        Settings(**where, **given)


@pytest.mark.parametrize("place", ["disk", "s3"])
def test_a_store_is_not_moved_to_itself(place):
    with pytest.raises(ValidationError, match="PACKSHOT_BLOBS_FROM"):
        Settings(blobs=place, blobs_from=place, **BUCKET)

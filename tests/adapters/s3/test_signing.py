"""Our signatures are AWS's published one, and botocore's for everything else."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from packshot.adapters.s3 import Bucket
from packshot.adapters.s3.signing import presigned
from tests.fakes.s3.server import SignerAt

# "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API reference.
PUBLISHED = Bucket(
    "examplebucket",
    "us-east-1",
    "AKIAIOSFODNN7EXAMPLE",
    SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    endpoint="https://s3.amazonaws.com",
)
AT = datetime(2013, 5, 24, tzinfo=UTC).timestamp()


def test_the_published_example():
    address = presigned("GET", PUBLISHED, "test.txt", at=AT, valid_s=86400)
    assert address == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def theirs(
    method: str, bucket: Bucket, key: str, valid_s: int, query: dict[str, str], headers: dict[str, str]
) -> str:
    """botocore's signature of the same."""
    line = "&".join(f"{quote(name, safe='')}={quote(value, safe='-_.~')}" for name, value in query.items())
    request = AWSRequest(method, f"{bucket.base}/{key}" + (f"?{line}" if line else ""), headers=headers)
    secret = bucket.secret_access_key.get_secret_value()
    signer = SignerAt(Credentials(bucket.access_key_id, secret), "s3", bucket.region, valid_s)
    signer.sign(request, datetime.fromtimestamp(AT, UTC).strftime("%Y%m%dT%H%M%SZ"))
    return parse_qs(request.url.partition("?")[2])["X-Amz-Signature"][0]


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)


@given(
    method=st.sampled_from(["GET", "PUT", "HEAD"]),
    key=st.text(string.ascii_lowercase + string.digits + "/.-", min_size=1, max_size=60).map(
        lambda key: f"k{key}"
    ),
    disposition=NAMES,
    size=st.none() | st.integers(1, 5 * 2**40),
    valid_s=st.integers(1, 604_800),
    path_style=st.booleans(),
    region=st.sampled_from(["eu-central-1", "auto"]),
    secret=st.text(string.ascii_letters + string.digits + "+/", min_size=1, max_size=40),
)
def test_botocore_signs_alike(method, key, disposition, size, valid_s, path_style, region, secret):
    bucket = replace(PUBLISHED, path_style=path_style, region=region, secret_access_key=SecretStr(secret))
    query = {"response-content-disposition": disposition} if disposition else {}
    headers = {} if size is None else {"content-length": str(size), "content-type": "image/png"}
    address = presigned(method, bucket, key, at=AT, valid_s=valid_s, query=query, headers=headers)
    ours = parse_qs(address.partition("?")[2])["X-Amz-Signature"][0]
    assert ours == theirs(method, bucket, key, valid_s, query, headers)


@pytest.mark.parametrize(
    ("endpoint", "path_style", "base"),
    [
        (None, False, "https://pictures.s3.eu-west-1.amazonaws.com"),
        (None, True, "https://s3.eu-west-1.amazonaws.com/pictures"),
        ("https://abc.r2.cloudflarestorage.com/", False, "https://pictures.abc.r2.cloudflarestorage.com"),
        ("http://minio:9000", True, "http://minio:9000/pictures"),
    ],
)
def test_where_a_bucket_is(endpoint, path_style, base):
    bucket = Bucket("pictures", "eu-west-1", "k", SecretStr("s"), endpoint=endpoint, path_style=path_style)
    assert bucket.base == base


def test_the_secret_is_not_shown():
    assert "wJalr" not in repr(PUBLISHED)

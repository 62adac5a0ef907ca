"""Addresses signed in their query (AWS Signature Version 4): to read with other headers, to write with exact ones.

obstore signs an address, but neither `response-content-disposition` nor the headers of an upload; both need to be under
the signature. Pure functions: the time comes in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from packshot.adapters.s3.bucket import Bucket

_ALGORITHM = "AWS4-HMAC-SHA256"


def presigned(
    method: str,
    bucket: Bucket,
    key: str,
    *,
    at: float,
    valid_s: int,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """The address of one object for one method, from `at` (seconds since 1970) on and for `valid_s`, a week at most.

    `query` is what else the address says, e.g. `response-content-disposition`; a request must carry `headers` exactly.
    """
    address = urlsplit(f"{bucket.base}/{key}")
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{bucket.region}/s3/aws4_request"
    signed = {name.lower(): value.strip() for name, value in (headers or {}).items()} | {
        "host": address.netloc
    }
    names = ";".join(sorted(signed))
    asked = {
        **(query or {}),
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{bucket.access_key_id}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(valid_s),
        "X-Amz-SignedHeaders": names,
    }
    path = quote(address.path, safe="/-_.~")
    line = "&".join(sorted(f"{_escaped(name)}={_escaped(value)}" for name, value in asked.items()))
    said = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = f"{method}\n{path}\n{line}\n{said}\n{names}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
    signature = hmac.new(_key(bucket, moment[:8]), text.encode(), hashlib.sha256).hexdigest()
    return f"{address.scheme}://{address.netloc}{path}?{line}&X-Amz-Signature={signature}"


def _key(bucket: Bucket, day: str) -> bytes:
    key = f"AWS4{bucket.secret_access_key.get_secret_value()}".encode()
    for part in (day, bucket.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")

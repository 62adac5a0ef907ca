"""Which bucket, and where it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the key that opens it. Lasting keys only: an address dies with the credentials that signed it."""

    name: str
    region: str
    access_key_id: str
    secret_access_key: SecretStr
    endpoint: str | None = None
    """The service's own address, e.g. https://<account>.r2.cloudflarestorage.com; None: AWS in this region."""
    path_style: bool = False
    """Name the bucket in the path (`host/bucket/key`), as MinIO wants it, and not in the host (`bucket.host/key`)."""

    @property
    def service(self) -> str:
        return (self.endpoint or f"https://s3.{self.region}.amazonaws.com").rstrip("/")

    @property
    def base(self) -> str:
        """What every object's address starts with; the key follows behind a slash."""
        if self.path_style:
            return f"{self.service}/{self.name}"
        found = urlsplit(self.service)
        return f"{found.scheme}://{self.name}.{found.netloc}{found.path}"

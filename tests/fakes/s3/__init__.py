"""A bucket on loopback that speaks S3: moto's server behind a gate that checks what moto does not.

The gate computes the signature of signed addresses again, by botocore, over the headers that came: an address that was
changed, has expired, or is used with another size or type is refused, as S3 refuses it. It lets one write through at a
time, so that If-None-Match decides between writers. With `conditional=False` it is a server that does not know
If-None-Match, with `down=True` one that fails.

What neither checks: the signatures of requests that carry them in a header (obstore's own), who may do what (policies),
TLS, virtual hosts (buckets are named in the path), limits of sizes and rates, and what AWS, R2 and MinIO answer
differently from moto.
"""

from tests.fakes.s3.server import S3, bucket_at, running

__all__ = ["S3", "bucket_at", "running"]

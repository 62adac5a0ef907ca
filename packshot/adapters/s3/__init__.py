"""Blobs in a bucket that speaks S3: AWS, Cloudflare R2, MinIO and their like."""

from packshot.adapters.s3.bucket import Bucket
from packshot.adapters.s3.store import S3Blobs

__all__ = ["Bucket", "S3Blobs"]

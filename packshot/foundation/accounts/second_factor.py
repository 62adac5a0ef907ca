"""How allauth's second factor behaves here."""

from __future__ import annotations

import base64
import hashlib
import hmac
from io import BytesIO

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from qrcode.image.svg import SvgPathFillImage

from packshot.settings import settings


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps the apps' keys encrypted in the database: a copy of it alone signs nobody in."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises InvalidToken where the studio's secret key is not the one that encrypted."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """Black on white, which a camera reads in the dark theme as well."""
        file = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(file)
        return file.getvalue().decode()


def _box() -> Fernet:
    key = hmac.new(settings().secret().encode(), b"second factor", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))

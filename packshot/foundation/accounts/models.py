"""Who signs in. Identity tables: the web login reads and writes them; no organization owns them."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from uuid_utils.compat import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True, default="")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    terms_version = models.CharField(max_length=40, blank=True, default="")
    terms_accepted_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    """What mails are written in: the language chosen, or that of the pages when the person last signed in."""
    language_chosen = models.BooleanField(default=False, db_default=False)
    """It was chosen, so every browser that the person signs in with speaks it."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

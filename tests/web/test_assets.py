"""The built front end: whole, unchanged, small."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from packshot.web.assets import DIST, manifest

TEMPLATES = sorted(DIST.parents[2].rglob("templates/**/*.html"))


def test_every_file_is_there_and_is_what_its_name_says():
    for plain, name in manifest().files.items():
        data = (DIST / name).read_bytes()
        stem, _, suffix = plain.rpartition(".")
        assert name == f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"


def test_what_is_compressed_beside_a_file_is_that_file():
    found = sorted(DIST.glob("*.gz"))
    assert found
    for path in found:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def test_nothing_is_left_over():
    known = set(manifest().files.values()) | {"manifest.json", "LICENSES.txt"}
    assert {path.name.removesuffix(".gz") for path in DIST.iterdir()} == known


def test_scripts_and_styles_load_nothing_from_elsewhere():
    for name in (name for plain, name in manifest().files.items() if plain.endswith((".css", ".js"))):
        text = (DIST / name).read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*[\"']?(https?:)?//", text)
        assert "sourceMappingURL" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_templates_keep_to_the_policy_and_to_the_sprite(path):
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r'{% icon "([^"]+)"', text)) <= manifest().icons
    if {"email", "letters"} & set(path.parts):
        return  # mails are no pages
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on", text)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL):
        assert not script.strip()

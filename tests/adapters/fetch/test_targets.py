"""Addresses that must be refused before anything is resolved, each with the reason, and those that may be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.adapters.fetch.addresses import not_public
from packshot.adapters.fetch.magic import media_type
from packshot.adapters.fetch.targets import read
from packshot.ports.fetch import FetchRefused

HOSTILE = {
    # Not https.
    "http://fal.media/a.png": "scheme",
    "ftp://fal.media/a.png": "scheme",
    "file:///etc/passwd": "scheme",
    "gopher://fal.media:70/_x": "scheme",
    "data:image/png;base64,AAAA": "scheme",
    "javascript:alert(1)": "scheme",
    "jar:https://fal.media!/a": "scheme",
    "blob:https://fal.media/1": "scheme",
    "//fal.media/a.png": "scheme",
    "/a.png": "scheme",
    "fal.media/a.png": "scheme",
    "": "scheme",
    # Another port.
    "https://fal.media:80/a.png": "port",
    "https://fal.media:22/": "port",
    "https://fal.media:6379/": "port",
    "https://fal.media:8443/": "port",
    "https://fal.media:0/": "port",
    "https://fal.media:70000/": "port",
    "https://fal.media:-443/": "port",
    "https://fal.media:443x/": "port",
    "https://fal.media:٤٤٣/": "plainly",
    # Numbers, in every spelling that some parser takes for an address.
    "https://127.0.0.1/": "name of a public host",
    "https://127.1/": "name of a public host",
    "https://2130706433/": "name of a public host",
    "https://0x7f000001/": "name of a public host",
    "https://0x7f.0.0.1/": "name of a public host",
    "https://0177.0.0.1/": "name of a public host",
    "https://017700000001/": "name of a public host",
    "https://127.0.0.1./": "name of a public host",
    "https://169.254.169.254/latest/meta-data/": "name of a public host",
    "https://93.184.215.14/": "name of a public host",
    "https://0/": "name of a public host",
    "https://[::1]/": "name of a public host",
    "https://[::]/": "name of a public host",
    "https://[::ffff:127.0.0.1]/": "name of a public host",
    "https://[::ffff:7f00:1]/": "name of a public host",
    "https://[64:ff9b::7f00:1]/": "name of a public host",
    "https://[2002:7f00:1::]/": "name of a public host",
    "https://[fe80::1%25eth0]/": "plainly",
    "https://[2606:4700::1111]/": "name of a public host",
    "https://[v1.fe80]/": "name of a public host",
    "https://[::1/": "cannot be read",
    # Names of one label, or such as nobody registers.
    "https://localhost/": "name of a public host",
    "https://metadata/": "name of a public host",
    "https://db/": "name of a public host",
    "https://fal.media./a.png": "name of a public host",
    "https://.fal.media/a.png": "name of a public host",
    "https://fal..media/a.png": "name of a public host",
    "https://-fal.media/a.png": "name of a public host",
    f"https://{'a' * 64}.media/a.png": "name of a public host",
    "https:///a.png": "name of a public host",
    "https://:443/a.png": "name of a public host",
    # Somebody else's host that looks like ours.
    "https://fal.media.evil.example/a.png": "not among",
    "https://evil-fal.media/a.png": "not among",
    "https://evilfal.media/a.png": "not among",
    "https://media/a.png": "name of a public host",
    "https://evil.example/fal.media": "not among",
    "https://evil.example?fal.media": "not among",
    "https://evil.example#fal.media": "not among",
    "https://evil.example;fal.media/": "name of a public host",
    # Users, and parsers that disagree.
    "https://fal.media@evil.example/": "user",
    "https://evil.example@fal.media/": "user",
    "https://user:secret@fal.media/": "user",
    "https://fal.media:443@127.0.0.1/": "user",
    "https://fal.media\\@evil.example/": "no address has",
    "https://evil.example\\.fal.media/": "no address has",
    "https:\\\\fal.media/a.png": "no address has",
    "https://fal.media/a\r\nHost: evil.example": "no address has",
    "https://fal.media/\x00": "no address has",
    "https://fal.me\tdia/a.png": "no address has",
    " https://fal.media/a.png": "plainly",
    "https://fal.media /a.png": "plainly",
    "https://fal%2emedia/a.png": "plainly",
    "https://127.0.0.1%2f.fal.media/": "plainly",
    "https://ⓕal.media/a.png": "plainly",
    "https://fal。media/a.png": "plainly",
    "https://①②⑦.⓪.⓪.①/": "plainly",
    "https://fal.media/" + "a" * 9000: "too long",
}
HOSTS = ("fal.media", "*.fal.media")


def test_the_battery_is_large_enough():
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_with_the_reason(url):
    with pytest.raises(FetchRefused) as refused:
        read(url, hosts=HOSTS, trusted=())
    assert HOSTILE[url] in str(refused.value)


@pytest.mark.parametrize("url", [url for url, why in HOSTILE.items() if why != "not among"])
def test_allowing_every_host_allows_none_of_the_others(url):
    with pytest.raises(FetchRefused):
        read(url, hosts=None, trusted=())


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://fal.media/a.png", "fal.media", "/a.png"),
        ("https://FAL.media:443", "fal.media", "/"),
        ("https://v3.fal.media/f/a%20b.png?Sig=a%2Bb&c=1#part", "v3.fal.media", "/f/a%20b.png?Sig=a%2Bb&c=1"),
        ("https://a.b.fal.media/größe 1.jpg", "a.b.fal.media", "/gr%C3%B6%C3%9Fe%201.jpg"),
    ],
)  # fmt: skip
def test_what_may_be_asked_keeps_its_path(url, host, path):
    target = read(url, hosts=HOSTS, trusted=())
    assert (target.scheme, target.host, target.port, target.path) == ("https", host, 443, path)
    assert not target.trusted


def test_the_operators_own_network_may_be_private_and_plain_at_exactly_that_port():
    target = read("http://10.0.0.7:9000/a.png", hosts=HOSTS, trusted={"10.0.0.7:9000"})
    assert (target.origin, target.trusted) == (("http", "10.0.0.7", 9000), True)
    for url in (
        "http://10.0.0.7:9001/a",
        "http://10.0.0.7/a",
        "http://u@10.0.0.7:9000/a",
        "ftp://10.0.0.7:9000/a",
    ):
        with pytest.raises(FetchRefused):
            read(url, hosts=HOSTS, trusted={"10.0.0.7:9000"})


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for url in (text, f"https://{text}", f"https://fal.media{text}"):
        try:
            target = read(url, hosts=HOSTS, trusted=())
        except FetchRefused:
            continue
        assert target.host == "fal.media" or target.host.endswith(".fal.media")
        assert target.path.isascii()
        assert not set(target.path) & set(" \r\n")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1",
        "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1",
        "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public(address):
    assert not_public(address) is not None


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"],
)
def test_an_address_that_is_public(address):
    assert not_public(address) is None


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", None),
        (b"\x00\x00\x00\x20ftypqt  ", None),
        (b"\x00\x00\x00\x20ftypheic", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<!doctype html>", None),
        (b"#EXTM3U\n", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
        (b"ffconcat version 1.0", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head, found):
    assert media_type(head) == found

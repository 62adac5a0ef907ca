"""Which IP addresses are of the public internet, told by what the IANA registries say and not by the library's guess.

`ipaddress.is_global` calls multicast, 6to4 and NAT64 global, and has changed its mind between releases of Python.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_SPECIAL = {
    ip_network(network): why
    for network, why in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a provider's customers",
        "127.0.0.0/8": "this machine",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "set aside for protocols",
        "192.0.2.0/24": "documentation",
        "192.31.196.0/24": "set aside for protocols",
        "192.52.193.0/24": "set aside for protocols",
        "192.88.99.0/24": "6to4",
        "192.168.0.0/16": "private",
        "192.175.48.0/24": "set aside for protocols",
        "198.18.0.0/15": "benchmarks",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
        # What is below 2000::/3 but not a place: Teredo, ORCHID, documentation, 6to4.
        "2001::/23": "set aside for protocols",
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4",
        "2620:4f:8000::/48": "set aside for protocols",
        "3fff::/20": "documentation",
    }.items()
}
_UNICAST = IPv6Network("2000::/3")
"""All IPv6 that is routed. Loopback, mapped and NAT64 forms, unique local, link-local and multicast lie outside."""


def not_public(text: str) -> str | None:
    """Why this address may not be dialled, or None for one of the public internet. Raises ValueError."""
    address: IPv4Address | IPv6Address = ip_address(text)
    if isinstance(address, IPv6Address) and (address.scope_id is not None or address not in _UNICAST):
        return "no public IPv6 address"
    return next((why for network, why in _SPECIAL.items() if address in network), None)

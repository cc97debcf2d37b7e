"""Which proxy leads to an address: as the environment says, but never to this very machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment


def proxy_for(url: str) -> str | None:
    """The proxy's address, or None when nothing stands between. The SDK of Slack alone would not read NO_PROXY."""
    host, proxies = urlsplit(url).hostname or "", getproxies_environment()
    if _is_here(host) or proxy_bypass_environment(host, proxies):
        return None
    return proxies.get("https") or proxies.get("http")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

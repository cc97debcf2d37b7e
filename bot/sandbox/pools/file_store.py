"""What the demonstration's pools have beside Response Groups: a file store, Call Park settings, emergency locations."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Mapping
from dataclasses import replace

from bot.domain.deployment.locations import Locations, packed
from bot.domain.deployment.world import LivePool, ServerFile
from bot.sandbox.pools.sites import POOL_A, POOL_B

RATE_HZ = 8000
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILES: Mapping[str, tuple[str, ...]] = {
    POOL_A: ("CPS\\Waiting Room.wma", "RGS\\AS\\Number Not In Use.wav", "RGS\\AS\\Former Staff.wav"),
    POOL_B: ("CPS\\Machine Hall.wma", "RGS\\AS\\Number Not In Use (Munich).wav"),
}
_CALL_PARK: Mapping[str, Mapping[str, str | int | bool]] = {
    POOL_A: {"OnTimeoutURI": "sip:switchboard@contoso.com", "CallPickupTimeoutThreshold": "00:02:00"},
    POOL_B: {"MaxCallPickupAttempts": 3},
}


def store_of(fqdn: str) -> str:
    """The folder of the pool's application server in its file store."""
    return f"\\\\files.contoso.com\\{fqdn.partition('.')[0]}\\1-ApplicationServer-1\\AppServerFiles"


def with_file_store(pool: LivePool) -> tuple[LivePool, tuple[bytes, ...]]:
    """The pool with its file store and its Call Park settings, and the bytes of those files."""
    sounds = {name: music(name) if name.endswith(".wma") else tone(name) for name in _FILES.get(pool.fqdn, ())}
    for name, data in sounds.items():
        file = ServerFile(None, raw=hashlib.sha256(data).hexdigest(), size=len(data))
        pool = pool.with_file(f"{store_of(pool.fqdn)}\\{name}", file)
    return replace(pool, call_park=_CALL_PARK.get(pool.fqdn, {})), tuple(sounds.values())


def tone(name: str) -> bytes:
    """A short wav, about 4 kB, that sounds different for every name and is the same on every machine."""
    pitch, length, *_ = hashlib.sha256(name.encode()).digest()
    period = 16 + pitch % 24
    samples = bytes(168 if position % period < period // 2 else 88 for position in range(RATE_HZ // 2 + length))
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples)
    return out.getvalue()


def music(name: str) -> bytes:
    """What begins as a wma file does, and goes on with noise that is the same on every machine."""
    return _ASF + b"".join(hashlib.sha256(f"{name}/{part}".encode()).digest() for part in range(256))


LOCATIONS = packed(
    Locations(
        (("Contoso", "Berlin", "Clinic Street", "1", "DE"), ("Contoso", "Munich", "Factory Road", "7", "DE")),
        {"10.1.0.0": "Berlin", "10.2.0.0": "Munich"},
    )
)

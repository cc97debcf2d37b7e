"""A real domain controller: Samba, provisioned for one test session on an address of its own on loopback."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.directory.links import BindRefused, Link, Patience
from tests.directory import contents
from tests.patience import PATIENCE_S

LDAPS, CATALOG = 636, 3269
_PROGRAMS = ("samba", "samba-tool", "ldbadd", "ldbmodify", "ldbsearch")
_PIECES = (
    "/usr/share/samba/setup/provision.ldif",
    "/usr/lib/*/samba/ldb/samba_dsdb.so",
    "/usr/lib/*/samba/vfs/acl_xattr.so",
)
_PACKAGES = "samba, samba-ad-provision, samba-dsdb-modules, samba-vfs-modules and ldb-tools"
_CONFIGURATION = """[global]
netbios name = DC1
realm = CONTOSO.TEST
workgroup = CONTOSO
server role = active directory domain controller
server services = ldap, kdc
interfaces = {address}/8
bind interfaces only = yes
disable netbios = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}/run
ncalrpc dir = {folder}/ncalrpc
binddns dir = {folder}/bind-dns
ntp signd socket directory = {folder}/ntp
log file = {folder}/log
logging = file
tls keyfile = {folder}/tls/key.pem
tls certfile = {folder}/tls/certificate.pem
tls cafile = {folder}/tls/ca.pem
"""


def why_not() -> str:
    """Why no domain controller can be started here; "" when one can."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    missing += [piece for piece in _PIECES if not any(Path("/").glob(piece[1:]))]
    if missing:
        return f"a real domain controller needs Debian's {_PACKAGES}; {', '.join(missing)} not found"
    if os.geteuid() != 0:
        return "a real domain controller listens on port 636, which only root may open"
    return ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A running domain controller of contoso.test."""

    address: str
    folder: Path

    @property
    def ca_file(self) -> str:
        return str(self.folder / "tls" / "ca.pem")

    @property
    def certificate(self) -> tuple[Path, Path]:
        """Certificate and key, good for this address, 127.0.0.1 and localhost."""
        return self.folder / "tls" / "certificate.pem", self.folder / "tls" / "key.pem"

    @property
    def certified_until(self) -> datetime:
        return x509.load_pem_x509_certificate(self.certificate[0].read_bytes()).not_valid_after_utc

    def change(self, ldif: str) -> None:
        """Changes entries behind everybody's back, through Samba's own rules."""
        _ldb("ldbmodify", self.folder, ldif)

    def put_in(self, name: str, group: str) -> None:
        self.change(contents.change(contents.group_dn(group), "add", "member", contents.person_dn(name)))

    def take_out(self, name: str, group: str) -> None:
        self.change(contents.change(contents.group_dn(group), "delete", "member", contents.person_dn(name)))

    def members(self, group: str) -> frozenset[str]:
        """The names of those who are in the group itself."""
        found = _ldb("ldbsearch", self.folder, "", f"(&(objectClass=group)(cn={group}))", "member")
        return frozenset(re.findall(r"^member: CN=([^,]+),", found, re.M))

    def expire(self, name: str, moment: float) -> None:
        """The account expires at this second since 1970."""
        ticks = int((moment + 11_644_473_600) * 10_000_000)
        self.change(contents.change(contents.person_dn(name), "replace", "accountExpires", ticks))

    def lock_out(self, account: str) -> None:
        """Signs in with wrong passwords until Samba itself locks the account."""
        context = ssl.create_default_context(cafile=self.ca_file)
        for guess in ("one", "two", "three"):
            with socket.create_connection((self.address, LDAPS), PATIENCE_S) as plain:
                link = Link("it", context.wrap_socket(plain, server_hostname=self.address), Patience.of(5.0, 5.0))
                with suppress(BindRefused):
                    link.bind(account, guess)
                link.close()

    def crowd(self) -> None:
        """Adds the crowd, unless it is there."""
        if "sAMAccountName: Crowd\n" not in _ldb("ldbsearch", self.folder, "", "(sAMAccountName=Crowd)"):
            _ldb("ldbadd", self.folder, contents.crowd())


@contextmanager
def domain_controller(folder: Path) -> Iterator[Domain]:
    """Provisions, fills and starts it; ends it. Skips where there can be none, and fails there under CI."""
    if reason := why_not():
        if os.environ.get("CI"):
            raise AssertionError(f"Nothing is skipped here, but {reason}.")
        pytest.skip(f"Skipped: {reason}.")
    with _address() as address:
        domain = Domain(address, folder)
        _provision(domain)
        _certify(domain)
        _fill(domain)
        with _running(domain):
            yield domain


@contextmanager
def _running(domain: Domain) -> Iterator[None]:
    folder = domain.folder
    (folder / "run").mkdir()
    # Interactive, it ends when its stdin does: also when the tests are killed.
    command = ("samba", "--interactive", "--no-process-group", "-M", "single", f"--configfile={folder}/dc.conf")
    with (
        (folder / "out").open("wb") as out,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out) as server,
    ):
        try:
            _wait_for(server, domain)
            yield
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(PATIENCE_S)
            server.kill()


@contextmanager
def _address() -> Iterator[str]:
    """An address on loopback at which nobody else runs a domain controller, nor is about to."""
    for last in range(10, 250):
        address = f"127.0.0.{last}"
        with socket.socket(socket.AF_UNIX) as mark, socket.socket() as probe:
            try:
                # A name without a file, which is free again as soon as this process ends.
                mark.bind(f"\0switchback-test-dc-{address}")
                probe.bind((address, LDAPS))
            except OSError:
                continue
            probe.close()
            yield address
            return
    raise AssertionError("No address is free for a domain controller.")


def _provision(domain: Domain) -> None:
    folder = domain.folder
    run(
        ("samba-tool", "domain", "provision", f"--targetdir={folder}", "--realm=CONTOSO.TEST", "--domain=CONTOSO"),
        *("--server-role=dc", "--dns-backend=NONE", f"--adminpass={contents.PASSWORD}", "--host-name=dc1"),
        *(f"--host-ip={domain.address}", f"--option=interfaces={domain.address}/8"),
        "--option=bind interfaces only=yes",
    )
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "dc.conf").write_text(_CONFIGURATION.format(address=domain.address, folder=folder), "utf-8")


def _fill(domain: Domain) -> None:
    _ldb("ldbadd", domain.folder, contents.entries())
    found = _ldb("ldbsearch", domain.folder, "", "(objectClass=group)", "sAMAccountName", "objectSid")
    rids = {}
    for record in found.split("\n\n"):
        name, sid = (
            re.search(r"^sAMAccountName: (.+)$", record, re.M),
            re.search(r"^objectSid: .+-(\d+)$", record, re.M),
        )
        if name and sid:
            rids[name[1]] = int(sid[1])
    _ldb("ldbmodify", domain.folder, contents.changes(rids))
    _ldb("ldbmodify", domain.folder, contents.second_name(), file="sam.ldb.d/DC=CONTOSO,DC=TEST.ldb", rules=False)


def _ldb(program: str, folder: Path, ldif: str, *more: str, file: str = "sam.ldb", rules: bool = True) -> str:
    modules = next(Path("/usr/lib").glob("*/samba/ldb"), None)
    environ = {**os.environ, **({"LDB_MODULES_PATH": str(modules)} if rules and modules else {})}
    fast = () if program == "ldbsearch" else ("--nosync",)
    base = ("-b", contents.BASE) if program == "ldbsearch" else ()
    return run((program, "-H", str(folder / "private" / file)), *fast, *base, *more, stdin=ldif, environ=environ)


def run(command: tuple[str, ...], *more: str, stdin: str = "", environ: dict[str, str] | None = None) -> str:
    done = subprocess.run((*command, *more), input=stdin, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def _wait_for(server: subprocess.Popen[bytes], domain: Domain) -> None:
    ends = time.monotonic() + PATIENCE_S
    while True:
        with suppress(OSError), socket.create_connection((domain.address, CATALOG), 0.2):
            return
        said = (domain.folder / "out").read_text("utf-8", "replace")[-2000:]
        assert server.poll() is None and time.monotonic() < ends, f"The domain controller does not start: {said}"
        time.sleep(0.02)


def _certify(domain: Domain) -> None:
    folder = domain.folder / "tls"
    folder.mkdir()
    names = ("dc1.contoso.test", "localhost")
    ca, certificate, key = issue(names, (domain.address, "127.0.0.1"))
    for name, text in (("ca.pem", ca), ("certificate.pem", certificate), ("key.pem", key)):
        (folder / name).write_bytes(text)
        (folder / name).chmod(0o600)


def issue(names: tuple[str, ...], addresses: tuple[str, ...], days: int = 30) -> tuple[bytes, bytes, bytes]:
    """A new authority, and a certificate of it with its key, all in PEM; over for as many days as `days` is below 0."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoso Test Root")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    starts, ends = now - timedelta(days=60), now + timedelta(days=days)
    also = [x509.DNSName(name) for name in names] + [x509.IPAddress(ipaddress.ip_address(ip)) for ip in addresses]

    def builder(who: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        blank = x509.CertificateBuilder().issuer_name(issuer).subject_name(who).public_key(public)
        return blank.serial_number(x509.random_serial_number()).not_valid_before(starts).not_valid_after(ends)

    root = builder(issuer, authority.public_key()).add_extension(x509.BasicConstraints(True, None), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = root.add_extension(usage, critical=True)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    leaf = builder(subject, key.public_key()).add_extension(x509.SubjectAlternativeName(also), critical=False)
    from_authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    leaf = leaf.add_extension(from_authority, critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return (
        root.sign(authority, hashes.SHA256()).public_bytes(pem),
        leaf.sign(authority, hashes.SHA256()).public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    )

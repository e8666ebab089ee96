"""The box's own certificate: made at first start, so that nothing ever goes unencrypted; replaced near its end."""

import datetime
import hashlib
import ipaddress
import logging
import os
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = logging.getLogger(__name__)

DAYS = 825
"""Days that it is good for: what browsers accept at most of a certificate that a person trusted."""
RENEW = 30
"""Days before its end from which a start makes a new one."""


def prepare(folder: Path) -> tuple[Path, Path]:
    """Return the files of certificate and key, made where there are none that can be used. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    try:
        if not _ending(certificate, key):
            return certificate, key
        why = "it ends soon"
    except FileNotFoundError:
        why = "this is the first start"
    except (OSError, ValueError, TypeError) as error:
        why = f"the old one cannot be used: {error}"
    pem, secret = make(socket.gethostname(), own_addresses())
    _write(key, secret)
    _write(certificate, pem)
    log.info("new certificate, since %s; SHA-256 %s", why, fingerprint(certificate.read_bytes()))
    return certificate, key


def make(hostname: str, addresses: list[str]) -> tuple[bytes, bytes]:
    """Return a new certificate and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has 64 characters at most.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64] or "jeoul")])
    names: list[x509.GeneralName] = [x509.DNSName(hostname or "jeoul"), x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    now = datetime.datetime.now(datetime.UTC)
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # A day back: a box whose clock runs ahead would otherwise be refused by its first visitor.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def fingerprint(pem: bytes) -> str:
    """Return a certificate's SHA-256, hexadecimal."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).hexdigest()


def own_addresses() -> list[str]:
    """Return loopback and the addresses by which this box would speak to others."""
    found = ["127.0.0.1", "::1"]
    # Connecting a datagram socket sends nothing; it only chooses the address, and needs no right to list interfaces.
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as line:
                line.connect((far, 9))
                found.append(line.getsockname()[0].partition("%")[0])
        except OSError:
            continue
    return list(dict.fromkeys(found))


def _ending(certificate: Path, key: Path) -> bool:
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    if secret.public_key() != parsed.public_key():
        raise ValueError("certificate and key do not belong together")
    return datetime.datetime.now(datetime.UTC) > parsed.not_valid_after_utc - datetime.timedelta(days=RENEW)


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)

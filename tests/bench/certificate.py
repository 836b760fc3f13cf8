"""The certificates of the fake endpoints: a root, and a server certificate for localhost with the kind of key that AWS uses (RSA)."""

import dataclasses
import pathlib
import ssl
import subprocess

from .failure import BenchError

# Unlike `openssl x509`, `openssl req` with -CA needs no third command. OpenSSL has it since 3.0.
NEW = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7")


@dataclasses.dataclass(frozen=True)
class Trust:
    # The TLS settings of the servers.
    server: ssl.SSLContext
    # Only our root.
    root: pathlib.Path
    # Our root and those that botocore brings, because a program in Lambda also loads all usual roots.
    bundle: pathlib.Path


def make(directory, usual_roots):
    directory.mkdir(parents=True, exist_ok=True)
    root, key, server, server_key = (directory / name for name in ("root.pem", "root.key", "server.pem", "server.key"))
    _run(*NEW, "-subj", "/CN=Benchmark root", "-addext", "keyUsage=critical,keyCertSign", "-out", root, "-keyout", key)
    extensions = ("basicConstraints=critical,CA:false", "subjectAltName=DNS:localhost", "extendedKeyUsage=serverAuth")
    options = [option for extension in extensions for option in ("-addext", extension)]
    _run(*NEW, "-subj", "/CN=localhost", *options, "-CA", root, "-CAkey", key, "-out", server, "-keyout", server_key)
    bundle = directory / "bundle.pem"
    bundle.write_bytes(root.read_bytes() + usual_roots.read_bytes())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(server, server_key)
    return Trust(tls, root, bundle)


def _run(*command):
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BenchError("make bench needs openssl (3.0 or newer), which was not found. On Debian and Ubuntu: sudo apt-get install openssl") from error
    except subprocess.CalledProcessError as error:
        raise BenchError(f"`openssl req` failed (make bench needs version 3.0 or newer):\n{error.stderr}") from error

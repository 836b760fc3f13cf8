"""A small HTTP/1.1 server on localhost, with or without TLS. It does little, because its time is in every measurement."""

import dataclasses
import socket
import threading
import time


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    target: str
    body: bytes
    # When the last byte was read.
    arrived: float


@dataclasses.dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: tuple = ()


class Server:
    """`answer` gets a request and returns the response. Each connection has a thread of its own."""

    def __init__(self, answer, tls=None):
        self._answer, self._tls = answer, tls
        self.connections = 0
        self._listeners = _listen()
        self.port = self._listeners[0].getsockname()[1]
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    @property
    def authority(self):
        return f"localhost:{self.port}"

    @property
    def origin(self):
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def close(self):
        for listener in self._listeners:
            # Unlike close() alone, this also ends a thread that waits in accept().
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream:
                received = _Received(stream)
                while (request := received.next_request()) is not None:
                    stream.sendall(_bytes(self._answer(request)))
        except OSError:
            # The process was ended, or closed the connection.
            pass


class _Received:
    def __init__(self, stream):
        self._stream, self._buffer = stream, b""

    def next_request(self):
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            body = self._exactly(int(headers.get("content-length", 0)))
        return Request(method, target, body, time.monotonic())

    def _chunks(self):
        body = b""
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            body += self._exactly(size)
            self._exactly(2)
        self._until(b"\r\n")
        return body

    def _until(self, end):
        while end not in self._buffer:
            if not self._receive():
                return None
        found, self._buffer = self._buffer.split(end, 1)
        return found

    def _exactly(self, size):
        while len(self._buffer) < size:
            if not self._receive():
                raise ConnectionError("the request ended early")
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _receive(self):
        received = self._stream.recv(65536)
        self._buffer += received
        return received


def _bytes(response):
    head = [f"HTTP/1.1 {response.status} {'OK' if response.status < 300 else 'Error'}", f"Content-Length: {len(response.body)}"]
    head += [f"{name}: {value}" for name, value in response.headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + response.body


def _listen():
    """One listener for each address of localhost, all on the same port."""
    families = sorted({found[0] for found in socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)})
    for _ in range(20):
        first = _bind(families[0], 0)
        try:
            return [first, *(_bind(family, first.getsockname()[1]) for family in families[1:])]
        except OSError:
            # The port is in use on another address.
            first.close()
    raise OSError("no port of localhost is free on all its addresses")


def _bind(family, port):
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.bind((address, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener

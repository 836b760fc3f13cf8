"""Between the publisher and the local AWS: answers what that does not know as AWS does, and hands on all else."""

import http.client
import http.server
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape

REGION_OF_A_SIGNATURE = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/")


class Between:
    def __init__(self, endpoint):
        self._to = urllib.parse.urlsplit(endpoint).netloc
        # (Region, name): what DescribeStackSet says of it, as the response has it.
        self.stack_sets = {}
        # Who asks for a stack set as what: (Region, name, CallAs).
        self.asked = []
        # What DescribeStackSet answers instead: status, code, message.
        self.refusal = None
        # Buckets of other accounts that anybody may look at, and whether objects that are not there are forbidden.
        self.public_buckets, self.lists_nothing = (), False
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"between": self}))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, headers, body):
        """Status and body; None for what the local AWS answers."""
        asked = dict(urllib.parse.parse_qsl(body.decode("latin-1"))) if method == "POST" else {}
        if asked.get("Action") == "DescribeStackSet":
            return self._stack_set(REGION_OF_A_SIGNATURE.search(headers["Authorization"])[1], asked)
        if method == "HEAD":
            bucket, _, key = path.strip("/").partition("/")
            if bucket in self.public_buckets:
                # Everybody's answer, but for who says whose it must be.
                return (403 if "x-amz-expected-bucket-owner" in headers else 200), ""
            if key and self.lists_nothing:
                return 403, ""
        return None

    def _stack_set(self, region, asked):
        self.asked.append((region, asked["StackSetName"], asked.get("CallAs")))
        status, code, message = self.refusal or (404, "StackSetNotFoundException", f"StackSet {asked['StackSetName']} not found")
        found = self.stack_sets.get((region, asked["StackSetName"]))
        if found is None or self.refusal:
            return status, f"<ErrorResponse><Error><Type>Sender</Type>{_xml({'Code': code, 'Message': message})}</Error></ErrorResponse>"
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in found["Parameters"].items()]
        whole = {"StackSetName": asked["StackSetName"], "Status": "ACTIVE", **found, "Parameters": parameters}
        return 200, (
            '<DescribeStackSetResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStackSetResult>'
            f"{_xml({'StackSet': whole})}</DescribeStackSetResult></DescribeStackSetResponse>"
        )


def _xml(value):
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(value)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answered = self.between.answer(self.command, self.path, self.headers, body)
        if answered is None:
            status, headers, content = self._handed_on(body)
        else:
            status, content = answered[0], answered[1].encode()
            headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(content)))]
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _handed_on(self, body):
        connection = http.client.HTTPConnection(self.between._to, timeout=30)
        # Signed as they are, the Host included.
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("expect", "connection")}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        own = ("connection", "transfer-encoding", "content-length")
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in own]
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        return response.status, [*kept, ("Content-Length", length or str(len(content)))], content

    def log_message(self, *_):
        pass

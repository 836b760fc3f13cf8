"""A proxy in front of the local AWS. It answers some calls that MiniStack does not support as AWS does, and forwards all others."""

import http.client
import http.server
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape

SIGNED_REGION = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/")


class Proxy:
    def __init__(self, endpoint):
        self._upstream = urllib.parse.urlsplit(endpoint).netloc
        # (Region, name): the contents of the DescribeStackSet response.
        self.stack_sets = {}
        # The DescribeStackSet calls so far: (Region, name, CallAs).
        self.calls = []
        # If set, every DescribeStackSet call fails with this status, code and message.
        self.error = None
        # Buckets of other accounts that everyone can read.
        self.public_buckets = ()
        # If set, HEAD of an object returns 403, as S3 does for callers without s3:ListBucket.
        self.deny_listing = False
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, headers, body):
        """Status and body, or None if the local AWS must answer."""
        parameters = dict(urllib.parse.parse_qsl(body.decode("latin-1"))) if method == "POST" else {}
        if parameters.get("Action") == "DescribeStackSet":
            return self._describe_stack_set(SIGNED_REGION.search(headers["Authorization"])[1], parameters)
        if method == "HEAD":
            bucket, _, key = path.strip("/").partition("/")
            if bucket in self.public_buckets:
                # Everyone gets an answer, except callers that expect a particular owner.
                return (403 if "x-amz-expected-bucket-owner" in headers else 200), ""
            if key and self.deny_listing:
                return 403, ""
        return None

    def _describe_stack_set(self, region, parameters):
        name = parameters["StackSetName"]
        self.calls.append((region, name, parameters.get("CallAs")))
        status, code, message = self.error or (404, "StackSetNotFoundException", f"StackSet {name} not found")
        found = self.stack_sets.get((region, name))
        if found is None or self.error:
            error = _xml({"Type": "Sender", "Code": code, "Message": message})
            return status, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        stack_set_parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in found["Parameters"].items()]
        stack_set = {"StackSetName": name, "Status": "ACTIVE", **found, "Parameters": stack_set_parameters}
        return 200, (
            '<DescribeStackSetResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStackSetResult>'
            f"{_xml({'StackSet': stack_set})}</DescribeStackSetResult></DescribeStackSetResponse>"
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
        answer = self.proxy.answer(self.command, self.path, self.headers, body)
        if answer is None:
            status, headers, content = self._forward(body)
        else:
            status, content = answer[0], answer[1].encode()
            headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(content)))]
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _forward(self, body):
        connection = http.client.HTTPConnection(self.proxy._upstream, timeout=30)
        # The request is signed, so its headers, including Host, must not change.
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("expect", "connection")}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        replaced = ("connection", "transfer-encoding", "content-length")
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in replaced]
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        return response.status, [*kept, ("Content-Length", length or str(len(content)))], content

    def log_message(self, *_):
        pass

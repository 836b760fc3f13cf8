"""Starts a local AWS that enforces IAM, for one run, and always stops it.

MiniStack runs under supervisor.py: a small process in its own session that holds the other end of a pipe to this
process. When this process ends, for any reason (`kill -9` too), the pipe closes. Then the supervisor ends MiniStack and
all functions that it runs, and removes its files.
"""

import atexit
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from .constants import CUSTOMER, REGION

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20
# MiniStack does not check it.
ROOT_SECRET = "test"

# Requests to the loopback interface must not go through a configured proxy.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotStarted(Exception):
    """MiniStack did not start. The message contains the reason and the end of its log."""


class LocalAws:
    """Use it as a context manager: `with LocalAws(log_file) as aws: ...`."""

    def __init__(self, log_file):
        self.log_file = pathlib.Path(log_file)
        self.endpoint = None
        self._supervisor = None
        self._state = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if sys.platform != "linux":
            raise NotStarted("The local AWS runs the function, which is a Linux program. Use a Linux machine.")
        self._state = tempfile.mkdtemp(prefix="local-aws-")
        port = _free_port()
        self.endpoint = f"http://{HOST}:{port}"
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log_file, "wb") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, str(pathlib.Path(__file__).with_name("supervisor.py")), self._state]
                + [sys.executable, "-m", "local_aws.ministack_patches"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(port),
                cwd=self._state,
                # Ctrl-C in the terminal must reach only this process. The supervisor notices the closed pipe.
                start_new_session=True,
            )
        atexit.register(self.stop)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Idempotent, and safe to call from atexit."""
        atexit.unregister(self.stop)
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        supervisor.stdin.close()
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
        shutil.rmtree(self._state, ignore_errors=True)

    def running_functions(self):
        """The number of running function processes. Their executables are in the directory of this local AWS."""
        running = 0
        for process in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                running += os.readlink(process).startswith(f"{self._state}{os.sep}")
            except OSError:
                # The process has ended, or belongs to another user.
                continue
        return running

    def _environment(self, port):
        # MiniStack passes its whole environment to the functions. So it gets only what it needs: no proxy, no profile
        # and no credentials of the user.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._state,
            "TMPDIR": self._state,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[1]),
            "AUTH": "true",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            # The host in the response URLs of its CloudFormation.
            "MINISTACK_HOST": HOST,
            "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_ACCOUNT_ID": CUSTOMER,
            "MINISTACK_REGION": REGION,
            # Listeners on fixed ports that this project does not need.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._supervisor.poll() is not None:
                raise NotStarted(f"MiniStack ended with exit code {self._supervisor.returncode}.\n{self.log_tail()}")
            try:
                with _direct.open(f"{self.endpoint}/_ministack/ready", timeout=2):
                    pass
                with _direct.open(f"{self.endpoint}/_ministack/health", timeout=2) as health:
                    if json.load(health)["auth"] != "enabled":
                        raise NotStarted("MiniStack does not enforce IAM, so its results would prove nothing.")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise NotStarted(f"MiniStack was not ready after {START_SECONDS} s.\n{self.log_tail()}")

    def log_tail(self, lines=20):
        text = self.log_file.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"The end of {self.log_file}:", *text])

    def tool_environment(self, account):
        """The environment for `sam` and `make publish`: root credentials of this account on this local AWS."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.startswith("SAM_CLI_")
        }
        return {
            **inherited,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            # Ignore the user's AWS configuration and the instance metadata service.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "SAM_CLI_TELEMETRY": "0",
            # SAM polls every five seconds by default. Operations here take less time.
            "SAM_CLI_POLL_DELAY": "0.5",
        }


def _free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]

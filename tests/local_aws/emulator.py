"""A local AWS that enforces IAM, started for one run and always stopped.

MiniStack runs under a keeper: a small process in a session of its own that holds the other end
of a pipe to us. However we end, by return, by Ctrl-C or by `kill -9`, the pipe closes, and the keeper
stops MiniStack together with every function that it runs and removes its files. Nothing has to
be remembered, so nothing can be forgotten.
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

HOST = "127.0.0.1"
REGION = "us-east-1"
START_SECONDS = 60
STOP_SECONDS = 20

# Three accounts of the story. MiniStack takes a 12-digit access key as that account's root.
CUSTOMER = "111111111111"
PROVIDER = "222222222222"
STRANGER = "333333333333"
ROOT_SECRET = "test"


# A proxy of the person's own has no business with loopback.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotStarted(Exception):
    """MiniStack did not come up; the message says why and where its log is."""


class LocalAws:
    """Use as a context manager: `with LocalAws(log_file) as aws: ...`."""

    def __init__(self, log_file):
        self.log_file = pathlib.Path(log_file)
        self.endpoint = None
        self._keeper = None
        self._state = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if sys.platform != "linux":
            raise NotStarted("The local AWS runs the function itself, and that is a program for Linux: use a Linux machine.")
        self._state = tempfile.mkdtemp(prefix="local-aws-")
        port = _free_port()
        self.endpoint = f"http://{HOST}:{port}"
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log_file, "wb") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, str(pathlib.Path(__file__).with_name("keeper.py")), self._state]
                + [sys.executable, "-m", "local_aws.mended"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(port),
                cwd=self._state,
                # Ctrl-C in the terminal reaches us alone; the keeper learns of it from the pipe.
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
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.stdin.close()
        try:
            keeper.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        shutil.rmtree(self._state, ignore_errors=True)

    def running_functions(self):
        """How many processes of functions run now: their code lies in the directory of this local AWS."""
        running = 0
        for process in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                running += os.readlink(process).startswith(f"{self._state}{os.sep}")
            except OSError:
                # It has ended, or is not ours to look at.
                continue
        return running

    def _environment(self, port):
        # MiniStack hands its whole environment to the functions it runs, so it gets no more than
        # it needs: no proxy, no profile and no credentials of the person at the keyboard.
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
            # The host of the response URLs that its CloudFormation makes: the endpoint's own.
            "MINISTACK_HOST": HOST,
            "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_ACCOUNT_ID": CUSTOMER,
            "MINISTACK_REGION": REGION,
            # Listeners on fixed ports, which this project does not need.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._keeper.poll() is not None:
                raise NotStarted(
                    f"MiniStack ended at once (exit code {self._keeper.returncode}).\n{self.log_tail()}"
                )
            try:
                with _direct.open(f"{self.endpoint}/_ministack/ready", timeout=2):
                    pass
                with _direct.open(f"{self.endpoint}/_ministack/health", timeout=2) as health:
                    if json.load(health)["auth"] != "enabled":
                        raise NotStarted("MiniStack runs without enforcing IAM: nothing it shows would be proof.")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise NotStarted(f"MiniStack was not ready after {START_SECONDS} s.\n{self.log_tail()}")

    def log_tail(self, lines=20):
        text = self.log_file.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"The end of {self.log_file}:", *text])

    def tool_environment(self, account):
        """For `sam`: the root of this account on this local AWS and nothing else."""
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
            # Nothing of the person's own configuration, and no metadata service.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "SAM_CLI_TELEMETRY": "0",
            # It looks every five seconds otherwise; nothing takes that long here.
            "SAM_CLI_POLL_DELAY": "0.5",
        }


def _free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]

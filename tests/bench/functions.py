"""The three functions: how each is packaged, started, and what environment it needs."""

import compileall
import dataclasses
import pathlib
import shutil
import subprocess

from . import event
from .failure import BenchError
from .settings import OUTPUT, ROOT, TOOLS

HERE = pathlib.Path(__file__).resolve().parent
BINARY = ROOT / ".aws-sam" / "build" / "Function" / "bootstrap"
OURS, PYTHON, NODE = "Rust (this function)", "Python (crhelper, boto3)", "Node (AWS SDK v3)"


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    command: tuple
    # The directory whose zip file a user deploys.
    package: pathlib.Path
    # What is in the package, where that needs an explanation.
    package_note: str
    environment: dict
    # `python3 --version` and the like.
    version: str


def build(trust, progress):
    """All three, ours first. Their packages are made in target/bench."""
    return [_ours(trust), _python(trust, progress), _node(trust, progress)]


def environment(function, runtime_api, account, bucket):
    """The environment of a function in Lambda, with the addresses of the fakes."""
    return {
        "AWS_LAMBDA_RUNTIME_API": runtime_api.authority,
        "AWS_LAMBDA_FUNCTION_NAME": "service-provider-access",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/service-provider-access",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]00000000000000000000000000000000",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "the-secret-key-of-the-function",
        "AWS_SESSION_TOKEN": "the-session-token-of-the-function",
        "AWS_ENDPOINT_URL_IAM": account.origin,
        "AWS_ENDPOINT_URL_CLOUDFORMATION": account.origin,
        "AWS_ENDPOINT_URL_S3": bucket.origin,
        "LAMBDA_TASK_ROOT": str(function.package),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "REQUIRED_PERMISSIONS_BOUNDARY": event.BOUNDARY,
        **function.environment,
    }


def _ours(trust):
    if not BINARY.is_file():
        raise BenchError(f"{BINARY.relative_to(ROOT)} does not exist. Run `make bench`, or `make build` first.")
    # As in template.yaml.
    settings = {
        "ROLE_PATH_PREFIX": event.PATH,
        "TRUSTED_ACCOUNT_IDS": event.PROVIDER,
        "PERMIT_MISSING_EXTERNAL_ID": "false",
        "MIN_EXTERNAL_ID_LENGTH": "2",
        "MAX_SESSION_DURATION_CAP": "43200",
        "PERMIT_ADMINISTRATIVE_ACCESS": "false",
        "FUNCTION_ROLE_ARN": "arn:aws:iam::111111111111:role/service-provider-access-FunctionRole-EXAMPLE",
        "FUNCTION_STACK_ID": "arn:aws:cloudformation:us-east-1:111111111111:stack/service-provider-access/00000000-0000-4000-8000-000000000001",
        "RUST_LOG": "info",
    }
    note = "everything is in the binary"
    trusted = {"SSL_CERT_FILE": str(trust.bundle)}
    return Function(OURS, (str(BINARY),), BINARY.parent, note, {**settings, **trusted}, _version("rustc", "--version"))


def _python(trust, progress):
    progress("Packaging the Python function ...")
    package = _empty("python")
    shutil.copy(HERE / "python" / "handler.py", package)
    for found in _site_packages().glob("crhelper*"):
        shutil.copytree(found, package / found.name, ignore=shutil.ignore_patterns("__pycache__"))
    python = TOOLS / "bin" / "python"
    runtime = _copied("python", "runtime.py")
    # Lambda's runtime brings boto3 compiled to bytecode, and so does the virtual environment.
    compileall.compile_dir(package, quiet=2)
    # boto3 has its own variable, and crhelper uses OpenSSL's.
    trusted = {"AWS_CA_BUNDLE": str(trust.bundle), "SSL_CERT_FILE": str(trust.bundle)}
    note = "boto3 is part of Lambda's runtime for Python"
    version = f"{_version(str(python), '--version')}, boto3 {_installed('boto3')}, crhelper {_installed('crhelper')}"
    return Function(PYTHON, (str(python), str(runtime)), package, note, trusted, version)


def _node(trust, progress):
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise BenchError(f"make bench needs Node 20 or newer with npm: {tool} was not found.")
    home = OUTPUT / "node-build"
    lock = HERE / "node" / "package-lock.json"
    if not (home / "installed").is_file() or (home / "package-lock.json").read_bytes() != lock.read_bytes():
        progress("Installing the packages of the Node function ...")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / "node" / name, home)
        _run(["npm", "ci", "--loglevel=error"], home)
        (home / "installed").touch()
    progress("Bundling the Node function ...")
    shutil.copy(HERE / "node" / "handler.mjs", home)
    package = _empty("node")
    options = ["--bundle", "--minify", "--platform=node", "--target=node20", "--format=cjs", f"--outfile={package / 'index.js'}"]
    _run([str(home / "node_modules" / ".bin" / "esbuild"), "handler.mjs", *options, "--log-level=warning"], home)
    command = (shutil.which("node"), str(_copied("node", "runtime.cjs")))
    trusted = {"NODE_EXTRA_CA_CERTS": str(trust.root)}
    note = "the SDK is bundled and minified by esbuild, as AWS recommends"
    return Function(NODE, command, package, note, trusted, f"Node {_version('node', '--version')}, {_sdk_version()}")


def _sdk_version():
    for line in (HERE / "node" / "package.json").read_text().splitlines():
        if '"@aws-sdk/client-iam"' in line:
            return "@aws-sdk/client-iam " + line.split('"')[3]
    raise BenchError("tests/bench/node/package.json does not name @aws-sdk/client-iam.")


def _site_packages():
    [found] = TOOLS.glob("lib/python*/site-packages")
    return found


def usual_roots():
    return _site_packages() / "botocore" / "cacert.pem"


def _installed(name):
    [found] = _site_packages().glob(f"{name}-*.dist-info")
    return found.name.removesuffix(".dist-info").split("-")[1]


def _empty(name):
    package = OUTPUT / "packages" / name
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    return package


def _copied(folder, name):
    target = OUTPUT / "runtimes" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copy(HERE / folder / name, target)


def _version(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _run(command, folder):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BenchError(f"`{' '.join(command[:2])}` failed:\n{done.stdout}")

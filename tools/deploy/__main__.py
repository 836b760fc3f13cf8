"""Usage: python -m deploy [provider]"""

import os
import pathlib
import sys

from . import parameters, sam, stack
from .failure import DeployError

# By side: the section of samconfig.toml, the template, its stack, and the file with the parameters, which git ignores.
CUSTOMER = ("default", "template.yaml", "service-provider-access", "deploy.env")
PROVIDER = ("provider", "provider.yaml", "service-provider-access-provider", "deploy-provider.env")


def main(side, environment, terminal, read_stack=stack.parameters):
    section, template, name, file = side
    file = environment.get("PARAMETERS") or file
    names = parameters.declared(pathlib.Path(template).read_text())
    values = parameters.read(names, environment, file, _text(file, required="PARAMETERS" in environment))
    deployed = read_stack(name)
    if side is CUSTOMER:
        notice = parameters.check_that_someone_is_trusted(values, deployed, environment)
        if notice:
            print(notice, file=sys.stderr)
    given = ", ".join(values) or "none"
    print(f"Parameters from {file} and the environment: {given}. The others keep their values.", file=sys.stderr, flush=True)
    # A parameter that is not given keeps its value, so the code must be built for the processor that the stack has.
    sam.build(section, values.get("Architecture") or deployed.get("Architecture"))
    sam.deploy(section, values, terminal)


def _text(file, required):
    try:
        return pathlib.Path(file).read_text()
    except FileNotFoundError as error:
        if required:
            raise DeployError(f"PARAMETERS={file}: there is no such file.") from error
        return ""


if __name__ == "__main__":
    try:
        main(PROVIDER if sys.argv[1:] == ["provider"] else CUSTOMER, os.environ, sys.stdin.isatty() and sys.stdout.isatty())
    except DeployError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")

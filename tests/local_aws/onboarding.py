"""The shipped examples of both sides: the provider's stack for one customer, and the link that the customer opens."""

import urllib.parse

from . import sam
from .emulator import REGION

TEMPLATE = (sam.ROOT / "examples" / "provider-onboarding.yaml").read_text()
QUICKSTART = (sam.ROOT / "examples" / "customer-quickstart.yaml").read_text()
# Nothing is read from there: whoever opens a link here takes the file above.
QUICKSTART_URL = f"https://templates-of-acme.s3.{REGION}.amazonaws.com/customer-quickstart.yaml"


class Onboarding:
    """The provider's stack for one customer. Parameters stay as they were until they are given anew."""

    def __init__(self, provider, stack):
        self.stack = stack
        self.parameter = f"/service-provider-access/{stack.name}/role-arn"
        self._ssm = provider.client("ssm")
        self._given = {"QuickstartTemplateUrl": QUICKSTART_URL}

    def deploy(self, **parameters):
        """How it ended."""
        given = {**self._given, **parameters}
        put = self.stack.update if self.stack.exists() else self.stack.create
        status = put(TEMPLATE, **given)
        if not status.endswith("ROLLBACK_COMPLETE"):
            self._given = given
        return status

    def outputs(self):
        return self.stack.outputs()

    def refusals(self):
        """Why checks failed, the newest first."""
        return self.stack.reasons("AccessCheck")

    def stored_role(self):
        found = self._ssm.get_parameters(Names=[self.parameter])["Parameters"]
        return found[0]["Value"] if found else None


def read_link(link):
    """The quick-create link as the customer's console reads it: where it leads, and what it fills in."""
    parts = urllib.parse.urlsplit(link)
    route, _, query = parts.fragment.partition("?")
    given = {name: value for name, [value] in urllib.parse.parse_qs(query, strict_parsing=True).items()}
    return {
        "Console": f"{parts.scheme}://{parts.netloc}{parts.path}?{parts.query}#{route}",
        "TemplateUrl": given.pop("templateURL"),
        "StackName": given.pop("stackName"),
        "Parameters": {name.removeprefix("param_"): value for name, value in given.items()},
    }

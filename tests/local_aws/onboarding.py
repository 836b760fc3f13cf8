"""The shipped examples for both sides: the provider's stack for one customer, and the link that the customer opens."""

import json
import urllib.parse

from .constants import REGION, ROOT

ONBOARDING = (ROOT / "examples" / "provider-onboarding.yaml").read_text()
QUICKSTART = (ROOT / "examples" / "customer-quickstart.yaml").read_text()
# Nothing reads this URL. A customer who opens a link here uses QUICKSTART.
QUICKSTART_URL = f"https://templates-of-acme.s3.{REGION}.amazonaws.com/customer-quickstart.yaml"


class Onboarding:
    """The provider's stack for one customer. A parameter keeps its value until it is set again."""

    def __init__(self, provider, stack):
        self.stack = stack
        self.parameter = f"/service-provider-access/{stack.name}/role-arn"
        self._ssm, self._events = provider.client("ssm"), provider.client("events")
        self._parameters = {"QuickstartTemplateUrl": QUICKSTART_URL}

    def deploy(self, **parameters):
        """Creates or updates the stack and returns its status."""
        parameters = {**self._parameters, **parameters}
        operation = self.stack.update if self.stack.exists() else self.stack.create
        status = operation(ONBOARDING, **parameters)
        if not status.endswith("ROLLBACK_COMPLETE"):
            self._parameters = parameters
        return status

    def outputs(self):
        return self.stack.outputs()

    def failed_checks(self):
        """The reasons of failed access checks, newest first."""
        return self.stack.reasons("AccessCheck")

    def scheduled_checks(self):
        """What the rules that check customers' roles again send to the function, by rule."""
        rules = self._events.list_rules(NamePrefix="service-provider-check-")["Rules"]
        inputs = {}
        for rule in rules:
            [target] = self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            inputs[rule["Name"], rule["ScheduleExpression"], target["Arn"]] = json.loads(target["Input"])
        return inputs

    def stored_role(self):
        found = self._ssm.get_parameters(Names=[self.parameter])["Parameters"]
        return found[0]["Value"] if found else None


def read_link(link):
    """The parts of a quick-create link, as the console reads them."""
    parts = urllib.parse.urlsplit(link)
    route, _, query = parts.fragment.partition("?")
    values = {name: value for name, [value] in urllib.parse.parse_qs(query, strict_parsing=True).items()}
    return {
        "Console": f"{parts.scheme}://{parts.netloc}{parts.path}?{parts.query}#{route}",
        "TemplateUrl": values.pop("templateURL"),
        "StackName": values.pop("stackName"),
        "Parameters": {name.removeprefix("param_"): value for name, value in values.items()},
    }

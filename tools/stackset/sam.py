"""template.yaml after its transform, as CloudFormation sees it. Asks nothing of AWS."""

import copy
import logging
import os
from unittest import mock

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

from .failure import CannotGenerate

# patch.yaml replaces it. Until `sam deploy` uploads the code, CodeUri is a local directory, which cannot be translated.
CODE = {"Bucket": "placeholder", "Key": "placeholder"}

# It warns about metrics that it cannot send.
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def translated(template):
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = dict(CODE)
    # The translator wants to know the partition. Nothing in the result depends on the Region.
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION="us-east-1"):
        try:
            return transform(template, {}, _NoManagedPolicies())
        except InvalidDocumentException as error:
            raise CannotGenerate(f"SAM cannot translate template.yaml: {error.message}") from error


class _NoManagedPolicies:
    def load(self):
        return {}

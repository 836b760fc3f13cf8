"""IAM policy documents and trust statements."""

from .constants import PROVIDER

EXTERNAL_ID_KEY = "sts:ExternalId"
PROVIDER_ROOT = f"arn:aws:iam::{PROVIDER}:root"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action):
    """A policy that allows this action, or this list of actions, on all resources."""
    return document({"Effect": "Allow", "Action": action, "Resource": "*"})


def deny(action):
    return document({"Effect": "Deny", "Action": action, "Resource": "*"})


def trust_statement(principal=PROVIDER_ROOT, effect="Allow", **conditions):
    """A statement of a trust policy. Pass operators such as `ForAllValues:StringEquals` with `**{...}`."""
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": conditions} if conditions else statement


def service_trust(service):
    """A trust policy that allows an AWS service to assume the role."""
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def provider_trust(*external_ids):
    """The trust policy that the function writes for the provider and these external IDs."""
    value = list(external_ids) if len(external_ids) > 1 else external_ids[0]
    return document(trust_statement(StringEquals={EXTERNAL_ID_KEY: value}))

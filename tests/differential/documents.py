"""Policies made at random: valid ones, and valid ones with one or two things broken."""

import json
import random
from dataclasses import dataclass

from . import breaks, valid

PARTITIONS = ["aws", "aws", "aws", "aws-cn", "aws-us-gov", "aws-eusc"]


@dataclass(frozen=True)
class Document:
    """A policy as text, for an account of a partition."""

    partition: str
    text: str


def make(seed, index):
    """The document of this number in the run of this seed."""
    rng = random.Random(f"{seed}/{index}")
    partition = rng.choice(PARTITIONS)
    policy = valid.policy(rng, partition)
    for _ in range(rng.choices([0, 1, 2], [2, 7, 1])[0]):
        policy = breaks.broken(rng, policy)
    text = json.dumps(policy, ensure_ascii=rng.random() < 0.3, indent=rng.choice([None, None, 1]))
    if rng.random() < 0.04:
        text = breaks.broken_text(rng, text)
    return Document(partition, text)

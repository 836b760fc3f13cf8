"""What is measured, and how often. The settings are make's variables."""

import dataclasses
import pathlib

from .failure import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "target" / "bench"
TOOLS = ROOT / ".tools" / "bench"
DEFAULT_ROUNDS = 15
# How many roles are audited.
AUDITED_ROLES = (10, 200)


@dataclasses.dataclass(frozen=True)
class Condition:
    # How long IAM and the response bucket wait before each reply.
    delay_ms: int
    # Whether the function has the share of CPU that Lambda gives a function with 128 MB.
    throttled: bool

    @property
    def title(self):
        return f"{self.delay_ms} ms per call, {'CPU share of 128 MB' if self.throttled else 'CPU not throttled'}"


FULL_SPEED = (Condition(0, False), Condition(30, False))
THROTTLED = (Condition(0, True), Condition(30, True))


@dataclasses.dataclass(frozen=True)
class Settings:
    rounds: int = DEFAULT_ROUNDS
    conditions: tuple = FULL_SPEED + THROTTLED
    audited_roles: tuple = AUDITED_ROLES
    judgement: bool = True

    @staticmethod
    def read(variables):
        rounds = variables.get("ROUNDS", "").strip() or str(DEFAULT_ROUNDS)
        if not rounds.isdecimal() or int(rounds) < 2:
            raise BenchError(f"ROUNDS={rounds} must be a number from 2 on. Example: make bench ROUNDS=5")
        return Settings(rounds=int(rounds))

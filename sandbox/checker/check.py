"""What a check is: a function that yields what is wrong, and the sentence that is true when it yields nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from .environment import Environment, Missing

Finder = Callable[[Environment], Iterator[str]]


@dataclass
class Result:
    """The outcome of one check."""

    claim: str
    faults: list[str]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def line(self) -> str:
        """The outcome for people."""
        return f"✔ {self.claim}" if self.passed else f"✘ {self.claim}: {'; '.join(self.faults)}"


@dataclass
class Check:
    """A claim about an environment."""

    claim: str
    find_faults: Finder

    def run(self, environment: Environment) -> Result:
        """Looks whether the claim holds. What is missing, or cannot be read, is a fault, too."""
        faults: list[str] = []
        try:
            faults.extend(self.find_faults(environment))
        except Missing as missing:
            faults.append(str(missing))
        except ClientError as error:
            faults.append(f"{error.operation_name} failed: {error.response['Error']['Message']}")
        return Result(self.claim, faults)


class Checks:
    """The checks of one part of the environment."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    def claim(self, claim: str) -> Callable[[Finder], Finder]:
        """Makes a function that yields faults the check of a claim."""

        def register(find_faults: Finder) -> Finder:
            self.checks.append(Check(claim, find_faults))
            return find_faults

        return register

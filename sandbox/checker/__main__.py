"""`python -m checker --suffix dev` prints one line per check; it exits with 0 if every check passes, and with 1 if not.

The endpoint, region and credentials come from AWS_ENDPOINT_URL, AWS_REGION and boto3's other usual places.
"""

import argparse
import os
import sys

import boto3

from .checks import all_checks
from .environment import Environment


def main() -> int:
    """Runs every check over one environment."""
    parser = argparse.ArgumentParser(prog="checker", description="Says whether a video pipeline's environment would work.")
    parser.add_argument("--suffix", required=True, help="the environment's suffix, such as dev")
    arguments = parser.parse_args()
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
    environment = Environment(session, arguments.suffix)
    results = [check.run(environment) for check in all_checks()]
    for result in results:
        print(result.line)
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

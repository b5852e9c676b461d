"""The Aurora PostgreSQL versions that can be created.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.responses import RDSResponse

from ...mending import Mends
from .paging import page

ENGINE = "aurora-postgresql"
# The newest minor of a major version is its default.
MINORS = {"15": range(6, 16), "16": range(2, 12), "17": range(4, 8)}
# From these minors on, capacity may go down to 0 ACUs.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
FIRST_PAUSING_MINOR = {"15": 7, "16": 3, "17": 4}
DEFAULT_MAJOR = "17"

mends = Mends("RDS")


def versions() -> list[str]:
    """All versions, oldest first."""
    return [f"{major}.{minor}" for major, minors in MINORS.items() for minor in minors]


def newest(major: str) -> str:
    """The newest minor of a major version."""
    return f"{major}.{MINORS[major][-1]}"


def resolve(version: str | None) -> str:
    """The full version that a caller gets who asked for this one, for a major one or for none."""
    if version is None:
        return newest(DEFAULT_MAJOR)
    if version in MINORS:
        return newest(version)
    if version not in versions():
        raise InvalidParameterCombination(f"Cannot find version {version} for {ENGINE}")
    return version


def family(version: str) -> str:
    """The parameter group family of a version."""
    return f"{ENGINE}{version.split('.')[0]}"


def _describe(version: str) -> dict[str, Any]:
    major, minor = version.split(".")
    return {
        "Engine": ENGINE,
        "MajorEngineVersion": major,
        "EngineVersion": version,
        "DBParameterGroupFamily": family(version),
        "DBEngineDescription": "Aurora PostgreSQL",
        "DBEngineVersionDescription": f"Aurora PostgreSQL (compatible with PostgreSQL {version})",
        "ValidUpgradeTarget": _upgrades(version),
        "ExportableLogTypes": ["instance", "postgresql"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": False,
        "SupportedEngineModes": ["provisioned"],
        "SupportedFeatureNames": ["Bedrock", "Comprehend", "Lambda", "SageMaker", "s3Export", "s3Import"],
        "Status": "available",
        "SupportsGlobalDatabases": True,
        "ServerlessV2FeaturesSupport": {
            "MinCapacity": 0.0 if int(minor) >= FIRST_PAUSING_MINOR[major] else 0.5,
            "MaxCapacity": 256.0,
        },
    }


def _upgrades(version: str) -> list[dict[str, Any]]:
    major, minor = version.split(".")
    newer_minors = [f"{major}.{newer}" for newer in MINORS[major] if newer > int(minor)]
    newer_majors = [newest(newer) for newer in MINORS if int(newer) > int(major)]
    return [
        {
            "Engine": ENGINE,
            "EngineVersion": target,
            "Description": f"Aurora PostgreSQL (compatible with PostgreSQL {target})",
            "AutoUpgrade": False,
            "IsMajorVersionUpgrade": target in newer_majors,
        }
        for target in newer_minors + newer_majors
    ]


@mends.adds(RDSResponse, "describe_db_engine_versions")
def engine_versions_are_described(self: RDSResponse) -> ActionResult:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html"""
    engine = self.params.get("Engine", ENGINE)
    wanted = self.params.get("EngineVersion")
    wanted_family = self.params.get("DBParameterGroupFamily")
    default_only = self.params.get("DefaultOnly", False)
    found = [
        _describe(version)
        for version in versions()
        if engine == ENGINE
        and wanted in (None, version, version.split(".")[0])
        and wanted_family in (None, family(version))
        and (not default_only or version == resolve(wanted))
    ]
    return page(self, "DBEngineVersions", found)

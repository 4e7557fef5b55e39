"""What CloudFormation does in the deployer's name, type by type, as CloudFormation's own schemas say."""

import fnmatch

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from local.template import STACK, parse

# What the schemas list for the sake of features that infra/stack.yaml does not use, by feature.
NOT_USED = {
    "keys of our own; AWS's own keys admit whoever may use the service": ("kms:*",),
    "data of a table, imports, replicas and streams": (
        "dynamodb:*Item*",
        "dynamodb:*Replica",
        "dynamodb:*Kinesis*",
        "dynamodb:*ResourcePolicy",
        "dynamodb:*Import*",
        "dynamodb:ImportTable",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateContributorInsights",
        "kinesis:*",
        "logs:*",
    ),
    "tables, replicas, objects, locks, websites, inventories and logs of buckets": (
        "s3tables:*",
        "s3:*Table*",
        "s3:*Object*",
        "s3:*Replication*",
        "s3:Put*Acl",
        "s3:*Website",
        "s3:Put*Inventory*",
        "s3:PutBucketLogging",
        "s3:*AnalyticsConfiguration",
        "s3:*MetricsConfiguration",
        "s3:PutAccelerate*",
        "s3:PutIntelligent*",
        "s3:*Abac",
    ),
    "instances, networks and encryption beyond the VPC, and routes that change": (
        "ec2:AllocateIpamPoolCidr",
        "ec2:ReplaceRoute",
        "ec2:DescribeInstances",
        "ec2:*EncryptionControl*",
        "ec2:ModifyVpcTenancy",
        "vpc-lattice:*",
        "vpce:*",
    ),
    "roles of a database, replicas, global databases, restoring, HTTP": (
        "rds:AddRole*",
        "rds:RemoveRole*",
        "rds:*Replica*",
        "rds:*Global*",
        "rds:Restore*",
        "rds:*HttpEndpoint",
        "rds:DescribeDB*AutomatedBackups",
    ),
    "boundaries of roles, replicas of secrets, views of bills": (
        "iam:*PermissionsBoundary",
        "secretsmanager:*Replica*",
        "billing:*",
    ),
    "other distributions, and policies on data": (
        "cloudfront:*ConnectionGroup",
        "cloudfront:*VpcOrigin",
        "cloudfront:*StagingConfig",
        "sns:*DataProtectionPolicy",
    ),
}


def listed() -> dict[str, set[str]]:
    """The types of resources that an action is listed for, by the action."""
    kinds = {item["Type"] for item in parse(STACK.read_text())["Resources"].values()}
    found: dict[str, set[str]] = {}
    for kind in kinds:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema.get("handlers", {})
        for handler in ("create", "read", "update", "delete"):
            for action in handlers.get(handler, {}).get("permissions", ()):
                found.setdefault(action, set()).add(kind)
    return found


def needed() -> dict[str, set[str]]:
    """The same without what no resource of the template makes use of."""
    patterns = [pattern for some in NOT_USED.values() for pattern in some]
    return {
        action: kinds
        for action, kinds in listed().items()
        if not any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)
    }

"""What AWS's refusals mean for a deployment, and what to do about them."""

import re

# The words of AWS, and what they are answered with. The first that fits is meant.
ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"FreeTierRestriction|free (tier|plan)",
        "The account is on AWS's Free plan. It takes the defaults of infra/stages.toml: Size small, DatabaseEngine "
        "rds, MultiAz and UseProxy false, BackupDays 1. Choose these, or upgrade the account's plan in the Billing "
        "console.",
    ),
    (
        r"service[- ]linked role",
        "AWS makes a service-linked role when an account first uses a service, which takes a minute: run the command "
        "again. If it is refused again, the credentials lack iam:CreateServiceLinkedRole.",
    ),
    (
        r"OptInRequired|not subscribed|needs a subscription|region .*(not enabled|disabled)",
        "The account has not enabled this service or region, or is not activated yet. Enable the region in the "
        "console (Account, AWS Regions), or choose another one by AWS_REGION.",
    ),
    (
        r"account must be verified|not been verified",
        "AWS has not verified the account yet. Ask AWS Support to do so, or leave out what needs it (WebHosting).",
    ),
    (
        r"InsufficientDBInstanceCapacity|insufficient capacity|StorageTypeNotAvailable",
        "AWS has no such database left in these zones. Run the command again later, or choose another Size.",
    ),
    (
        r"LimitExceeded|QuotaExceeded|\bquota\b|TooManyBuckets|maximum number of|exceeds? (the|your) .*limit"
        r"|limit (has been |was )?(reached|exceeded)",
        "The account has used up a quota in this region. Remove what is not needed, or ask for more under Service "
        "Quotas; then run the command again.",
    ),
    (
        r"Throttling|TooManyRequests|Rate exceeded|SlowDown",
        "AWS takes no more calls for the moment. Wait a minute and run the command again.",
    ),
    (
        r"not authorized to perform|AccessDenied|UnauthorizedOperation|does not have permission",
        "The credentials may not do this. Attach infra/policies/deployer.json and deployer_stack.json to them, as "
        "README says, and run the "
        "command again.",
    ),
    (
        r"ExpiredToken|token .*expired|InvalidClientTokenId|UnrecognizedClient|AuthFailure",
        "The credentials have run out, or are not of this region's account. Log in again and run the command again.",
    ),
)


def explained(words: str) -> str:
    """A refusal, followed by what to do where that is known."""
    return f"{words}\n{advice(words)}".rstrip()


def advice(words: str) -> str:
    """What to do about a refusal; empty where that is not known, or said already."""
    found = next((told for pattern, told in ADVICE if re.search(pattern, words, re.IGNORECASE)), "")
    return "" if found in words else found

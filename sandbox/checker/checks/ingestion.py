"""What comes in: the stream, the queue of jobs, and where jobs end that fail for good."""

from collections.abc import Iterator

from ..check import Checks
from ..environment import Environment

checks = Checks()

FOURTEEN_DAYS = 14 * 86_400


@checks.claim("the stream takes records and encrypts them")
def find_faults_of_the_stream(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html"""
    stream = environment.stream
    if stream["StreamStatus"] != "ACTIVE":
        yield f"it is {stream['StreamStatus']}"
    if stream.get("EncryptionType") != "KMS":
        yield "it is not encrypted"


@checks.claim("queues are encrypted")
def find_plain_queues(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"""
    for queue in (environment.jobs, environment.dead_letters):
        if queue.get("SqsManagedSseEnabled") != "true" and not queue.get("KmsMasterKeyId"):
            yield f"{queue['Name']} is not encrypted"


@checks.claim("jobs that fail for good end in the dead-letter queue, and nothing else does")
def find_faults_of_redrive(environment: Environment) -> Iterator[str]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""
    jobs, dead = environment.jobs, environment.dead_letters
    if jobs.get("RedrivePolicy", {}).get("deadLetterTargetArn") != dead["QueueArn"]:
        yield f"{jobs['Name']} does not redrive to {dead['Name']}"
    allow = dead.get("RedriveAllowPolicy", {})
    if allow.get("redrivePermission") != "byQueue":
        yield f"{dead['Name']} does not say which queues may redrive to it"
    elif allow.get("sourceQueueArns") != [jobs["QueueArn"]]:
        yield f"{dead['Name']} does not admit {jobs['Name']} alone"
    if int(dead["MessageRetentionPeriod"]) < int(jobs["MessageRetentionPeriod"]):
        yield f"{dead['Name']} keeps messages shorter than {jobs['Name']}: they expire by the time they were first sent"
    if int(dead["MessageRetentionPeriod"]) != FOURTEEN_DAYS:
        yield f"{dead['Name']} does not keep messages for 14 days"

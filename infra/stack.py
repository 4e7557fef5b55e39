"""The CloudFormation stack of a stage: what the functions stand on and Chalice does not make."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from infra import scanner
from infra.stage import DeployError, Say, Stage

# Nothing of use came of the first attempt: a stack in these states can only be deleted.
_STILLBORN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_WAIT = {"Delay": 10, "MaxAttempts": 360}


class Stack:
    """The stack `messenger-<stage>`."""

    def __init__(self, stage: Stage, say: Say, *, wait: dict[str, int] | None = None) -> None:
        self._stage = stage
        self._say = say
        self._wait = wait or _WAIT
        self._name = stage.full_name
        self._client = stage.account.client("cloudformation")

    def outputs(self) -> dict[str, str]:
        """What the template says of its resources, or the stage's choices in their place. Raises DeployError where
        there is no such stack, or the choices name what it does not say."""
        found = self._describe()
        if found is None or found["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
            raise DeployError(
                f"There is no stack {self._name} in {self._stage.account.region}: deploy the stage first."
            )
        said = {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", ())}
        chosen = self._stage.choices.outputs
        if not chosen.keys() <= said.keys():
            raise DeployError(
                f"outputs: {', '.join(chosen.keys() - said.keys())}: known are {', '.join(sorted(said))}"
            )
        return {**said, **chosen}

    def ensure(self, template_url: str, *, queues_by_endpoint: bool = False) -> dict[str, str]:
        """Creates or updates the stack, with or without an endpoint for the queues, and answers its outputs.

        A first attempt that failed is deleted and made again. What an earlier `destroy` has kept (a bucket, the
        signing secret) is taken up again under its name. Raises DeployError with the resources that failed and why.
        """
        state = self._settled()
        if state in _STILLBORN:
            self._say(f"the stack is in {state}: deleting it to begin again")
            self.unprotect()
            self.delete()
            state = None
        creating = state in {None, "REVIEW_IN_PROGRESS"}
        self._say(f"{'creating' if creating else 'updating'} the stack {self._name}")
        parameters = {**self._parameters(), **_endpoint(there=queues_by_endpoint)}
        change_set = self._change_set(_listed(parameters), creating=creating, TemplateURL=template_url)
        return self._changed(change_set, creating=creating)

    def bring_queue_endpoint(self, kept_template_url: str) -> None:
        """Adds the endpoint for the queues to the stack as it was deployed last, where it lacks it. Raises
        DeployError."""
        self._settled()
        found = self._describe() or {}
        there = {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", ())}
        wanted = _endpoint(there=True)
        if not wanted.keys() <= there.keys():
            return  # a stack from before IPv6, which has the endpoint
        # What the stage has changed since stays as it was deployed.
        kept = {name: there[name] for name in self._parameters() if name in there}
        change_set = self._change_set(_listed({**kept, **wanted}), creating=False, TemplateURL=kept_template_url)
        self._changed(change_set, creating=False)

    def _changed(self, change_set: str | None, *, creating: bool) -> dict[str, str]:
        """The outputs once a change set was executed."""
        if change_set is None:
            self._say("the stack has no changes")
            return self.outputs()
        began = time.time()
        # What a failed operation has just made goes with it, though its template would retain it.
        self._client.execute_change_set(ChangeSetName=change_set, StackName=self._name, RetainExceptOnCreate=True)
        try:
            kind = "stack_create_complete" if creating else "stack_update_complete"
            self._client.get_waiter(kind).wait(StackName=self._name, WaiterConfig=self._wait)
        except WaiterError as error:
            reasons = "\n".join(self._failures(began)) or str(error)
            raise DeployError(f"The stack {self._name} could not be brought up:\n{reasons}") from error
        return self.outputs()

    def resources(self) -> list[tuple[str, str, str]]:
        """Logical name, type and physical id of what the stack has made."""
        if self._describe() is None:
            return []
        items = self._stage.account.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self._name
        )
        return [
            (item["LogicalResourceId"], item["ResourceType"], item.get("PhysicalResourceId", "")) for item in items
        ]

    def unprotect(self) -> None:
        """A protected database stops its stack's deletion, even where that leaves a snapshot."""
        rds = self._stage.account.client("rds")
        for _, kind, physical in self.resources():
            with contextlib.suppress(rds.exceptions.DBInstanceNotFoundFault, rds.exceptions.DBClusterNotFoundFault):
                if kind == "AWS::RDS::DBInstance":
                    rds.modify_db_instance(
                        DBInstanceIdentifier=physical, DeletionProtection=False, ApplyImmediately=True
                    )
                elif kind == "AWS::RDS::DBCluster":
                    rds.modify_db_cluster(
                        DBClusterIdentifier=physical, DeletionProtection=False, ApplyImmediately=True
                    )

    def delete(self) -> None:
        """Deletes the stack; what its template retains stays. Raises DeployError."""
        began = time.time()
        self._client.delete_stack(StackName=self._name)
        try:
            self._client.get_waiter("stack_delete_complete").wait(StackName=self._name, WaiterConfig=self._wait)
        except WaiterError as error:
            reasons = "\n".join(self._failures(began)) or str(error)
            raise DeployError(f"The stack {self._name} could not be deleted:\n{reasons}") from error

    def _describe(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_stacks(StackName=self._name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found

    def come_to_rest(self) -> str | None:
        """Waits until nobody is at work on the stack; its state, None where there is none. Raises DeployError."""
        for _ in range(self._wait["MaxAttempts"]):
            found = self._describe()
            state = None if found is None else str(found["StackStatus"])
            if state is None or state == "REVIEW_IN_PROGRESS" or not state.endswith("_IN_PROGRESS"):
                return None if state == "DELETE_COMPLETE" else state
            self._say(f"the stack is in {state}: waiting")
            time.sleep(self._wait["Delay"])
        raise DeployError(f"The stack {self._name} is still being changed by somebody else.")

    def _settled(self) -> str | None:
        """The state from which a deployment begins."""
        for _ in range(self._wait["MaxAttempts"]):
            state = self.come_to_rest()
            if state != "UPDATE_ROLLBACK_FAILED":
                return state
            self._say("an earlier update could not be rolled back: trying that again")
            self._client.continue_update_rollback(StackName=self._name)
            time.sleep(self._wait["Delay"])
        raise DeployError(f"The stack {self._name} cannot be rolled back from its last update.")

    def _change_set(self, parameters: list[dict[str, Any]], *, creating: bool, **template: Any) -> str | None:
        """The name of a change set that is ready; None where nothing would change."""
        # With the stack's name each time: what whoever deploys may do is granted by it.
        named = {"StackName": self._name, "ChangeSetName": f"deploy-{time.time_ns()}"}
        self._client.create_change_set(
            **named,
            ChangeSetType="CREATE" if creating else "UPDATE",
            **template,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            ImportExistingResources=True,
        )
        try:
            self._client.get_waiter("change_set_create_complete").wait(
                **named, WaiterConfig={"Delay": min(3, self._wait["Delay"]), "MaxAttempts": 100}
            )
        except WaiterError as error:
            reason = str(self._client.describe_change_set(**named).get("StatusReason", error))
            self._client.delete_change_set(**named)
            if any(words in reason for words in _UNCHANGED):
                return None
            raise DeployError(f"The stack {self._name} cannot be changed: {reason}") from error
        return named["ChangeSetName"]

    def _parameters(self) -> dict[str, str]:
        return {
            "Prefix": self._stage.full_name,
            "KeptJwtSecret": self._kept_secret(),
            "ScanQueue": scanner.queue(self._stage) or "",
            **self._stage.choices.parameters,
        }

    def _kept_secret(self) -> str:
        """The ARN of the signing secret where it is there and not the stack's own; empty where the stack makes it."""
        client = self._stage.account.client("secretsmanager")
        try:
            found = client.describe_secret(SecretId=self._stage.secret_name)
        except client.exceptions.ResourceNotFoundException:
            return ""
        if "DeletedDate" in found:
            # Until its recovery window ends it can neither be read nor be made anew.
            client.restore_secret(SecretId=found["ARN"])
        own = {physical for _, _, physical in self.resources()}
        return "" if found["ARN"] in own else str(found["ARN"])

    def _failures(self, since: float) -> Iterator[str]:
        events = self._stage.account.pages(
            "cloudformation", "describe_stack_events", "StackEvents", StackName=self._name
        )
        for event in events:
            if event["Timestamp"].timestamp() >= since - 1 and str(event["ResourceStatus"]).endswith("FAILED"):
                reason = event.get("ResourceStatusReason", "no reason given")
                if "cancelled" not in reason:
                    yield f"  {event['LogicalResourceId']}: {reason}"


def _endpoint(*, there: bool) -> dict[str, str]:
    return {"QueuesByEndpoint": "true" if there else "false"}


def _listed(parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ParameterKey": name, "ParameterValue": str(value)} for name, value in parameters.items()]

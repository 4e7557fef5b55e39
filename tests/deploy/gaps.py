"""What moto lacks, or does otherwise than AWS, as far as a deployment meets it."""

import io
import json
import os
import re
import secrets
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from moto.apigateway.models import APIGatewayBackend
from moto.awslambda.models import LambdaFunction
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.cloudformation import models, responses
from moto.cloudformation.models import ChangeSet
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.ec2.models.vpcs import VPCBackend
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response
from moto.secretsmanager.models import secretsmanager_backends
from moto.utilities.utils import get_partition

from tests.deploy.container import Container, HandlerError

# The host name of each distribution.
EDGE = "d111111abcdef8.cloudfront.net"
MASTER = {"username": "messenger_master", "password": "p@ss/w:rd"}


class Secret(CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """AWS::SecretsManager::Secret, which registers itself by being a class."""

    def __init__(self, arn: str, region: str) -> None:
        self.arn = arn
        self.region = region

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "Secret":
        length = int(cloudformation_json["Properties"]["GenerateSecretString"]["PasswordLength"])
        return cls(_secret(account_id, region_name, resource_name, secrets.token_hex(length)[:length]), region_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: "Secret", *_: Any, **__: Any) -> "Secret":
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, _json: Any, account_id: str, region: str) -> None:
        secretsmanager_backends[account_id][region].delete_secret(resource_name, None, force_delete=True)


class _OfCloudFront:
    """What a stack makes of it: a name, and what other resources ask of it."""

    answers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @classmethod
    def has_cfn_attr(cls, attribute: str) -> bool:
        return attribute in cls.answers

    def get_cfn_attribute(self, attribute: str) -> str:
        return self.answers[attribute]

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> "_OfCloudFront":
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: "_OfCloudFront", *_: Any, **__: Any) -> Any:
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        """It goes."""


class EdgeFunction(_OfCloudFront, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """AWS::CloudFront::Function."""

    answers: ClassVar[Mapping[str, str]] = {"FunctionARN": "arn:aws:cloudfront::123456789012:function/door"}

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::Function"


class OriginAccess(_OfCloudFront, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """AWS::CloudFront::OriginAccessControl."""

    answers: ClassVar[Mapping[str, str]] = {"Id": "E2EXAMPLE"}

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::OriginAccessControl"


class Headers(_OfCloudFront, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """AWS::CloudFront::ResponseHeadersPolicy."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::ResponseHeadersPolicy"


class Distribution(_OfCloudFront, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """AWS::CloudFront::Distribution."""

    answers: ClassVar[Mapping[str, str]] = {"DomainName": EDGE}

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::Distribution"


def _secret(account: str, region: str, name: str, value: str) -> str:
    """Makes a secret; its ARN."""
    made = secretsmanager_backends[account][region].create_secret(
        name, value, None, None, None, None, None, [], force_overwrite=False
    )
    return str(json.loads(made)["ARN"])


def close() -> None:
    """Patches moto in this process."""
    default_user_config["lambda"] = {"use_docker": False}
    LambdaSimpleBackend.invoke = _invoke
    _take_swagger()
    _keep_the_masters_password()
    _apply_outputs()
    _read_attributes_of_two_parts()
    _delete_route_tables()
    _take_up_buckets()
    _snapshot_databases()
    _change_processors()
    _keep_logging()
    _read_rules_of_buckets()


def _invoke(
    self: LambdaSimpleBackend, function_name: str, qualifier: str | None, body: Any, _headers: Any, answer: Any
) -> bytes:
    """Runs the uploaded zip in a bare Python, with the function's variables and the PostgreSQL at DATABASE_URL."""
    function = self.get_function(function_name, qualifier)
    event = json.loads(body or "null")
    variables = {**function.environment_vars, "AWS_REGION": self.region_name}
    if isinstance(event, dict) and "masterUrl" in event:
        # In the place of the stack's instance; it speaks no TLS.
        event["masterUrl"], variables["DATABASE_IAM"] = os.environ["DATABASE_URL"], "off"
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
            archive.extractall(folder)
            foreign = [name for name in archive.namelist() if not _loads(function, name)]
        if foreign:
            answer["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorMessage": f"Unable to import module 'app': {foreign[0]}"}).encode()
        container = Container(Path(folder), function.handler, function.function_name, variables)
        try:
            return json.dumps(container.invoke(event)).encode()
        except HandlerError as error:
            answer["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorMessage": str(error)}).encode()
        finally:
            container.stop()


def _loads(function: Any, name: str) -> bool:
    """Whether a function's runtime and processor load a compiled library; other files they do."""
    python, (architecture,) = function.run_time.removeprefix("python").replace(".", ""), function.architectures
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    built_for = re.search(r"\.cpython-(\d+)-(\w+)-linux-gnu\.so$", name)
    return built_for is None or built_for.groups() == (python, machine)


def _change_processors() -> None:
    """New code may be for another processor."""
    update = LambdaFunction.update_function_code

    def update_function_code(self: LambdaFunction, updated_spec: dict[str, Any]) -> Any:
        self.architectures = updated_spec.get("Architectures", self.architectures)
        return update(self, updated_spec)

    LambdaFunction.update_function_code = update_function_code


def _keep_logging() -> None:
    """A function says how it logs, as it was told."""
    update, tell = LambdaFunction.update_configuration, LambdaFunction.get_configuration

    def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> Any:
        self.logging_config = updates.get("LoggingConfig", getattr(self, "logging_config", {"LogFormat": "Text"}))
        return update(self, updates)

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> Any:
        return {**tell(self, on_create), "LoggingConfig": getattr(self, "logging_config", {"LogFormat": "Text"})}

    LambdaFunction.update_configuration = update_configuration
    LambdaFunction.get_configuration = get_configuration


def _read_rules_of_buckets() -> None:
    """S3 takes the names of filter rules in any case."""
    read_config = S3Response._notification_config_from_body

    def notification_config(self: S3Response) -> Any:
        self.body = self.body.replace(b">Prefix<", b">prefix<").replace(b">Suffix<", b">suffix<")
        return read_config(self)

    S3Response._notification_config_from_body = notification_config


def _take_swagger() -> None:
    """Chalice writes Swagger 2.0, and mock integrations without a URI; AWS forgets an overwritten API's responses."""
    put = APIGatewayBackend.put_rest_api

    def put_rest_api(
        self: APIGatewayBackend,
        function_id: str,
        api_doc: dict[str, Any],
        *rest: Any,
        mode: str = "merge",
        **more: Any,
    ) -> Any:
        document = {name: value for name, value in api_doc.items() if name != "swagger"} | {"openapi": "3.0.0"}
        for methods in document["paths"].values():
            for described in methods.values():
                integration = described["x-amazon-apigateway-integration"]
                integration.setdefault("uri", "")
                integration.setdefault("httpMethod", "POST")
        api = self.get_rest_api(function_id)
        if mode == "overwrite":
            api.gateway_responses.clear()
        api.name = document["info"]["title"]
        return put(self, function_id, document, *rest, mode=mode, **more)

    APIGatewayBackend.put_rest_api = put_rest_api


def _keep_the_masters_password() -> None:
    """RDS keeps it in a secret of its own; and templates name a parameter group, where moto has an object."""
    create = DBInstance.create_from_cloudformation_json.__func__
    attribute = DBInstance.get_cfn_attribute

    def create_from_cloudformation_json(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        group = properties.get("DBParameterGroupName")
        properties["DBParameterGroupName"] = getattr(group, "name", group)
        instance = create(cls, resource_name, cloudformation_json, account_id, region_name, **more)
        instance.deletion_protection = str(properties.get("DeletionProtection", "false")).lower() == "true"
        name = f"rds!{secrets.token_hex(8)}"
        instance.master_secret_arn = _secret(account_id, region_name, name, json.dumps(MASTER))
        return instance

    def get_cfn_attribute(self: DBInstance, name: str) -> Any:
        if name == "MasterUserSecret.SecretArn":
            return self.master_secret_arn
        return self.dbi_resource_id if name == "DbiResourceId" else attribute(self, name)

    DBInstance.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
    DBInstance.get_cfn_attribute = get_cfn_attribute
    DBInstance.has_cfn_attr = classmethod(lambda cls, name: True)


def _apply_outputs() -> None:
    """A change set changes the stack's outputs as well as its resources."""
    apply = ChangeSet.apply

    def apply_all(self: ChangeSet) -> None:
        apply(self)
        self.stack.template, self.stack.template_dict = self.template, self.template_dict
        self.stack.parameters = self.parameters
        self.stack.output_map = self.stack._create_output_map()

    ChangeSet.apply = apply_all


def _read_attributes_of_two_parts() -> None:
    """`!GetAtt Database.Endpoint.Address` is the attribute Endpoint.Address, and `!Condition` is no function."""

    def constructor(loader: Any, tag: Any, node: Any) -> Any:
        made = yaml_tag_constructor(loader, tag, node)
        if "Fn::Condition" in made:
            return {"Condition": made["Fn::Condition"]}
        parts = made.get("Fn::GetAtt")
        return made if parts is None else {"Fn::GetAtt": [parts[0], ".".join(parts[1:])]}

    for module in (models, responses):
        module.yaml_tag_constructor = constructor


def _delete_route_tables() -> None:
    """A stack's route tables go with the stack, where moto forgets them and so cannot delete their VPC."""
    delete = VPCBackend.delete_vpc

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        for table in self.describe_route_tables(filters={"vpc-id": [vpc_id]})[1:]:
            self.route_tables.pop(table.id)
        return delete(self, vpc_id)

    VPCBackend.delete_vpc = delete_vpc


def _take_up_buckets() -> None:
    """A stack takes up a bucket by its literal name, where its change set asked to import what exists."""
    receive = CloudFormationResponse.create_change_set
    create = FakeBucket.create_from_cloudformation_json.__func__
    importing: list[str] = []

    def create_change_set(self: CloudFormationResponse) -> Any:
        asked = self._get_param("ImportExistingResources") in {True, "true"}
        url = self._get_param("TemplateURL")
        importing[:] = [self._get_stack_from_s3_url(url)] if asked and url else []
        return receive(self)

    def create_from_cloudformation_json(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> Any:
        there = s3_backends[account_id][get_partition(region_name)].buckets.get(resource_name)
        by_name = any(f"BucketName: {resource_name}\n" in text for text in importing)
        if there is not None and by_name and cloudformation_json.get("DeletionPolicy") == "Retain":
            return there
        return create(cls, resource_name, cloudformation_json, account_id, region_name, **more)

    CloudFormationResponse.create_change_set = create_change_set
    FakeBucket.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)


def _snapshot_databases() -> None:
    """A database leaves a snapshot when its stack is deleted; nobody may delete an automated one."""
    delete, delete_asked = DBInstance.delete, RDSResponse.delete_db_snapshot

    def delete_with_snapshot(self: DBInstance, account_id: str, region_name: str) -> None:
        if not self.deletion_protection:
            self.backend.create_db_snapshot(self.db_instance_identifier, f"{self.db_instance_identifier}-last")
        delete(self, account_id, region_name)

    def delete_db_snapshot(self: RDSResponse) -> Any:
        there = self.backend.database_snapshots.get(self.params["DBSnapshotIdentifier"])
        if there is not None and there.snapshot_type == "automated":
            raise RDSClientError("InvalidDBSnapshotState", "Only a manual snapshot can be deleted.")
        return delete_asked(self)

    DBInstance.delete = delete_with_snapshot
    RDSResponse.delete_db_snapshot = delete_db_snapshot

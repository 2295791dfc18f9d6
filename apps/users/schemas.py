from datetime import datetime
from typing import Annotated, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from apps.core.api.schemas import InputSchema, OutputSchema, PageParams, Text
from apps.core.constants import MAX_REASON_CHARS
from apps.users import constants
from apps.users.constants import AccountKind, Role, ServiceDuty, ServiceScope, TokenScope


def _is_email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None
    return text


Email = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, to_lower=True, max_length=constants.MAX_EMAIL_CHARS),
    AfterValidator(_is_email),
]
Name = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=constants.MAX_NAME_CHARS),
]
NewPassword = Annotated[
    Text,
    StringConstraints(
        min_length=constants.MIN_PASSWORD_CHARS, max_length=constants.MAX_PASSWORD_CHARS
    ),
]
Reason = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARS)]


ModelName = Annotated[
    str,
    StringConstraints(pattern=constants.MODEL_PATTERN, max_length=constants.MAX_MODEL_CHARS),
]
AllowedModels = Annotated[
    list[ModelName],
    Field(
        max_length=constants.MAX_ALLOWED_MODELS,
        description="Names of the models that it may ask, with `*` for any letters; none for all.",
    ),
]
TokenName = Annotated[
    Text,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=constants.MAX_TOKEN_NAME_CHARS
    ),
]
TokenDays = Annotated[int, Field(ge=1, le=constants.MAX_TOKEN_DAYS)]


class UserCreateIn(InputSchema):
    """What somebody gives to sign up."""

    email: Email
    name: Name
    password: NewPassword = Field(
        description="8 to 128 characters with an upper-case and a lower-case letter and a digit."
    )


class UserUpdateIn(InputSchema):
    """What is to change; a field that is left out stays as it is."""

    name: Name | None = None
    role: Role | None = Field(default=None, description="Set by an admin, for somebody else.")
    is_active: bool | None = Field(default=None, description="Set by an admin, for somebody else.")
    reason: Reason = Field(default="", description="Why; kept in the audit.")


class UserOut(OutputSchema):
    """A person, as themself and admins see them."""

    id: int
    email: str
    name: str
    kind: AccountKind
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime


class UserListParams(PageParams):
    """Which people an admin asks for."""

    q: Annotated[Text, StringConstraints(max_length=constants.MAX_SEARCH_CHARS)] = Field(
        default="", description="Words in the name or the address."
    )
    role: Role | None = None


class TokenCreateIn(InputSchema):
    """What a token is wanted for; address and password only where no token is sent."""

    name: TokenName
    scopes: list[TokenScope] = Field(
        default=[TokenScope.CHAT, TokenScope.ACCOUNT], min_length=1, max_length=len(TokenScope)
    )
    expires_in_days: TokenDays = constants.DEFAULT_TOKEN_DAYS
    allowed_models: AllowedModels = []
    email: Email | None = None
    password: Annotated[Text, StringConstraints(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _come_together(self) -> Self:
        if (self.email is None) != (self.password is None):
            msg = "Send address and password together, or a token in their place."
            raise ValueError(msg)
        return self


class TokenUpdateIn(InputSchema):
    """What is to change of a token; a field that is left out stays as it is."""

    name: TokenName | None = None
    expires_in_days: TokenDays | None = Field(default=None, description="Counted from now.")
    allowed_models: AllowedModels | None = None


class TokenEndParams(BaseModel):
    """What ends with a token that is revoked."""

    with_made: bool = Field(
        default=False,
        description="Revoke as well what was made with it, and what was made with that.",
    )


class ServiceTokenIn(InputSchema):
    """What a token of a service account is wanted for."""

    name: TokenName
    scopes: list[ServiceScope] = Field(
        default=[ServiceScope.CHAT], min_length=1, max_length=len(ServiceScope)
    )
    expires_in_days: TokenDays = constants.DEFAULT_TOKEN_DAYS
    allowed_models: AllowedModels = []


class ServiceAccountIn(InputSchema):
    """The account of a program."""

    name: Name
    duties: list[ServiceDuty] = Field(
        default=[], max_length=len(ServiceDuty), description="What it may read."
    )
    reason: Reason = Field(default="", description="Why; kept in the audit.")


class ServiceAccountUpdateIn(InputSchema):
    """What is to change; a field that is left out stays as it is."""

    name: Name | None = None
    duties: list[ServiceDuty] | None = Field(default=None, max_length=len(ServiceDuty))
    is_active: bool | None = None
    reason: Reason = Field(default="", description="Why; kept in the audit.")


class ServiceAccountOut(OutputSchema):
    """The account of a program, as admins see it."""

    id: int
    name: str
    duties: list[ServiceDuty]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class TokenOut(OutputSchema):
    """A token without its secret."""

    id: int
    name: str
    hint: str = Field(description="How the secret begins.")
    scopes: list[TokenScope]
    allowed_models: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    made_by_id: int | None = Field(
        description="The token that made it; null where none did, or where that one is gone."
    )
    made_by_name: str = Field(
        description="What that token was called then; empty where none made it."
    )


class NewTokenOut(TokenOut):
    """A token at the only time at which its secret is shown."""

    user_id: int
    token: str = Field(description="The secret. It is shown once: keep it.")

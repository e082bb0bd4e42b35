"""Accounts on the wire."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tiffin.base.geo import Point
from tiffin.base.principal import Role
from tiffin.features.accounts.domain import (
    MAX_PASSWORD_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
    Account,
    Address,
    Session,
    SessionKind,
)


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from error


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_without_nul)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
DeviceName = Annotated[Text, Field(max_length=100)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_without_nul), AfterValidator(_email)]
# what is asked for; it need not be well-formed, there is just no account behind it then
EmailAsked = Annotated[Text, Field(max_length=254)]
Password = Annotated[
    str,
    Field(min_length=MIN_PASSWORD_CHARACTERS, max_length=MAX_PASSWORD_CHARACTERS),
    AfterValidator(_without_nul),
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1, such as en or fi")]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Phone = Annotated[Text, Field(max_length=32, pattern=r"^[0-9+() -]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountCreate(_Body):
    """Register."""

    email: Email
    password: Password
    name: Name
    language: Language = "en"


class SessionCreate(_Body):
    """Log in."""

    email: EmailAsked
    password: Annotated[str, Field(max_length=MAX_PASSWORD_CHARACTERS), AfterValidator(_without_nul)]
    kind: SessionKind = SessionKind.PROGRAM
    device_name: DeviceName = ""


class LoginCodeRedeem(_Body):
    """Log in with a code instead of a password."""

    code: str = Field(max_length=200)
    kind: SessionKind = SessionKind.PROGRAM
    device_name: DeviceName = ""


class SessionRefresh(_Body):
    """A new access token for a refresh token."""

    refresh_token: str = Field(max_length=200)


class SessionUpdate(_Body):
    """Name a device."""

    device_name: Annotated[DeviceName, Field(min_length=1)]


class PasswordChange(_Body):
    """Change the password; every other session ends."""

    current_password: Annotated[str, Field(max_length=MAX_PASSWORD_CHARACTERS), AfterValidator(_without_nul)]
    new_password: Password


class ProfileUpdate(_Body):
    """What to change; what is left away stays."""

    name: Name | None = None
    phone: Phone | None = None
    language: Language | None = None


class AddressFields(_Body):
    """A place to deliver to. Coordinates are WGS 84 degrees."""

    label: Annotated[Text, Field(max_length=60)] = ""
    street: Annotated[Text, Field(min_length=1, max_length=200)]
    city: Annotated[Text, Field(min_length=1, max_length=100)]
    postal_code: Annotated[Text, Field(max_length=20)] = ""
    note: Annotated[Text, Field(max_length=500)] = ""
    latitude: Latitude
    longitude: Longitude

    def to_address(self, address_id: UUID, account_id: UUID) -> Address:
        """The new address."""
        texts = self.model_dump(exclude={"latitude", "longitude"})
        return Address(address_id, account_id, **texts, location=Point(self.latitude, self.longitude))


class AddressUpdate(_Body):
    """What to change of an address; what is left away stays. Coordinates change together."""

    label: Annotated[Text, Field(max_length=60)] | None = None
    street: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    city: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    postal_code: Annotated[Text, Field(max_length=20)] | None = None
    note: Annotated[Text, Field(max_length=500)] | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _whole_point(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude change together")
        return self

    def apply_to(self, address: Address) -> Address:
        """The address as it shall be."""
        changes = self.model_dump(exclude={"latitude", "longitude"}, exclude_none=True)
        if self.latitude is not None and self.longitude is not None:
            changes["location"] = Point(self.latitude, self.longitude)
        return replace(address, **changes)


class StreamTicketCreate(_Body):
    """Ask for a ticket to a stream of these topics."""

    topics: list[Annotated[Text, Field(min_length=1, max_length=120)]] = Field(min_length=1, max_length=100)


class StreamTicketView(BaseModel):
    """Give it as `?ticket=` once, within 30 s."""

    ticket: str
    expires_at: datetime


class LoginCodeView(BaseModel):
    """Logs in once, until it expires."""

    code: str
    expires_at: datetime


class AccountView(BaseModel):
    """A profile. `version` is what the ETag is made of."""

    account_id: UUID
    email: str
    name: str
    phone: str
    language: str
    roles: list[Role]
    version: int
    created_at: datetime

    @classmethod
    def of(cls, account: Account, **further: Any) -> Self:
        """The view of an account, with the `further` fields of a view that has more."""
        return cls(
            **further,
            account_id=account.id,
            email=account.email,
            name=account.name,
            phone=account.phone,
            language=account.language,
            roles=sorted(account.roles),
            version=account.version,
            created_at=account.created_at,
        )


class ProfileView(AccountView):
    """The own profile, with the position of `user.{id}` it was read at."""

    position: str


class DeviceView(BaseModel):
    """A device that is logged in, as every device of the account sees it."""

    session_id: UUID
    kind: SessionKind
    device_name: str
    created_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, session: Session) -> "DeviceView":
        """The view of a session."""
        return DeviceView(
            session_id=session.id,
            kind=session.kind,
            device_name=session.device_name,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
        )


class SessionView(DeviceView):
    """A device that is logged in, as one of them sees it."""

    current: bool = Field(description="true for the device that asks")

    @classmethod
    def seen_from(cls, session: Session, current_id: UUID) -> Self:
        """The view of a session, from the device `current_id`."""
        return cls(**DeviceView.of(session).model_dump(), current=session.id == current_id)


class ProgramSession(BaseModel):
    """Logged in as a program."""

    kind: Literal["program"] = "program"
    session_id: UUID
    account_id: UUID
    access_token: str
    refresh_token: str
    expires_in_seconds: int


class BrowserSession(BaseModel):
    """Logged in as a browser; the cookie came with the answer."""

    kind: Literal["browser"] = "browser"
    session_id: UUID
    account_id: UUID


class AddressView(AddressFields):
    """A place to deliver to, with its id."""

    model_config = ConfigDict(extra="ignore")

    address_id: UUID

    @classmethod
    def of(cls, address: Address) -> Self:
        """The view of an address."""
        return cls(
            address_id=address.id,
            label=address.label,
            street=address.street,
            city=address.city,
            postal_code=address.postal_code,
            note=address.note,
            latitude=address.location.latitude,
            longitude=address.location.longitude,
        )

"""Types of fields in the catalog's requests: every string and number has bounds."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

MOST_MINOR = 100_000_000


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("is not a time zone of the IANA database, such as Europe/Helsinki")
    return name


_Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_without_nul)]

Name = Annotated[_Text, Field(min_length=1, max_length=100)]
Description = Annotated[_Text, Field(max_length=2000)]
Address = Annotated[_Text, Field(min_length=1, max_length=300)]
TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Helsinki"]), AfterValidator(_known_time_zone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
AmountMinor = Annotated[int, Field(ge=0, le=MOST_MINOR, strict=True, description="in minor units of the currency")]
PreparationMinutes = Annotated[int, Field(ge=0, le=600, strict=True)]
DeliveryRadius = Annotated[int, Field(ge=0, le=100_000, strict=True)]
TaxBasisPoints = Annotated[int, Field(ge=0, le=10_000, strict=True, description="included in prices; 1400 is 14 %")]
SortOrder = Annotated[int, Field(ge=-1_000_000, le=1_000_000, strict=True, description="lower stands first")]


class RequestBody(BaseModel):
    """A body that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class UpdateBody(RequestBody):
    """A body whose fields may be left away, which leaves them as they are; null is not a value."""

    @model_validator(mode="after")
    def _no_nulls(self) -> "UpdateBody":
        for name in self.model_fields_set:
            if getattr(self, name) is None:
                raise ValueError(f"{name} may not be null; leave it away to keep it as it is")
        return self

"""How Core's values stand in BSON, on every client: aware moments, standard UUIDs, exact decimals."""

from decimal import Decimal
from typing import Any

from bson import Decimal128
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry


class _DecimalCodec(TypeCodec):
    """Beanie writes ``Decimal`` as Decimal128; this makes it come back as ``Decimal`` for plain annotations too, and a
    row that was read can be written."""

    bson_type = Decimal128  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    python_type = Decimal  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


TYPES = TypeRegistry([_DecimalCodec()])
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, uuid_representation=UuidRepresentation.STANDARD, type_registry=TYPES
)

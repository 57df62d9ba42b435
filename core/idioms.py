"""What the documents' idioms need beyond Beanie: ``Job.company.in_([…])``, ``.regex(p, options="i")``,
``.contains(v)``, and ``get`` of a malformed id.

``@datamodel`` puts these on the document class through Beanie's own hooks (``custom_init``, ``get``,
``get_pymongo_collection``), so plain ``Document`` classes have them too and Beanie itself stays untouched.
"""

from collections.abc import Callable
from datetime import time
from typing import Any

from beanie import Document
from beanie.exceptions import CollectionWasNotInitialized, DocumentNotFound
from beanie.odm.fields import ExpressionField
from beanie.odm.operators.find.comparison import In
from beanie.odm.operators.find.evaluation import RegEx
from pydantic import TypeAdapter, ValidationError
from pymongo.asynchronous.collection import AsyncCollection

from core.database.connection import collection_of
from core.errors import Unavailable


class Field(ExpressionField):
    """A field of a document class. A trailing ``in_``, ``regex`` or ``contains`` is an operator only when called,
    so a field of that name still works."""

    def __getattr__(self, item: str) -> "Field":
        return Field.of(super().__getattr__(item))

    def __getitem__(self, item: Any) -> "Field":
        return Field.of(super().__getitem__(item))

    @classmethod
    def of(cls, found: ExpressionField) -> "Field":
        return found if isinstance(found, cls) else cls(str(found), field_resolution=found._field_resolution)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        path, _, name = str(self).rpartition(".")
        if not path or name not in _OPERATORS:
            raise TypeError(f"{self} is a field, not a method; {', '.join(_OPERATORS)} can be called")
        return _OPERATORS[name](Field(path), *args, **kwargs)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "in_": lambda field, values: In(field, list(values)),
    "regex": lambda field, pattern, options=None: RegEx(field, pattern, options),
    "contains": lambda field, value: {str(field): value},
}


def add_idioms(document: type[Document]) -> None:
    own_init = document.__dict__.get("custom_init")
    own_get = document.__dict__.get("get")

    async def custom_init(cls: type[Document]) -> None:
        for name in cls.model_fields:
            found = cls.__dict__.get(name)
            if isinstance(found, ExpressionField) and not isinstance(found, Field):
                setattr(cls, name, Field.of(found))
        # Beanie has no encoder for a time of day; ISO text of fixed width keeps the order.
        cls.get_settings().bson_encoders.setdefault(time, lambda value: value.isoformat(timespec="microseconds"))
        if own_init is not None:
            await own_init.__get__(None, cls)()

    async def get(cls: type[Document], document_id: Any, *args: Any, **kwargs: Any) -> Any:
        annotation: Any = cls.model_fields["id"].annotation
        try:
            TypeAdapter(annotation).validate_python(document_id)
        except ValidationError as error:
            raise DocumentNotFound(f"{cls.__name__}: {document_id!r} is no id") from error
        inherited: Any = super(document, cls)  # pyright: ignore[reportArgumentType]
        return await inherited.get(document_id, *args, **kwargs)

    def get_settings(cls: type[Document]) -> Any:
        try:
            return super(document, cls).get_settings()  # pyright: ignore[reportArgumentType]
        except CollectionWasNotInitialized as error:
            raise Unavailable(
                f"{cls.__name__} is not connected to a database; await core.database.connection.init_database() first"
            ) from error

    def get_pymongo_collection(cls: type[Document]) -> AsyncCollection[Any]:
        return collection_of(super(document, cls).get_pymongo_collection())  # pyright: ignore[reportArgumentType]

    setattr(document, "custom_init", classmethod(custom_init))  # noqa: B010  (pyright: a class attribute of its own)
    setattr(document, "get_settings", classmethod(get_settings))  # noqa: B010
    setattr(document, "get_pymongo_collection", classmethod(get_pymongo_collection))  # noqa: B010
    if own_get is None:
        setattr(document, "get", classmethod(get))  # noqa: B010

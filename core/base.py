"""Optional conveniences: a document base with a revision, and an operation written as a class."""

from typing import Any, ClassVar

from beanie import Document
from pydantic import BaseModel

from core.decorators import operation


class DataModelBase(Document):
    """A ``Document`` that keeps a revision, so that a stale write is a CONFLICT instead of a lost update.

    Put ``@datamodel`` on the subclass as on any document.
    """

    class Settings:
        use_revision = True


class OperationBase:
    """An operation as a class: declare the class attributes and ``run``; the subclass registers itself.

    The audited callable stands in ``call``: ``await ResizeImage.call(ResizeInput(width=80))``.
    """

    name: ClassVar[str]
    description: ClassVar[str] = ""
    category: ClassVar[str] = "general"
    inputs: ClassVar[type[BaseModel]]
    outputs: ClassVar[type[BaseModel]]
    options: ClassVar[dict[str, Any]] = {}
    """Further arguments of ``@operation``: tags, models_in, timeout …"""
    call: ClassVar[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "run" not in cls.__dict__:
            return
        instance = cls()

        async def run(input: Any) -> Any:
            return await instance.run(input)

        run.__module__, run.__qualname__ = cls.__module__, cls.__qualname__
        run.__annotations__ = {"input": cls.inputs, "return": cls.outputs}
        declared = operation(
            name=cls.name, description=cls.description, category=cls.category, inputs=cls.inputs, outputs=cls.outputs,
            **cls.options,
        )  # fmt: skip
        cls.call = staticmethod(declared(run))

    async def run(self, input: Any) -> Any:
        """The work: takes ``inputs``, gives ``outputs``."""
        raise NotImplementedError(f"{type(self).__name__}.run")

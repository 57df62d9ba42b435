"""MongoDB's error codes, as far as this server raises them.

https://www.mongodb.com/docs/manual/reference/error-codes/ lists them all.
"""

from typing import Any

CODES = {
    "BadValue": 2, "FailedToParse": 9, "TypeMismatch": 14, "NamespaceNotFound": 26, "IndexNotFound": 27,
    "CursorNotFound": 43, "NamespaceExists": 48, "CommandNotFound": 59, "ImmutableField": 66, "InvalidNamespace": 73,
    "IllegalOperation": 20, "IndexOptionsConflict": 85, "NotImplemented": 238, "DuplicateKey": 11000,
}  # fmt: skip


class CommandError(Exception):
    """A command's refusal, as MongoDB words it: code, name, message, and details beside them."""

    def __init__(self, name: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.name, self.message, self.details = CODES[name], name, message, details

    def as_reply(self) -> dict[str, Any]:
        return {"ok": 0.0, "errmsg": self.message, "code": self.code, "codeName": self.name, **self.details}

    def as_write_error(self, index: int) -> dict[str, Any]:
        return {"index": index, "code": self.code, "errmsg": self.message, **self.details}


def unsupported(what: str) -> CommandError:
    return CommandError(
        "NotImplemented", f"the embedded database does not offer {what}; set MONGODB_URI to use a MongoDB server"
    )

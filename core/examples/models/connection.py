"""Connect jobhunter to its database: for scripts and notebooks. A served application does this by itself."""

from core.database import connection
from core.database.connection import Database
from core.examples.models.models import Application, Cv, Job, Notification, TaskRun, TestItem, User

DOCUMENTS = (TestItem, TaskRun, Job, User, Cv, Application, Notification)


async def init_database() -> Database:
    """Connect by the settings (``MONGODB_URI``, ``MONGODB_DATABASE``), bind the documents and make their indexes.

    Raises:
        Unavailable: no server answers, or it refuses the credentials.
    """
    return await connection.init_database(documents=DOCUMENTS)


async def close_database() -> None:
    """Close what ``init_database`` opened on this event loop."""
    await connection.close_database()

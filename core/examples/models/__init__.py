"""The models of jobhunter; importing this registers them."""

from core.examples.models.models import Application, Cv, Job, Notification, TaskRun, TestItem, User

__all__ = ["Application", "Cv", "Job", "Notification", "TaskRun", "TestItem", "User"]

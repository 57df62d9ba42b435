"""One module a model. TaskRun is Core's own and stands here so that one import brings all."""

from core.examples.models.models.application import Application, ApplicationStatus
from core.examples.models.models.cv import Cv
from core.examples.models.models.job import Address, CompanyInfo, EmploymentType, Job, JobStatus
from core.examples.models.models.notification import Notification, NotificationStatus
from core.examples.models.models.test_model import TestItem
from core.examples.models.models.user import Experience, User
from core.runs.model import TaskRun

__all__ = [
    "Address", "Application", "ApplicationStatus", "CompanyInfo", "Cv", "EmploymentType", "Experience", "Job",
    "JobStatus", "Notification", "NotificationStatus", "TaskRun", "TestItem", "User",
]  # fmt: skip

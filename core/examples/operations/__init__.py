"""The operations of jobhunter and its hook on failed runs; importing this registers them."""

from core.examples.alerts import mail_alert
from core.examples.operations.application_ops import apply_job, generate_cv
from core.examples.operations.job_ops import bulk_delete, search_jobs, update_job
from core.examples.operations.matching_ops import match_jobs
from core.examples.operations.notification_ops import notify
from core.examples.operations.processing_ops import enrich_job, process_job, process_jobs
from core.examples.operations.scraping_ops import scrape_jobs
from core.examples.operations.test_ops import create_item, create_test_item

__all__ = [
    "apply_job", "bulk_delete", "create_item", "create_test_item", "enrich_job", "generate_cv", "mail_alert",
    "match_jobs", "notify", "process_job", "process_jobs", "scrape_jobs", "search_jobs", "update_job",
]  # fmt: skip

"""The operations of jobhunter; importing this registers them."""

from core.examples.operations.job_ops import bulk_delete, search_jobs, update_job
from core.examples.operations.scraping_ops import scrape_jobs
from core.examples.operations.test_ops import create_item, create_test_item

__all__ = ["bulk_delete", "create_item", "create_test_item", "scrape_jobs", "search_jobs", "update_job"]

"""Extension patterns: bags for what only one source knows, hints of adapters, options that grow."""

from typing import Any

import pytest
from beanie import Document
from pydantic import BaseModel, Field

from core.database.connection import Database
from core.decorators import datamodel
from core.examples.models.models import Job, JobStatus
from core.examples.operations.processing_ops import ProcessJobInput, process_job
from core.registries import ModelRegistry, Registry
from tests.document.sections import proves


@proves("Source-Specific Fields", 1)
async def test_a_job_keeps_fields_only_its_source_knows(database: Database) -> None:
    job = Job(
        title="Dev",
        company="Acme",
        source="stepstone",
        source_fields={"stepstone": {"workload": "full-time", "salary_band": "50-70k"}},
    )
    assert job.get_source_field("workload") == "full-time"
    job.set_source_field("salary_band", "60-80k")
    await job.insert()
    stored = await Job.find_one(Job.source_fields.stepstone.salary_band == "60-80k")
    assert stored is not None
    assert stored.source_fields == {"stepstone": {"workload": "full-time", "salary_band": "60-80k"}}


async def test_bags_without_a_source_and_of_another_one(database: Database) -> None:
    job = Job(title="Dev", company="Acme", source_fields={"stepstone": {"workload": "full-time"}})
    assert job.get_source_field("workload") == "full-time"
    assert job.get_source_field("nothing", "default") == "default"
    job.set_source_field("salary_band", "50k")
    job.set_source_field("benefits", "dog", source="jobs.example")  # MongoDB takes no dot in a path
    assert job.source_fields == {
        "stepstone": {"workload": "full-time", "salary_band": "50k"}, "jobs_example": {"benefits": "dog"},
    }  # fmt: skip
    assert job.get_source_field("benefits", source="jobs.example") == "dog"
    with pytest.raises(ValueError, match="salary_band"):
        job.set_source_field("salary_band", "60k")


@proves("UI Field Extensions", 1)
def test_an_adapters_field_hints_are_merged_into_the_models(registry: Registry) -> None:
    @datamodel(ui={"icon": "💼", "fields": {"workload": {"order": 1}}})
    class Posting(Document):
        title: str

    info = ModelRegistry.get("Posting")
    assert info is not None
    info.extend_ui({
        "workload": {"label": "Arbeitslast", "widget": "select"},
        "salary_band": {"label": "Gehaltsspanne", "widget": "text"},
    })  # fmt: skip
    assert info.ui_hints["icon"] == "💼"
    assert info.ui_hints["fields"] == {
        "workload": {"order": 1, "label": "Arbeitslast", "widget": "select"},
        "salary_band": {"label": "Gehaltsspanne", "widget": "text"},
    }


@proves("UI Field Extensions", 1)
def test_the_examples_sites_extend_the_job_model() -> None:
    info = ModelRegistry.get("Job")
    assert info is not None
    assert {"workload", "salary_band", "company_rating", "benefits"} <= info.ui_hints["fields"].keys()


@proves("Operation Options", 1)
async def test_options_steer_an_operation_without_changing_its_schema(database: Database) -> None:
    class Options(BaseModel):
        job_id: str
        options: dict[str, Any] = Field(default_factory=dict)

    assert ProcessJobInput.model_fields.keys() == Options.model_fields.keys()
    job = Job(title="Python Developer in full time", company="Acme")
    await job.insert()
    first = await process_job(ProcessJobInput(job_id=str(job.id), options={"skip_matching": True}))
    assert (first.processed, first.match_score) == (True, None)
    again = await process_job(ProcessJobInput(job_id=str(job.id)))
    assert not again.processed
    forced = await process_job(ProcessJobInput(job_id=str(job.id), options={"force_reprocess": True, "unknown": 1}))
    assert forced.processed
    stored = await Job.get(job.id)
    assert stored is not None
    assert (stored.status, stored.required_skills) == (JobStatus.PROCESSED, ["Python"])

"""Registries: what a declaration leaves there."""

from core.examples.models.models import Job
from core.examples.models.models.test_model import TestItem
from core.examples.operations.test_ops import create_test_item
from core.registries import ModelRegistry, OperationRegistry
from tests.document.sections import proves


@proves("ModelRegistry", 1)
def test_models_are_listed_and_found_by_name() -> None:
    info = ModelRegistry.get("Job")
    assert info in ModelRegistry.list_all()
    assert info is not None
    assert (info.name, info.document_cls) == ("Job", Job)
    assert info.ui_hints["icon"] == "💼"
    assert ModelRegistry.get("Nothing") is None


@proves("OperationRegistry", 1)
def test_operations_are_listed_found_by_name_and_grouped() -> None:
    found = OperationRegistry.get("search_jobs")
    assert found in OperationRegistry.list_all()
    assert found is not None
    assert found.input_schema.__name__ == "SearchJobsInput"
    assert {"search_jobs", "scrape_jobs"} <= {operation.name for operation in OperationRegistry.by_category("jobs")}
    assert all(operation.category == "jobs" for operation in OperationRegistry.by_category("jobs"))


@proves("Testing", 1)
def test_importing_registers() -> None:
    info = ModelRegistry.get("TestItem")
    assert info is not None
    assert info.document_cls == TestItem
    meta = OperationRegistry.get("create_test_item")
    assert meta is not None
    assert meta.category == "testing"
    assert meta.function is create_test_item

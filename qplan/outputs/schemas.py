"""The JSON Schemas (draft 2020-12) of inventory files, plans and what verbs print, generated from the models.

`python -m qplan.outputs.schemas FOLDER` writes them all.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DataclassSchema, ModelSchema

from qplan.inventory.model import InventoryFile
from qplan.outputs.bill.bill_document import BillDocument
from qplan.outputs.bill.lists import FibreOrdersDocument, LinkScheduleDocument
from qplan.outputs.compare.document import ComparedDocument
from qplan.outputs.costs.document import CostDocument
from qplan.outputs.drills.availability_document import AvailabilityAnswer
from qplan.outputs.drills.drill_document import DrillAnswer
from qplan.outputs.quotes.documents import RequestsDocument
from qplan.outputs.review.diff_document import DiffDocument
from qplan.outputs.verbs.candidates import Candidates
from qplan.outputs.verbs.catalogue import CataloguesDocument
from qplan.outputs.verbs.documents import DoctorDocument, Findings, ImportDocument, VerificationDocument
from qplan.outputs.verbs.explain_documents import AnswerDocument, ExplanationDocument, OverviewDocument
from qplan.outputs.verbs.plan_view import Shown
from qplan.outputs.verbs.rules import RulesDocument
from qplan.outputs.verbs.summary_document import SummaryDocument
from qplan.plan.model import Plan

IGNORED_KEYS = "^x-"
NULL = {"type": "null"}
Schema = dict[str, Any]


class _Described(GenerateJsonSchema):
    """Describes every property by the docstring of its attribute.

    Pydantic does so too (`use_attribute_docstrings`), but reads all sources whenever the models are imported.
    """

    def model_schema(self, schema: ModelSchema) -> Schema:
        found, model = super().model_schema(schema), schema["cls"]
        for base in reversed(model.__mro__):
            for name, text in _docstrings(base).items():
                field = model.model_fields[name]
                alias = field.serialization_alias if self.mode == "serialization" else field.validation_alias
                found["properties"][alias if isinstance(alias, str) else name]["description"] = text
        return found

    def dataclass_schema(self, schema: DataclassSchema) -> Schema:
        """Of a value that is written as it is: with all of its attributes."""
        found = super().dataclass_schema(schema)
        for name, text in _docstrings(schema["cls"]).items():
            found["properties"][name]["description"] = text
        return {**found, "required": list(found["properties"])}


def _docstrings(model: type) -> dict[str, str]:
    """What stands below the attributes of a class of ours."""
    body = _classes(model.__module__).get(model.__name__, ())
    return {
        attribute.target.id: inspect.cleandoc(text.value.value)
        for attribute, text in pairwise(body)
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


@cache
def _classes(module: str) -> dict[str, list[ast.stmt]]:
    """The statements of each class of a module of ours."""
    if not module.startswith("qplan."):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}


def inventory_schema() -> Schema:
    """Of an inventory as it stands in a file: null is allowed wherever a key may be absent."""
    schema = InventoryFile.model_json_schema(schema_generator=_Described)
    for model in (schema, *schema["$defs"].values()):
        _tidy(model)
        required = model.get("required", ())
        for name, field in model["properties"].items():
            field = _keyed_by_id(field)
            model["properties"][name] = field if name in required else _nullable(field)
    schema["patternProperties"] = {IGNORED_KEYS: True}
    return _headed(schema, "qplan inventory")


def plan_schema() -> Schema:
    """Of `plan.json`."""
    return _written(Plan, "qplan plan")


def _written(model: type[BaseModel], title: str) -> Schema:
    """Of a document that qplan writes; further keys may be added by later versions."""
    schema = model.model_json_schema(mode="serialization", schema_generator=_Described)
    for part in (schema, *schema.get("$defs", {}).values()):
        _tidy(part)
    return _headed(schema, title)


SCHEMAS: dict[str, Callable[[], Schema]] = {
    "inventory": inventory_schema,
    "plan": plan_schema,
    "availability": lambda: _written(AvailabilityAnswer, "qplan availability"),
    "bom": lambda: _written(BillDocument, "qplan bom"),
    "bom-fibres": lambda: _written(FibreOrdersDocument, "qplan bom --list fibres"),
    "bom-links": lambda: _written(LinkScheduleDocument, "qplan bom --list links"),
    "candidates": lambda: _written(Candidates, "qplan candidates"),
    "catalogue": lambda: _written(CataloguesDocument, "qplan catalogue"),
    "compare": lambda: _written(ComparedDocument, "qplan compare"),
    "cost": lambda: _written(CostDocument, "qplan cost"),
    "diff": lambda: _written(DiffDocument, "qplan diff"),
    "doctor": lambda: _written(DoctorDocument, "qplan doctor"),
    "drill": lambda: _written(DrillAnswer, "qplan drill"),
    "explain": lambda: _written(ExplanationDocument, "qplan explain"),
    "explain-address": lambda: _written(AnswerDocument, "qplan explain PLAN ADDRESS"),
    "explain-plan": lambda: _written(OverviewDocument, "qplan explain PLAN"),
    "import": lambda: _written(ImportDocument, "qplan import"),
    "optimize": lambda: _written(SummaryDocument, "qplan optimize"),
    "rfq": lambda: _written(RequestsDocument, "qplan rfq"),
    "rules": lambda: _written(RulesDocument, "qplan rules"),
    "show": lambda: _written(Shown, "qplan show"),
    "validate": lambda: _written(Findings, "qplan validate"),
    "verify": lambda: _written(VerificationDocument, "qplan verify"),
}


def schema_text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _headed(schema: Schema, title: str) -> Schema:
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": title}


def _tidy(model: Schema) -> None:
    """Without pydantic's titles, and without defaults that only repeat what an absent key means."""
    model.pop("title", None)
    for field in model["properties"].values():
        field.pop("title", None)
        if field.get("default", 0) is None or isinstance(field.get("default"), dict | list):
            del field["default"]


def _keyed_by_id(field: Schema) -> Schema:
    """Entries by id: the pattern binds every key, and an entry may be null."""
    if "patternProperties" not in field:
        return field
    ((pattern, entry),) = field["patternProperties"].items()
    others = {key: value for key, value in field.items() if key != "patternProperties"}
    return {**others, "propertyNames": {"pattern": pattern}, "additionalProperties": _nullable(entry)}


def _nullable(field: Schema) -> Schema:
    if NULL in field.get("anyOf", ()):
        return field
    if "anyOf" in field:
        return {**field, "anyOf": [*field["anyOf"], NULL]}
    words: Schema = {key: field[key] for key in ("default", "description") if key in field}
    return {"anyOf": [{key: value for key, value in field.items() if key not in words}, NULL], **words}


def main(folder: str) -> None:
    for name, schema in SCHEMAS.items():
        Path(folder, f"{name}.schema.json").write_text(schema_text(schema()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])

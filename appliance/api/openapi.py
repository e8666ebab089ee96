"""The description of the API, from which the web page's types are made: ``python -m appliance.api.openapi``."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from appliance.api.auth import COOKIE
from appliance.model.config import Config

OPEN = {("/api/v1/login", "post"), ("/healthz", "get")}
"""What needs no session."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document; parts of the document stand twice: as read, and with ``Input`` as written."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, written = models_json_schema([(Config, "validation")], ref_template="#/components/schemas/{model}Input")
    parts = schema["components"]["schemas"]
    for name, part in parts.items():
        # Defaults are written out in every answer, so whoever reads one may count on them.
        if "properties" in part and name != "Login":
            part["required"] = list(part["properties"])
    for name, part in written["$defs"].items():
        parts[f"{name}Input"] = part
    kinds = [name for name in written["$defs"] if name.endswith("Check")]
    parts["MonitorInput"] = {"oneOf": [{"$ref": f"#/components/schemas/{name}Input"} for name in kinds]}
    parts.pop("HTTPValidationError", None)
    parts.pop("ValidationError", None)
    schema["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            operation["security"] = [] if (path, method) in OPEN else [{"bearer": []}, {"cookie": []}]
    app.openapi_schema = schema
    return schema


if __name__ == "__main__":
    from appliance.api.app import make_app

    print(json.dumps(describe(make_app(None)), indent=1, sort_keys=True))

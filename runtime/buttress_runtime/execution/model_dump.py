"""Results that are pydantic models, as the JSON values they stand for (execution section 5)."""

from __future__ import annotations

from pydantic import BaseModel

from buttress_runtime.execution.errors import OutputValidationError

__all__ = ("dump_model",)


def dump_model(value: object) -> object:
    """Return a pydantic model as the JSON values it stands for, and anything else as it is.

    Raises:
        OutputValidationError: The model cannot be dumped.
    """
    if not issubclass(type(value), BaseModel):
        return value
    try:
        return BaseModel.model_dump(value, mode="json")  # type: ignore[arg-type]  # a model by its real type
    except Exception as exc:
        detail = f"the model {type(value).__name__} cannot be dumped as JSON"
        raise OutputValidationError(f"result: {detail}", [("", detail)]) from exc

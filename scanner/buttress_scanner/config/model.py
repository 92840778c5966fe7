"""The configuration file as a model: ``buttress.toml``, or ``[tool.buttress]`` in ``pyproject.toml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, field_validator

from buttress_scanner.contracts.base import Contract, Exemption, Selectors, Strings, as_tuple
from buttress_scanner.findings.baseline import FILE
from buttress_scanner.source.reader import DEFAULT_MAX_SIZE

PackValue = str | int | bool | tuple[str, ...]
"""What a project may give for a parameter of a pack."""


class Configuration(BaseModel):
    """What a project demands of its code. Contracts of extended packs stand behind its own."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
    )

    roots: Strings | None = Field(
        None,
        description="Source roots below this file, where dotted names start. Default: `src` if it exists, else this folder.",
    )
    extends: Strings = Field(
        (), description="Packs whose zones and contracts hold here too, such as `buttress:determinism`, or a `.toml` file."
    )
    packs: dict[str, dict[str, PackValue]] = Field({}, description="For each extended pack the values of its parameters.")
    zones: dict[str, Selectors] = Field({}, description="Names for parts of the program; contracts refer to one as `@name`.")
    exclude: Strings = Field(
        (), description="Files that are no part of the program, as patterns like those of `.gitignore`; counted as skipped."
    )
    exempt: Annotated[tuple[Exemption, ...], BeforeValidator(as_tuple)] = Field(
        (),
        description="Code that is analysed but not judged by any contract: entries with a `path` or a `symbol`, and a `reason`.",
    )
    max_file_size: int = Field(
        DEFAULT_MAX_SIZE, gt=0, description="Bytes beyond which a file is not read, but reported as an error."
    )
    baseline: str = Field(
        FILE, description="The file of findings that are known, beside this one; `buttress baseline` writes it."
    )
    contract: tuple[SerializeAsAny[Contract], ...] = Field((), description="The contracts.")

    @field_validator("roots")
    @classmethod
    def _below_the_folder(cls, roots: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Normalise roots to the form ``a/b``, the folder itself to an empty string."""
        if roots is None:
            return None
        return tuple(dict.fromkeys(_normal(root) for root in roots))

    @field_validator("baseline")
    @classmethod
    def _a_file_below(cls, baseline: str) -> str:
        """Normalise the path of the baseline."""
        path = _normal(baseline, "the baseline")
        if not path:
            raise ValueError("the baseline must be a file below the folder of the configuration")
        return path


def _normal(root: str, what: str = "the root") -> str:
    slashed = root.replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if slashed.startswith("/") or ".." in parts or ":" in root:
        raise ValueError(f"{what} {root!r} leaves the folder of the configuration; write a path below it, such as 'src'")
    return "/".join(parts)

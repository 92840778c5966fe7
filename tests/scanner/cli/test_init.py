"""``buttress init``: what it proposes holds at once, can be broken, and says what speaks for it."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scanner.cli.conftest import Project

GOVERNED = Path(__file__).parents[3] / "examples/governed_app"

SHOP = {
    "shop/__init__.py": "",
    "shop/web.py": "from shop.orders import place\n\n\ndef handle(name: str) -> str:\n    return place(name)\n",
    "shop/orders.py": (
        "import time\n\nfrom shop.handlers.base import Handler\nfrom shop.states import State\n\n\n"
        "def place(handler: Handler) -> str:\n    print(time.time(), State.NEW)\n    return handler.handle(1)\n"
    ),
    "shop/states.py": (
        "from enum import Enum\n\n\nclass State(Enum):\n    NEW = 1\n    PAID = 2\n    SENT = 3\n\n\n"
        "def last() -> list[State]:\n    return [State.NEW, State.PAID, State.SENT]\n"
    ),
    "shop/handlers/__init__.py": "",
    "shop/handlers/base.py": "class Handler:\n    def handle(self, number: int) -> str:\n        return str(number)\n",
    "shop/prices/__init__.py": "",
    "shop/prices/sums.py": "\n\n".join(f"def rule_{n}(x: int) -> int:\n    return x + {n}\n" for n in range(9)),
    "tests/test_shop.py": "from shop.handlers.card.card import Card\n\n\ndef test_card() -> None:\n    assert Card().handle(1)\n",
    **{
        f"shop/handlers/{name}/{name}.py": (
            f"from shop.handlers.base import Handler\n\n\nclass {name.title()}(Handler):\n"
            "    def handle(self, number: int) -> str:\n        return 'done'\n"
        )
        for name in ("card", "cash", "bill")
    },
}


@pytest.fixture
def shop(project: Project) -> Project:
    """A project without a configuration."""
    shutil.rmtree(project.folder)
    for path, text in SHOP.items():
        project.write(path, text)
    return project


def _contracts(project: Project, file: str = "buttress.toml") -> dict[str, dict[str, object]]:
    content = tomllib.loads((project.folder / file).read_text())
    return {contract["id"]: contract for contract in content["contract"]}


def test_proposals_hold_and_can_fail(shop: Project) -> None:
    """What is written is green, and turns red when it is broken."""
    run = shop.run("init")
    assert run.returncode == 0, run.stderr
    found = _contracts(shop)
    assert found["shop-layers"]["layers"] == ["shop.web", "shop.orders", ["shop.handlers.**", "shop.states"]]
    assert found["one-caller-of-handler-handle"]["protect"] == ["shop.handlers.base:Handler.handle"]
    assert found["one-caller-of-handler-handle"]["only"] == ["shop.orders"]
    assert found["state-in-orders"]["allow"] == ["NEW"]
    assert found["prices-is-pure"]["zone"] == ["shop.prices.**"]
    assert "clock" in str(found["prices-is-pure"]["forbid"])
    assert found["shop-without-circles"]["modules"] == ["shop.**"]
    assert found["shop-without-test-code"]["modules"] == ["shop.**"]
    assert all(str(len(found)) in line for line in run.stdout.splitlines() if "contracts are in" in line)
    assert shop.run("check").returncode == 0
    assert "STAYED GREEN" not in shop.run("sabotage").stdout


def test_evidence_stands_above_each_contract(shop: Project) -> None:
    """The file says what was seen, in a comment."""
    shop.run("init")
    text = (shop.folder / "buttress.toml").read_text()
    assert "# 3 classes override it (`Bill`, `Card`, `Cash`); only `shop.orders` calls it.\n[[contract]]" in text
    assert "# `shop.orders` mentions `NEW` of 3 members, and never `PAID`, `SENT`.\n[[contract]]" in text
    assert '{ path = "tests/**", reason = ' in text


def test_a_new_violation_is_found(shop: Project) -> None:
    """The proposed rules are rules: a second caller is reported."""
    shop.run("init")
    shop.write("shop/web.py", "from shop.handlers.base import Handler\n\n\ndef go(h: Handler) -> str:\n    return h.handle(2)\n")
    run = shop.run("check", "--format", "concise")
    assert run.returncode == 1
    assert "shop/web.py:5" in run.stdout
    assert "one-caller-of-handler-handle" in run.stdout


def test_roots_are_found(shop: Project) -> None:
    """Packages that lie deeper are found by what is imported."""
    for path in list(SHOP):
        target = shop.folder / "services/backend" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (shop.folder / path).rename(target)
    assert shop.run("init").returncode == 0
    assert tomllib.loads((shop.folder / "buttress.toml").read_text())["roots"] == ["services/backend"]
    assert "shop-layers" in _contracts(shop)


def test_dry_run_writes_nothing(shop: Project) -> None:
    """`--dry-run` prints the file."""
    run = shop.run("init", "--dry-run")
    assert run.returncode == 0
    assert tomllib.loads(run.stdout)["contract"]
    assert not (shop.folder / "buttress.toml").exists()


def test_the_same_twice(shop: Project) -> None:
    """Proposals do not depend on hash seeds."""
    first, second = (shop.run("init", "--dry-run", PYTHONHASHSEED=seed).stdout for seed in ("1", "2"))
    assert first == second


def test_what_is_there_stays(shop: Project) -> None:
    """A configuration is not overwritten, but on demand."""
    shop.write("buttress.toml", "# mine\n")
    run = shop.run("init")
    assert run.returncode == 2
    assert "exists already" in run.stderr
    assert (shop.folder / "buttress.toml").read_text() == "# mine\n"
    assert shop.run("init", "--output", "other.toml").returncode == 0
    assert _contracts(shop, "other.toml")
    assert shop.run("init", "--force").returncode == 0
    assert _contracts(shop)


def test_a_table_in_pyproject_is_seen(shop: Project) -> None:
    """Two configurations of one folder are one too many."""
    shop.write("pyproject.toml", "[tool.buttress]\nroots = []\n")
    run = shop.run("init")
    assert run.returncode == 2
    assert "[tool.buttress]" in run.stderr


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [({"notes.txt": "none"}, 2, "no Python file"), ({"one.py": "x = 1\n"}, 1, "Nothing was found")],
    ids=["no code", "nothing to say"],
)
def test_nothing_to_propose(project: Project, files: dict[str, str], code: int, message: str) -> None:
    """Where there is nothing to propose, that is said."""
    shutil.rmtree(project.folder)
    for path, text in files.items():
        project.write(path, text)
    run = project.run("init")
    assert run.returncode == code
    assert message in run.stdout + run.stderr
    assert not (project.folder / "buttress.toml").exists()


def test_the_governed_application(project: Project) -> None:
    """On the example it finds by itself that only the runner runs plugins."""
    shutil.rmtree(project.folder)
    shutil.copytree(GOVERNED, project.folder)
    (project.folder / "buttress.toml").unlink()
    assert project.run("init").returncode == 0
    found = _contracts(project)["one-caller-of-plugin-run"]
    assert found["only"] == ["app.plugins.runtime.tool_runner"]

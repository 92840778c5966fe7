"""A project with some of everything that a report can show: kept, broken and vacuous contracts, layers, accepted findings."""

from __future__ import annotations

CONFIGURATION = """\
[zones]
domain = ["shop.domain.**"]

[[contract]]
id = "layers"
kind = "import-layers"
layers = ["shop.web.**", "shop.services.**", ["shop.plugins.**", "shop.billing.**"], "@domain"]
independent-siblings = true
because = "Each layer can be used, tested and replaced without those above it."
source = "docs/architecture.md"

[[contract]]
id = "one-way-to-plugins"
kind = "choke-point"
protect = ["shop.plugins.base:Plugin.run"]
only = ["shop.services.runner"]
because = "Only the runner validates, measures and wraps a plugin call."
source = "docs/plugins.md"

[[contract]]
id = "domain-is-pure"
kind = "effect-purity"
zone = "@domain"
forbid = ["clock", "random", "io"]
because = "The same order has the same price tomorrow."

[[contract]]
id = "prices-are-stable"
kind = "signature"
function = "shop.domain.prices:price"
params = ["order: Order"]
returns = "int"
because = "Other teams call it."
severity = "warning"

[[contract]]
id = "runner-takes-any-plugin"
kind = "signature"
function = "shop.services.runner:run"
params = ["plugin: Plugin", "payload"]
because = "Whatever is sold as a plugin can be run."
"""

FILES = {
    "pyproject.toml": '[project]\nname = "Corner Shop"\nversion = "1"\n',
    "buttress.toml": CONFIGURATION,
    "shop/__init__.py": "",
    "shop/web/__init__.py": "",
    "shop/web/admin.py": """\
from shop.services.orders import place
from shop.web.views import overview


def index():
    return place(), overview()
""",
    "shop/web/views.py": """\
from shop.services.helpers import invoke
from shop.plugins.tax import TaxPlugin


def overview():
    \"\"\"What the manager sees in the morning.\"\"\"
    plugin = TaxPlugin()
    # "invoke" is handy: nobody has to know the runner
    return invoke(plugin, {"country": "SE", "amount": 100})
""",
    "shop/services/__init__.py": "",
    "shop/services/orders.py": """\
from shop.billing.invoices import bill
from shop.domain.prices import price
from shop.services.runner import run


def place(order=None):
    return bill(price(order)), run
""",
    "shop/services/helpers.py": """\
from functools import partial


def invoke(target, payload):
    step = partial(_call, target)
    return step(payload)


def _call(target, payload):
    return target.run(payload)
""",
    "shop/services/runner.py": """\
from shop.plugins.base import Plugin


def run(plugin: Plugin, payload):
    return plugin.run(payload)
""",
    "shop/plugins/__init__.py": "",
    "shop/plugins/base.py": "class Plugin:\n    def run(self, payload):\n        raise NotImplementedError\n",
    "shop/plugins/tax.py": """\
from shop.billing.rates import rate
from shop.plugins.base import Plugin


class TaxPlugin(Plugin):
    def run(self, payload):
        return rate(payload)
""",
    "shop/plugins/gift.py": """\
from shop.plugins.base import Plugin


class GiftPlugin(Plugin):
    def run(self, payload):
        return payload


def preview():
    return GiftPlugin().run({})  # buttress: allow[one-way-to-plugins] -- the preview has no order yet; see docs/plugins.md
""",
    "shop/billing/__init__.py": "",
    "shop/billing/invoices.py": """\
from shop.billing.rates import rate
from shop.domain.orders import Order


def bill(amount):
    return rate(amount), Order
""",
    "shop/billing/rates.py": "def rate(payload):\n    return 7\n",
    "shop/domain/__init__.py": "",
    "shop/domain/orders.py": """\
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shop.domain.prices import Table


@dataclass(frozen=True)
class Order:
    items: tuple[str, ...]
    table: Table | None = None
""",
    "shop/domain/prices.py": """\
from datetime import datetime

from shop.domain.orders import Order


class Table:
    base = 100


def price(order: Order, discount: int = 0) -> int:
    total = Table.base * len(order.items)
    if datetime.now().weekday() == 4:
        total -= 10
    return total - discount


def render_price(order):
    from shop.web.views import overview

    return overview(), order
""",
}
"""Paths and what stands there."""

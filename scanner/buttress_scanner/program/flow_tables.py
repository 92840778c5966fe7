"""What a walk along paths has to know of libraries and operations, beyond the catalogue."""

from __future__ import annotations

from typing import Final

from buttress_scanner.program.values import Const, External, Method, Value

QUIET: Final = frozenset(
    {
        "caught",
        "comp",
        "const",
        "dcomp",
        "declare",
        "dict",
        "exit",
        "free",
        "from",
        "func",
        "global",
        "gstore",
        "import",
        "late",
        "literal",
        "narrow",
        "nlstore",
        "own",
        "param",
        "phi",
        "raise",
        "star",
    }
)
"""Operations that neither raise nor call; ``raise`` and ``exit`` belong to their statements."""

CONSTRUCTION: Final = {
    "__call__": 1,
    "__new__": 2,
    "__init__": 3,
    "__post_init__": 4,
    "__attrs_post_init__": 4,
    "model_post_init": 4,
}
"""The order in which a construction runs its parts; factories of defaults come first."""

MAKES_ONLY: Final = frozenset({"contextmanager", "keep", "wraps", "decorator", "itemgetter", "newtype", "namedtuple", "new"})
"""Callables made by the library that run nothing of the program when they are called."""

OF_OBJECT: Final = frozenset({"__init__", "__init_subclass__", "__new__"})

HARMLESS_BASES: Final = frozenset(
    {
        "builtins.object",
        "abc.ABC",
        "typing.Protocol",
        "typing.Generic",
        "typing.NamedTuple",
        "typing_extensions.Protocol",
        "contextlib.ContextDecorator",
        "contextlib.AbstractContextManager",
        "contextlib.AbstractAsyncContextManager",
        "contextlib.AsyncContextDecorator",
    }
)
"""Bases outside of the program whose constructor does nothing."""

NEVER_RETURNS: Final = frozenset(
    {"sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort", "typing.assert_never", "pytest.fail", "pytest.skip"}
)

EXITS: Final = {"sys.exit": "builtins.SystemExit", "builtins.exit": "builtins.SystemExit", "builtins.quit": "builtins.SystemExit"}
"""What those of them raise of which that is known."""

RUNS_ARGUMENT: Final = frozenset(
    {
        "asyncio.run",
        "asyncio.Runner.run",
        "asyncio.AbstractEventLoop.run_until_complete",
        "asyncio.BaseEventLoop.run_until_complete",
        "anyio.run",
        "trio.run",
        "anyio.from_thread.run",
        "contextvars.Context.run",
        "operator.call",
    }
)
"""Library functions that surely run what they are given before they return."""

AWAITED: Final = frozenset(
    {
        "asyncio.wait_for",
        "asyncio.shield",
        "asyncio.gather",
        "asyncio.to_thread",
        "asyncio.timeout_at",
        "anyio.to_thread.run_sync",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.wait",
        "starlette.concurrency.run_in_threadpool",
        "fastapi.concurrency.run_in_threadpool",
    }
)
"""Library functions whose arguments have run when the result has been awaited; the call alone does nothing yet."""

COLLECTS: Final = frozenset(
    {"builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.dict", "collections.deque"}
)
"""Constructors that iterate to the end over what they are given, and fail only if that does."""

DRAINS: Final = COLLECTS | {"builtins.sorted", "builtins.sum", "builtins.min", "builtins.max", "builtins.str.join"}
"""Library functions that iterate to the end over what they are given."""

LAZY: Final = frozenset(
    {"builtins.range", "builtins.enumerate", "builtins.zip", "builtins.map", "builtins.filter", "builtins.reversed"}
)
"""Builtins that only make an iterator."""

SWALLOWING: Final = frozenset({"contextlib.suppress", "pytest.raises"})
"""Context managers that swallow the exceptions that they are called with."""

BOX_CLASSES: Final = {
    "list": "builtins.list",
    "tuple": "builtins.tuple",
    "dict": "builtins.dict",
    "set": "builtins.set",
    "frozenset": "builtins.frozenset",
    "defaultdict": "builtins.dict",
}

NOT_SAID: Final = ("parameter ", "attribute ", "declared as ")
"""Reasons of unknown values that stand for what no caller, no assignment and no annotation says."""

CLOSING: Final = frozenset({"close", "aclose", "pop_all", "__exit__", "__aexit__"})
"""Methods by which what is registered with a stack is run, or given away, elsewhere than at the end of a ``with``."""

STACK_METHODS: Final = frozenset(
    {"callback", "push", "push_async_callback", "push_async_exit", "enter_context", "enter_async_context", "pop_all"}
)


def of_none(value: Value) -> bool:
    """Whether a callee is what None would offer: the call does not happen, and nothing is said about it."""
    if isinstance(value, Method):
        value = value.function
    return (isinstance(value, External) and value.path.startswith("builtins.NoneType.")) or (
        isinstance(value, Const) and value.value is None
    )

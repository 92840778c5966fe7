"""Send one request to the API: `python -m app word-count '{"text": "to be or not to be"}'`."""

from __future__ import annotations

import json
import sys

from .api.analysis import Request
from .compose import compose

_USAGE = 'usage: python -m app PLUGIN PAYLOAD, such as: python -m app word-count \'{"text": "to be or not to be"}\''


def main(arguments: list[str]) -> int:
    """Print the API's answer and the figures of the plugin; return the exit code."""
    if len(arguments) != 2:
        print(_USAGE, file=sys.stderr)
        return 2
    plugin, payload = arguments
    api, registry = compose()
    response = api.analyze(Request(f'{{"plugin": {json.dumps(plugin)}, "payload": {payload}}}'))
    print(response.status, json.dumps(response.body, sort_keys=True))
    for figures in registry.figures():
        print(figures)
    return 0 if response.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

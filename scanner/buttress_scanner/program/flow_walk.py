"""The walk over the statements of one body."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from buttress_scanner.program.flow_regions import Arm
from buttress_scanner.program.flow_state import (
    ANYTHING,
    BREAK,
    CONTINUE,
    END,
    EXPLICIT_RAISE,
    EXPLICIT_RETURN,
    MET,
    NEXT,
    OWED,
    RAISE,
    RETURN,
    STATEMENT,
    Exc,
    Outcome,
    Place,
    State,
    joined,
)
from buttress_scanner.program.values import Const, Object

if TYPE_CHECKING:
    from buttress_scanner.facts.model import Span
    from buttress_scanner.program.flow import Flow
    from buttress_scanner.program.flow_flags import Variables
    from buttress_scanner.program.flow_regions import Region
    from buttress_scanner.program.frames import Frame

States = set[State]
Walked = tuple[States, set[Outcome]]
"""The states in which the code behind is reached, and all other outcomes."""
OnYield = Callable[[States, Place], Walked]


WIDTH = 64
"""Of more states behind a statement, those that differ only by what is registered with exit stacks become one."""


class Walker:
    """Walks one frame. ``fixed`` stands for every place, when the body runs in the place of something else."""

    def __init__(self, flow: Flow, frame: Frame, variables: Variables, fixed: Place | None = None) -> None:
        self.flow = flow
        self.frame = frame
        self.body = frame.body
        self.variables = variables
        self.fixed = fixed
        self.on_yield: OnYield | None = None
        self._handled: list[Exc] = []
        self._final: dict[tuple[int, State, tuple[Exc, ...]], Walked] = {}
        self._regions = flow.scope.regions(frame.body)
        self._active = flow.active(frame)
        self._statements: dict[str, Callable[[list[Any], States], Walked]] = {
            "eval": self._eval,
            "return": self._return,
            "raise": self._raise,
            "break": self._break,
            "continue": self._continue,
            "if": self._if,
            "while": self._while,
            "for": self._for,
            "try": self._try,
            "with": self._with,
            "match": self._match,
        }

    def run(self, states: States) -> set[Outcome]:
        """Walk the whole body; its end is a return without a statement."""
        after, outcomes = self.block(self.body.tree, states)
        end = self.place(END, self.body.header)
        return outcomes | {Outcome(RETURN, state, end) for state in after}

    def place(self, rank: int, span: Span) -> Place:
        """The place of an exit in this body."""
        return self.fixed or Place(rank, span)

    def block(self, tree: list[Any], states: States) -> Walked:
        """Walk statements in order."""
        outcomes: set[Outcome] = set()
        for entry in tree:
            if not states:
                break
            states, others = self._statements[entry[0]](entry, states)
            outcomes |= others
            if len(states) > WIDTH:
                states = joined(states)
        return states, outcomes

    # --- nodes

    def nodes(self, start: int, end: int, states: States, place: Place) -> Walked:
        """Walk the nodes of an expression in order; parts that may be skipped are."""
        inside = self._regions[bisect_left(self._regions, start, key=_start) : bisect_left(self._regions, end, key=_start)]
        return self._arm(Arm(start, end, inside), states, place)

    def _arm(self, arm: Arm, states: States, place: Place) -> Walked:
        index = arm.start
        outcomes: set[Outcome] = set()
        for region in arm.inside:
            states, others = self._straight(index, region.start, states, place)
            outcomes |= others
            after = set() if region.must_run else set(states)
            for part in region.arms:
                if not self._is_unrun_generator(part):
                    done, others = self._arm(part, states, place)
                    after |= done
                    outcomes |= others
            states, index = after, region.end
        states, others = self._straight(index, arm.end, states, place)
        return states, outcomes | others

    def _is_unrun_generator(self, part: Arm) -> bool:
        """The inside of a generator expression that no call consumes: it runs later, or never."""
        nodes = self.body.nodes
        if part.end >= len(nodes) or nodes[part.end][:2] != ("comp", "gen"):
            return False
        before = nodes[part.start - 1] if part.start else ("",)
        return bool(before[0] == "iter" and before[3] == "gen")

    def _straight(self, start: int, end: int, states: States, place: Place) -> Walked:
        outcomes: set[Outcome] = set()
        first = bisect_left(self._active, start)
        for index in self._active[first : bisect_left(self._active, end, first)]:
            states, others = self.node(index, states, place)
            outcomes |= others
        return states, outcomes

    def node(self, index: int, states: States, place: Place) -> Walked:
        """Walk one node."""
        if self.on_yield is not None and self.body.nodes[index][0] == "yield":
            return self.on_yield(states, place)
        after: States = set()
        outcomes: set[Outcome] = set()
        if self.flow.scope.by_node:
            place = self.place(place.rank, self.body.spans[index])
        for state in states:
            for kind, reached, _, exc, explicit in self.flow.effects.of(self.frame, index, state):
                if kind == NEXT:
                    after.add(reached)
                else:
                    outcomes.add(Outcome(kind, reached, place, exc, explicit))
        return after, outcomes

    def assign(self, states: States, span: Span) -> States:
        """Note what the assignments of the statement make known."""
        if not self.variables.changes(span):
            return states
        return {s._replace(flags=self.variables.assign(s.flags, span)) for s in states}

    # --- simple statements

    def _eval(self, entry: list[Any], states: States) -> Walked:
        span, start, end = entry[1:4]
        place = self.place(STATEMENT, span)
        states, outcomes = self.nodes(start, end, states, place)
        if self._is_assert(span):
            test = next((i for i in range(end - 1, start - 1, -1) if self.body.nodes[i][0] == "truth"), -1)
            passed, failed = self._split(states, test)
            error = Exc("builtins.AssertionError", exact=True)
            return passed, outcomes | {Outcome(RAISE, s, place, error, explicit=True) for s in failed}
        return self.assign(states, span), outcomes

    def _is_assert(self, span: Span) -> bool:
        line = self.flow.scope.line(self.frame.unit, span[0])
        return (
            line[span[1] :].startswith(b"assert")
            and not line[span[1] + 6 : span[1] + 7].isalnum()
            and line[span[1] + 6 : span[1] + 7] != b"_"
        )

    def _return(self, entry: list[Any], states: States) -> Walked:
        span, start, end = entry[1:4]
        states, outcomes = self.nodes(start, end, states, self.place(STATEMENT, span))
        return set(), outcomes | {Outcome(RETURN, s, self.place(EXPLICIT_RETURN, span)) for s in states}

    def _raise(self, entry: list[Any], states: States) -> Walked:
        span, start, end, raised = entry[1:5]
        states, outcomes = self.nodes(start, end, states, self.place(STATEMENT, span))
        operand = self.body.nodes[raised][1]
        excs = self.flow.exceptions.raised(self.frame, operand) if operand >= 0 else tuple(self._handled) or ANYTHING
        place = self.place(EXPLICIT_RAISE, span)
        return set(), outcomes | {Outcome(RAISE, s, place, exc, explicit=True) for s in states for exc in excs}

    def _break(self, entry: list[Any], states: States) -> Walked:
        return set(), {Outcome(BREAK, s) for s in states}

    def _continue(self, entry: list[Any], states: States) -> Walked:
        return set(), {Outcome(CONTINUE, s) for s in states}

    # --- branches

    def _split(self, states: States, test: int) -> tuple[States, States]:
        """The states in which a test comes out true, and those in which it does not."""
        if not self.variables.names and not self.variables.is_known(test):
            return states, set(states)
        answers: tuple[States, States] = (set(), set())
        for state in states:
            for truth, flags in self.variables.split(state.flags, test):
                answers[0 if truth else 1].add(state if flags == state.flags else state._replace(flags=flags))
        return answers

    def _test(self, entry: list[Any], states: States) -> tuple[States, States, set[Outcome]]:
        span, start, end, known = entry[1:5]
        states, outcomes = self.nodes(start, end, states, self.place(STATEMENT, span))
        states = self.assign(states, span)
        if known is not None:
            return (states, set(), outcomes) if known else (set(), states, outcomes)
        true, false = self._split(states, end - 1)
        return true, false, outcomes

    def _if(self, entry: list[Any], states: States) -> Walked:
        true, false, outcomes = self._test(entry, states)
        then, first = self.block(entry[5], true)
        orelse, second = self.block(entry[6], false)
        return then | orelse, outcomes | first | second

    def _match(self, entry: list[Any], states: States) -> Walked:
        span, start, end, cases = entry[1:5]
        place = self.place(STATEMENT, span)
        states, outcomes = self.nodes(start, end, states, place)
        after: States = set()
        for irrefutable, first, last, tree in cases:
            calls = [
                i for i in range(first, last) if self.body.nodes[i][0] not in ("item", "unpack")
            ]  # a pattern that does not fit raises nothing
            entered = {s._replace(flags=self.variables.forget(s.flags, span)) for s in states}
            for index in calls:
                entered, others = self.node(index, entered, place)
                outcomes |= others
            states = set() if irrefutable else states | entered
            reached, others = self.block(tree, entered)
            after |= reached
            outcomes |= others
        return after | states, outcomes

    # --- loops

    def _turn(self, tree: list[Any], states: States) -> tuple[States, States, set[Outcome]]:
        """One round: the states that come round again, those that break out, all other outcomes."""
        again, outcomes = self.block(tree, states)
        again = again | {o.state for o in outcomes if o.kind == CONTINUE}
        broken = {o.state for o in outcomes if o.kind == BREAK}
        return again, broken, {o for o in outcomes if o.kind not in (BREAK, CONTINUE)}

    def _rounds(
        self, states: States, head: Callable[[States], tuple[States, States, set[Outcome]]], tree: list[Any], orelse: list[Any]
    ) -> Walked:
        """Go round until no new state turns up. ``head`` tells rounds from the end."""
        seen: States = set()
        after: States = set()
        ended: States = set()
        outcomes: set[Outcome] = set()
        while states - seen:
            fresh = states - seen
            seen |= fresh
            entered, done, others = head(fresh)
            ended |= done
            states, broken, more = self._turn(tree, entered)
            after |= broken
            outcomes |= others | more
        last, others = self.block(orelse, ended)
        return after | last, outcomes | others

    def _while(self, entry: list[Any], states: States) -> Walked:
        return self._rounds(states, lambda fresh: self._test(entry, fresh), entry[5], entry[6])

    def _for(self, entry: list[Any], states: States) -> Walked:
        span, start, end, step, step_end, tree, orelse = entry[1:8]
        place = self.place(STATEMENT, span)
        states, outcomes = self.nodes(start, end, states, place)

        def head(fresh: States) -> tuple[States, States, set[Outcome]]:
            done, others = self.node(step, fresh, place)
            entered, more = self.nodes(step + 1, step_end, self.before_round(fresh, done), place)
            return {s._replace(flags=self.variables.forget(s.flags, span)) for s in entered}, done, others | more

        if self._has_round(self.body.nodes[step][1]):
            entered, _, others = head(states)
            states, broken, more = self._turn(tree, entered)
            after, rest = self._rounds(states, head, tree, orelse)
            return after | broken, outcomes | others | more | rest
        after, rest = self._rounds(states, head, tree, orelse)
        return after, outcomes | rest

    def before_round(self, before: States, after: States) -> States:
        """The states in which a round begins, of those before and behind the step of the loop."""
        return before | after

    def _has_round(self, source: int) -> bool:
        """Whether a loop over the node surely has a first round: a display with an element, a range of a positive constant."""
        node = self.body.nodes[source]
        if node[0] == "seq":
            return any(not starred for starred, _ in node[2])
        if node[0] != "call" or len(node[2]) != 1 or node[2][0][0]:
            return False
        values = self.flow.engine.read(self.frame, source)
        limits = self.flow.engine.read(self.frame, node[2][0][1])
        ranged = bool(values) and all(isinstance(v, Object) and v.path == "builtins.range" for v in values)
        return ranged and bool(limits) and all(isinstance(v, Const) and isinstance(v.value, int) and v.value > 0 for v in limits)

    # --- try and with

    def _try(self, entry: list[Any], states: States) -> Walked:
        _, _, tree, handlers, orelse, final = entry
        states, outcomes = self.block(tree, states)
        raised = {o for o in outcomes if o.kind == RAISE}
        outcomes -= raised
        states, others = self.block(orelse, states)
        outcomes |= others
        handled, others = self._handlers(handlers, raised)
        states, outcomes = states | handled, outcomes | others
        return self._finally(final, states, outcomes) if final else (states, outcomes)

    def _handlers(self, handlers: list[Any], raised: set[Outcome]) -> Walked:
        after: States = set()
        outcomes: set[Outcome] = set()
        kinds: list[Any] = []
        for start, end, types, tree, _ in handlers:
            values = [v for node in types for v in self.flow.engine.read(self.frame, node)]
            wanted = self.flow.exceptions.types(values) if types else ["builtins.BaseException"]
            kinds += wanted
            entered: dict[Exc, States] = {}
            left: set[Outcome] = set()
            for outcome in raised:
                verdicts = [v for v in (self.flow.exceptions.catch(kind, outcome.exc) for kind in wanted) if v is not None]
                for _, exc in verdicts:
                    entered.setdefault(exc, set()).add(outcome.state)
                if not any(surely for surely, _ in verdicts) and not self._leaves_nothing(outcome.exc, kinds):
                    left.add(outcome)
            raised = left
            reached, others = self._handler(start, end, tree, entered)
            after |= reached
            outcomes |= others
        return after, outcomes | raised

    def _leaves_nothing(self, exc: Exc, kinds: list[Any]) -> bool:
        if exc.key != "*":
            return False
        return self.flow.exceptions.exhausted(kinds, is_async=self.body.is_async, is_generator=self.body.is_generator)

    def _handler(self, start: int, end: int, tree: list[Any], entered: dict[Exc, States]) -> Walked:
        after: States = set()
        outcomes: set[Outcome] = set()
        named = end < len(self.body.nodes) and self.body.nodes[end][0] == "caught"
        outer = self._handled
        for exc, states in entered.items():
            self._handled = [exc]
            bound = {s._replace(flags=self.variables.caught(s.flags, end)) for s in states} if named else states
            reached, others = self.block(tree, bound)
            after |= reached
            outcomes |= others
        self._handled = outer
        return after, outcomes

    def _finally(self, tree: list[Any], states: States, outcomes: set[Outcome]) -> Walked:
        """Walk a ``finally`` once for each state in which it is entered; what it does itself replaces how it was entered."""
        walked = {s: self._final_block(tree, s) for s in states | {o.state for o in outcomes}}
        can_meet = any(a.status == MET for s, (after, _) in walked.items() if s.status == OWED for a in after)
        can_meet = can_meet or any(o.state.status == MET for s, (_, others) in walked.items() if s.status == OWED for o in others)
        reached = {a for s in states for a in walked[s][0]}
        found = {o._replace(state=a) for o in outcomes for a in walked[o.state][0]}
        for _, others in walked.values():
            found |= {o for o in others if not (can_meet and is_disregarded(o))}
        return reached, found

    def _final_block(self, tree: list[Any], state: State) -> Walked:
        """Walk a ``finally``, once for each state: nested ones would be walked again and again."""
        key = (id(tree), state, tuple(self._handled))
        if key not in self._final:
            self._final[key] = self.block(tree, {state})
        return self._final[key]

    def _with(self, entry: list[Any], states: States) -> Walked:
        from buttress_scanner.program.flow_with import Contexts

        return Contexts(self).walk(entry, states)


def _start(region: Region) -> int:
    return region.start


def is_disregarded(outcome: Outcome) -> bool:
    """An exception on the way to the obligation inside of a ``finally`` or an exit: nothing could ever be kept otherwise."""
    return outcome.kind == RAISE and not outcome.explicit and outcome.state.status == OWED

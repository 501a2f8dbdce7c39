"""A run live: what it is about now, every step with its hosts, the output, and everything people may do to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from runner.client.wording.event import event_lines
from runner.client.wording.matter import gate_lines, matter_lines
from runner.model.log import LogFilter
from runner.model.run import Choice
from runner.model.statement import StatementKind
from runner.rules.tags import Tag
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from runner.words import N_, _, current_language
from tui.actions import Where
from tui.backend import PlanShown
from tui.feed import News
from tui.forms import Form, abort_form, decide_form, hand_over_form, pause_form, sheet_form
from tui.host_board import HostBoard
from tui.intents import intent_of
from tui.messages import ChangeChosen, FormAsked, LogChosen, SigningAsked
from tui.result_forms import result_form
from tui.run_news import Past, RunNews, read_past
from tui.run_text import COLUMNS, current_key, step_rows
from tui.screens.asking import Deeds, bindings_of
from tui.screens.framed import Framed
from tui.sitting import Sitting
from tui.text import Line, Meaning, line
from tui.top_text import OVER, Top, top_of_run, top_of_unread
from tui.widgets.line_view import LineView
from tui.widgets.row_list import RowList

OUTPUT_LINES: Final = 10_000
FRAME: Final = 0.04
"""Seconds between two paints of the output: 25 a second."""
AT_ONCE: Final = 400
"""Entries painted at once; keys are answered between two paints."""
_SOON: Final = 0.05
"""Seconds in which entries gather before the run is read again."""
_QUIET: Final = frozenset({Tag.ANSIBLE_EVENT, Tag.PROBE_RESULT})
"""Entries that change nothing about the run itself."""
_NARROW: Final = (0, "-narrow")
_WIDE: Final = (110, "-wide")
_TINY: Final = (0, "-tiny")
_LOW: Final = (20, "-low")


class RunScreen(Framed):
    """The live view of one run; closing it changes nothing about the run."""

    WHERE: ClassVar = Where.RUN
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.RUN)
    CSS_PATH: ClassVar = "run.tcss"
    AUTO_FOCUS: ClassVar = "#steps"
    HORIZONTAL_BREAKPOINTS = [_NARROW, _WIDE]  # noqa: RUF012 - Textual declares it on the instance
    VERTICAL_BREAKPOINTS = [_TINY, _LOW]  # noqa: RUF012 - Textual declares it on the instance

    @dataclass
    class Read(Message):
        """The run was read."""

        shown: RunShown

    @dataclass
    class PastRead(Message):
        """What the log holds of the run so far was read."""

        past: Past

    @dataclass
    class SheetPlanRead(Message):
        """The plan was read whose step names the readings of a sheet."""

        planned: PlanShown

    def __init__(self, sitting: Sitting, run: str) -> None:
        super().__init__(sitting)
        self.run_id = run
        self._shown: RunShown | None = None
        self._board = HostBoard()
        self._news = RunNews(run)
        self._opened: frozenset[str] = frozenset()
        self._unpainted: list[EntryShown] = []
        self._painted: deque[EntryShown] = deque(maxlen=OUTPUT_LINES)
        self._language = current_language()
        """The language the output was painted in."""
        self._cut = False
        """Whether output older than what is shown was left out."""
        self._painting = self._asking = False
        """Whether a paint of the output, or a reading of the run, is due."""
        self._follows = True
        """Whether the cursor stays where the run is."""

    @property
    def about(self) -> str:
        return self.run_id

    def body(self) -> Iterable[Widget]:
        matter = N_("What the run is about now: what failed or is asked, what it means, and the choices.")
        yield LineView(name_id="matter", help_text=matter)
        with Container(id="panes"):
            steps = N_(
                "Every step with its state and time; below it attempts and hosts. Enter opens and closes a step. "
                "What is undone stands at the end, newest first."
            )
            yield RowList(COLUMNS, name_id="steps", help_text=steps)
            output = N_("Output of the hosts, as text. End follows it; f goes back to where the run is.")
            yield LineView(limit=OUTPUT_LINES, follow=True, name_id="output", help_text=output)

    @property
    def steps(self) -> RowList:
        """The tree of steps."""
        return self.query_one("#steps", RowList)

    @property
    def output(self) -> LineView:
        """The output."""
        return self.query_one("#output", LineView)

    @property
    def matter(self) -> LineView:
        """What the run is about now."""
        return self.query_one("#matter", LineView)

    def top(self, status: ServiceStatus) -> Top:
        if self._shown is None:
            return top_of_unread(self.run_id, status)
        return top_of_run(self._shown, status, self.sitting.present)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {
            "audit": lambda: self._post(LogChosen(LogFilter(run=self.run_id))),
            "follow": self._follow,
            "output": self._give_room,
            "expand": self._expand,
        }
        return {**deeds, **self._deeds_about(self._shown)} if self._shown is not None else deeds

    def reload(self) -> None:
        self._ask_run()
        if not self._news.has_past:
            read = partial(read_past, self.sitting.backend.entries, self.run_id)
            self.ask("past of the run", read, self.PastRead)

    def told(self, news: tuple[News, ...]) -> None:
        if any(not isinstance(each, EntryShown) for each in news):
            self._news.forget()
            self.reload()
            return
        mine = [each for each in news if isinstance(each, EntryShown) and each.about.get("run") == self.run_id]
        self._take(self._news.take(mine))
        if any(each.tag not in _QUIET for each in mine):
            self._ask_run_soon()

    def retell(self) -> None:
        super().retell()
        shown = self._shown
        lines = matter_lines(shown, self.sitting.present) if shown else ()
        self.matter.display = bool(lines)
        self.matter.show(lines)
        self._show_steps()
        if self._language != current_language():
            self._language = current_language()
            self._show_output()

    def tick(self) -> None:
        super().tick()
        self._show_steps()

    def on_run_screen_read(self, message: Read) -> None:
        before, self._shown = self._shown, message.shown
        if before is not None and before.row.state is not message.shown.row.state:
            self.say(Line())
        self.retell()

    def on_run_screen_past_read(self, message: PastRead) -> None:
        self._board = HostBoard()
        self._unpainted = []
        self._painted.clear()
        self._cut = not message.past.complete
        self._show_output()
        self._take(self._news.take_past(message.past))
        self.output.to_end()

    def on_run_screen_sheet_plan_read(self, message: SheetPlanRead) -> None:
        if self._shown is not None and (form := sheet_form(self._shown, message.planned)) is not None:
            self._fill(form)

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self._expand()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        if message.by_person:
            self._follows = self._shown is not None and message.key == current_key(self._shown)

    def _deeds_about(self, shown: RunShown) -> Deeds:
        """What may be done to the run as it is."""
        deeds: dict[str, Callable[[], None]] = {}
        act = shown.act
        if shown.row.request:
            deeds["plan"] = lambda: self._post(ChangeChosen(shown.row.request))
        if act is not None:
            deeds["sign"] = lambda: self._sign(shown, act)
        deeds |= self._stopping(shown)
        if (offered := shown.hand_over) is not None:
            deeds["take_over"] = lambda: self._sign(shown, offered)
        key = self.sitting.key
        if (form := hand_over_form(shown, key.person if key else "")) is not None:
            deeds["hand_over"] = partial(self._fill, form)
        if act is None or not act.signed:
            choices = (("decide", None), ("continue", Choice.CONTINUE), ("rollback", Choice.ROLL_BACK))
            for name, choice in choices:
                if (form := decide_form(shown, choice)) is not None:
                    deeds[name] = partial(self._fill, form)
        return deeds

    def _stopping(self, shown: RunShown) -> Deeds:
        """Pausing and stopping, while the run would go on without a decision and was not asked to already."""
        row, wish = shown.row, shown.wish
        if not row.started_at or row.ended_at or row.state in OVER or shown.asked is not None or wish.abort:
            return {}
        deeds: dict[str, Callable[[], None]] = {"abort": lambda: self._fill(abort_form(self.run_id))}
        if not wish.pause:
            deeds["pause"] = lambda: self._fill(pause_form(self.run_id))
        return deeds

    def _sign(self, shown: RunShown, act: Act) -> None:
        """Sign what is awaited, asking first for what only a person knows; a start is confirmed where its plan is."""
        intent = intent_of(act)
        if act.kind is StatementKind.CONFIRM:
            self.post_message(ChangeChosen(shown.row.request))
        elif intent is not None:
            about = partial(gate_lines, shown) if act.kind is StatementKind.GATE else tuple
            self.post_message(SigningAsked(intent, about))
        elif act.kind is StatementKind.SHEET:
            self.ask("plan of the sheet", partial(self.sitting.backend.plan, shown.plan), self.SheetPlanRead)
        elif (form := result_form(shown) or decide_form(shown)) is not None:
            self._fill(form)

    def _fill(self, form: Form) -> None:
        """Ask what must be asked, then sign."""
        self.post_message(FormAsked(form) if form.fields else SigningAsked(form.make({})))

    def _ask_run(self) -> None:
        self._asking = False
        self.ask("run", partial(self.sitting.backend.run, self.run_id), self.Read)

    def _ask_run_soon(self) -> None:
        if not self._asking:
            self._asking = True
            self.set_timer(_SOON, self._ask_run)

    def _take(self, entries: Sequence[EntryShown]) -> None:
        """Follow entries; the output is painted a little later, whatever has gathered by then."""
        for entry in entries:
            self._board.take(entry)
        self._unpainted += entries
        self._paint_soon()

    def _paint_soon(self) -> None:
        if self._unpainted and not self._painting:
            self._painting = True
            self.set_timer(FRAME, self._paint)

    def _paint(self) -> None:
        self._painting = False
        present = self.sitting.present
        waiting = self._unpainted[-OUTPUT_LINES:]
        entries, self._unpainted = waiting[:AT_ONCE], waiting[AT_ONCE:]
        self._painted += entries
        self.output.add([shown for entry in entries for shown in event_lines(entry, present)])
        self._show_steps()
        self._paint_soon()

    def _show_output(self) -> None:
        """Paint the output anew."""
        present = self.sitting.present
        older = [line(_("older output is in the log: press l"), Meaning.FAINT)] if self._cut else []
        self.output.show([*older, *(shown for entry in self._painted for shown in event_lines(entry, present))])

    def _show_steps(self) -> None:
        if self._shown is None:
            return
        self.steps.show(step_rows(self._shown, self._board, self._opened, self.sitting.present))
        if self._follows and (key := current_key(self._shown)) is not None:
            self.steps.go_to(key)

    def _follow(self) -> None:
        self._follows = True
        self.output.to_end()
        self._show_steps()

    def _give_room(self) -> None:
        """Give the output the whole screen, or half of it again."""
        self.toggle_class("-output")

    def _expand(self) -> None:
        """Open or close the step under the cursor."""
        key = self.steps.key
        if key is not None and key.startswith(("step:", "undo:")):
            self._opened = self._opened ^ {key}
            self._show_steps()

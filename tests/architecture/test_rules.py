"""What the import contracts can't see: the house rules of docs/architecture.md, read off the code itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FLOORS = [
    "core",
    "accounts",
    "catalog",
    "vendors",
    "inventory",
    "orders",
    "payments",
    "deliveries",
    "cart",
    "subscriptions",
    "analytics",
    "notifications",
]
PACKAGES = ["milkdelivery", *FLOORS[1:]]
ROOMS = {"models", "rules", "events", "actions", "queries", "handlers", "tasks", "personal"}
TRANSITIONS = {
    "orders": "orders/actions/transitions.py",
    "payments": "payments/actions/transitions.py",
    "deliveries": "deliveries/actions/transitions.py",
    "cart": "cart/actions/transitions.py",
    "notifications": "notifications/actions.py",
}
LOG_OF_EVENTS = "milkdelivery/core/eventlog"
"""Has statuses of its own, which are no business statuses."""


def sources() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def room_of(path: Path) -> str | None:
    """The domain room a file belongs to, if it belongs to one."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    inside = parts[2:] if parts[:2] == ("milkdelivery", "core") else parts[1:]
    return inside[0] if inside and inside[0] in ROOMS and parts[0] in PACKAGES else None


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = sources()
ROOM_FILES = [path for path in SOURCES if room_of(path)]
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}


def offences(files: list[Path], is_offence: Callable[[ast.AST], bool]) -> list[str]:
    return [
        f"{name(path)}:{getattr(node, 'lineno', 0)}"
        for path in files
        for node in ast.walk(TREES[path])
        if is_offence(node)
    ]


def is_call_of(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(names)


def test_the_floors_are_those_of_the_import_contract() -> None:
    contract = (ROOT / "pyproject.toml").read_text()
    listed = [floor for floor in reversed(FLOORS) if f'"{floor}",' in contract or f"| {floor}" in contract]
    assert listed == list(reversed(FLOORS))[: len(listed)]
    assert len(listed) >= len(FLOORS) - 1  # core is written with its package


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is not None
        if field.related_model._meta.app_label in FLOORS
        if FLOORS.index(field.related_model._meta.app_label) > FLOORS.index(model._meta.app_label)
    ]
    assert upward == []


def test_keys_across_apps_have_no_way_back() -> None:
    visible = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS and not model.__name__.startswith("Historical")
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.remote_field is not None and field.related_model is not None
        if field.related_model._meta.app_label != model._meta.app_label
        if field.related_model._meta.app_label in FLOORS
        if not field.remote_field.hidden
    ]
    assert visible == []


def _sets_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        targets = [part for target in node.targets for part in ast.walk(target)]
        return any(isinstance(part, ast.Attribute) and part.attr == "status" for part in targets)
    if is_call_of(node, ".update"):
        assert isinstance(node, ast.Call)
        return any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_a_status_changes_in_one_module_of_its_app() -> None:
    watched = [
        path
        for path in ROOM_FILES
        if name(path) not in TRANSITIONS.values() and not name(path).startswith("milkdelivery/core")
    ]
    assert offences(watched, _sets_status) == []


def test_the_status_test_sees_a_status() -> None:
    assert _sets_status(ast.parse("order.status = 'X'").body[0])
    assert any(_sets_status(node) for node in ast.walk(ast.parse("rows.update(status='X')")))


def test_rows_are_locked_by_named_querysets_only() -> None:
    watched = [path for path in SOURCES if room_of(path) != "models"]
    watched = [path for path in watched if "models" not in path.parts]
    assert offences(watched, lambda node: is_call_of(node, "select_for_update")) == []


def test_no_floats_in_domain_rooms() -> None:
    def is_float(node: ast.AST) -> bool:
        return is_call_of(node, "float") or (isinstance(node, ast.Constant) and isinstance(node.value, float))

    seconds = {"milkdelivery/core/queries.py"}  # ages in memory, not amounts
    assert offences([path for path in ROOM_FILES if name(path) not in seconds], is_float) == []


def test_the_queue_is_reached_through_core() -> None:
    def imports_queue(node: ast.AST) -> bool:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        return any(found.startswith("django_q") for found in [*names, getattr(node, "module", None) or ""])

    watched = [path for path in SOURCES if room_of(path) != "tasks" and "core" not in path.parts]
    watched = [path for path in watched if path.name != "admin.py" and "admin" not in path.parts]
    assert offences(watched, imports_queue) == []


def test_domain_rooms_know_one_clock() -> None:
    other_clocks = ("timezone.now", "date.today", "datetime.now", "datetime.utcnow", "localdate", "localtime")
    assert offences(ROOM_FILES, lambda node: is_call_of(node, *other_clocks)) == []
    own = ("auto_now", "auto_now_add")
    assert offences(SOURCES, lambda node: isinstance(node, ast.keyword) and node.arg in own) == []


def test_imports_stand_at_the_top() -> None:
    """Except where the app registry must be ready first: in `ready()` of an app's configuration."""

    def inner_imports(path: Path) -> Iterator[str]:
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "ready":
                for part in ast.walk(node):
                    if isinstance(part, ast.Import | ast.ImportFrom):
                        yield f"{name(path)}:{part.lineno}"

    assert [found for path in SOURCES for found in inner_imports(path)] == []
    assert offences(SOURCES, lambda node: is_call_of(node, "apps.get_model")) == []


def _opens_transaction(function: ast.AST) -> bool:
    return any(is_call_of(node, "transaction.atomic") for node in ast.walk(function))


def test_every_action_tells_what_it_did() -> None:
    """A public function of an actions room that opens a transaction emits, itself or by an action that it calls."""
    functions: dict[str, tuple[str, ast.FunctionDef]] = {}
    for path in ROOM_FILES:
        if room_of(path) == "actions":
            for node in TREES[path].body:
                if isinstance(node, ast.FunctionDef):
                    functions[node.name] = (f"{name(path)}:{node.lineno}", node)

    def called(function: ast.FunctionDef) -> set[str]:
        calls = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        return {call.rsplit(".", 1)[-1] for call in calls}

    telling = {"emit", "emit_many"}
    while True:
        found = {key for key, (_where, function) in functions.items() if called(function) & telling} - telling
        if not found:
            break
        telling |= found
    silent = [
        where
        for key, (where, function) in functions.items()
        if not key.startswith("_") and key not in telling and key not in TELLS_NOTHING and _opens_transaction(function)
    ]
    assert silent == []


TELLS_NOTHING = {
    "open_cart": "an empty cart says nothing; its first line does",
    "claim_next": "a lease; what becomes of the message is told",
    "tell_of_promotion": "each message tells once it is sent",
    "claim_stalled": "a lease, not a change of the business",
    "resume_checkout": "the steps that run then tell",
    "restart_time_to_pay": "the approval that it follows was told",
    "stop_waiting": "the order's cancellation was told; what is undone then tells",
    "claim_to_look_at": "a lease; what the gateway says is told",
    "claim_movements": "a lease; the movement is told",
    "claim_webhooks": "a lease; what it means is told",
    "forget_picture": "files that nothing points at; taking the picture off its product was told",
}


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_pages_hold_no_inline_code(path: Path) -> None:
    """The content policy forbids it; mails are no pages and may carry a style sheet."""
    text = path.read_text()
    assert "<script>" not in text
    assert "javascript:" not in text
    assert " onclick=" not in text
    if "mail" not in path.parts and "email" not in path.parts and "admin" not in path.parts:
        assert " style=" not in text
        assert "<style" not in text

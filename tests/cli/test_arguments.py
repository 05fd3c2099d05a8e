"""Every option of every verb meets values that nobody should give: one line at once, or a value."""

import argparse
import os
import re
import shlex
import time
from contextlib import suppress
from pathlib import Path, PureWindowsPath

import pytest

from wann.cli import arguments
from wann.cli.main import VERBS, main, make_parser
from wann.limits import LARGEST_SEED, MOST_EPISODES, MOST_WORKERS
from wann.names import folder_name, problem_on_windows, quoted

ROOT = Path(__file__).parents[2]
LONG = "x" * 5000
NUMBERS = [
    *("", " ", "-1", "0", "1.5", "nan", "inf", "-inf", "1e400", "-1e400", "1e99999999", "9" * 5000),
    *("9223372036854775808", "18446744073709551616", "1__0", "_1", "1_", "0x10", "１２", "١", "²"),
    *("1 2", " 1", "1\n", "1\0", "+", "--", "1e", "e5", ".", "True", "None", "\ud800", "1\x1b[2J"),
]
TEXTS = [LONG, "\ud800", "\x1b]0;x\x07", "[bold]", "%s%d", "{0}", "a\nb\rc", "\u202e", "/" * 5000]


PARSER = make_parser()


def parsers():
    """The parser of each verb."""
    (verbs,) = (
        action for action in PARSER._actions if isinstance(action, argparse._SubParsersAction)
    )
    return verbs.choices


def options():
    return [
        (verb, action)
        for verb, parser in parsers().items()
        for action in parser._actions
        if action.nargs != 0  # takes a value
    ]


def name_of(value):
    if isinstance(value, argparse.Action):
        return (value.option_strings or [value.dest])[-1]
    return str(value)


def words_with(verb, action, value):
    """A command line with a value for this option, and something for all that is required."""
    words = [verb]
    for other in parsers()[verb]._actions:
        if other is action or not other.required or name_of(other) == name_of(action):
            continue
        words += [*other.option_strings[-1:], "x"]
    # with "=", a value that begins with a dash is one
    return (
        [*words, f"{name_of(action)}={value}"] if action.option_strings else [*words, "--", value]
    )


@pytest.fixture
def parsed(capsys):
    """Parses; returns None where it was refused as it should be, else the namespace."""

    def parse(words):
        start = time.process_time()
        made, code = None, None
        try:
            made = PARSER.parse_args(words)
        except SystemExit as stop:
            code = stop.code
        if made is None:
            errors = capsys.readouterr().err
            assert code == 2
            assert errors.count("\n") == 1
            assert errors[:-1].isprintable()
            assert errors.startswith("wann")
            assert len(errors) < 1700
        assert time.process_time() - start < 1.5
        return made

    return parse


@pytest.mark.parametrize(("verb", "action"), options(), ids=name_of)
def test_hostile_values_are_refused_with_one_line_or_taken(parsed, verb, action):
    for value in [*NUMBERS, *TEXTS]:
        parsed(words_with(verb, action, value))


INTEGERS = [
    (v, a) for v, a in options() if getattr(a.type, "__qualname__", "").startswith("integer_from")
]
PATHS = [(v, a) for v, a in options() if a.type in (arguments.path, arguments.output_path)]


def test_all_options_that_take_numbers_and_paths_are_looked_at():
    assert len(INTEGERS) >= 18
    assert len(PATHS) >= 20
    taken = {name_of(action) for _, action in [*INTEGERS, *PATHS]}
    assert taken >= {"--seed", "--episodes", "--workers", "--generations", "--output", "--data"}


@pytest.mark.parametrize(("verb", "action"), INTEGERS, ids=name_of)
def test_integers_are_ascii_digits_within_limits(parsed, verb, action):
    for value in NUMBERS:
        made = parsed(words_with(verb, action, value))
        assert made is None or value == "0"
    assert parsed(words_with(verb, action, "2")) is not None
    made = parsed(words_with(verb, action, "1_0"))
    assert getattr(made, action.dest) == 10  # as in TOML, and in --set


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["evaluate", "x", "--episodes", "9223372036854775808"], f"from 1 to {MOST_EPISODES}"),
        (["evolve", "--workers", "10000"], f"from 1 to {MOST_WORKERS}"),
        (["replay", "x", "--seed", str(LARGEST_SEED + 1)], f"from 0 to {LARGEST_SEED}"),
        (["tune", "x", "--seconds", "1e10"], "above 0, up to 1e+09"),
        (["tune", "x", "--seconds", "0"], "above 0"),
        (["reproduce", "digits", "--seeds", "1-99999999"], "range of seeds"),
        (["reproduce", "digits", "--seeds", "1-10000,10001"], "more than 10000 seeds"),
        (["reproduce", "digits", "--seeds", "١-٢"], "list of seeds"),
        (["reproduce", "digits", "--seeds", "1-2-3"], "list of seeds"),
        (["reproduce", "digits", "--seeds", "-"], "list of seeds"),
        (["export", "x", "-o", "y", "--fix-weight", "1e400"], "finite"),
    ],
)
def test_message_says_what_is_allowed(capsys, words, allowed):
    with pytest.raises(SystemExit):
        main(words)
    assert allowed in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "action"), PATHS, ids=name_of)
def test_paths_that_no_file_can_have_are_refused(parsed, tmp_path, verb, action):
    loop, beyond = tmp_path / "loop", tmp_path / "loop" / "x.json"
    loop.symlink_to(loop)
    for value in ("", "x" * 300, "x" * 5000, "a/" * 3000, "a\0b", "\ud800", str(loop), str(beyond)):
        assert parsed(words_with(verb, action, value)) is None
    (tmp_path / "fine").symlink_to(tmp_path)
    assert parsed(words_with(verb, action, str(tmp_path / "fine" / "new.json"))) is not None


def test_bytes_that_are_no_letters_are_a_path(parsed, tmp_path):
    """On Linux names are bytes; Python hands what is no UTF-8 on as lone surrogates."""
    name = os.fsdecode(b"caf\xe9.json")
    made = parsed(["evaluate", str(tmp_path / name)])
    assert os.fsencode(made.champion).endswith(b"caf\xe9.json")


# names on Windows


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((name, "device") for name in ("con", "NUL", "aux.json", "com1.tar.gz", "a/lpt9", "COM¹")),
        *((name, "device") for name in ("nul .txt", r"c:\x\prn", r"\\server\share\con")),
        *((name, "names with") for name in ("ab:c", "a?.json", 'a"b', "<a>", "a|b", "x/*.py")),
        ("gymnasium:Walker-v3-seed0", "names with"),
        *((name, "dot or a space") for name in ("run.", "run ", "run./x", "a/... ")),
    ],
)
def test_names_that_windows_cannot_give_are_told(monkeypatch, name, reason):
    assert reason in problem_on_windows(PureWindowsPath(name))
    monkeypatch.setattr(arguments, "ON_WINDOWS", True)
    with pytest.raises(argparse.ArgumentTypeError, match=reason):
        arguments.output_path(name)


@pytest.mark.parametrize(
    "name",
    ["run", "a.b", r"c:\runs\x.json", "../x", "./y", "console", "com10", "θ", ".hidden", "-", "."],
)
def test_names_that_windows_can_give_are_taken(monkeypatch, name):
    assert problem_on_windows(PureWindowsPath(name)) == ""
    monkeypatch.setattr(arguments, "ON_WINDOWS", True)
    assert arguments.output_path(name) == Path(name)


def test_elsewhere_these_names_are_as_good_as_any():
    assert arguments.output_path("con") == Path("con")


@pytest.mark.parametrize(
    ("task", "folder"),
    [
        ("cartpole_swingup", "cartpole_swingup"),
        ("gymnasium:BipedalWalker-v3", "gymnasium_BipedalWalker-v3"),
        ("a/../b", "a_.._b"),
        ("..", "_"),
        ("con", "_con"),
        ("x\x1b[2J\u202e\0", "x_[2J__"),
        ("x. ", "x"),
        ("", "_"),
    ],
)
def test_folders_that_we_name_can_be_made_everywhere(tmp_path, task, folder):
    assert folder_name(task) == folder
    assert problem_on_windows(PureWindowsPath(folder)) == ""
    (tmp_path / folder).mkdir()
    assert len(folder_name("x" * 5000)) <= 255


def test_commands_are_quoted_for_the_shell_of_the_system(monkeypatch):
    assert shlex.split(quoted("wann", "my run")) == ["wann", "my run"]
    monkeypatch.setattr("wann.names.ON_WINDOWS", True)
    assert quoted("wann", r"c:\my run") == r'wann "c:\my run"'


# examples


@pytest.mark.parametrize("verb", parsers())
def test_every_example_of_the_help_can_be_typed(capsys, verb):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    lines = capsys.readouterr().out.partition("example:\n")[2].splitlines()
    assert lines
    for line in lines:
        assert line.startswith(f"  wann {verb}")
        PARSER.parse_args(shlex.split(line)[1:])


def test_every_command_of_the_readme_can_be_typed(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"`(wann [^`]+)`|^ {4}(wann [^\n#]+)", text, re.MULTILINE)
    verbs = set(parsers())
    typed = [
        words
        for quoted_, indented in commands
        if (words := shlex.split(quoted_ or indented))[1] in verbs and "..." not in words
    ]
    assert {words[1] for words in typed} == verbs
    for words in typed:
        with suppress(SystemExit):
            PARSER.parse_args(["1" if word == "N" else word for word in words[1:]])
        # some show an option only
        errors = capsys.readouterr().err
        assert not errors or "arguments are required" in errors


def test_every_verb_says_what_it_takes(capsys):
    assert len(VERBS) == len(parsers())
    for verb, parser in parsers().items():
        for action in parser._actions:
            assert action.help, (verb, name_of(action))
        assert parser.description.endswith(".")
        capsys.readouterr()

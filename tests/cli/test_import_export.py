"""``wann import`` and ``wann export``: what they write, and what they refuse."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import onnxruntime
import pytest

from wann.cli.main import main, make_parser
from wann.formats.champion import Champion, load_champion, save_champion
from wann.genome.network import network_from_connections
from wann.tasks.policy import NetworkPolicy

DATA = os.environ.get("WANN_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="WANN_TEST_DATA names no folder")

# bias, five inputs, a sine, a force; one gene is disabled
SMALL = np.zeros((8, 9))
SMALL[:, -1] = [1, 1, 1, 1, 1, 1, 3, 1]
SMALL[1, 6] = SMALL[5, 6] = SMALL[6, 7] = 1.0
SMALL[0, 7], SMALL[3, 6] = -1.58, np.nan


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a network of the release and weights for it."""
    monkeypatch.chdir(tmp_path)
    np.savetxt("small.out", SMALL, delimiter=",", fmt="%1.2e")
    Path("zoo.json").write_text("[[0.25, 1.5, 2.125, -0.5], 700, 5]", encoding="utf-8")
    return tmp_path


@pytest.fixture
def told(capsys):
    """Runs a command line that must succeed; returns what it prints."""

    def run(line):
        assert main(shlex.split(line)) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def refused(folder, capsys):
    """Runs a command line that must be refused and leave all files; returns its line."""

    def content():
        return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def run(line):
        before = content()
        try:
            code = main(shlex.split(line))
        except SystemExit as error:
            code = error.code
        captured = capsys.readouterr()
        assert (code, captured.out, captured.err.count("\n")) == (2, "", 1)
        assert captured.err.startswith("wann")
        assert content() == before
        return captured.err

    return run


def numbers(path):
    return np.loadtxt(path, delimiter=",", ndmin=2)


# import


def test_import_makes_a_champion_of_a_task(told):
    text = told("import small.out --task cartpole_swingup -o champion.json")
    assert "5 inputs, 1 hidden node, 1 output, 4 connections, 1 disabled gene\n" in text
    assert text.endswith("wrote champion.json\n")
    champion = load_champion("champion.json")
    assert (champion.task, champion.output_names) == ("cartpole_swingup", ("force",))
    assert champion.input_names[1] == "x'"
    assert champion.network.edge_source.tolist() == [1, 5, 0, 6]
    assert champion.tuned_weights is None
    assert champion.provenance["file"] == "small.out"


def test_import_adds_what_the_release_adds_to_weights(told):
    text = told("import small.out --task cartpole_swingup --weights zoo.json -o champion.json")
    assert "tuned weights: from zoo.json, -1.5 each" in text
    assert load_champion("champion.json").tuned_weights == (0.0, 0.625, -1.25, -2.0)
    told(
        "import small.out --task cartpole_swingup --weights zoo.json --weight-offset 0 "
        "-o champion.json --overwrite"
    )
    assert load_champion("champion.json").tuned_weights == (1.5, 2.125, 0.25, -0.5)


def test_import_of_an_unknown_task_goes_by_the_numbers(told):
    told("import small.out --task biped --inputs 5 --outputs 1 --weights zoo.json -o a.json")
    champion = load_champion("a.json")
    assert (champion.task, champion.input_names[4]) == ("biped", "input 5")
    assert champion.output_names == ("output 1",)
    assert champion.tuned_weights[2] == 0.25 - 1.87
    told("import small.out --inputs 5 --outputs 1 -o b.json")
    assert load_champion("b.json").task == "unknown"


def test_import_of_the_numbers_of_the_task_is_fine(told):
    told("import small.out --task cartpole_swingup --inputs 5 --outputs 1 -o a.json")


def test_import_points_at_hidden_nodes_that_dangle(told):
    text = told("import small.out --inputs 4 --outputs 1 -o a.json")
    assert "note: hidden node 5 has no input" in text
    assert load_champion("a.json").network.n_hidden == 2


def test_import_can_write_to_the_standard_output(capsys):
    line = "import small.out --task cartpole_swingup -o"
    assert main(shlex.split(f"{line} -")) == 0
    captured = capsys.readouterr()
    assert "4 connections" in captured.err
    assert main(shlex.split(f"{line} champion.json")) == 0
    assert captured.out == Path("champion.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("import small.out -o a.json", "--task"),
        ("import small.out --task cartpole_swingup", "-o"),
        ("import small.out --task biped -o a.json", "give --inputs and --outputs"),
        ("import small.out --task cartpole -o a.json", "did you mean 'cartpole_swingup'?"),
        ("import small.out --task biped --inputs 5 -o a.json", "--outputs"),
        ("import small.out --task classify -o a.json", "the data: give --inputs and --outputs\n"),
        ("import small.out --inputs 5 -o a.json", "--outputs"),
        ("import small.out --task cartpole_swingup --inputs 4 -o a.json", "has 5 inputs, not 4"),
        ("import small.out --task cartpole_swingup --outputs 2 -o a.json", "has 1 outputs, not 2"),
        ("import small.out --task 'a\nb' --inputs 5 --outputs 1 -o a.json", "no name"),
        ("import small.out --task '\udcff' --inputs 5 --outputs 1 -o a.json", "no name"),
        ("import small.out --task t --inputs 6 --outputs 1 -o a.json", "row 2, column 7"),
        ("import small.out --task t --inputs 7 --outputs 1 -o a.json", "8 nodes cannot hold"),
        ("import small.out --task t --inputs -1 --outputs 1 -o a.json", "from 0 to"),
        ("import none.out --task cartpole_swingup -o a.json", "none.out: No such file"),
        ("import . --task cartpole_swingup -o a.json", "it is a folder"),
        ("import /dev/zero --task cartpole_swingup -o a.json", "no regular file"),
        ("import small.out --inputs 1000000000 --outputs 1 -o a.json", "from 0 to 20000"),
        ("import small.out --inputs 5 --outputs 99999999999999999999 -o a.json", "from 1 to 10000"),
        ("import zoo.json --task cartpole_swingup -o a.json", "zoo.json, row 1"),
        ("import small.out --task cartpole_swingup -o zoo.json", "--overwrite"),
        ("import small.out --task cartpole_swingup -o .", "folder"),
        ("import small.out --task cartpole_swingup -o no/a.json", "no/a.json: there is no folder"),
        ("import small.out --task cartpole_swingup --weights no.json -o a.json", "no.json"),
        ("import small.out --task cartpole_swingup --weights small.out -o a.json", "small.out"),
        ("import small.out --task cartpole_swingup --weight-offset 1 -o a.json", "--weights"),
        (
            "import small.out --inputs 5 --outputs 1 --weights zoo.json -o a.json",
            "--weights needs --task or --weight-offset",
        ),
    ],
)
def test_import_refuses(refused, line, fragment):
    assert fragment in refused(line)


def test_import_of_more_weights_than_genes_names_both_numbers(refused):
    Path("more.json").write_text(json.dumps([[1.0] * 7, 3]), encoding="utf-8")
    line = refused("import small.out --task cartpole_swingup --weights more.json -o a.json")
    assert "7 weights" in line
    assert "4 enabled genes (with the disabled ones 5)" in line


# export


def champion_with(weights=None):
    network = network_from_connections(
        5, 1, [1, 1, 1, 1, 1, 1, 3, 1], [(1, 6), (5, 6), (6, 7), (0, 7)]
    )
    names = ("x", "x'", "cos θ", "sin θ", "θ'")
    return Champion(network, "cartpole_swingup", names, ("force",), tuned_weights=weights)


@pytest.fixture
def champion():
    """A champion file with tuned weights."""
    champion = champion_with((0.1, -0.7, 0.0, 1 / 3))
    save_champion(champion, "champion.json")
    return champion


def test_imported_file_is_exported_as_it_was(told):
    told("import small.out --task cartpole_swingup -o champion.json")
    assert told("export champion.json --format release2019 -o again.out") == "wrote again.out\n"
    np.testing.assert_array_equal(numbers("again.out"), SMALL)
    told("import again.out --task cartpole_swingup -o again.json")
    first, second = load_champion("champion.json"), load_champion("again.json")
    assert second.network == first.network
    assert second.provenance["values"] == first.provenance["values"]


def test_tuned_champion_survives_the_file_of_the_release(champion, told):
    told("export champion.json -o tuned.out --weights weights.json")
    for options in ("", "--weights values", "--weights weights.json"):
        told(f"import tuned.out --task cartpole_swingup {options} -o again.json --overwrite")
        again = load_champion("again.json")
        assert again.network == champion.network
        assert again.tuned_weights == champion.tuned_weights
    # the release reads genes from the one and weights from the other
    genes = numbers("tuned.out")[:, :-1]
    assert np.argwhere(genes).tolist() == [[0, 7], [1, 6], [5, 6], [6, 7]]
    weights = json.loads(Path("weights.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(np.array(weights[0]) - 1.5, [0.0, 0.1, -0.7, 1 / 3], atol=1e-15)
    told("export champion.json -o plain.out --weights plain.json --weight-offset 0")
    plain = json.loads(Path("plain.json").read_text(encoding="utf-8"))
    assert plain == [[0.0, 0.1, -0.7, 1 / 3], None]


@pytest.mark.parametrize(
    "name",
    ["a.graphml", "a.json", "a.py", "a.onnx", "--format graphml -o a", "--format python -o a"],
)
def test_export_writes_what_other_programs_read(champion, told, name):
    line = name if name.startswith("--") else f"-o {name}"
    file = name.rpartition(" ")[2]
    assert told(f"export champion.json {line}") == f"wrote {file}\n"
    observation = np.array([0.2, 0.4, -1.0, 0.0, 0.3], np.float32)
    expected = NetworkPolicy(champion.network, 0.5)(observation.astype(float))
    if "graphml" in name:
        graph = nx.read_graphml(file)
        assert graph.nodes["n6"]["activation"] == "sin"
        assert graph.number_of_edges() == 4
    elif "json" in name:
        data = json.loads(Path(file).read_text(encoding="utf-8"))
        assert nx.node_link_graph(data, edges="links").number_of_nodes() == 8
    elif "onnx" in name:
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        feed = {"observation": observation[None], "weight": np.array([0.5], np.float32)}
        np.testing.assert_allclose(session.run(None, feed)[0][0], expected, atol=1e-6)
    else:
        code = (
            f"import runpy; policy = runpy.run_path({file!r})['policy']; "
            f"print(policy({observation.tolist()}, 0.5)[0])"
        )
        # without the packages of this environment
        process = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True
        )
        assert process.stderr == ""
        assert float(process.stdout) == pytest.approx(expected[0], abs=1e-12)


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(("option", "weights"), [("0.5", None), ("tuned", (0.1, -0.7, 0.0, 1 / 3))])
def test_export_can_fix_the_weight_of_an_onnx_model(told, option, weights):
    told(f"export champion.json --fix-weight {option} -o a.onnx")
    session = onnxruntime.InferenceSession("a.onnx", providers=["CPUExecutionProvider"])
    (only,) = session.get_inputs()
    (result,) = session.run(None, {only.name: np.ones((1, 5), np.float32)})
    a, b, c, d = weights or (0.5,) * 4
    # in the order of the network: two into the sine, two into the force
    assert result[0, 0] == pytest.approx(c + d * np.sin(np.pi * (a + b)), abs=1e-6)


@pytest.mark.usefixtures("champion")
def test_export_of_a_run_directory_and_to_the_standard_output(told):
    assert told("export . --format python -o -") == told(
        "export champion.json --format python -o -"
    )
    text = told("export . --format json -o -")
    assert json.loads(text)["graph"]["task"] == "cartpole_swingup"


@pytest.mark.usefixtures("champion")
def test_export_replaces_a_file_only_when_told_to(told, refused):
    told("export champion.json -o a.py")
    assert "a.py exists; --overwrite" in refused("export champion.json -o a.py")
    told("export champion.json -o a.py --overwrite")
    Path("w.json").write_text("old", encoding="utf-8")
    assert "w.json exists" in refused("export champion.json -o a.out --weights w.json")


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("export champion.json", "-o"),
        ("export champion.json -o a", "which format?"),
        ("export champion.json -o a.txt", "which format?"),
        ("export champion.json -o -", "which format?"),
        ("export champion.json --format gml -o a", "invalid choice: 'gml'"),
        ("export small.out -o a.py", "small.out is no champion file"),
        ("export none.json -o a.py", "none.json"),
        ("export champion.json -o champion.json", "champion.json exists"),
        ("export champion.json -o champion.json --overwrite", "the champion itself"),
        ("export . -o a.out --weights ./champion.json --overwrite", "the champion itself"),
        ("export champion.json -o no/a.py", "no/a.py: there is no folder"),
        ("export champion.json --fix-weight 1 -o a.py", "only the format onnx"),
        ("export champion.json --fix-weight best -o a.onnx", "'best' is not a finite number"),
        ("export champion.json --fix-weight nan -o a.onnx", "'nan' is not a finite number"),
        ("export champion.json --weights w.json -o a.py", "release2019 only"),
        ("export champion.json --weights a.out -o a.out", "second file"),
        ("export champion.json --weight-offset 1 -o a.out", "--weights"),
        ("export plain.json --weights w.json -o a.out", "no tuned weights"),
        ("export plain.json --fix-weight tuned -o a.onnx", "no tuned weights"),
    ],
)
def test_export_refuses(refused, line, fragment):
    save_champion(champion_with(), "plain.json")
    assert fragment in refused(line)


@pytest.mark.usefixtures("champion")
def test_export_without_the_package_onnx_names_the_extra(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install '.[onnx]'" in refused("export champion.json -o a.onnx")


@pytest.mark.parametrize("verb", ["import", "export"])
def test_help_has_an_example_that_can_be_typed(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    command = next(line for line in lines if line.startswith(f"  wann {verb}"))
    assert make_parser().parse_args(shlex.split(command)[1:]).verb == verb


# the champion of the paper


@needs_data
def test_champion_of_the_paper_is_imported_evaluated_and_exported(told):
    source = shlex.quote(str(Path(DATA) / "wann2019" / "swing.out"))
    weights = shlex.quote(str(Path(DATA) / "wann2019" / "cartpole_swingup.wann.json"))
    told(f"import {source} --task cartpole_swingup --weights {weights} -o champion.json")
    told("export champion.json --format release2019 -o swing.out --weights zoo2.json")
    told("import swing.out --task cartpole_swingup -o again.json")
    first, again = load_champion("champion.json"), load_champion("again.json")
    assert (again.network, again.tuned_weights) == (first.network, first.tuned_weights)
    published = json.loads((Path(DATA) / "wann2019" / "cartpole_swingup.wann.json").read_text())
    assert json.loads(Path("zoo2.json").read_text(encoding="utf-8")) == published
    scores = json.loads(told("evaluate champion.json --episodes 50 --json"))
    assert scores["network"]["connections"] == 52


@pytest.mark.skipif(os.name == "nt", reason="needs links and devices")
@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("import small.out --task cartpole_swingup -o small.out --overwrite", "the network itself"),
        ("import small.out --task cartpole_swingup -o link.out --overwrite", "the network itself"),
        (
            "import small.out --task cartpole_swingup --weights zoo.json -o hard.json --overwrite",
            "the file of weights itself",
        ),
        ("import small.out --task cartpole_swingup -o /dev/null --overwrite", "no regular file"),
        ("export champion.json -o hard_champion.py --overwrite", "the champion itself"),
        ("export . -o link_champion.py --overwrite", "the champion itself"),
        ("export champion.json --weights w.json -o link_w.out --overwrite", "the output itself"),
        ("export champion.json --format json -o /dev/null --overwrite", "no regular file"),
        ("export champion.json --weights /dev/zero -o a.out --overwrite", "no regular file"),
    ],
)
def test_nothing_is_written_over_what_is_read_or_over_a_device(folder, refused, line, fragment):
    save_champion(champion_with(), "champion.json")
    Path("link.out").symlink_to("small.out")
    Path("hard.json").hardlink_to("zoo.json")
    Path("hard_champion.py").hardlink_to("champion.json")
    Path("link_champion.py").symlink_to(folder / "champion.json")
    Path("link_w.out").symlink_to("w.json")
    assert fragment in refused(line)


@pytest.mark.skipif(os.name == "nt", reason="needs links and modes")
def test_import_and_export_follow_links_and_keep_modes(told):
    Path("file.json").write_text("old", encoding="utf-8")
    Path("file.json").chmod(0o600)
    Path("link.json").symlink_to("file.json")
    told("import small.out --task cartpole_swingup -o link.json --overwrite")
    assert load_champion("file.json").task == "cartpole_swingup"
    Path("file.py").write_text("old", encoding="utf-8")
    Path("file.py").chmod(0o640)
    Path("link.py").symlink_to("file.py")
    told("export file.json -o link.py --overwrite")
    assert "def policy" in Path("file.py").read_text(encoding="utf-8")
    for name, mode in (("json", 0o600), ("py", 0o640)):
        assert Path(f"link.{name}").is_symlink()
        assert Path(f"file.{name}").stat().st_mode & 0o777 == mode


def test_import_says_what_it_sets_aside_and_how_to_use_it(told):
    line = "import small.out --task cartpole_swingup -o a.json --overwrite"
    assert "note: 1 of 4 entries are other numbers than 1" in (text := told(line))
    assert "--weights values" in text
    assert load_champion("a.json").tuned_weights is None
    assert "set aside" not in told(f"{line} --weights values")
    assert load_champion("a.json").tuned_weights == (1.0, 1.0, -1.58, 1.0)
    assert "set aside" not in told(f"{line} --weights zoo.json")


def test_import_of_ones_has_nothing_to_say(told):
    table = SMALL.copy()
    table[0, 7] = 1.0
    np.savetxt("ones.out", table, delimiter=",", fmt="%1.2e")
    assert "note" not in told("import ones.out --task cartpole_swingup -o a.json")


@pytest.mark.parametrize(
    "weights", [(1.0,) * 4, (0.5, -0.25, 2.0, 1.0), (0.0, -0.0, 5e-324, 0.1)], ids=str
)
def test_weights_of_few_digits_come_back_as_they_were_exported(told, weights):
    save_champion(replace(champion_with(), tuned_weights=weights), "tuned.json")
    told("export tuned.json -o tuned.out --weights weights.json")
    for options in ("", "--weights values", "--weights weights.json"):
        text = told(f"import tuned.out --task cartpole_swingup {options} -o again.json --overwrite")
        assert "set aside" not in text
        again = load_champion("again.json").tuned_weights
        assert list(map(repr, again)) == list(map(repr, weights))

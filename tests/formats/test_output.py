"""Where a file cannot or must not be written, that is said before there is work to lose."""

import os
import socket
import stat
from pathlib import Path

import pytest

from wann.errors import FormatError
from wann.formats.export import check_output as check_output_of_export
from wann.formats.output import check_apart, check_output, write_output
from wann_envs import files

posix = pytest.mark.skipif(os.name == "nt", reason="needs links, pipes and modes")


def refusal(path, overwrite=True):
    with pytest.raises(FormatError) as caught:
        check_output(path, overwrite)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_there_is_one_check_of_outputs():
    assert check_output_of_export is check_output


def test_a_new_file_in_a_folder_is_fine_and_the_check_leaves_nothing(tmp_path):
    check_output(tmp_path / "new.json", False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_if_that_is_said(tmp_path):
    (path := tmp_path / "old.json").write_bytes(b"old")
    assert "old.json exists; --overwrite replaces it" in refusal(path, overwrite=False)
    check_output(path, True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"])
def test_devices_are_never_replaced(device):
    for overwrite in (False, True):
        assert "no regular file" in refusal(Path(device), overwrite)


@posix
def test_pipes_sockets_and_links_to_devices_are_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        for name in ("pipe", "link", "s"):
            assert "no regular file" in refusal(tmp_path / name)


@posix
@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("", "is a folder"),
        ("no/a.json", "there is no folder"),
        ("loop", "symbolic links"),
        ("self", "symbolic links"),
        ("dangling", "there is no folder"),
        ("file/a.json", "there is no folder"),
        ("a" * 300, "too long"),
        ("a" * 250 + ".json" * 2, "too long"),
        ("b/" * 3000 + "a", "too long"),
        ("nul\0.json", "null"),
        ("\ud800.json", "surrogate"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(tmp_path, name, fragment):
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop2")
    (tmp_path / "loop2").symlink_to("loop")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "a.json")
    assert fragment in refusal(tmp_path / name)


@pytest.mark.parametrize("code", [13, 28, 30], ids=["permission", "full", "read-only"])
def test_a_folder_that_takes_no_file_is_refused(tmp_path, monkeypatch, code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "_create", fail)
    assert os.strerror(code) in refusal(tmp_path / "a.json")


@posix
def test_a_folder_without_permission_is_refused(tmp_path):
    (folder := tmp_path / "closed").mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert "Permission denied" in refusal(folder / "a.json")


@posix
def test_a_link_to_nothing_in_a_folder_is_followed(tmp_path):
    (tmp_path / "link.json").symlink_to("target.json")
    check_output(tmp_path / "link.json", False)
    write_output(tmp_path / "link.json", b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "target.json").read_bytes() == b"new"


@posix
def test_a_file_keeps_its_mode(tmp_path):
    (path := tmp_path / "a.json").write_bytes(b"old")
    path.chmod(0o600)
    write_output(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


@posix
def test_a_file_is_never_written_over_what_is_read(tmp_path):
    (source := tmp_path / "source.json").write_bytes(b"x")
    (tmp_path / "link.json").symlink_to(source)
    (tmp_path / "hard.json").hardlink_to(source)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("source.json", "link.json", "hard.json", "folder/source.json"):
        with pytest.raises(FormatError, match="is the champion itself: name another file"):
            check_apart(tmp_path / name, {"the champion": source})
    (tmp_path / "copy.json").write_bytes(b"x")
    check_apart(tmp_path / "copy.json", {"the champion": source})


@posix
def test_two_files_that_are_not_there_yet_are_told_apart(tmp_path):
    (tmp_path / "link.json").symlink_to("new.json")
    with pytest.raises(FormatError, match="the output itself"):
        check_apart(tmp_path / "link.json", {"the output": tmp_path / "new.json"})
    check_apart(tmp_path / "other.json", {"the output": tmp_path / "new.json"})

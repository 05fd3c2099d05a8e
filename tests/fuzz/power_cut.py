"""Simulates power cuts: what a run writes is recorded, and what a disk may have of it is made up.

Until a file is synced, the disk may have none, some or all of what was written to it, or zeros
where it should be; until its folder is synced, any of the names that have changed may be the old
ones. A journal orders more than that; nobody promises one.
"""

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Moment:
    """What is known of a folder at a moment at which the power may fail.

    Attributes:
        operation: that comes next.
        synced: names that are on the disk, and their files by number.
        pending: changes of names that are not, each a function of a dictionary of names.
        data: by file, the content that is on the disk, and the content that was written.
    """

    operation: str
    synced: dict
    pending: tuple
    data: dict


@dataclass
class Recorder:
    """Records the moments between the operations on the files of a folder."""

    folder: Path
    names: dict = field(default_factory=dict)
    synced: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)
    on_disk: dict = field(default_factory=dict)
    moments: list = field(default_factory=list)

    def __post_init__(self):
        # what lies there already is on the disk
        if self.folder.exists():
            for path in self.folder.iterdir():
                if path.name != ".lock":
                    number = self._add(path.name)
                    self.on_disk[number] = path.read_bytes()
        self.synced = dict(self.names)

    def _add(self, name):
        number = len(self.on_disk)
        self.names[name], self.on_disk[number] = number, b""
        return number

    def is_inside(self, path):
        path = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
        return path.parent == self.folder and path.name != ".lock"

    def moment(self, operation):
        data = {}
        for number in self.on_disk:
            data[number] = (self.on_disk[number], self.on_disk[number])
        for name, number in self.names.items():
            path = self.folder / name
            if path.exists():
                data[number] = (self.on_disk[number], path.read_bytes())
        self.moments.append(Moment(operation, dict(self.synced), tuple(self.pending), data))

    def change(self, change):
        change(self.names)
        self.pending.append(change)

    def sync(self, descriptor):
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            if os.path.samestat(status, self.folder.stat()):
                self.synced, self.pending = dict(self.names), []
            return
        for name, number in self.names.items():
            path = self.folder / name
            if path.exists() and os.path.samestat(status, path.stat()):
                self.on_disk[number] = path.read_bytes()


@contextmanager
def recording(folder, patch):
    """Records what the block does to the files of a folder; yields a Recorder."""
    recorder = Recorder(folder)
    opens, syncs, renames, unlinks = os.open, os.fsync, os.replace, os.unlink

    def open_and_note(path, flags, *args, **options):
        is_new = flags & os.O_CREAT and recorder.is_inside(path) and not os.path.lexists(path)
        if is_new:
            recorder.moment(f"create {Path(path).name}")
        descriptor = opens(path, flags, *args, **options)
        if is_new:
            name = Path(path).name
            number = recorder._add(name)
            recorder.pending.append(lambda names: names.__setitem__(name, number))
        return descriptor

    def sync_and_note(descriptor):
        recorder.moment("sync")
        syncs(descriptor)
        recorder.sync(descriptor)

    def rename_and_note(path, target):
        if not recorder.is_inside(target):
            renames(path, target)
            return
        old, new = Path(path).name, Path(target).name
        recorder.moment(f"rename {old} to {new}")
        renames(path, target)
        number = recorder.names[old]

        def change(names):
            names.pop(old, None)
            names[new] = number

        recorder.change(change)

    def unlink_and_note(path, *args, **options):
        is_ours = recorder.is_inside(path) and os.path.lexists(path)
        if is_ours:
            recorder.moment(f"unlink {Path(path).name}")
        unlinks(path, *args, **options)
        if is_ours:
            name = Path(path).name
            recorder.change(lambda names: names.pop(name, None))

    with patch.context() as patched:
        patched.setattr(os, "open", open_and_note)
        patched.setattr(os, "fsync", sync_and_note)
        patched.setattr(os, "replace", rename_and_note)
        patched.setattr(os, "rename", rename_and_note)
        patched.setattr(os, "unlink", unlink_and_note)
        patched.setattr(os, "remove", unlink_and_note)
        yield recorder
    recorder.moment("end")


def after_power_cut(moment, folder, rng):
    """Makes up what the disk has after the power failed at a moment.

    Args:
        moment: when.
        folder: is made, with the files.
        rng: a random.Random, which chooses what was lost.
    """
    names = dict(moment.synced)
    share = rng.choice([0.0, 1.0, 0.5, 0.5])
    for change in moment.pending:
        if rng.random() < share:
            change(names)
    folder.mkdir()
    for name, number in names.items():
        synced, written = moment.data[number]
        (folder / name).write_bytes(_torn(synced, written, rng))


def _torn(synced, written, rng):
    """What the disk may have of a file."""
    if synced == written:
        return synced
    # what was appended may lack its end, or be zeros
    kept = len(synced) if written.startswith(synced) else 0
    cut = rng.randint(kept, max(kept, len(written)))
    return rng.choice(
        [
            synced,
            written,
            written[:cut],
            written[:cut] + bytes(max(0, len(written) - cut)),
            written[:kept] + bytes(max(0, len(written) - kept)),
        ]
    )

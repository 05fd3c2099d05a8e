"""MNIST: where its files come from, how they are read, what is cached."""

import gzip
import hashlib
import http.server
import os
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from wann_envs.classify import DataError, load_mnist256, load_mnist784, mnist, mnist_files
from wann_envs.classify.cache import cache_folder, save_cached
from wann_envs.classify.idx import read_idx
from wann_envs.classify.mnist256 import mnist256

NAMES = tuple(mnist_files.SHA256)
real_folder = os.environ.get("WANN_DATA_DIR")
needs_mnist = pytest.mark.skipif(not real_folder, reason="WANN_DATA_DIR names no folder")


def idx(array):
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes((0, 0, 8, array.ndim)) + shape + array.astype(np.uint8).tobytes()


def contents(n_train=30, n_test=10, seed=0):
    """A small MNIST: the contents of the four files by name."""
    rng = np.random.default_rng(seed)
    arrays = []
    for n in (n_train, n_test):
        arrays += [rng.integers(0, 256, (n, 28, 28)), np.arange(n) % 10]
    return {name: idx(array) for name, array in zip(NAMES, arrays, strict=True)}


def write(folder, files, suffix=""):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        packed = gzip.compress(content, mtime=0) if suffix else content
        (folder / f"{name}{suffix}").write_bytes(packed)
    return folder


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty cache folder, no variable, and no mirror that a test could reach."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("WANN_DATA_DIR", raising=False)
    monkeypatch.setattr(mnist_files, "MIRRORS", ())
    return tmp_path / "cache" / "wann"


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "data", contents())


def message(call, *args, **options):
    """The one line of the DataError that a call raises."""
    with pytest.raises(DataError) as caught:
        call(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# the data sets


def test_mnist784_is_the_raw_pixels_over_255(folder):
    data = load_mnist784(folder)
    images = read_idx(contents()[NAMES[0]], 3, "")
    assert np.array_equal(data.x_train, images.reshape(30, 784) / 255)
    assert np.array_equal(data.y_test, np.arange(10))
    assert (data.n_classes, data.image_shape, data.n_inputs) == (10, (28, 28), 784)
    assert load_mnist784(folder, "float32").x_test.dtype == np.float32


def test_mnist256_is_the_deskewed_images(folder):
    data = load_mnist256(folder)
    images = read_idx(contents()[NAMES[2]], 3, "")
    assert np.array_equal(data.x_test, mnist256(images))
    assert (data.x_train.shape, data.x_train.dtype) == ((30, 256), np.float64)
    assert (data.y_train.dtype, data.image_shape) == (np.int64, (16, 16))
    single = load_mnist256(folder, "float32")
    assert np.array_equal(single.x_train, data.x_train.astype(np.float32))


def test_arrays_are_read_only_and_inputs_are_named_by_row_and_column(folder):
    data = load_mnist256(folder)
    for array in (data.x_train, data.y_train, data.x_test, data.y_test):
        assert not array.flags.writeable
    assert data.input_names[:2] == ("0,0", "0,1")
    assert data.input_names[-1] == "15,15"
    assert len(set(data.input_names)) == 256


@needs_mnist
def test_real_mnist_has_its_sizes_and_its_images_look_like_their_labels():
    data = load_mnist256(real_folder, "float32")
    assert (data.x_train.shape, data.x_test.shape) == ((60_000, 256), (10_000, 256))
    assert np.bincount(data.y_train).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    means = np.array([data.x_train[data.y_train == digit].mean(axis=0) for digit in range(10)])
    distance = (means**2).sum(axis=1) - 2 * data.x_test @ means.T
    assert (distance.argmin(axis=1) == data.y_test).mean() > 0.85


# files in a folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("place", ["", "mnist", "MNIST/raw"])
def test_files_are_found_gzipped_or_not_and_in_sub_folders(tmp_path, monkeypatch, suffix, place):
    write(tmp_path / "data" / place, contents(), suffix)
    by_option = load_mnist784(tmp_path / "data")
    assert len(by_option.x_train) == 30
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path / "data"))
    assert np.array_equal(load_mnist784().x_train, by_option.x_train)


def test_files_named_with_a_dot_are_found(tmp_path):
    files = {name.replace("-idx", ".idx"): content for name, content in contents().items()}
    assert len(load_mnist784(write(tmp_path / "data", files)).x_test) == 10


def test_option_comes_before_the_variable(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("WANN_DATA_DIR", str(write(tmp_path / "other", contents(12))))
    assert len(load_mnist784(folder).x_train) == 30
    assert len(load_mnist784().x_train) == 12


def test_missing_folder_or_file_is_an_error_that_names_the_origin(tmp_path, monkeypatch, folder):
    nowhere = tmp_path / "nowhere"
    assert message(load_mnist256, nowhere) == f"--data-dir {nowhere}: there is no such folder"
    (folder / NAMES[3]).unlink()
    text = message(load_mnist256, folder)
    assert f"--data-dir {folder}: {NAMES[3]} is missing" in text
    monkeypatch.setenv("WANN_DATA_DIR", str(folder))
    assert f"WANN_DATA_DIR {folder}: {NAMES[3]} is missing" in message(load_mnist784)


# damaged files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with 0x, expected 0x00000803"),
        (b"<html>", "begins with 0x3c68746d, expected 0x00000803"),
        (idx(np.zeros(5)), "begins with 0x00000801, expected 0x00000803"),
        (idx(np.zeros((3, 28, 28)))[:9], "header has 9 of 16 bytes"),
        (idx(np.zeros((3, 28, 28)))[:-1], "2351 bytes of data, but its header tells of 3 × 28"),
        (idx(np.zeros((3, 28, 28))) + b"0", "2353 bytes of data"),
        (gzip.compress(idx(np.zeros((3, 28, 28))))[:-9], "damaged gzip file"),
        (gzip.compress(bytes(3000))[:40] + b"damage", "damaged gzip file"),
        (idx(np.zeros((30, 32, 32))), "images of 30 × 32 × 32, expected n × 28 × 28"),
        (idx(np.zeros((0, 28, 28))), "images of 0 × 28 × 28"),
        (idx(np.zeros((29, 28, 28))), "has 29 images"),
    ],
)
def test_file_that_is_no_mnist_is_an_error_that_names_it(folder, content, words):
    (folder / NAMES[0]).write_bytes(content)
    text = message(load_mnist256, folder)
    assert text.startswith(str(folder / NAMES[0]))
    assert words in text


@pytest.mark.parametrize(
    ("head", "n_more", "words"),
    [
        ((3, 28, 28), 60_000_000, "67888 or more bytes of data, but its header tells of 3 × 28"),
        ((80_000, 28, 28), 10**6, "1000000 bytes of data, but its header tells of 80000"),
        ((2**32 - 1,) * 3, 10**6, "is too large: its header tells of 4294967295 × 4294967295"),
        ((400_000, 28, 28), 10**6, "314 MB, more than 250 MB"),
    ],
)
def test_gzip_is_unpacked_as_far_as_its_header_tells(folder, head, n_more, words):
    content = bytes((0, 0, 8, 3)) + struct.pack(">3I", *head) + bytes(n_more)
    (folder / NAMES[0]).write_bytes(gzip.compress(content, 1))
    tracemalloc.start()
    text = message(load_mnist784, folder)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert words in text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
@pytest.mark.parametrize(
    "make",
    [lambda path: os.mkfifo(path), Path.mkdir, lambda path: path.symlink_to("/dev/zero")],
    ids=["pipe", "folder", "device"],
)
def test_what_is_no_regular_file_counts_as_missing(folder, make):
    (folder / NAMES[1]).unlink()
    make(folder / NAMES[1])
    assert f"{NAMES[1]} is missing" in message(load_mnist784, folder)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/data", "a\0b", "x" * 5000])
def test_a_name_that_no_folder_can_have_is_an_error_of_one_line(name):
    message(load_mnist784, name)


def test_label_beyond_nine_is_an_error(folder):
    (folder / NAMES[3]).write_bytes(idx(np.arange(10) + 3))
    assert "has the label 12, expected 0 to 9" in message(load_mnist784, folder)


# the cache of mnist256


def test_second_load_reads_the_cache(folder, cache, monkeypatch):
    first = load_mnist256(folder)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]
    monkeypatch.setattr(mnist, "mnist256_units", lambda _: pytest.fail("computed again"))
    second = load_mnist256(folder)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == getattr(second, name).dtype


def test_other_files_and_other_rules_have_other_caches(tmp_path, folder, cache, monkeypatch):
    load_mnist256(folder)
    other = load_mnist256(write(tmp_path / "other", contents(seed=1)))
    assert np.array_equal(other.x_test, mnist256(read_idx(contents(seed=1)[NAMES[2]], 3, "")))
    monkeypatch.setattr(mnist, "RULE_VERSION", 99)
    load_mnist256(folder)
    assert len(list(cache.iterdir())) == 3


def damaged(content):
    """Truncations, and a flipped bit in headers, in data and in the directory at the end."""
    yield b""
    yield b"not an npz"
    yield content[: len(content) // 2]
    for place in (0, 40, 60, 100, 130, 5000, len(content) - 300, len(content) - 10):
        yield content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def test_damaged_cache_is_made_anew(folder, cache):
    expected = load_mnist256(folder)
    (path,) = cache.iterdir()
    good = path.read_bytes()
    for content in damaged(good):
        path.write_bytes(content)
        data = load_mnist256(folder)
        assert np.array_equal(data.x_train, expected.x_train)
        assert np.array_equal(data.y_test, expected.y_test)
    path.write_bytes(b"")
    load_mnist256(folder)
    assert len(path.read_bytes()) == len(good)
    assert list(cache.iterdir()) == [path]


def forgeries(arrays):
    """Changes of a cache, each with a digest that fits it."""
    wrong = arrays["y_train"].astype(np.int64) + 300
    yield {"y_train": wrong}
    yield {"y_train": (wrong % 256).astype(np.uint8)}
    yield {"y_test": arrays["y_test"][:-1]}
    yield {"x_train": arrays["x_train"] - 1}
    yield {"x_train": arrays["x_train"].astype(np.float64)}
    yield {"x_test": arrays["x_test"][:, :200]}
    yield {"x_test": arrays["x_test"] + mnist.UNITS}
    yield {"content": np.array("\x1b[31m")}
    yield {"content": np.array(["0" * 64])}


def test_cache_of_other_values_is_made_anew_whatever_its_digest(folder, cache):
    expected = load_mnist256(folder)
    (path,) = cache.iterdir()
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "digest"}
    for changes in forgeries(arrays):
        for save in (save_cached, lambda path, arrays: np.savez(path, **arrays)):
            save(path, arrays | changes)
            data = load_mnist256(folder)
            assert np.array_equal(data.y_train, expected.y_train)
            assert np.array_equal(data.x_test, expected.x_test)
            assert data.sha256 == expected.sha256


def test_cache_without_a_digest_or_with_another_is_made_anew(folder, cache, monkeypatch):
    load_mnist256(folder)
    (path,) = cache.iterdir()
    with np.load(path) as file:
        arrays = dict(file.items())
    computed = []
    units = mnist.mnist256_units
    monkeypatch.setattr(mnist, "mnist256_units", lambda x: computed.append(1) or units(x))
    for digest in ({}, {"digest": np.array("0" * 32)}, {"digest": np.array(7)}):
        computed.clear()
        rest = {name: array for name, array in arrays.items() if name != "digest"}
        np.savez(path, **rest, **digest)
        load_mnist256(folder)
        assert computed
    computed.clear()
    load_mnist256(folder)
    assert not computed


def test_content_has_one_digest_packed_or_not_and_others_have_another(tmp_path, folder):
    packed = write(tmp_path / "packed", contents(), ".gz")
    other = write(tmp_path / "other", contents(seed=1))
    digest = load_mnist784(folder).sha256
    assert load_mnist256(packed).sha256 == load_mnist256(folder).sha256 == digest
    assert load_mnist784(other).sha256 != digest
    assert load_mnist784(folder).folder == str(folder)


@needs_mnist
def test_the_digest_of_mnist_is_known():
    assert load_mnist784(real_folder, "float32").sha256 == mnist.MNIST_SHA256


def test_cache_that_cannot_be_written_is_no_error(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(load_mnist256(folder).x_train) == 30


def test_cache_lies_in_the_home_folder_unless_the_variable_names_one(tmp_path, monkeypatch, cache):
    assert cache_folder() == cache
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "home"))
    assert cache_folder().is_relative_to(tmp_path / "home")
    assert "wann" in cache_folder().parts


# the download


class Mirrors(http.server.ThreadingHTTPServer):
    """Serves folders of a directory and records what is asked for."""

    def __init__(self, root):
        self.asked = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=str(root))

            def send_head(self):
                outer.asked.append(self.path)
                return super().send_head()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def mirrors(tmp_path, monkeypatch):
    """Three mirrors on this machine: one is empty, one holds other files, the last is good."""
    root = tmp_path / "mirrors"
    (root / "empty").mkdir(parents=True)
    write(root / "wrong", contents(31, 11, seed=7), ".gz")
    write(root / "good", contents(), ".gz")
    hashes = {
        name: hashlib.sha256((root / "good" / f"{name}.gz").read_bytes()).hexdigest()
        for name in NAMES
    }
    server = Mirrors(root)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(mnist_files, "SHA256", hashes)
    monkeypatch.setattr(
        mnist_files, "MIRRORS", tuple(f"{address}/{name}/" for name in ("empty", "wrong", "good"))
    )
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_download_goes_from_mirror_to_mirror_until_the_hash_is_right(mirrors, cache):
    assert np.array_equal(load_mnist784().y_train, np.arange(30) % 10)
    assert np.array_equal(load_mnist256().y_test, np.arange(10))
    expected = [f"/{mirror}/{name}.gz" for name in NAMES for mirror in ("empty", "wrong", "good")]
    assert mirrors.asked == expected, "and nothing is downloaded twice"
    assert sorted(path.name for path in (cache / "mnist").iterdir()) == sorted(
        f"{name}.gz" for name in NAMES
    )


def test_damaged_download_is_downloaded_again(mirrors, cache):
    load_mnist784()
    (cache / "mnist" / f"{NAMES[1]}.gz").write_bytes(b"damaged")
    mirrors.asked.clear()
    assert len(load_mnist784().x_train) == 30
    assert mirrors.asked[-1] == f"/good/{NAMES[1]}.gz"
    assert len(mirrors.asked) == 3


def test_download_works_where_the_cache_cannot_be_written(mirrors, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(load_mnist256().x_train) == 30
    assert mirrors.asked


@pytest.mark.usefixtures("mirrors")
def test_no_network_is_one_line_that_names_the_option_and_the_variable(monkeypatch, capfd):
    monkeypatch.setattr(mnist_files, "MIRRORS", (*mnist_files.MIRRORS[:2], "http://127.0.0.1:1/"))
    text = message(load_mnist256)
    assert "--data-dir or WANN_DATA_DIR" in text
    assert "HTTPError" in text
    assert "not the file that was published" in text
    assert "127.0.0.1:1: ConnectionError" in text
    assert capfd.readouterr() == ("", "")


@needs_mnist
def test_files_of_the_data_folder_unpack_to_mnist_as_published():
    """The published hashes of the unpacked files: the deskewed digits come from the real ones."""
    published = [
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ]
    files = mnist_files.read_mnist_files(real_folder)
    for (name, content), expected in zip(vars(files).values(), published, strict=True):
        unpacked = gzip.decompress(content) if Path(name).suffix == ".gz" else content
        assert hashlib.sha256(unpacked).hexdigest() == expected

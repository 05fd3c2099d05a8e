"""The shipped digits, and data of one's own from an npz file."""

import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from wann_envs.arrays import ArraysError, load_arrays
from wann_envs.classify import DataError, digits, image_shape_of, load_digits, load_npz
from wann_envs.classify.dataset import held_out

# the digits


def test_digits_have_their_sizes_and_scale():
    data = load_digits()
    assert (data.x_train.shape, data.x_test.shape) == ((1442, 64), (355, 64))
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    assert np.array_equal(data.x_train * 16, np.rint(data.x_train * 16))
    counts = np.bincount(data.y_train) + np.bincount(data.y_test)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (data.n_classes, data.image_shape) == (10, (8, 8))
    assert load_digits("float32").x_test.dtype == np.float32


def test_digits_look_like_their_labels():
    """The nearest training image tells the digit."""
    data = load_digits()
    distance = (data.x_train**2).sum(axis=1) - 2 * data.x_test @ data.x_train.T
    nearest = data.y_train[distance.argmin(axis=1)]
    assert (nearest == data.y_test).mean() > 0.97


def test_digits_tell_their_source_and_licence():
    source = load_digits().source
    for words in ("Alpaydin & Kaynak 1998", "UCI", "10.24432/C50P49", "CC BY 4.0"):
        assert words in source


def test_digits_need_no_network_and_no_pooch():
    code = "import sys; sys.modules['pooch'] = None\nfrom wann_envs.classify import load_digits\n"
    subprocess.run([sys.executable, "-c", code + "load_digits()"], check=True)


def test_record_is_frozen():
    data = load_digits()
    with pytest.raises(FrozenInstanceError):
        data.name = "other"
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0, 0] = 1.0


@pytest.mark.parametrize("shape", [(2, 2), (8, 8), (16, 16), (28, 28), (3, 40), (40, 3), (11, 2)])
def test_names_of_pixels_tell_the_shape_of_the_image(shape):
    data = replace(load_digits(), image_shape=shape)
    assert image_shape_of(data.input_names) == shape


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("x0", "x1"),
        ("0,0",),
        ("0,0", "0,1"),
        ("0,0", "1,0"),
        ("0,0", "1,0", "0,1", "1,1"),
        ("0,0", "0,1", "1,0", "1,2"),
        ("0,0", "0,1", "1,00", "1,1"),
        ("0,0", "0,1", "1,0", "-1,1"),
        ("0,0", "0,1", "1,0", "99999999999,1"),
        ("x", "x'", "cos θ", "sin θ"),
        load_digits().input_names[:-1],
    ],
)
def test_other_names_are_no_image(names):
    assert image_shape_of(names) is None


# the split


def test_every_fifth_sample_of_each_class_is_held_out():
    y = np.array([0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 2])
    assert np.flatnonzero(held_out(y)).tolist() == [5, 9]


def test_of_a_small_class_the_last_sample_is_held_out_and_of_a_single_one_none():
    y = np.array([4, 3, 2, 1, 0, 3, 2, 1, 0, 2, 1, 0, 1, 0, 0])
    # classes of 5, 4, 3, 2 and 1
    assert np.flatnonzero(held_out(y)).tolist() == [5, 9, 12, 14]
    assert held_out(np.zeros(0, int)).tolist() == []


def test_split_of_larger_classes_is_that_of_a_loop():
    y = np.random.default_rng(1).integers(0, 40, 3000)
    expected = np.zeros(len(y), bool)
    for label in range(40):
        expected[np.flatnonzero(y == label)[4::5]] = True
    assert np.array_equal(held_out(y), expected)


def test_split_leaves_training_samples_of_every_class():
    y = np.random.default_rng(0).integers(0, 7, 500)
    is_test = held_out(y)
    assert np.array_equal(np.bincount(y[is_test]), np.bincount(y) // 5)
    assert (np.bincount(y[~is_test]) > 0).all()


# data of one's own


def arrays(n=40, d=3, n_classes=4):
    return {"x": np.arange(n * d, dtype=float).reshape(n, d) / 7, "y": np.arange(n) % n_classes}


def save(tmp_path, **values):
    path = tmp_path / "flowers.npz"
    np.savez(path, **values)
    return path


def test_file_without_a_test_part_is_split(tmp_path):
    values = arrays()
    data = load_npz(save(tmp_path, **values))
    is_test = held_out(values["y"])
    assert np.array_equal(data.x_test, values["x"][is_test])
    assert np.array_equal(data.y_train, values["y"][~is_test])
    assert (data.name, data.n_classes, data.image_shape) == ("flowers", 4, None)
    assert data.input_names == ("x0", "x1", "x2")
    assert "32 + 8 samples of 4 classes" in data.description


def test_file_with_a_test_part_is_taken_as_it_is(tmp_path):
    values = arrays()
    path = save(tmp_path, **values, x_test=values["x"][:3] + 1, y_test=values["y"][:3])
    data = load_npz(str(path), "float32")
    assert np.array_equal(data.x_train, values["x"].astype(np.float32))
    assert np.array_equal(data.x_test, (values["x"][:3] + 1).astype(np.float32))
    assert data.y_test.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float16, bool])
def test_inputs_of_any_real_type_are_taken(tmp_path, dtype):
    x = np.random.default_rng(0).integers(0, 2, (40, 3)).astype(dtype)
    data = load_npz(save(tmp_path, x=x, y=arrays()["y"].astype(np.uint8)))
    assert (data.x_train.dtype, data.y_train.dtype) == (np.float64, np.int64)
    assert np.array_equal(data.x_train, x[~held_out(arrays()["y"])])


X, Y = arrays()["x"], arrays()["y"]


def put(array, place, value):
    changed = np.array(array)
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"x": X}, "array 'y' is missing"),
        ({"y": Y}, "array 'x' is missing"),
        ({"x": X, "y": Y, "xtest": X}, "array 'xtest' is unknown: allowed are x, y, x_test"),
        ({"x": X, "y": Y, "x_test": X}, "array 'y_test' is missing"),
        ({"x": X, "y": Y, "y_test": Y}, "array 'x_test' is missing"),
        ({"x": X[:, 0], "y": Y}, "x has shape (40,): expected (n, d)"),
        ({"x": X.reshape(40, 3, 1), "y": Y}, "x has shape (40, 3, 1): expected (n, d)"),
        ({"x": X[:0], "y": Y[:0]}, "x has shape (0, 3)"),
        ({"x": X[:, :0], "y": Y}, "x has shape (40, 0)"),
        ({"x": put(X, (3, 1), np.nan), "y": Y}, "x[3, 1] is nan: expected finite"),
        ({"x": put(X, (0, 2), -np.inf), "y": Y}, "x[0, 2] is -inf"),
        ({"x": X + 1j, "y": Y}, "x has the type complex128: expected real numbers"),
        ({"x": X.astype(str), "y": Y}, "expected real numbers"),
        ({"x": X, "y": Y[:-1]}, "y has shape (39,): expected (40,)"),
        ({"x": X, "y": Y[:, None]}, "y has shape (40, 1): expected (40,)"),
        ({"x": X, "y": Y.astype(float)}, "y has the type float64: expected integers"),
        ({"x": X, "y": Y - 1}, "y[0] is -1: classes are 0, 1, 2, ..."),
        ({"x": X, "y": np.full(40, 2**64 - 1, np.uint64)}, "y[0] is 18446744073709551615"),
        ({"x": X, "y": Y + 1}, "y has labels up to 4 but none of class 0"),
        ({"x": X, "y": 2 * Y}, "y has labels up to 6 but none of class 1"),
        ({"x": X, "y": 0 * Y}, "y has one class only"),
        ({"x": X[:4], "y": Y[:4]}, "no class has two samples"),
        ({"x": X, "y": Y, "x_test": X[:, :2], "y_test": Y}, "x_test has shape (40, 2)"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y[1:]}, "a class for each row of x_test"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y + 1}, "y_test has the label 4: y has only"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y - 1}, "y_test[0] is -1"),
    ],
)
def test_impossible_data_are_an_error_of_one_line_that_names_the_array(tmp_path, values, words):
    path = save(tmp_path, **values)
    with pytest.raises(DataError) as caught:
        load_npz(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert words in text
    assert "\n" not in text


def test_small_classes_of_a_file_are_tested_and_a_single_sample_is_for_training(tmp_path):
    y = np.array([0] * 20 + [1] * 3 + [2])
    data = load_npz(save(tmp_path, x=np.arange(24.0)[:, None], y=y))
    assert data.y_test.tolist() == [0, 0, 0, 0, 1]
    assert data.x_test[-1, 0] == 22
    assert sorted(set(data.y_train.tolist())) == [0, 1, 2]


# sizes


def npy(shape, descr="|u1", n_bytes=None):
    """A header, and zeros for the data, or so many of them."""
    content = io.BytesIO()
    head = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, head)
    size = np.prod(shape, dtype=object) * np.dtype(descr).itemsize if n_bytes is None else n_bytes
    return content.getvalue() + bytes(int(size))


def archive(tmp_path, packing=zipfile.ZIP_DEFLATED, **members):
    path = tmp_path / "large.npz"
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def labels(n):
    content = io.BytesIO()
    np.save(content, np.arange(n) % 2)
    return content.getvalue()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"x": npy((20, 300_000)), "y": labels(20)}, "x has 300,000 columns: at most 20,000"),
        ({"x": npy((2, 20_001)), "y": labels(2)}, "x has 20,001 columns"),
        ({"y": labels(2), "x": npy((10_000_001, 1))}, "x has 10,000,001 samples"),
        ({"x": npy((20_000, 12_501)), "y": labels(9)}, "x has 250,020,000 numbers"),
        ({"x": npy((4, 2)), "y": npy((10_000_001,))}, "y has the shape (10000001,)"),
        ({"x": npy((4, 2)), "y": labels(4), "x_test": npy((3, 50_000))}, "x_test has 50,000 col"),
        ({"z": npy((30_000_000,))}, "array 'z' is unknown"),
        ({"x": npy((2**31, 2**31), n_bytes=10)}, "x is damaged: its header tells of another size"),
        ({"x": npy((2**62, 2**62), n_bytes=0)}, "x is damaged: its header tells of another size"),
    ],
)
def test_data_too_large_are_refused_before_they_are_unpacked(tmp_path, members, words):
    path = archive(tmp_path, **members)
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()
    assert words in str(caught.value)


def test_more_than_a_thousand_classes_are_refused(tmp_path):
    y = np.arange(2002) // 2
    with pytest.raises(DataError, match="x has 1,001 classes: at most 1,000 are taken"):
        load_npz(save(tmp_path, x=np.zeros((2002, 1), np.uint8), y=y))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_numpy_does_not_write_are_refused(tmp_path, packing):
    path = archive(tmp_path, packing, x=npy((40, 3)), y=labels(40))
    with pytest.raises(DataError, match=r"x is packed in a way that numpy.savez does not write"):
        load_npz(path)


def test_what_is_together_too_large_is_refused(tmp_path):
    path = archive(tmp_path, a=npy((1000,)), b=npy((1000,)))
    assert set(load_arrays(path)) == {"a", "b"}
    with pytest.raises(ArraysError, match=r"unpacks to 2.26 kB, more than 2 kB"):
        load_arrays(path, most_bytes=2000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npy((4,), "|b1", 0) + bytes([0, 1, 2, 1]), "neither true nor false"),
        (npy((1,), "<U1", 0) + b"\xff\xff\xff\x7f", "what is no character"),
        (npy((2,), "|O", 16), "holds Python objects"),
        (npy((2,), "<M8[s]", 16), "has the type datetime64[s]"),
        (b"", "is not an array"),
    ],
)
def test_bytes_that_are_no_value_of_their_type_are_an_error(tmp_path, content, words):
    with pytest.raises(ArraysError) as caught:
        load_arrays(archive(tmp_path, a=content))
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["a" * 5000, "\x1b[31m", "x\u202e"])
def test_odd_names_of_arrays_are_not_quoted_in_full(tmp_path, name):
    with pytest.raises(ArraysError) as caught:
        load_arrays(archive(tmp_path, **{name: npy((3,))}))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 100


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_a_pipe_or_a_device_is_no_file_of_data(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", "/dev/zero", tmp_path):
        with pytest.raises(DataError, match=r"cannot be read: it is (no regular file|a folder)"):
            load_npz(path)


# the check that all data pass


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_train": np.arange(1442) + 300}, "y_train has the label 1741: expected 0 to 9"),
        ({"y_test": np.full(355, -1)}, "y_test has the label -1"),
        ({"y_test": np.zeros(355, np.uint8)}, "y_test has the type uint8"),
        ({"y_train": np.zeros((1442, 1), np.int64)}, "y_train has the type int64 and shape (1442,"),
        ({"y_test": np.zeros(5, np.int64)}, "x_test has the type float64 and shape (355, 64)"),
        ({"x_train": np.full((1442, 64), np.nan)}, "x_train holds numbers that are not finite"),
        ({"x_test": np.full((355, 64), -np.inf)}, "x_test holds numbers that are not finite"),
        ({"x_test": np.zeros((355, 63))}, "x_test has the type float64 and shape (355, 63)"),
        ({"x_train": np.zeros((1442, 64), int)}, "x_train has the type int64"),
        ({"x_train": np.zeros((1442, 8, 8))}, "x_train has shape (1442, 8, 8): expected (n, d)"),
        ({"n_classes": 1}, "there are 1 classes"),
    ],
)
def test_data_that_kernels_would_read_beyond_are_refused(changes, words):
    with pytest.raises(DataError) as caught:
        replace(load_digits(), **changes)
    assert words in str(caught.value)


def test_digits_that_are_not_those_of_the_package_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "_PATH", save(tmp_path, x=X, y=Y))
    with pytest.raises(DataError, match="is damaged: install the package again"):
        load_digits()
    monkeypatch.setattr(digits, "_PATH", tmp_path / "none.npz")
    with pytest.raises(DataError, match="cannot be read"):
        load_digits()


def test_number_too_large_for_the_precision_is_an_error(tmp_path):
    path = save(tmp_path, x=put(X, (1, 0), 1e300), y=Y)
    with pytest.raises(DataError, match=r"x\[1, 0\] is 1e\+300: expected finite float32 numbers"):
        load_npz(path, "float32")
    assert load_npz(path).x_train.max() == 1e300


class Trap:
    """Unpickling it would tell."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def test_objects_are_an_error_and_are_never_unpickled(tmp_path):
    path = save(tmp_path, x=np.array([[Trap()]] * 40, object), y=Y)
    with pytest.raises(DataError, match=r"x holds Python objects: expected numbers"):
        load_npz(path)


def unreadable(tmp_path):
    path = tmp_path / "data.npz"
    yield path, "No such file"
    path.mkdir()
    yield path, "cannot be read"
    path.rmdir()
    path.write_bytes(b"")
    yield path, "is not an npz file"
    np.save(tmp_path / "one.npy", X)
    yield tmp_path / "one.npy", "is not an npz file"
    whole = save(tmp_path, x=X, y=Y).read_bytes()
    path.write_bytes(whole[:600])
    yield path, "is not an npz file"
    path.write_bytes(whole[:600] + b"damage" + whole[606:])
    yield path, "x is damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"text")
        archive.writestr("y", b"text")
    yield path, "x is damaged: it is not an array"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + bytes(20))
        archive.writestr("y.npy", b"")
    yield path, "x is damaged"


def test_file_that_cannot_be_read_is_an_error_of_one_line(tmp_path):
    for path, words in unreadable(tmp_path):
        with pytest.raises(DataError) as caught:
            load_npz(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)

"""The rule of mnist256 against a naive per-pixel oracle."""

import math
import os
import time

import numpy as np
import pytest

from wann_envs.classify.idx import read_idx
from wann_envs.classify.mnist256 import UNITS, from_units, mnist256, mnist256_units
from wann_envs.classify.mnist_files import read_mnist_files

needs_mnist = pytest.mark.skipif(
    not os.environ.get("WANN_DATA_DIR"), reason="WANN_DATA_DIR names no folder"
)


def naive_resize(image):
    """Bilinear, 28 to 16, half-pixel centres, on [0, 1]."""
    small = [[0.0] * 16 for _ in range(16)]
    for row in range(16):
        for column in range(16):
            y, x = (row + 0.5) * 28 / 16 - 0.5, (column + 0.5) * 28 / 16 - 0.5
            top, left = math.floor(y), math.floor(x)
            for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
                weight = abs(1 - i - (y - top)) * abs(1 - j - (x - left))
                small[row][column] += weight * int(image[top + i][left + j]) / 255
    return small


def naive_slant(image):
    """mu11 / mu02, or None where mu02 is too small."""
    pixels = [(x, y, image[y][x]) for y in range(16) for x in range(16)]
    total = sum(value for _, _, value in pixels)
    if total == 0.0:
        return None
    mean_x = sum(x * value for x, _, value in pixels) / total
    mean_y = sum(y * value for _, y, value in pixels) / total
    mu02 = sum((y - mean_y) ** 2 * value for _, y, value in pixels)
    mu11 = sum((x - mean_x) * (y - mean_y) * value for x, y, value in pixels)
    return None if abs(mu02) < 0.01 else mu11 / mu02


def naive_mnist256(image):
    """(256,): the rule of the 2019 release, one pixel after the other."""
    small = naive_resize(image)
    slant = naive_slant(small)
    if slant is None:
        return np.array(small).ravel()
    k, offset = float(np.float32(slant)), float(np.float32(-8 * slant))

    def pixel(y, x):
        return small[y][x] if 0 <= x < 16 else 0.0

    upright = [[0.0] * 16 for _ in range(16)]
    for y in range(16):
        start = round((k * y + offset) * 1024) + 16  # ties to even, as rint
        for x in range(16):
            where = (start + 1024 * x) >> 5
            left, weight = where >> 5, (where & 31) / 32
            upright[y][x] = (1 - weight) * pixel(y, left) + weight * pixel(y, left + 1)
    return np.array(upright).ravel()


def assert_as_naive(images):
    expected = np.array([naive_mnist256(image) for image in images])
    np.testing.assert_allclose(mnist256(images), expected, rtol=0, atol=1e-12)


def stroke(lean, thickness=2, height=20):
    """A straight stroke; it leans by ``lean`` columns a row."""
    image = np.zeros((28, 28), np.uint8)
    for row in range(14 - height // 2, 14 + height // 2):
        column = round(14 + lean * (row - 14))
        image[row, max(column, 0) : max(column + thickness, 0)] = 200
    return image


def test_mnist256_equals_naive_on_random_images():
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
    sparse = noise * (rng.random(noise.shape) < 0.02).astype(np.uint8)
    assert_as_naive(np.concatenate([noise, sparse]))


def test_mnist256_equals_naive_on_leaning_strokes():
    """The steepest shear rows out of the picture."""
    leans = (-6.0, -2.0, -1.0, -0.5, -0.1, 0.0, 0.3, 0.7, 1.5, 3.0, 9.0)
    assert_as_naive(np.array([stroke(lean) for lean in leans]))
    assert_as_naive(np.array([stroke(lean, height=4) for lean in leans]))


def test_slant_is_rounded_to_float32():
    """Six pixels, found by search, where an unrounded slant shears a row by 1/32 pixel more."""
    image = np.zeros((28, 28), np.uint8)
    image[(3, 5, 6, 13, 15, 18), (9, 19, 17, 8, 19, 18)] = 125, 128, 79, 209, 131, 234
    assert_as_naive(image[None])


def test_image_without_height_is_not_sheared():
    """Two faint pixels have too small a moment; without the threshold they would be sheared."""
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 3, 3] = images[1, 6, 6] = 1
    images[2, 0, 20] = 255  # meets one row of the small image only
    assert_as_naive(images)
    for image, values in zip(images, mnist256(images), strict=True):
        np.testing.assert_allclose(values.reshape(16, 16), naive_resize(image), rtol=0, atol=1e-12)


def test_leaning_stroke_becomes_upright():
    column = np.arange(16)

    def lean(values):
        image = values.reshape(16, 16)[4:12]
        centres = (image @ column) / image.sum(axis=1)
        return centres[-1] - centres[0]

    before = np.array(naive_resize(stroke(0.5))).ravel()
    assert lean(before) > 3.0
    assert abs(lean(mnist256(stroke(0.5)[None])[0])) < 0.5


def test_values_are_whole_units_in_zero_to_one():
    images = np.random.default_rng(2).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    images[0] = 255
    units = mnist256_units(images)
    assert units.min() >= 0
    assert units.max() == UNITS
    assert mnist256(images).max() == 1.0


def test_float32_is_the_rounded_float64():
    units = np.arange(0, UNITS + 1, 7, dtype=np.int32)
    single, double = from_units(units, "float32"), from_units(units, "float64")
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert np.array_equal(single, double.astype(np.float32))


def test_blocks_do_not_show():
    images = np.random.default_rng(3).integers(0, 256, (4100, 28, 28), dtype=np.uint8)
    whole = mnist256_units(images)
    for k in (0, 2047, 2048, 4095, 4099):
        assert np.array_equal(mnist256_units(images[k : k + 1])[0], whole[k])


def test_no_images_are_no_error():
    assert mnist256(np.empty((0, 28, 28), np.uint8)).shape == (0, 256)


@needs_mnist
def test_mnist256_equals_naive_on_mnist_and_is_fast():
    name, content = read_mnist_files().train_images
    images = read_idx(content, 3, name)
    start = time.process_time()
    units = mnist256_units(images)
    assert time.process_time() - start < 20.0 * len(images) / 70_000
    chosen = np.arange(0, len(images), 401)
    expected = np.array([naive_mnist256(image) for image in images[chosen]])
    values = from_units(units[chosen], "float64")
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

"""Tables of tags: the words of each image in the images' order, and every fault of a table by its line."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kgan.data import ImageSet, Tags, images_of, is_tagged, open_images, open_tagged, read_tags
from kgan.errors import InputError

ROWS = ["c.png,red,green", "a.png,blue,brown", "b.png,red,blue"]


def make(folder, names=("a.png", "b.png", "c.png")):
    for value, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 10 * value, np.uint8)).save(folder / name)
    return folder


def table(folder, lines, header="file,hair,eyes", **options):
    path = folder / "tags.csv"
    path.write_text("\n".join([header, *lines]) + "\n", **options)
    return path


def test_tags_stand_in_the_order_of_the_images(tmp_path):
    table(make(tmp_path), ROWS)
    images, tags = open_tagged(tmp_path)
    assert images[:][:, 0, 0, 0].tolist() == [0, 10, 20]
    assert tags.attributes == {"hair": ("blue", "red"), "eyes": ("blue", "brown", "green")}
    assert {name: values.tolist() for name, values in tags.values.items()} == {"hair": [0, 1, 1], "eyes": [1, 0, 2]}
    assert all(values.dtype == np.int64 for values in tags.values.values())
    assert len(tags) == 3
    assert tags.columns == ("hair=blue", "hair=red", "eyes=blue", "eyes=brown", "eyes=green")
    expected = np.array([[1, 0, 0, 1, 0], [0, 1, 1, 0, 0], [0, 1, 0, 0, 1]], np.float32)
    np.testing.assert_array_equal(tags.one_hot(), expected)
    assert tags.one_hot().dtype == np.float32


def test_a_part_of_the_images_has_the_words_of_all(tmp_path):
    path = table(make(tmp_path), ROWS)
    _, whole = open_tagged(tmp_path)
    images, part = open_tagged(tmp_path, num_images=2)
    assert len(images) == len(part) == 2
    assert part.attributes == whole.attributes
    other = read_tags(path, [tmp_path / "c.png", str(tmp_path / "a.png")])
    assert other.values["eyes"].tolist() == [2, 1]


def test_one_table_serves_all_splits(tmp_path):
    make(tmp_path, ("train/a.png", "test/b.png", "test/c.png"))
    table(tmp_path, ["train/a.png,red,blue", "test/c.png,pink,blue", "test/b.png,red,gray"])
    assert open_tagged(tmp_path)[1].values["hair"].tolist() == [1]
    images, tags = open_tagged(tmp_path, split="test")
    assert images[:][:, 0, 0, 0].tolist() == [10, 20]
    assert tags.values["hair"].tolist() == [1, 0]


def test_a_table_beside_the_folder_that_was_opened(tmp_path, monkeypatch):
    make(tmp_path, ("faces/a.png", "faces/b.png"))
    path = table(tmp_path, ["faces/b.png,red,blue", "faces/../faces/a.png,blue,green"])
    assert read_tags(path, open_images(tmp_path / "faces")).values["hair"].tolist() == [0, 1]
    monkeypatch.chdir(tmp_path)
    assert read_tags("tags.csv", open_images("faces")).values["hair"].tolist() == [0, 1]
    (tmp_path / "link").symlink_to("faces")
    assert read_tags("tags.csv", open_images("link")).values["hair"].tolist() == [0, 1]


def test_spaces_capitals_marks_and_blank_lines_mean_nothing(tmp_path):
    make(tmp_path)
    lines = ['"c.png" , Red,GREEN', "", "a.png,blue , brown", "b.png,red,blue", ""]
    path = table(tmp_path, lines, header="\ufeff File ,Hair,eyes")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert open_tagged(tmp_path)[1].attributes == {"hair": ("blue", "red"), "eyes": ("blue", "brown", "green")}


def test_the_file_column_may_stand_anywhere(tmp_path):
    make(tmp_path, ("a.png", "b.png"))
    table(tmp_path, ["red,a.png,blue", "pink,b.png,light-blue"], header="hair,file,eyes")
    assert open_tagged(tmp_path)[1].attributes == {"hair": ("pink", "red"), "eyes": ("blue", "light-blue")}


def test_a_table_by_another_name(tmp_path):
    make(tmp_path)
    path = table(tmp_path, ROWS).rename(tmp_path / "colours.CSV")
    assert open_tagged(path)[1].values["hair"].tolist() == [0, 1, 1]
    assert images_of(path) == images_of(str(path)) == tmp_path


def test_a_folder_that_is_called_like_a_table_is_a_folder(tmp_path):
    folder = make(tmp_path / "faces.csv")
    assert not is_tagged(folder)
    assert images_of(folder) == folder
    table(folder, ROWS)
    assert len(open_tagged(folder)[1]) == 3


@pytest.mark.parametrize("source", ["mnist", "synthetic/faces", "~/pictures"])
def test_the_images_of_what_is_no_table_are_itself(source):
    assert images_of(source) == source


def test_what_is_tagged(tmp_path):
    assert not is_tagged(make(tmp_path))
    with pytest.raises(
        InputError, match=r"has no tags: expected a folder with tags\.csv in it, a CSV file or 'synthetic"
    ):
        open_tagged(tmp_path)
    path = table(tmp_path, ROWS)
    assert is_tagged(tmp_path)
    assert is_tagged(str(path))
    assert is_tagged("synthetic/faces")
    assert not is_tagged("synthetic")
    assert not is_tagged("mnist")


HEADER = "expected a first line such as file,hair,eyes and then a line for each image"
NO_WORD = "is not one word in letters, digits and hyphens, such as light-blue, which a prompt could say; rename it"
FAULTS = {
    "missing file": ([*ROWS, "gone.png,red,blue"], ", line 5: 'gone.png' does not exist in {folder}; remove the line."),
    "a name of two lines": (
        [*ROWS, '"gone\n.png",red,blue'],
        ", line 6: 'gone\\n.png' does not exist in {folder}; remove the line.",
    ),
    "two words": (["c.png,red,green", "a.png,Light Blue,green"], f", line 3: 'hair' 'light blue' {NO_WORD}."),
    "punctuation": (["c.png,red,blue?"], f", line 2: 'eyes' 'blue?' {NO_WORD}."),
    "one word for all": (
        [row.replace("blue", "red") for row in ROWS],
        ": column 'hair' has 'red' in every line, and tells no image from another; remove it or add another word.",
    ),
    "empty attribute": (
        ["c.png,red,", *ROWS[1:]],
        ", line 2: 'eyes' is empty; fill it in or remove the line.",
    ),
    "empty file": ([ROWS[0], " ,red,blue"], ", line 3: 'file' is empty; fill it in or remove the line."),
    "missing attribute": ([ROWS[0], "", "a.png,blue"], ", line 4: 2 fields where the first line has 3."),
    "too many fields": (["c.png,red,green,blue"], ", line 2: 4 fields where the first line has 3."),
    "a file twice": ([*ROWS, "./c.png,red,red"], ", line 5: './c.png' has a line already, line 2; remove one."),
    "no lines": ([], f" has no lines of images; {HEADER}."),
    "untagged images": (
        ROWS[1:],
        "1 of 3 images have no line in {path}, the first of them '{folder}/c.png'; "
        "add the lines or move the images to another folder.",
    ),
    "other images": (
        ["1.png,red,blue", "2.png,blue,red"],
        " has the tags of other images: none of the 3 images, such as '{folder}/a.png', is among its 2, such as "
        "'1.png'; "
        "it needs their paths from the folder that it is in.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path, fault):
    lines, message = FAULTS[fault]
    path = table(make(tmp_path), lines)
    with pytest.raises(InputError) as refused:
        open_tagged(tmp_path)
    message = message.format(folder=tmp_path, path=path)
    assert str(refused.value) == (message if message.startswith("1 of") else f"{path}{message}")


HEADERS = {
    "path,hair,eyes": f"line 1: no column 'file' among 'path', 'hair', 'eyes'; {HEADER}.",
    '"pa\nth",hair,eyes': f"line 2: no column 'file' among 'pa\\nth', 'hair', 'eyes'; {HEADER}.",
    "file,hair,eye colour": f"line 1: the name 'eye colour' {NO_WORD}.",
    "file": f"line 1: no column but 'file'; {HEADER}.",
    "file,hair,Hair": "line 1: two columns are called 'hair'; rename or remove one.",
    "file,hair,": "line 1: column 3 has no name; give it one.",
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_fault_of_the_first_line_is_named(tmp_path, header):
    path = table(make(tmp_path), ROWS, header=header)
    with pytest.raises(InputError) as refused:
        open_tagged(tmp_path)
    assert str(refused.value) == f"{path}, {HEADERS[header]}"


def test_a_file_that_is_no_table_is_refused(tmp_path):
    path = make(tmp_path) / "tags.csv"
    for content, message in {
        b"": f"{path} has nothing in it; {HEADER}.",
        b"file,hair\na.png,blond\xe9\n": f"{path} is not UTF-8 text (byte 21); save it as CSV in UTF-8.",
        b'file,hair\na.png,"' + b"x" * 200_000: f"{path}, line 2 is no CSV: field larger than field limit (131072).",
    }.items():
        path.write_bytes(content)
        with pytest.raises(InputError) as refused:
            open_tagged(tmp_path)
        assert str(refused.value) == message
    with pytest.raises(InputError, match=r"tags '.*none\.csv' cannot be read: No such file or directory\."):
        open_tagged(tmp_path / "none.csv")


def test_images_that_are_no_files_cannot_be_read_for(tmp_path):
    path = table(make(tmp_path), ROWS)
    images = ImageSet(np.zeros((3, 4, 4, 1), np.uint8), name="'mnist'")
    with pytest.raises(InputError, match=r"has tags of files, and 'mnist' is not a set of picture files"):
        read_tags(path, images)


def test_tags_of_images_that_are_left_out_as_broken(tmp_path):
    table(make(tmp_path), ROWS)
    (tmp_path / "b.png").write_bytes(b"torn")
    with pytest.raises(InputError, match=r"1 of 3 images of .* cannot be read: b\.png \(no image, or damaged\)"):
        open_tagged(tmp_path)
    images, tags = open_tagged(tmp_path, skip_broken=True)
    assert [file.name for file in images.files] == ["a.png", "c.png"]
    assert tags.values["hair"].tolist() == [0, 1]
    assert tags.attributes["eyes"] == ("blue", "brown", "green")


def test_a_folder_of_mixed_sizes_and_modes(tmp_path):
    """Gray, transparent, palette and 16-bit pictures of four sizes: one error, or one set where a size is given."""
    rng = np.random.default_rng(0)
    for index, (mode, shape) in enumerate({"L": (9, 12), "RGBA": (12, 9, 4), "P": (8, 8), "RGB": (20, 10, 3)}.items()):
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        picture = Image.fromarray(pixels).convert("P") if mode == "P" else Image.fromarray(pixels)
        assert picture.mode == mode
        picture.save(tmp_path / f"{index}.png")
    Image.fromarray(rng.integers(0, 65536, (6, 6), dtype=np.uint16)).save(tmp_path / "4.png")
    table(tmp_path, [f"{index}.png,{word}" for index, word in enumerate(["a", "b", "c", "d", "a"])], header="file,word")
    with pytest.raises(InputError, match=r"0\.png is 12x9 and 1\.png is 9x12; give image_size \(--size\)"):
        open_tagged(tmp_path)
    images, tags = open_tagged(tmp_path, image_size=8)
    assert images.images.shape == (5, 8, 8, 3)
    assert tags.values["word"].tolist() == [0, 1, 2, 3, 0]


def test_files_of_an_image_set_are_one_an_image():
    with pytest.raises(InputError, match="files: expected 2, one an image; got 1"):
        ImageSet(np.zeros((2, 4, 4, 1), np.uint8), files=[Path("a.png")])


def test_a_word_is_counted_off_by_its_attribute():
    tags = Tags({"word": ("a", "b", "c")}, {"word": np.array([2, 0])})
    np.testing.assert_array_equal(tags.one_hot(), [[0, 0, 1], [1, 0, 0]])


@pytest.mark.real_data
def test_real_faces_have_the_tags_of_their_table():
    folder = Path(os.environ["KGAN_TEST_DATA"], "anime")
    images, tags = open_tagged(folder, image_size=8, num_images=500)
    assert len(images) == len(tags) == 500
    assert [len(words) for words in tags.attributes.values()] == [12, 11]
    lines = dict(line.split(",", 1) for line in (folder / "tags.csv").read_text().splitlines())
    for index in (0, 77, 499):
        words = [tags.attributes[name][tags.values[name][index]] for name in ("hair", "eyes")]
        assert ",".join(words) == lines[f"faces/{images.files[index].name}"]

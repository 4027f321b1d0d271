"""`kgan data check` and `kgan data prepare`: what is found, by name, and a copy that nothing is found in."""

import csv
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import kgan_cli
from kgan.data import check, open_images, open_pairs, prepare, preparing
from kgan.data.synthetic import facades, horses
from kgan.errors import InputError


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)


def found(report):
    """Kind and file of all findings."""
    return {(finding.kind, finding.file) for finding in report.findings}


@pytest.fixture(scope="module")
def scenes():
    return horses(12, 64, seed=0)[0]


@pytest.fixture
def messy(tmp_path, scenes):
    """A train and a test split with one of everything that is wrong."""
    root = tmp_path / "messy"
    for i in range(8):
        write(root / "train" / f"{i}.png", scenes[i])
    write(root / "test" / "0.png", scenes[8])
    write(root / "test" / "again.bmp", scenes[2])
    write(root / "train" / "2copy.webp", scenes[2], lossless=True)
    write(root / "train" / "3small.jpg", np.asarray(Image.fromarray(scenes[3]).resize((48, 48))), quality=85)
    write(root / "train" / "gray.png", scenes[9].mean(-1))
    write(root / "train" / "grayrgb.png", scenes[10].mean(-1, keepdims=True).repeat(3, -1))
    write(root / "train" / "tiny.png", scenes[11][:16, :64])
    alpha = np.concatenate([scenes[11], np.full((64, 64, 1), 255)], -1)
    alpha[:10, :10, 3] = 0
    write(root / "train" / "alpha.png", alpha)
    (root / "train" / "broken.jpg").write_bytes(b"\xff\xd8 no image")
    cut = root / "train" / "cut.png"
    write(cut, scenes[0][::-1])
    cut.write_bytes(cut.read_bytes()[:2000])
    (root / "train" / "notes.txt").write_text("no image")
    return root


MESSY = {
    ("broken", "train/broken.jpg"),
    ("broken", "train/cut.png"),
    ("tiny", "train/tiny.png"),
    ("gray", "train/gray.png"),
    ("gray", "train/grayrgb.png"),
    ("alpha", "train/alpha.png"),
    ("duplicate", "train/2.png"),
    ("duplicate", "train/2copy.webp"),
    ("near", "train/3small.jpg"),
}


def test_everything_is_found_by_name(messy):
    told = []
    report = check(messy, progress=lambda *words: told.append(words))
    assert found(report) == MESSY
    assert report.counts == {"test": 2, "train": 16}
    assert report.paired is None
    details = {finding.file: finding.detail for finding in report.findings}
    assert details["train/2.png"] == "has the pixels of test/again.bmp"
    assert details["train/3small.jpg"] == "looks the same as train/3.png"
    assert details["train/tiny.png"] == "is 64x16, below 32"
    assert told[-1][0] == "comparing images"


def test_kinds_can_be_ignored_and_a_size_asked_for(messy):
    assert found(check(messy, ignore=("near", "gray", "broken"))) == {
        pair for pair in MESSY if pair[0] not in ("near", "gray", "broken")
    }
    tiny = {file for kind, file in found(check(messy, size=60)) if kind == "tiny"}
    assert tiny == {"train/tiny.png", "train/3small.jpg"}
    with pytest.raises(InputError, match="unknown kind 'grey'; did you mean 'gray'"):
        check(messy, ignore=["grey"])


def test_a_tiny_copy_does_not_take_its_original_along(tmp_path, scenes):
    write(tmp_path / "0.png", np.asarray(Image.fromarray(scenes[0]).resize((24, 24))))
    for i in range(4):
        write(tmp_path / f"{i + 1}.png", scenes[i])
    assert found(check(tmp_path)) == {("tiny", "0.png")}


def test_tiny_is_judged_by_those_that_are_not():
    from kgan.data.checking import _tiny
    from kgan.data.facts import Facts

    sides = [49] * 9 + [100] * 3 + [300] * 8
    facts = {i: Facts(side, 400, False, False, b"", np.zeros(0)) for i, side in enumerate(sides)}
    # The median of all is 100, so 49 is tiny; without those it is 300, so 100 is.
    assert [file for _, file, _ in _tiny(facts, None)] == list(range(12))


def test_a_set_that_is_gray_throughout_is_not_wrong(tmp_path, scenes):
    for i in range(4):
        write(tmp_path / f"{i}.png", scenes[i].mean(-1))
    assert check(tmp_path).findings == ()


def test_different_pictures_are_not_near(tmp_path):
    labels, photos, _ = facades(60, 64, seed=0)
    for i in range(60):
        write(tmp_path / "a" / f"{i}.png", labels[i])
        write(tmp_path / "b" / f"{i}.png", photos[i])
    assert check(tmp_path).findings == ()


def write_pairs(root, count=6, seed=0):
    labels, photos, _ = facades(count, 64, seed=seed)
    for i in range(count):
        write(root / "trainA" / f"{i}.png", labels[i])
        write(root / "trainB" / f"{i}.jpg", photos[i], quality=95)
    return labels, photos


def test_pairs_are_judged_as_pairs(tmp_path):
    labels, photos = write_pairs(tmp_path)
    write(tmp_path / "trainA" / "lone.png", labels[1][::-1])
    write(tmp_path / "trainB" / "5.png", photos[5][::-1])
    write(tmp_path / "trainA" / "3.png", labels[3][:48])
    # Another photo of the same label map is no duplicate; the same pair under another name is.
    write(tmp_path / "trainA" / "other.png", labels[0])
    write(tmp_path / "trainB" / "other.jpg", photos[0][:, ::-1])
    write(tmp_path / "trainA" / "same.png", labels[2])
    write(tmp_path / "trainB" / "same.png", np.asarray(Image.open(tmp_path / "trainB" / "2.jpg")))
    report = check(tmp_path)
    assert report.paired is True
    assert found(report) == {
        ("unpaired", "trainA/lone.png"),
        ("unpaired", "trainB/5.png"),
        ("unlike", "trainA/3.png"),
        ("duplicate", "trainA/same.png"),
    }
    details = {finding.file: finding.detail for finding in report.findings}
    assert details["trainA/lone.png"] == "has no partner of its stem in trainB/"
    assert details["trainB/5.png"] == "has the stem of 5.jpg"
    assert details["trainA/3.png"] == "is 64x48, and its partner 3.jpg is 64x64"
    assert check(tmp_path, paired=False).paired is False


def test_domains_are_not_taken_for_pairs(tmp_path, scenes):
    for i in range(4):
        write(tmp_path / "trainA" / f"horse{i}.png", scenes[i])
        write(tmp_path / "trainB" / f"zebra{i}.png", scenes[4 + i])
    report = check(tmp_path)
    assert report.paired is False
    assert report.findings == ()
    assert len(check(tmp_path, paired=True).findings) == 8
    write(tmp_path / "trainB" / "horse.png", scenes[0])
    assert found(check(tmp_path)) == {("duplicate", "trainB/horse.png")}


def test_images_beside_the_parts_are_looked_at(tmp_path, scenes):
    write(tmp_path / "train" / "0.png", scenes[0])
    write(tmp_path / "old" / "0.png", scenes[0])
    report = check(tmp_path)
    assert report.counts == {"train": 1, "elsewhere": 1}
    assert found(report) == {("duplicate", "old/0.png")}


def outcomes_by_file(outcomes):
    return {outcome.file: (outcome.outcome, outcome.written) for outcome in outcomes}


def state(root):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


def test_prepare_writes_a_clean_copy_and_leaves_the_source_alone(messy, tmp_path):
    before = state(messy)
    out = tmp_path / "clean"
    outcomes = prepare(messy, out)
    assert state(messy) == before
    assert check(out).findings == ()
    by_file = outcomes_by_file(outcomes)
    left_out = {file for file, (what, _) in by_file.items() if what == "left out"}
    assert left_out == {file for kind, file in MESSY if kind != "alpha"}
    assert by_file["train/alpha.png"] == ("changed", "train/alpha.png")
    with Image.open(out / "train" / "alpha.png") as laid:
        assert laid.mode == "RGB"
        assert laid.getpixel((0, 0)) == (255, 255, 255)
    assert (out / "train" / "0.png").read_bytes() == (messy / "train" / "0.png").read_bytes()
    with (out / "prepared.csv").open(newline="") as table:
        rows = list(csv.reader(table))
    assert rows[0] == ["file", "outcome", "why", "written"]
    assert ["train/tiny.png", "left out", "tiny: is 64x16, below 32", ""] in rows
    assert len(rows) == 1 + len(outcomes) == 19


def test_prepare_leaves_out_both_of_a_pair(tmp_path):
    labels, _ = write_pairs(tmp_path / "in")
    (tmp_path / "in" / "trainB" / "1.jpg").write_bytes(b"no image")
    write(tmp_path / "in" / "trainA" / "lone.png", labels[1][::-1])
    outcomes = prepare(tmp_path / "in", tmp_path / "out")
    whys = {outcome.file: outcome.why for outcome in outcomes if outcome.outcome == "left out"}
    assert set(whys) == {"trainA/1.png", "trainB/1.jpg", "trainA/lone.png"}
    assert whys["trainA/1.png"] == "broken: its partner trainB/1.jpg no image, or damaged"
    assert len(open_pairs(tmp_path / "out")) == 5
    assert check(tmp_path / "out").findings == ()


def test_prepare_brings_images_to_one_size(tmp_path):
    labels, _ = write_pairs(tmp_path / "in")
    write(tmp_path / "in" / "trainA" / "0.png", labels[0].repeat(2, 0).repeat(2, 1))
    write(tmp_path / "in" / "trainA" / "1.png", labels[1][:50])
    outcomes = outcomes_by_file(prepare(tmp_path / "in", tmp_path / "out", size=48))
    assert {file for file, (what, _) in outcomes.items() if what == "left out"} == {"trainA/1.png", "trainB/1.jpg"}
    assert outcomes["trainB/0.jpg"] == ("changed", "trainB/0.png")
    data = open_pairs(tmp_path / "out")
    assert data.image_shapes == ((48, 48, 3), (48, 48, 3))
    assert np.abs(data.b[0].astype(int) - open_pairs(tmp_path / "in", image_size=48, num_images=1).b[0]).max() == 0
    assert check(tmp_path / "out", size=48).findings == ()


def test_changed_files_of_one_stem_do_not_overwrite_each_other(tmp_path, scenes):
    for i, suffix in enumerate(("png", "bmp", "webp")):
        write(tmp_path / "in" / f"a.{suffix}", scenes[i])
    outcomes = prepare(tmp_path / "in", tmp_path / "out", size=32)
    assert sorted(outcome.written for outcome in outcomes) == ["a-bmp.png", "a-png.png", "a-webp.png"]
    assert len(open_images(tmp_path / "out")) == 3


def test_gray_images_that_are_changed_stay_gray(tmp_path, scenes):
    for i in range(3):
        write(tmp_path / "in" / f"{i}.png", scenes[i].mean(-1))
    prepare(tmp_path / "in", tmp_path / "out", size=32)
    with Image.open(tmp_path / "out" / "0.png") as image:
        assert (image.mode, image.size) == ("L", (32, 32))


def test_prepare_goes_on_where_it_was_stopped(messy, tmp_path, monkeypatch):
    out = tmp_path / "clean"
    copy, calls = preparing.shutil.copyfile, []

    def stop(source, target):
        calls.append(source)
        if len(calls) == 4:
            target.write_bytes(b"half")
            raise KeyboardInterrupt
        copy(source, target)

    monkeypatch.setattr(preparing.shutil, "copyfile", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare(messy, out)
    assert not (out / "prepared.csv").exists()
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if not path.name.startswith(".")}
    assert len(written) == 3
    assert not list(out.rglob(".tmp-*"))
    monkeypatch.setattr(preparing.shutil, "copyfile", copy)
    outcomes = prepare(messy, out)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert check(out).findings == ()
    fresh = prepare(messy, tmp_path / "fresh")
    assert outcomes == fresh


def test_prepare_refuses_folders_that_it_did_not_begin(messy, tmp_path):
    out = tmp_path / "out"
    prepare(messy, out)
    with pytest.raises(InputError, match="begun from other images or with other options"):
        prepare(messy, out, size=32)
    write(messy / "train" / "new.png", np.zeros((64, 64, 3)))
    with pytest.raises(InputError, match="begun from other images"):
        prepare(messy, out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="full exists and is not empty"):
        prepare(messy, tmp_path / "full")
    for inside in (messy, messy / "clean", tmp_path):
        with pytest.raises(InputError, match="lie in one another"):
            prepare(messy, inside)
    assert not (messy / "clean").exists()


def test_nothing_left_and_nothing_there_are_said(tmp_path, scenes):
    with pytest.raises(InputError, match="does not exist"):
        check(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no images"):
        check(tmp_path)
    write(tmp_path / "in" / "0.png", scenes[0])
    with pytest.raises(InputError, match="all 1 images would be left out"):
        prepare(tmp_path / "in", tmp_path / "out", size=100)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="size=0"):
        check(tmp_path / "in", size=0)


# The commands.


def call(monkeypatch, capsys, *words):
    """Runs a command in this process; returns its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["kgan", *map(str, words)])
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


def test_the_commands(messy, tmp_path, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "data", "check", messy)
    assert code == 1, err
    for kind, file in MESSY:
        assert any(line.startswith(f"  {file}: ") for line in out.splitlines()), (kind, file)
    assert "broken (2): save it anew from its source, or remove it" in out
    assert f"{messy}: test 2, train 16\n9 of 18 images have something wrong; a clean copy: kgan data prepare" in out
    code, out, err = call(monkeypatch, capsys, "data", "prepare", messy, tmp_path / "out")
    assert code == 0, err
    assert "left out: train/tiny.png: tiny: is 64x16, below 32" in out
    assert "changed: train/alpha.png: transparency laid on white" in out
    assert "9 copied, 1 changed, 8 left out" in out
    assert out.endswith(f"{tmp_path / 'out'}\n")
    code, out, _ = call(monkeypatch, capsys, "data", "check", tmp_path / "out", "--size", 64)
    assert code == 0
    assert out.endswith("10 images, nothing wrong\n")
    code, out, err = call(monkeypatch, capsys, "data", "check", messy, "--ignore", "grey")
    assert code == 1
    assert err.startswith("error: unknown kind 'grey'")


def test_long_lists_are_cut_unless_all_is_asked_for(tmp_path, scenes, monkeypatch, capsys):
    for i in range(25):
        write(tmp_path / f"{i:02}.png", scenes[0])
    code, out, _ = call(monkeypatch, capsys, "data", "check", tmp_path)
    assert code == 1
    assert "  and 4 more; --all names them" in out
    assert "24.png" not in out
    assert "24.png" in call(monkeypatch, capsys, "data", "check", tmp_path, "--all")[1]


def test_help_does_not_wait_for_tensorflow():
    script = (
        "import sys, kgan_cli\ntry: kgan_cli.app(['data', 'check', '--help'])\n"
        "except SystemExit: assert 'tensorflow' not in sys.modules and 'kgan' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "--ignore" in done.stdout


def test_joined_pairs_are_not_cut_to_squares(tmp_path):
    for index, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (3, 8, 16, 3), dtype=np.uint8)):
        (tmp_path / "joined").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "joined" / f"{index}.png")
    with pytest.raises(InputError, match="twice as wide as high, as joined pairs are"):
        prepare(tmp_path / "joined", tmp_path / "out", size=8)
    assert not (tmp_path / "out").exists()
    assert {outcome.outcome for outcome in prepare(tmp_path / "joined", tmp_path / "same")} == {"copied"}
    squares = prepare(tmp_path / "joined", tmp_path / "out", size=8, paired=False)
    assert {outcome.outcome for outcome in squares} == {"changed"}

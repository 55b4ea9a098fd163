"""A finished run → a package that a stranger can use: run, traced, signed, and sent only when a person has signed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml
from huggingface_hub import ModelCard

from sxl_data.contract.errors import GateMissed, UserError
from sxl_train.release import __main__ as command
from sxl_train.release import bom, chain, finished, picture, rights, send, sign, statement
from sxl_train.release.bundle import Bundle, Wish, make_bundle
from sxl_train.release.sheet import Number, check
from tests.sxl_data.publish.fake_hub import FakeHub

TRACE = Path(__file__).parents[3] / "recipes" / "samples" / "traces.jsonl"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import ec

    path = tmp_path_factory.mktemp("key") / "key.pem"
    made = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(made.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()))
    return path


@pytest.fixture(scope="module")
def bundle(finished_run: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    wish = Wish(name="toy-2", repo="me/toy-2", dataset_repo="me/toy-data", key=key, trace=TRACE)
    return make_bundle(finished.find(finished_run), tmp_path_factory.mktemp("out"), wish)


def read(bundle: Bundle, name: str) -> str:
    return (bundle.model / name).read_text(encoding="utf-8")


def numbers(folder: Path) -> list[Number]:
    return msgspec.json.decode((folder / "trace.json").read_bytes(), type=list[Number])


def test_the_lines_of_the_card_make_a_call_with_transformers_and_none_of_our_code(bundle: Bundle) -> None:
    (ran,) = bundle.ran
    assert ran.calls == [{"name": "add", "arguments": {"a": 2, "b": 3}}]
    assert 'where = "me/toy-2"' in read(bundle, "README.md")


def test_every_number_of_the_card_is_in_a_file_and_a_changed_one_is_found(bundle: Bundle) -> None:
    card, known = read(bundle, "README.md"), numbers(bundle.model)
    assert "88 % (53 % to 98 %, 8 items)" in card and "12 % (2 % to 47 %, 8 items)" in card
    assert [] == check(bundle.model, known, card)
    assert check(bundle.model, known, card.replace("88 %", "93 %"))
    assert check(bundle.model, [*known, Number("9 %", "run.json", "/weights/bytes", "percent")], card)


def test_the_announcement_says_no_number_that_the_card_does_not(bundle: Bundle) -> None:
    text = (bundle.folder / "ANNOUNCEMENT.md").read_text(encoding="utf-8")
    assert [] == check(
        bundle.model, numbers(bundle.model), text.replace("280 characters", "").replace("500 characters", "")
    )
    for length in (280, 500):
        said = text.partition(f"## {length} characters")[2].partition("##")[0].strip()
        assert 60 < len(said) <= length


def test_hashes_signature_and_bills_hold_and_damage_is_found(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == command.main(["verify", str(bundle.model), "--public-key", str(bundle.folder / "model.pub")])
    assert capsys.readouterr().out.endswith("hashes hold, signature holds\n")
    assert 0 == command.main(["verify", str(bundle.model)])
    assert "the signature was NOT checked: --public-key" in capsys.readouterr().out
    model = Path(shutil.copytree(bundle.model, tmp_path / "model"))
    with (model / "config.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    assert ["config.json"] == chain.damage(model)
    with pytest.raises(UserError, match="T605"):
        sign.verify(model, bundle.folder / "model.pub")
    broken = json.loads((model / bom.AI).read_text(encoding="utf-8")) | {"specVersion": 7}
    with pytest.raises(UserError, match="T604"):
        bom.check(bom.AI, json.dumps(broken))
    listed = subprocess.run(["sha256sum", "-c", chain.SUMS], cwd=bundle.model, capture_output=True, text=True)
    assert 0 == listed.returncode, listed.stdout


def test_damage_of_every_kind_is_told_and_nothing_outside_is_opened(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "evidence").mkdir(parents=True)
    (model / "config.json").write_bytes(b"{}")
    sums = chain.seal(model)
    sound = sums.read_text(encoding="utf-8")
    assert [] == chain.damage(model)
    outside = tmp_path / "pipe"
    os.mkfifo(outside)  # opening it would never end
    zeros = "0" * 64
    for name in ("../pipe", str(outside), "evidence", "config.json"):
        sums.write_text(f"{sound}{zeros}  {name}\n", encoding="utf-8")
        assert [name] == chain.damage(model)
    sums.write_bytes(sound.encode() + b"\xff no line\n")
    assert ["\ufffd no line"] == chain.damage(model)
    sums.write_text(sound, encoding="utf-8")
    (model / "code").symlink_to(tmp_path)
    (model / "evidence" / "gone").symlink_to("nowhere")
    os.mkfifo(model / "pipe")
    assert ["code", "evidence/gone", "pipe"] == chain.damage(model)


def test_the_chain_names_dataset_steps_and_weights(bundle: Bundle, finished_run: Path) -> None:
    made = json.loads(read(bundle, "run.json"))
    assert made["dataset"]["content_hash"] and [step["step"] for step in made["steps"]] == ["base", "release"]
    weights = made["weights"]["files"]["model.safetensors"]
    assert weights in read(bundle, "REPRODUCE.md") and weights in read(bundle, chain.SUMS)
    everything = b"".join(path.read_bytes() for path in bundle.model.rglob("*.json"))
    assert str(finished_run.parent).encode() not in everything


def test_the_hub_reads_the_card_and_links_lead_to_base_and_dataset(bundle: Bundle) -> None:
    data = ModelCard(read(bundle, "README.md")).data
    assert (data.license, data.base_model, data.datasets) == ("apache-2.0", "someone/base", ["me/toy-data"])
    assert data.eval_results and data.eval_results[0].metric_value == 0.875


def test_samples_are_named_by_their_document(bundle: Bundle) -> None:
    document, _ = sorted((bundle.model / "evidence" / "every_eval_ever").rglob("*.json"))
    named = json.loads(document.read_text(encoding="utf-8"))["detailed_evaluation_results"]
    lines = (bundle.model / "evidence" / "every_eval_ever" / named["file_path"]).read_bytes()
    assert named["total_rows"] == 8 == len(lines.splitlines())


def test_nothing_is_sent_before_a_person_has_signed(bundle: Bundle, fake: FakeHub, finished_run: Path) -> None:
    with pytest.raises(GateMissed) as caught:
        send.send(bundle, public=False)
    assert ["T602"] == [item.code for item in caught.value.findings] and not fake.repos
    path = bundle.folder / statement.NAME
    path.write_text(
        path.read_text(encoding="utf-8").replace("Signed:\n", "Signed: A. Person, 2026-01-01\n"), encoding="utf-8"
    )
    wish = Wish(name="toy-2", repo="me/toy-2", dataset_repo="me/toy-data")
    signed = make_bundle(finished.find(finished_run), bundle.folder, wish)
    assert signed.signed == "A. Person, 2026-01-01" and "`Signed: A. Person, 2026-01-01`" in read(signed, "README.md")
    (address,) = send.send(signed, public=False)
    assert "me/toy-2/tree/sxl-" in address and fake.repos["me/toy-2"].private
    there = fake.repos["me/toy-2"].at("main")
    assert {"README.md", "model.safetensors", chain.SUMS, "run.json"} <= there.keys()


def test_the_least_permissive_of_base_and_rows_decides() -> None:
    from sxl_data.write.manifest import SourceSummary

    def manifest(licence: str) -> object:
        count = {"files": 1, "bytes": 1, "documents": 1, "traces": 1, "quarantined": 0, "empty": 0}
        source = SourceSummary(
            name="s", format="f", detected="", licence=licence, revision="", sha256="", kept={"train": 1}, **count
        )
        return type("M", (), {"sources": [source]})()

    def licence(base: str, rows: str, chosen: str = "") -> tuple[str, str]:
        found = rights.compute("b", base, chosen, manifest(rows))  # type: ignore[arg-type]
        return found.licence, found.kind

    assert licence("mit", "MIT") == ("mit", "permissive")
    assert licence("apache-2.0", "MIT") == ("apache-2.0", "permissive")
    assert licence("mit", "CC-BY-NC-4.0") == ("cc-by-nc-4.0", "non-commercial")
    assert licence("mit", "CC-BY-NC-4.0", "MIT") == ("cc-by-nc-4.0", "non-commercial")
    assert licence("mit", "") == ("other", "missing")
    assert licence("", "MIT") == ("other", "missing")


def test_the_picture_shows_the_loop_and_escapes_what_a_model_wrote() -> None:
    from sxl_data.trace.types import decode

    trace = decode(TRACE.read_bytes().splitlines()[0])
    svg = picture.draw(trace, "<script>")
    assert "<script>" not in svg and "Observe" in svg and "Act" in svg
    png = picture.to_png(svg, 200)
    assert png and png.startswith(b"\x89PNG")


def test_without_an_evaluation_the_example_is_a_row_of_the_dataset_as_builds_write_it(
    finished_run: Path, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_train.release.example import choose
    from tests.sxl_train.toys import ADD, make_messages

    (tmp_path / "data").mkdir()
    row = {"messages": make_messages(2, 3), "tools": [json.dumps(ADD)]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "data" / "test-00000-of-00001.parquet")
    run = msgspec.structs.replace(finished.find(finished_run), evaluations={}, dataset=tmp_path)
    asked = [{"role": "user", "content": "What is 2 plus 3, 1 times?"}]
    assert {"messages": asked, "tools": [ADD]} == choose(run)


def test_two_runs_are_compared_by_bytes_then_by_loss(tmp_path: Path, bundle: Bundle, finished_run: Path) -> None:
    from sxl_train.release.reproduce import compare, page

    for name, weights, loss in (("a", b"1", 0.2), ("b", b"2", 0.203), ("c", b"1", 0.2)):
        (tmp_path / name / "dataset").mkdir(parents=True)
        (tmp_path / name / "dataset" / "manifest.json").write_text('{"content_hash": "x"}', encoding="utf-8")
        step = tmp_path / name / "model" / "tune"
        step.mkdir(parents=True)
        (step / "model.safetensors").write_bytes(weights)
        (step / "run.json").write_text(json.dumps({"measured": {"validation_loss_after": loss}}), encoding="utf-8")
    assert compare(tmp_path / "a", tmp_path / "c").weights == {"tune": True}
    close = compare(tmp_path / "a", tmp_path / "b")
    assert close.weights == {"tune": False} and close.same
    assert 0 == command.main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    run = finished.find(finished_run)
    chain_of = json.loads(read(bundle, "run.json"))
    assert "made twice" not in page(run, chain_of)
    assert "tune       other bytes\nloss       0.200000, 0.203000: within 2%" in page(run, chain_of, close)


def test_the_modelfile_is_closed_and_says_where_it_is_not() -> None:
    from sxl_train.data.mask import OWN, SHORT
    from sxl_train.release import modelfile

    for template in (OWN, SHORT):
        text = modelfile.make("none.gguf", template.read_text(encoding="utf-8"), "<|im_end|>", "MIT")
        assert "TEMPLATE" in text and 'stop "<|im_end|>"' in text
        assert ["FROM ./none.gguf: no such file"] == modelfile.faults(text, Path())
        assert modelfile.faults(text.replace("{{ end }}", "", 1), Path())[1:] == [
            "a block of the template is not closed"
        ]
    assert "TEMPLATE" not in modelfile.make("none.gguf", "{{ other }}", "", "")


def test_citation_and_lock_agree_with_the_version() -> None:
    import sxl_data

    root = Path(__file__).parents[3]
    assert yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))["version"] == sxl_data.__version__
    lock = (root / ".ci" / "lock.txt").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock and "://" not in lock


def test_a_form_without_an_evaluation_is_asked_what_the_other_was(finished_run: Path, tmp_path: Path) -> None:
    from sxl_train.evaluate.benchmark import evaluate, read_report
    from sxl_train.generate.opening import open_model
    from sxl_train.release.measured import measure
    from sxl_train.suites.types import Options

    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    shutil.rmtree(run / "eval")
    with pytest.raises(UserError, match="no evaluation to repeat"):
        measure(finished.find(run), tmp_path)
    options = Options(data=tmp_path, limit=1, temperature=0.0)
    evaluate(open_model(str(run / "release")), ["demo-calls"], options, run / "eval" / "base")
    found = measure(finished.find(run), tmp_path)
    assert ["base", "release"] == list(finished.find(run).evaluations) == list(found.evaluations)
    asked, again = (read_report(folder).suites["demo-calls"] for folder in found.evaluations.values())
    assert again.items == 1 and again.options == asked.options


def test_card_and_statement_say_which_form_was_not_measured(bundle: Bundle, finished_run: Path, tmp_path: Path) -> None:
    from sxl_train.release.model_card import make
    from sxl_train.release.sheet import Sheet

    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    (run / "release" / "small.gguf").write_bytes(b"GGUF")
    titles = {name: package.title for name, package in finished.find(run).packages.items()}
    assert {"release": "the safetensors", "gguf": "the GGUF file"} == titles
    card = make(Sheet(bundle.model), msgspec.structs.replace(bundle.named, packages=titles))
    assert "release is the safetensors. Not measured: the GGUF file" in card and "Not measured" not in read(
        bundle, "README.md"
    )
    said = statement.read(tmp_path, Sheet(bundle.model), titles).text
    assert "items, of the safetensors; the rest fail." in said and "Not measured, of the GGUF file" in said

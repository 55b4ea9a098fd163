"""Bills of materials in CycloneDX 1.6: one of the model (weights, base, dataset, files), one of the software.

In: the package with its chain. Out: two JSON documents, checked against the official schema. cyclonedx-python-lib
writes components, licences and hashes; it has no model cards yet, so that part is added to its JSON by hand and checked
with it. Serial numbers are made of the chain's hash, so the same package has the same bills.
Source: https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes
from sxl_train.release.finished import Finished
from sxl_train.release.rights import Rights
from sxl_train.run.objects import Object, Value

AI, SOFTWARE = "evidence/aibom.cdx.json", "evidence/sbom.cdx.json"


def write(run: Finished, model: Path, chain: Object, rights: Rights) -> None:
    """Write both. Raises `UserError` U402 where the library is missing, T604 where a document is not valid."""
    try:
        import cyclonedx  # noqa: F401
    except ImportError:
        raise error("U402", found="no package cyclonedx", expected="pip install 'sheikh-sxl[release]'") from None
    for place, document in ((AI, _ai(run, model, chain, rights)), (SOFTWARE, _software(run, chain))):
        data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        check(place, data.decode())
        commit_bytes(model / place, data)


def check(place: str, text: str) -> None:
    """Raise `UserError` T604 where the official JSON schema refuses ``text``."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    if (problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        found = str(getattr(problem, "data", problem)).splitlines()
        raise error("T604", file=place, found=found[0][:300] if found else "no reason", expected="CycloneDX 1.6")


def _ai(run: Finished, model: Path, chain: Object, rights: Rights) -> Object:
    from cyclonedx.model.component import Component, ComponentType

    whole = _component(
        Component, chain["name"], ComponentType.MACHINE_LEARNING_MODEL, "model", chain["chain"], rights.spdx
    )
    base = _component(
        Component,
        str(chain["base"]["source"]),
        ComponentType.MACHINE_LEARNING_MODEL,
        "base",
        chain["base"].get("sha256"),
        "",
    )
    data = _component(
        Component,
        str(chain["dataset"].get("name", "dataset")),
        ComponentType.DATA,
        "dataset",
        chain["dataset"]["manifest_sha256"],
        "",
    )
    files = [
        _component(Component, name, ComponentType.FILE, f"file-{name}", digest, "")
        for part in (chain["weights"], chain["gguf"])
        if part
        for name, digest in part["files"].items()
    ]
    document = _bom(whole, [base, data, *files], chain["chain"], {whole: [base, data], base: [], data: []})
    architecture = msgspec.json.decode((model / "config.json").read_bytes()).get("model_type", "unknown")
    document["metadata"]["component"]["modelCard"] = {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "text-generation",
            "architectureFamily": "transformer",
            "modelArchitecture": architecture,
            "datasets": [{"ref": "dataset"}],
            "inputs": [{"format": "text"}],
            "outputs": [{"format": "text"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(model)},
        "considerations": {"technicalLimitations": ["see the card: README.md, Limitations, biases and ethics"]},
    }
    return document


def _metrics(model: Path) -> list[Object]:
    found = []
    for path in sorted((model / "evidence" / "eval").glob("*.json")):
        for name, suite in msgspec.json.decode(path.read_bytes())["suites"].items():
            for measure, m in suite["measured"]["measures"].items():
                if m["n"]:
                    bounds = {"lowerBound": str(m["low"]), "upperBound": str(m["high"])}
                    kind, cut = f"{name}, {measure}", f"{path.stem}, n = {m['n']} {m['unit']}"
                    found.append({"type": kind, "value": str(m["value"]), "slice": cut, "confidenceInterval": bounds})
    return found


def _software(run: Finished, chain: Object) -> Object:
    """What made it: each package with the version that the last step names."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    versions = {name: v for record in run.records.values() for name, v in record["versions"].items()}
    whole = Component(name="sheikh-sxl", type=ComponentType.APPLICATION, bom_ref="sxl", version=chain["sxl"])
    parts = [
        Component(name=name, version=v, bom_ref=f"pkg-{name}", purl=PackageURL("pypi", None, name, v))
        for name, v in sorted(versions.items())
        if name not in ("python", "sheikh-sxl")
    ]
    if "python" in versions:
        parts.append(
            Component(name="python", type=ComponentType.PLATFORM, bom_ref="python", version=versions["python"])
        )
    return _bom(whole, parts, chain["chain"] + "software", {whole: parts, **{part: [] for part in parts}})


def _component(make: Value, name: str, kind: Value, ref: str, digest: str | None, licence: str) -> Value:
    from cyclonedx.factory.license import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType

    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else []
    licences = [LicenseFactory().make_from_string(licence)] if licence and licence != "NOASSERTION" else []
    return make(name=name, type=kind, bom_ref=ref, hashes=hashes, licenses=licences)


def _bom(whole: Value, parts: list[Value], seed: str, depends: dict[Value, list[Value]]) -> Object:
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, seed), components=parts)
    bom.metadata.component = whole
    for one, others in depends.items():
        bom.register_dependency(one, others)
    document: Object = msgspec.json.decode(JsonV1Dot6(bom).output_as_string())
    document["metadata"].pop("timestamp", None)
    return document

"""OpenSSF model signing with a key file: no network, no account. `model-signing` does the work.

A signature covers every file of the folder but itself. The key is an elliptic-curve key in PEM; make one with
``openssl ecparam -name prime256v1 -genkey -noout -out key.pem`` and ``openssl ec -in key.pem -pubout -out key.pub``.
Source: https://github.com/sigstore/model-transparency
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error

NAME = "model.sig"


def sign(folder: Path, key: Path) -> Path:
    """Sign ``folder`` with the private key in ``key``. Raises `UserError` U402 without the package, T605 for a key that
    cannot sign."""
    signing = _load().signing
    out = folder / NAME
    out.unlink(missing_ok=True)
    try:
        _without(signing.Config(), out).use_elliptic_key_signer(private_key=key).sign(folder, out)
    except (OSError, ValueError, TypeError) as problem:
        raise error("T605", file=str(key), found=problem, expected="an elliptic-curve private key in PEM") from None
    return out


def verify(folder: Path, public: Path) -> None:
    """Raise `UserError` T605 where a file of ``folder`` is not as it was signed."""
    verifying = _load().verifying
    try:
        config = _without(verifying.Config(), folder / NAME)
        config.use_elliptic_key_verifier(public_key=public).verify(folder, folder / NAME)
    except (OSError, ValueError, TypeError) as problem:
        raise error("T605", file=str(folder), found=problem, expected="the files that were signed") from None


def _without(config: Any, signature: Path) -> Any:
    """``config`` that does not look at the signature itself."""
    return config.set_hashing_config(_load().hashing.Config().set_ignored_paths(paths=[signature]))


def write_public(key: Path, out: Path) -> Path:
    """The public half of ``key``, for those who verify."""
    from cryptography.hazmat.primitives import serialization

    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as problem:
        raise error("T605", file=str(key), found=problem, expected="an elliptic-curve private key in PEM") from None
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    out.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    return out


def _load() -> Any:
    try:
        import model_signing
        import model_signing.hashing
        import model_signing.signing
        import model_signing.verifying
    except ImportError:
        raise error("U402", found="no package model_signing", expected="pip install 'sheikh-sxl[release]'") from None
    return model_signing

"""What a function is shown of its file."""

from __future__ import annotations

from sxl_data.read.functions import documented_functions

SOURCE = '''
import os
from far import (
    Used,
    Other,
)
from near import unused

def ask(a):
    """Asks for a thing in words."""
    return Used(a)

def tell(a):
    """Tells a thing in words."""
    return os.sep + a
'''


def test_a_function_is_shown_the_imports_that_it_names_and_no_others():
    found = {item.name: item.imports for item in documented_functions("python", SOURCE)}
    assert {"ask": ("from far import (\n    Used,\n    Other,\n)",), "tell": ("import os",)} == found


def test_a_function_in_c_is_shown_all_includes():
    source = "#include <a.h>\n#include <b.h>\n// Gives a thing back.\nint f(int a) {\n  return a;\n}\n"
    (item,) = documented_functions("c", source)
    assert ("#include <a.h>", "#include <b.h>") == item.imports


def test_words_in_strings_and_comments_are_told_apart_from_their_marks():
    source = "/** Says a thing.\n * In two lines. */\nint f(int a) {\n  return a;\n}\n"
    (item,) = documented_functions("c", source)
    assert "Says a thing.\nIn two lines." == item.words

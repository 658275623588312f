"""What the trimmer takes out, and what it leaves alone."""

import re

import pytest

from app.web.trimming import trim_css, trim_js
from tests.kit import ROOT


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("/* a */ b { c: d; }", "b{c:d}"),
        ("a , b > c  d { }", "a,b > c d{}"),
        ("a { b: c; ; }\n\n  e { f: 1px  2px; }", "a{b:c}e{f:1px 2px}"),
        ("a :hover, a:hover { }", "a :hover,a:hover{}"),
        (":root { --x: ; --y: a, b; }", ":root{--x:;--y:a,b}"),
        ("a { w: calc(1px + var(--b, 2px) - 3px); }", "a{w:calc(1px + var(--b,2px) - 3px)}"),
        (
            "@media (width < 4px) and (height > 2px) { }",
            "@media (width < 4px) and (height > 2px){}",
        ),
        ("@layer a, b;\n@layer a { }", "@layer a,b;@layer a{}"),
        ('a { content: "/* ; }  : , "; }', 'a{content:"/* ; }  : , "}'),
        (r"a { content: '\'  { '; }", r"a{content:'\'  { '}"),
        ("a { b: url( x.png?a;b ); }", "a{b:url( x.png?a;b )}"),
        ("a { b: c !important; }", "a{b:c !important}"),
        ("a/**/b { }", "a/**/b{}"),
        ("a /* ; */ b { c/* : */: d /* } */; }", "a b{c/**/:d}"),
        ('[a="b  c"] , d::after { }', '[a="b  c"],d::after{}'),
        ("", ""),
    ],
)
def test_css(text: str, trimmed: str) -> None:
    assert trim_css(text) == trimmed
    assert trim_css(trimmed) == trimmed, "once is enough"


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("// a\n  b;\n\n", "b;\n"),
        ("/* a\n b */\nc;", "c;\n"),
        ("a(); // so it is", "a();\n"),
        ('a("//b"); // it is "so"', 'a("//b"); // it is "so"\n'),
        ('const a = "x = y", b = 1;', 'const a="x = y",b=1;\n'),
        ("a = b ? .5 : 2;", "a=b?.5:2;\n"),
        ("a = b + +c - -d;", "a=b + +c - -d;\n"),
        ("return { a, b };", "return{a,b};\n"),
        ("a = `  ${ b }  ;  `;", "a=`  ${ b }  ;  `;\n"),
        ("a = `${ b ? `  x` : ` , ` }`;", "a = `${ b ? `  x` : ` , ` }`;\n"),
        ("a = b.replace(/ , /, c);", "a = b.replace(/ , /, c);\n"),
        ("a = b / c;", "a = b / c;\n"),
        ("a\n  (b)", "a\n(b)\n"),
        (r'a = "\"  = ";', r'a="\"  = ";' + "\n"),
    ],
)
def test_js(text: str, trimmed: str) -> None:
    assert trim_js(text) == trimmed


@pytest.mark.parametrize("text", ["a = `b\nc`;", 'a = "b\\\nc";', "/* a */ b;", "/*\n*/ b;"])
def test_what_takes_a_parser_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line "):
        trim_js(text)


@pytest.mark.parametrize("path", sorted((ROOT / "static/css").glob("*.css")), ids=str)
def test_our_own_sheets_keep_every_word(path) -> None:
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)

    def words(text: str) -> list[str]:
        return re.findall(r"[^\s{};,:]+|:(?!\s)", text.replace(": ", ":"))

    assert words(trim_css(text)) == words(text)

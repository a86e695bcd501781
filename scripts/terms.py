"""Prints the article of a web page that lies in a wheel as plain text, to be read before something is accepted.

    terms.py WHEEL PAGE
"""

import re
import shutil
import sys
import textwrap
import zipfile
from html.parser import HTMLParser

ARTICLE = "devsite-article-body"
BREAKS = {"p", "div", "li", "ol", "ul", "h1", "h2", "h3", "h4", "aside", "section", "tr", "br"}
VOID = {"br", "img", "hr", "input", "link", "meta", "source", "wbr"}


class Article(HTMLParser):
    """Collects what stands inside the element of class ARTICLE, with a line break wherever a block begins or ends."""

    def __init__(self):
        super().__init__()
        self.depth = 0
        self.text = []

    def handle_starttag(self, tag, attributes):
        if self.depth == 0 and ARTICLE not in (dict(attributes).get("class") or "").split():
            return
        if tag not in VOID:
            self.depth += 1
        if tag in BREAKS:
            self.text.append("\n")

    def handle_endtag(self, tag):
        if self.depth > 0 and tag not in VOID:
            self.depth -= 1
            if tag in BREAKS:
                self.text.append("\n")

    def handle_data(self, data):
        if self.depth > 0:
            self.text.append(re.sub(r"\s+", " ", data))


def main():
    wheel, page = sys.argv[1:]
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(page).decode("utf-8")
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"{wheel}: {error}")
    article = Article()
    article.feed(content)
    lines = [line.strip() for line in "".join(article.text).split("\n")]
    if not any(lines):
        sys.exit(f"{wheel}: found no article in {page}")
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    for line in filter(None, lines):
        shown = "".join(letter if letter.isprintable() else " " for letter in line)
        print(textwrap.fill(shown, width), end="\n\n")


main()

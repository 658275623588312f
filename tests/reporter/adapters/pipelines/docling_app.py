"""A batch conversion of Docling's, of the files that are named."""

import sys

from docling.document_converter import DocumentConverter
from jobwall_reporter.adapters.docling import convert_all

if __name__ == "__main__":
    for _ in convert_all(DocumentConverter(), sys.argv[1:], raises_on_error=False):
        pass

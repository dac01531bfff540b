// The part of the PDF library that parses documents, in a worker of its own.
import "pdfjs-dist/legacy/build/pdf.worker.mjs";

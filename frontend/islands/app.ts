// What every page loads. Charts, formulas and diagrams come as chunks of their own, only where a page has one.
import "./copy.ts";
import "./document.ts";
import "./fragment.ts";
import "./image-diff.ts";
import "./job.ts";
import "./menus.ts";
import "./palette.ts";
import "./preview.ts";
import "./selection.ts";
import "./tabs.ts";
import "./theme-switch.ts";
import "./time.ts";

if (document.querySelector("rw-chart")) void import("./chart.ts");
if (document.querySelector("rw-pipeline")) void import("./pipeline.ts");
if (document.querySelector("rw-finder")) void import("./reading.ts");
if (document.querySelector("rw-upload")) void import("./upload.ts");
if (document.querySelector("rw-bucket-upload")) void import("./bucket-upload.ts");
if (document.querySelector("rw-pdf")) void import("./pdf.ts");
if (document.querySelector("rw-editor")) void import("./editor.ts");
if (document.querySelector("rw-live")) void import("./live.ts");
if (document.querySelector("rw-filter")) void import("./filter.ts");
if (document.querySelector("rw-draft")) void import("./draft.ts");

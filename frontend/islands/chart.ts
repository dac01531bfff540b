// <rw-chart kind="lines|distribution"> with its data as JSON in a <script type="application/json"> inside.
// lines: {series: [{name, points: [[step, value], …]}]} ; distribution: {labels, reference, current} (shares in per cent).
import { echarts } from "../lib/echarts.ts";
import { smooth, type Point } from "../lib/smooth.ts";

type Lines = { series: { name: string; points: Point[] }[] };
type Distribution = { labels: string[]; reference: number[]; current: number[] };

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const PALETTE = ["#0b7a84", "#c4651a", "#5b63c7", "#2f8f46", "#b5407f", "#8a6d00", "#3b8fd0", "#a3483b", "#6d7b8a", "#7a4fb3"];

export class Chart extends HTMLElement {
  private chart?: ReturnType<typeof echarts.init>;
  private place?: HTMLElement;
  private weight = 0;
  private log = false;

  connectedCallback(): void {
    this.place = document.createElement("div");
    this.place.className = "chart";
    this.place.setAttribute("aria-hidden", "true"); // the table beside it says the same
    this.prepend(this.place);
    if (this.getAttribute("kind") === "lines") this.addControls();
    new ResizeObserver(() => this.chart?.resize()).observe(this);
    document.addEventListener("rw:theme", () => this.draw());
    this.draw();
  }

  private addControls(): void {
    const row = document.createElement("div");
    row.className = "d-flex align-items-center gap-3 mb-1 muted";
    const smoothing = document.createElement("input");
    Object.assign(smoothing, { type: "range", min: "0", max: "0.98", step: "0.02", value: "0" });
    smoothing.addEventListener("input", () => {
      this.weight = Number(smoothing.value);
      this.draw();
    });
    const log = document.createElement("input");
    log.type = "checkbox";
    log.addEventListener("change", () => {
      this.log = log.checked;
      this.draw();
    });
    for (const [text, control] of [["Smoothing", smoothing], ["Log axis", log]] as const) {
      const label = document.createElement("label");
      label.className = "d-inline-flex align-items-center gap-1";
      label.append(text, control);
      row.append(label);
    }
    this.prepend(row);
  }

  private draw(): void {
    const source = this.querySelector('script[type="application/json"]')?.textContent;
    if (!this.place || !source) return;
    this.chart ??= echarts.init(this.place, null, { renderer: "svg" });
    const data: unknown = JSON.parse(source);
    const option = this.getAttribute("kind") === "lines" ? this.lines(data as Lines) : this.distribution(data as Distribution);
    this.chart.setOption({ animation: false, textStyle: { fontFamily: "inherit" }, ...option }, true);
  }

  private axis(extra: object): object {
    const muted = { color: css("--rw-muted"), fontSize: 11 };
    return { axisLabel: muted, nameTextStyle: muted, axisLine: { lineStyle: { color: css("--rw-line") } }, splitLine: { lineStyle: { color: css("--rw-line") } }, ...extra };
  }

  private tooltip(trigger: string): object {
    return { trigger, confine: true, backgroundColor: css("--rw-surface"), borderColor: css("--rw-line"), textStyle: { color: css("--tblr-body-color"), fontSize: 12 } };
  }

  private lines(data: Lines): object {
    return {
      color: PALETTE,
      grid: { left: 8, right: 16, top: data.series.length > 1 ? 34 : 12, bottom: 8, containLabel: true },
      legend: data.series.length > 1 ? { type: "scroll", textStyle: { color: css("--rw-muted") }, top: 0 } : undefined,
      tooltip: this.tooltip("axis"),
      xAxis: this.axis({ type: "value", min: "dataMin", max: "dataMax", splitLine: { show: false } }),
      yAxis: this.axis({ type: this.log ? "log" : "value", scale: true }),
      dataZoom: [{ type: "inside" }],
      series: data.series.map((series) => ({
        type: "line",
        name: series.name,
        showSymbol: series.points.length < 2,
        lineStyle: { width: 1.75 },
        data: smooth(this.log ? series.points.map(([x, y]) => [x, y !== null && y > 0 ? y : null]) : series.points, this.weight),
      })),
    };
  }

  private distribution(data: Distribution): object {
    const bars = (name: string, values: number[], color: string): object => ({
      type: "bar", name, data: values, itemStyle: { color, opacity: 0.62 }, barGap: "-100%", barCategoryGap: "8%",
    });
    return {
      grid: { left: 8, right: 12, top: 30, bottom: 8, containLabel: true },
      legend: { textStyle: { color: css("--rw-muted") }, top: 0 },
      tooltip: { ...this.tooltip("axis"), valueFormatter: (value: unknown) => `${Number(value).toFixed(2)} %` },
      xAxis: this.axis({ type: "category", data: data.labels }),
      yAxis: this.axis({ type: "value", axisLabel: { formatter: "{value} %", color: css("--rw-muted"), fontSize: 11 } }),
      series: [bars("reference", data.reference, css("--rw-reference")), bars("current", data.current, css("--rw-current"))],
    };
  }
}
customElements.define("rw-chart", Chart);

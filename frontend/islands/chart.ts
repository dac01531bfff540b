// <rw-chart kind="lines|distribution"> with its data as JSON in a <script type="application/json"> inside.
// lines: {series: [{name, points: [[step, value(, milliseconds)], …]}]} ; distribution: {labels, reference, current} in per cent.
// A chart is drawn when it comes into view. The table beside it says the same to screen readers.
import { echarts } from "../lib/echarts.ts";
import { onAxis, type Axis, type Logged } from "../lib/axis.ts";
import { smooth } from "../lib/smooth.ts";

// `x` and `y` name the axes, `labels` are the texts that x counts, `scatter` draws a cloud.
type Lines = { series: { name: string; points: Logged[] }[]; x?: string; y?: string; labels?: string[]; scatter?: boolean };
type Distribution = { labels: string[]; reference: number[]; current: number[] };

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const LIGHT = ["#0b7a84", "#c4651a", "#5b63c7", "#2f8f46", "#b5407f", "#8a6d00", "#3b8fd0", "#a3483b", "#6d7b8a", "#7a4fb3"];
const FACE = '"Inter Variable", system-ui, sans-serif'; // a name that text can be measured with
const DARK = ["#4fb7c1", "#e9a063", "#9aa2f5", "#74c98a", "#e58bbb", "#d3b34c", "#7dbcf0", "#e08e82", "#a9b6c4", "#b994ec"];

export class Chart extends HTMLElement {
  private chart?: ReturnType<typeof echarts.init>;
  private place?: HTMLElement;
  private seen = false;
  private weight = 0;
  private log = false;
  private axis: Axis = "step";

  connectedCallback(): void {
    this.place = document.createElement("div");
    this.place.className = "chart";
    this.place.setAttribute("aria-hidden", "true");
    this.prepend(this.place);
    this.weight = Number(this.getAttribute("smoothing") ?? 0);
    if (this.getAttribute("kind") === "lines") this.addControls();
    new ResizeObserver(() => this.chart?.resize()).observe(this);
    document.addEventListener("rw:theme", () => this.draw());
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      this.seen = true;
      this.draw();
    }, { rootMargin: "200px" });
    watcher.observe(this.place);
  }

  private data(): unknown {
    return JSON.parse(this.querySelector('script[type="application/json"]')?.textContent ?? "null");
  }

  private addControls(): void {
    const smoothing = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "0.98", step: "0.02", value: String(this.weight) });
    smoothing.addEventListener("input", () => this.redraw(() => (this.weight = Number(smoothing.value))));
    const log = Object.assign(document.createElement("input"), { type: "checkbox" });
    log.addEventListener("change", () => this.redraw(() => (this.log = log.checked)));
    const data = this.data() as Lines | null;
    const controls: [string, HTMLElement][] = data?.scatter ? [["Log", log]] : [["Smoothing", smoothing], ["Log", log]];
    const timed = data?.series.some((series) => series.points.some((point) => point.length > 2));
    if (timed) {
      const axis = document.createElement("select");
      axis.append(new Option("Step", "step"), new Option("Time", "time"));
      axis.addEventListener("change", () => this.redraw(() => (this.axis = axis.value as Axis)));
      controls.push(["Axis", axis]);
    }
    const row = document.createElement("div");
    row.className = "chart-controls";
    for (const [text, control] of controls) {
      const label = document.createElement("label");
      label.append(text, " ", control);
      row.append(label);
    }
    this.prepend(row);
  }

  private redraw(change: () => void): void {
    change();
    this.draw();
  }

  private draw(): void {
    const data = this.data();
    if (!this.place || !this.seen || !data) return;
    this.chart ??= echarts.init(this.place, null, { renderer: "svg" });
    const option = this.getAttribute("kind") === "lines" ? this.lines(data as Lines) : this.distribution(data as Distribution);
    this.chart.setOption({ animation: false, textStyle: { fontFamily: FACE }, ...option }, true);
  }

  private scale(extra: object): object {
    const muted = { color: css("--rw-muted"), fontSize: 11 };
    const line = { lineStyle: { color: css("--rw-line") } };
    return { axisLabel: { ...muted, hideOverlap: true }, nameTextStyle: muted, axisLine: line, splitLine: line, ...extra };
  }

  private tooltip(): object {
    const look = { backgroundColor: css("--rw-surface"), borderColor: css("--rw-line") };
    return { trigger: "axis", confine: true, ...look, textStyle: { color: css("--tblr-body-color"), fontSize: 12 } };
  }

  private lines(data: Lines): object {
    const many = data.series.length > 1;
    const dark = document.documentElement.dataset.bsTheme === "dark";
    return {
      color: dark ? DARK : LIGHT,
      grid: { left: 8, right: 16, top: many ? 34 : 12, bottom: 22, containLabel: true },
      legend: many ? { type: "scroll", top: 0, textStyle: { color: css("--rw-muted") }, pageTextStyle: { color: css("--rw-muted") } } : undefined,
      tooltip: this.tooltip(),
      xAxis: this.scale({
        ...(data.labels?.length ? { type: "category", data: data.labels } : { type: "value", min: "dataMin", max: "dataMax" }),
        splitLine: { show: false }, name: this.axis === "time" ? "seconds" : (data.x ?? "step"), nameLocation: "middle", nameGap: 24,
      }),
      yAxis: this.scale({ type: this.log ? "log" : "value", scale: true, name: data.y ?? "", nameLocation: "middle", nameGap: 36 }),
      dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }],
      series: data.series.map((series) => {
        const points = onAxis(series.points, this.axis);
        return {
          type: data.scatter ? "scatter" : "line", symbolSize: data.scatter ? 5 : 4, name: series.name, showSymbol: points.length < 2, lineStyle: { width: 1.75 },
          data: smooth(this.log ? points.map(([x, y]) => [x, y !== null && y > 0 ? y : null]) : points, this.weight),
        };
      }),
    };
  }

  private distribution(data: Distribution): object {
    const bars = (name: string, values: number[], color: string): object => ({
      type: "bar", name, data: values, itemStyle: { color, opacity: 0.62 }, barGap: "-100%", barCategoryGap: "8%",
    });
    return {
      color: [css("--rw-reference"), css("--rw-current")],
      grid: { left: 8, right: 12, top: 30, bottom: 8, containLabel: true },
      legend: { textStyle: { color: css("--rw-muted") }, top: 0, itemGap: 24 },
      tooltip: { ...this.tooltip(), valueFormatter: (value: unknown) => `${Number(value).toFixed(2)} %` },
      xAxis: this.scale({ type: "category", data: data.labels }),
      yAxis: this.scale({ type: "value", axisLabel: { formatter: "{value} %", color: css("--rw-muted"), fontSize: 11 } }),
      series: [bars("Reference", data.reference, css("--rw-reference")), bars("Current", data.current, css("--rw-current"))],
    };
  }
}
customElements.define("rw-chart", Chart);

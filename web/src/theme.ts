import type { ThemeConfig } from "antd";

/** The one source of colour, type and space: CSS variables, Ant Design and the curves all read it. */
export type Tone = "light" | "dark";
export type Level = 0 | 1 | 2 | 3 | 4;
export type Raised = 1 | 2 | 3 | 4;

interface LevelColours {
  fill: string;
  on: string;
  edge: string;
  text: string;
  tint: string;
}

interface Palette {
  page: string;
  surface: string;
  sunk: string;
  line: string;
  edge: string;
  ink3: string;
  ink2: string;
  ink: string;
  pine: string;
  onPine: string;
  pineTint: string;
  lift: string;
  levels: Record<Raised, LevelColours>;
}

export const palettes: Record<Tone, Palette> = {
  light: {
    page: "#F2F2EE",
    surface: "#FFFFFF",
    sunk: "#E9E9E4",
    line: "#DFDFD9",
    edge: "#868B85",
    ink3: "#676D68",
    ink2: "#4F5551",
    ink: "#171A18",
    pine: "#1D6354",
    onPine: "#FFFFFF",
    pineTint: "#E2EEEA",
    lift: "0 8px 28px rgb(0 0 0 / 14%)",
    levels: {
      4: { fill: "#C4122F", on: "#FFFFFF", edge: "#8E0C21", text: "#B00F2A", tint: "#FBEAEB" },
      3: { fill: "#F07D0A", on: "#171A18", edge: "#B55600", text: "#9C4300", tint: "#FDEFE0" },
      2: { fill: "#F2C200", on: "#171A18", edge: "#947200", text: "#735800", tint: "#FBF4D3" },
      1: { fill: "#1F5FC4", on: "#FFFFFF", edge: "#174A99", text: "#1A54B0", tint: "#E7EEFA" },
    },
  },
  dark: {
    page: "#111413",
    surface: "#191D1C",
    sunk: "#0C0E0E",
    line: "#2B312F",
    edge: "#6E7672",
    ink3: "#868E8A",
    ink2: "#A9B0AD",
    ink: "#ECEEEC",
    pine: "#6FC2AD",
    onPine: "#0B1512",
    pineTint: "#1B2E29",
    lift: "0 8px 28px rgb(0 0 0 / 50%)",
    levels: {
      4: { fill: "#DB3440", on: "#FFFFFF", edge: "#FF8080", text: "#FF8080", tint: "#331A1D" },
      3: { fill: "#F28C28", on: "#171A18", edge: "#FFAE5C", text: "#FFAE5C", tint: "#32241A" },
      2: { fill: "#F0C92E", on: "#171A18", edge: "#F0D060", text: "#F0D060", tint: "#2E2A18" },
      1: { fill: "#4F90F2", on: "#0C1320", edge: "#85B4FF", text: "#85B4FF", tint: "#1A2536" },
    },
  },
};

export const fontFamily =
  '"ST Num","Noto Sans SC Variable","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif';

/** Declarations for `:root[data-tone=…]`; names are `--page`, `--ink`, `--l4-fill`, … */
export function cssVariables(tone: Tone): string {
  const { levels, onPine, pineTint, ...plain } = palettes[tone];
  const lines = Object.entries(plain).map(([name, value]) => `--${name}:${value}`);
  lines.push(`--on-pine:${onPine}`, `--pine-tint:${pineTint}`, `color-scheme:${tone}`);
  for (const [level, colours] of Object.entries(levels)) {
    for (const [part, value] of Object.entries(colours)) lines.push(`--l${level}-${part}:${value}`);
  }
  return lines.join(";");
}

export function styleSheet(): string {
  return [...(["light", "dark"] as const).map((tone) => `:root[data-tone="${tone}"],.tone-${tone}{${cssVariables(tone)}}`), paper()].join("\n");
}

/** On paper: black on white, whatever the screen wears. Levels keep their light colours, edges and shapes. */
function paper(): string {
  const plain = { page: "#FFF", surface: "#FFF", sunk: "#FFF", line: "#8A8A8A", edge: "#000", ink3: "#333", ink2: "#222", ink: "#000", pine: "#000", "on-pine": "#FFF", "pine-tint": "#FFF", lift: "none" };
  const ours = [cssVariables("light"), ...Object.entries(plain).map(([name, value]) => `--${name}:${value}`)].join(";");
  const antd = { "color-text": "#000", "color-text-secondary": "#222", "color-text-placeholder": "#333", "color-text-disabled": "#333", "color-bg-container": "#FFF", "color-bg-elevated": "#FFF", "color-border": "#000" };
  const theirs = Object.entries(antd).map(([name, value]) => `--ant-${name}:${value} !important`);
  return `@media print{:root[data-tone],.tone-light,.tone-dark{${ours}}.st-light,.st-dark,.st-light-phone,.st-dark-phone{${theirs.join(";")}}}`;
}

const THUMB = 48;

/** Ant Design wears our tokens: status colours are ink (never red), pine is what can be clicked. */
export function antTheme(tone: Tone, phone = false): ThemeConfig {
  const c = palettes[tone];
  const flat = { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" };
  return {
    cssVar: { key: `st-${tone}${phone ? "-phone" : ""}` },
    hashed: false,
    token: {
      colorPrimary: c.pine,
      colorLink: c.pine,
      colorLinkHover: c.pine,
      colorLinkActive: c.pine,
      colorError: c.ink,
      colorWarning: c.ink,
      colorSuccess: c.ink,
      colorInfo: c.ink,
      colorText: c.ink,
      colorTextSecondary: c.ink2,
      colorTextTertiary: c.ink3,
      colorTextPlaceholder: c.ink3,
      colorTextDisabled: c.ink3,
      colorTextLightSolid: c.onPine,
      colorBgLayout: c.page,
      colorBgContainer: c.surface,
      colorBgElevated: c.surface,
      colorBgContainerDisabled: c.page,
      colorBgSpotlight: c.ink,
      colorBorder: c.edge,
      colorBorderSecondary: c.line,
      colorBorderDisabled: c.line,
      colorSplit: c.line,
      colorPrimaryHover: c.pine,
      colorPrimaryActive: c.pine,
      controlItemBgHover: c.page,
      controlItemBgActive: c.pineTint,
      controlItemBgActiveHover: c.pineTint,
      colorFillTertiary: c.sunk,
      fontFamily,
      fontSize: 14,
      lineHeight: 22 / 14,
      borderRadius: phone ? 8 : 4,
      borderRadiusLG: phone ? 8 : 6,
      borderRadiusSM: phone ? 8 : 4,
      // A thumb, in a glove as likely as not, hits nothing smaller; a "small" button is small on a desk only.
      controlHeight: phone ? THUMB : 32,
      controlHeightSM: phone ? THUMB : 24,
      controlHeightLG: phone ? 52 : 40,
      controlInteractiveSize: phone ? 24 : 16,
      boxShadow: c.lift,
      boxShadowSecondary: c.lift,
      boxShadowTertiary: "none",
      motionDurationFast: "0.12s",
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.12s",
      wireframe: false,
    },
    components: {
      Button: { ...flat, fontWeight: 500, primaryColor: c.onPine, defaultHoverBg: c.pineTint, defaultHoverColor: c.ink, defaultHoverBorderColor: c.pine },
      Input: { activeShadow: "none", errorActiveShadow: "none" },
      Select: { optionSelectedBg: c.pineTint, optionActiveBg: c.page },
      Modal: { titleFontSize: 18 },
      Switch: { colorTextQuaternary: c.edge, colorTextTertiary: c.edge },
      Segmented: { itemSelectedBg: c.sunk, trackBg: c.surface, itemSelectedColor: c.ink, itemColor: c.ink2 },
      Tooltip: { colorTextLightSolid: c.surface },
    },
  };
}

import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { t } from "i18next";
import { Suspense, useEffect, useState, type CSSProperties, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, Route, Routes } from "react-router";
import { asProblem } from "../api/problem";
import { useStatus } from "../api/queries";
import { usePhone, useTone } from "../appearance";
import { Boundary } from "../kit/Boundary";
import { later } from "../kit/later";
import { InkBars } from "../kit/shell/InkBars";
import { Empty, Failed, Loading } from "../kit/States";
import { usePolled } from "../live/connect";
import { antTheme } from "../theme";
import { serverNow } from "../time/server";
import { open, placeOf, type Opened } from "./frame";
import { Held } from "./Held";
import "./embed.css";

const Screen = later(() => import("../rooms/screen/Screen"));
const CountyMap = later(async () => ({ default: (await import("../rooms/screen/Screen")).MapPart }));
const Warnings = later(async () => ({ default: (await import("../rooms/warnings/Warnings")).Warnings }));
const Dossier = later(() => import("../rooms/sites/Dossier"));

/** How often (ms) a frame asks again what does not say so itself: it has no line of its own to listen on. */
const ASK_MS = 10_000;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 2_000,
      refetchInterval: ASK_MS,
      retry: (times, error) => times < 2 && (asProblem(error).status === 0 || asProblem(error).status >= 500),
    },
  },
});

/** Whether the frame has had its time, or its token was revoked meanwhile: what it asks is refused as nobody's. */
function useEnded(until: number): boolean {
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setEnded(true), Math.max(0, until - serverNow()));
    const leave = client.getQueryCache().subscribe(({ query }) => {
      if (query.state.status === "error" && asProblem(query.state.error).status === 401) setEnded(true);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [until]);
  return ended;
}

function Paper({ children }: { children: ReactNode }): ReactNode {
  return (
    <>
      <InkBars status={useStatus().data} />
      <main className="embed-page">{children}</main>
    </>
  );
}

function MapPage(): ReactNode {
  const tone = useTone();
  return (
    <div className="embed-map" style={{ "--u": "1px" } as CSSProperties}>
      <InkBars status={useStatus().data} />
      <main className="scr-map">
        <CountyMap scale={0.75} tone={tone} />
      </main>
    </div>
  );
}

function Pages({ opened }: { opened: Opened }): ReactNode {
  usePolled(client);
  if (useEnded(Date.parse(opened.ends_at))) {
    client.clear(); // what was shown is nobody's to see any more
    return <Empty title={t("embed.ended")}>{t("embed.again")}</Empty>;
  }
  const at = placeOf(opened);
  return (
    <Held at={at}>
      <Boundary at={at} heals>
        <Suspense fallback={<Loading what={t("what.page")} />}>
          <Routes>
            <Route element={<Outlet context={opened.me} />}>
              <Route path="/screen" element={<Screen me={opened.me} />} />
              <Route path="/map" element={<MapPage />} />
              <Route path="/warnings" element={<Paper><Warnings /></Paper>} />
              <Route path="/sites/:siteId" element={<Paper><Dossier /></Paper>} />
            </Route>
          </Routes>
        </Suspense>
      </Boundary>
    </Held>
  );
}

function Opening(): ReactNode {
  const opened = useQuery({ queryKey: ["embed"], queryFn: open, staleTime: Infinity, refetchInterval: false, retry: false });
  if (opened.data) return <Pages opened={opened.data} />;
  if (!opened.error) return <Loading what={t("what.page")} />;
  if (asProblem(opened.error).status === 401) return <Empty title={t("embed.spent")}>{t("embed.again")}</Empty>;
  return <Failed error={opened.error} what={t("what.page")} again={() => window.location.reload()} />;
}

/** The face in a frame of another platform: one page, to be looked at. */
export default function Embedded(): ReactNode {
  const tone = useTone();
  const phone = usePhone();
  const { i18n } = useTranslation();
  return (
    <ConfigProvider theme={antTheme(tone, phone)} locale={i18n.language === "en" ? enUS : zhCN} button={{ autoInsertSpace: false }}>
      <QueryClientProvider client={client}>
        <Opening />
      </QueryClientProvider>
    </ConfigProvider>
  );
}

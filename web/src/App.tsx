import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { t } from "i18next";
import { Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Navigate, Route, Routes, useLocation } from "react-router";
import { asProblem } from "./api/problem";
import type { Me } from "./api/types";
import { useSession } from "./api/queries";
import { usePhone, useTone } from "./appearance";
import { Boundary } from "./kit/Boundary";
import { later } from "./kit/later";
import { Failed, Loading } from "./kit/States";
import { homeOf } from "./kit/shell/rooms";
import { Shell } from "./kit/shell/Shell";
import { useLive } from "./live/connect";
import { useSending } from "./outbox/here";
import { keepAnswers } from "./phone/answers";
import { useCallNotices, useEndedNotice } from "./phone/notify";
import { Answer } from "./rooms/duties/Answer";
import { Desk } from "./rooms/duties/Desk";
import { Ledger } from "./rooms/ledger/Ledger";
import { Login } from "./rooms/people/Login";
import { Setup } from "./rooms/people/Setup";
import { PointPage } from "./rooms/sites/PointPage";
import { Proposals } from "./rooms/sites/Proposals";
import { Points } from "./rooms/sites/Points";
import { WarningPage } from "./rooms/warnings/WarningPage";
import { Warnings } from "./rooms/warnings/Warnings";
import { antTheme } from "./theme";

// Not needed to answer a call: these come when they are opened, the map with them.
const Asides = later(async () => ({ default: (await import("./rooms/warnings/Asides")).Asides }));
const Silences = later(async () => ({ default: (await import("./rooms/warnings/Silences")).Silences }));
const Dossier = later(() => import("./rooms/sites/Dossier"));
const Enterprise = later(() => import("./rooms/sites/Enterprise"));
const Sites = later(() => import("./rooms/sites/Sites"));
const Channels = later(() => import("./rooms/duties/Channels"));
const AnswerLink = later(() => import("./rooms/duties/Link"));
const Reports = later(() => import("./rooms/reports/Reports"));
const ReportPage = later(() => import("./rooms/reports/ReportPage"));
const ReportEditor = later(() => import("./rooms/reports/ReportEditor"));
const Orders = later(() => import("./rooms/reports/Orders"));
const OrderEnter = later(() => import("./rooms/reports/OrderEnter"));
const OrderPage = later(() => import("./rooms/reports/OrderPage"));
const Noise = later(() => import("./rooms/warnings/Noise"));
const Screen = later(() => import("./rooms/screen/Screen"));
const Findings = later(() => import("./rooms/people/Findings"));
const Matrix = later(() => import("./rooms/people/Matrix"));
const Roster = later(() => import("./rooms/people/Roster"));
const Numbers = later(() => import("./rooms/people/Numbers"));
const Organisations = later(() => import("./rooms/people/Organisations"));
const Packs = later(async () => ({ default: (await import("./rooms/rules/Packs")).Packs }));
const PackPage = later(async () => ({ default: (await import("./rooms/rules/PackPage")).PackPage }));
const BindMany = later(async () => ({ default: (await import("./rooms/rules/BindMany")).BindMany }));
const RulePage = later(async () => ({ default: (await import("./rooms/rules/RulePage")).RulePage }));
const BacktestPage = later(async () => ({ default: (await import("./rooms/rules/Backtest")).BacktestPage }));
const NewRulePage = later(async () => ({ default: (await import("./rooms/rules/NewRule")).NewRulePage }));
const BacktestManyPage = later(async () => ({ default: (await import("./rooms/rules/BacktestMany")).BacktestManyPage }));
const SiteWatch = later(async () => ({ default: (await import("./rooms/rules/SiteWatch")).SiteWatch }));
const Gaps = later(async () => ({ default: (await import("./rooms/rules/Findings")).Findings }));
const Required = later(async () => ({ default: (await import("./rooms/rules/Requirements")).Requirements }));
const GapDoor = later(async () => ({ default: (await import("./rooms/rules/Findings")).FindingDoor }));
const Falsified = later(() => import("./rooms/falsified/Falsified"));
const FalsifiedPage = later(() => import("./rooms/falsified/FalsifiedPage"));
const Quality = later(() => import("./rooms/sites/Quality"));
const Unclaimed = later(() => import("./rooms/sites/Unclaimed"));
const Licences = later(() => import("./rooms/papers/Licences"));
const LicencePage = later(() => import("./rooms/papers/LicencePage"));
const WeatherList = later(() => import("./rooms/weather/WeatherList"));
const WeatherEnter = later(() => import("./rooms/weather/WeatherEnter"));
const WeatherPage = later(() => import("./rooms/weather/WeatherPage"));
const Accounts = later(() => import("./rooms/people/Accounts"));
const Mine = later(() => import("./rooms/people/Mine"));
const Enrol = later(() => import("./rooms/people/Enrol"));
const Tokens = later(() => import("./rooms/admin/Tokens"));
const Start = later(() => import("./rooms/admin/Start"));
const Backups = later(() => import("./rooms/admin/Backups"));
const Health = later(() => import("./rooms/admin/Health"));
const Settings = later(() => import("./rooms/admin/Settings"));
const Looks = later(() => import("./rooms/ledger/Looks"));
const Help = later(() => import("./rooms/help/Help"));
const Obligations = later(() => import("./rooms/people/Obligations"));

function Later({ heals = false, children }: { heals?: boolean; children: ReactNode }): ReactNode {
  const { pathname } = useLocation();
  return (
    <Boundary at={pathname} heals={heals}>
      <Suspense fallback={<Loading what={t("what.page")} />}>{children}</Suspense>
    </Boundary>
  );
}

/** Pages without the bar around them: what crashes there says so, too. */
function Whole({ children }: { children: ReactNode }): ReactNode {
  return <Boundary at={useLocation().pathname}>{children}</Boundary>;
}

const client = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // The session ended elsewhere, or a new password or a second factor is asked now: ask who I am, which leads where I must go.
      const { status, permission } = asProblem(error);
      if ((status === 401 || permission === "factor" || permission === "password") && query.queryKey[0] !== "session") {
        void client.invalidateQueries({ queryKey: ["session"] });
      }
    },
  }),
  defaultOptions: {
    // A browser that thinks it has no line may reach the county all the same, and what fails is said, not waited for.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 2_000,
      retry: (times, error) => {
        const { status } = asProblem(error);
        return times < 2 && (status === 0 || status >= 500);
      },
    },
  },
});

keepAnswers(client);

function Home({ me }: { me: Me }): ReactNode {
  const { search } = useLocation();
  const home = homeOf(me);
  return search === "" && home !== "/" ? <Navigate to={home} replace /> : <Desk me={me} />;
}

const mustFirst = (me: Me): boolean => me.must_change_password || me.must_enrol;

function Inside(): ReactNode {
  const session = useSession();
  const { pathname, search } = useLocation();
  // Who must change a password or set up a second factor first is answered nothing else: there is no line to listen on, nor to send by.
  const user = session.data && !mustFirst(session.data) ? session.data.user.id : null;
  useLive(client, user);
  useSending(user);
  useCallNotices(user);
  const status = session.error ? asProblem(session.error).status : null;
  useEndedNotice(session.data !== undefined && status === 401);
  if (status === 401 || status === 403) {
    const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/login${next}`} replace />;
  }
  if (session.error && !session.data) return <Failed error={session.error} what={t("what.session")} again={() => void session.refetch()} />;
  if (!session.data) return null;
  const me = session.data;
  if (mustFirst(me)) return <Later><Enrol me={me} /></Later>;
  return (
    <Routes>
      <Route path="/answer/:dutyId" element={<Answer />} />
      <Route path="/screen" element={<Later heals><Screen me={me} /></Later>} />
      <Route element={<Shell me={me} />}>
        <Route path="/" element={<Home me={me} />} />
        <Route path="/warnings" element={<Warnings />} />
        <Route path="/warnings/:warningId" element={<WarningPage />} />
        <Route path="/warnings/:warningId/report" element={<Later><ReportEditor of="warning" /></Later>} />
        <Route path="/reports" element={<Later><Reports /></Later>} />
        <Route path="/reports/:reportId" element={<Later><ReportPage /></Later>} />
        <Route path="/orders" element={<Later><Orders /></Later>} />
        <Route path="/orders/new" element={<Later><OrderEnter /></Later>} />
        <Route path="/orders/:orderId" element={<Later><OrderPage /></Later>} />
        <Route path="/orders/:orderId/reply" element={<Later><ReportEditor of="order" /></Later>} />
        <Route path="/silences" element={<Later><Silences me={me} /></Later>} />
        <Route path="/signals" element={<Later><Asides me={me} /></Later>} />
        <Route path="/noise" element={<Later><Noise /></Later>} />
        <Route path="/points" element={<Points />} />
        <Route path="/points/:pointId" element={<PointPage me={me} />} />
        <Route path="/points/:pointId/rules/new" element={<Later><NewRulePage /></Later>} />
        <Route path="/quality" element={<Later><Quality /></Later>} />
        <Route path="/falsified" element={<Later><Falsified /></Later>} />
        <Route path="/falsified/:findingId" element={<Later><FalsifiedPage /></Later>} />
        <Route path="/unclaimed" element={<Later><Unclaimed me={me} /></Later>} />
        <Route path="/proposals" element={<Proposals />} />
        <Route path="/sites" element={<Later><Sites /></Later>} />
        <Route path="/sites/:siteId" element={<Later><Dossier /></Later>} />
        <Route path="/enterprises/:id" element={<Later><Enterprise /></Later>} />
        <Route path="/sites/:siteId/watch" element={<Later><SiteWatch /></Later>} />
        <Route path="/rules" element={<Later><Packs /></Later>} />
        <Route path="/rules/backtest" element={<Later><BacktestManyPage /></Later>} />
        <Route path="/rules/:pack" element={<Later><PackPage me={me} /></Later>} />
        <Route path="/rules/:pack/sites" element={<Later><BindMany /></Later>} />
        <Route path="/rules/id/:ruleId" element={<Later><RulePage me={me} /></Later>} />
        <Route path="/rules/id/:ruleId/backtest" element={<Later><BacktestPage /></Later>} />
        <Route path="/findings" element={<Later><Gaps /></Later>} />
        <Route path="/requirements" element={<Later><Required /></Later>} />
        <Route path="/findings/:findingId" element={<Later><GapDoor /></Later>} />
        <Route path="/licences" element={<Later><Licences /></Later>} />
        <Route path="/licences/:licenceId" element={<Later><LicencePage /></Later>} />
        <Route path="/weather" element={<Later><WeatherList /></Later>} />
        <Route path="/weather/new" element={<Later><WeatherEnter /></Later>} />
        <Route path="/weather/:weatherId" element={<Later><WeatherPage /></Later>} />
        <Route path="/help" element={<Later><Help me={me} /></Later>} />
        <Route path="/mine" element={<Later><Mine me={me} /></Later>} />
        <Route path="/channels" element={<Later><Channels me={me} /></Later>} />
        <Route path="/ledger" element={<Ledger />} />
        <Route path="/ledger/looks" element={<Later><Looks /></Later>} />
        <Route path="/people" element={<Later><Findings /></Later>} />
        <Route path="/people/matrix" element={<Later><Matrix /></Later>} />
        <Route path="/people/roster" element={<Later><Roster /></Later>} />
        <Route path="/people/organisations" element={<Later><Organisations /></Later>} />
        <Route path="/people/numbers" element={<Later><Numbers /></Later>} />
        <Route path="/people/accounts" element={<Later><Accounts /></Later>} />
        <Route path="/people/obligations" element={<Later><Obligations /></Later>} />
        <Route path="/admin/tokens" element={<Later><Tokens /></Later>} />
        <Route path="/admin/backups" element={<Later><Backups /></Later>} />
        <Route path="/admin/start" element={<Later><Start /></Later>} />
        <Route path="/admin/settings" element={<Later><Settings /></Later>} />
        <Route path="/admin" element={<Later><Health /></Later>} />
        <Route path="*" element={<Navigate to="/" replace />} />
      </Route>
    </Routes>
  );
}

export function App(): ReactNode {
  const tone = useTone();
  const phone = usePhone();
  const { i18n } = useTranslation();
  return (
    <ConfigProvider key={i18n.language} theme={antTheme(tone, phone)} locale={i18n.language === "en" ? enUS : zhCN} button={{ autoInsertSpace: false }}>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <Whole>
            <Routes>
              <Route path="/login" element={<Login />} />
              <Route path="/a/:token" element={<Later><AnswerLink /></Later>} />
              <Route path="/setup" element={<Setup />} />
              <Route path="*" element={<Inside />} />
            </Routes>
          </Whole>
        </BrowserRouter>
      </QueryClientProvider>
    </ConfigProvider>
  );
}

import { Button, Input } from "antd";
import { t } from "i18next";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { usePhone } from "../../appearance";
import { Exchange } from "../../kit/import/Exchange";
import { onceEach } from "../../api/pages";
import { useSession } from "../../api/queries";
import { More } from "../../kit/More";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { BackButton, PersonChange } from "./changes";
import { HoldForm, LeaveForm, OrganisationForm, PersonForm, PostForm, TerritoryForm } from "./forms";
import { useChange, useOrganisationList, usePersonList, usePost, usePostList, useTerritories, type Organisation, type PersonRow, type PostRow, type Territory } from "./queries";
import { Holder, Room, useMay } from "./Room";
import { WhyLook } from "./WhyLook";

function Tree({ at, pick, add, change }: { at: number; pick: (id: number) => void; add: (() => void) | null; change: ((place: Territory) => void) | null }): ReactNode {
  const list = useTerritories();
  return (
    <Panel title={t("people.territory")} flush action={<><Exchange table="territories" brief />{add && <Button size="small" onClick={add}>{t("people.territory.new")}</Button>}</>}>
      {!list.data ? (
        <Loading what={t("people.territory")} />
      ) : (
        <ul className="otree">
          {list.data.items.map((place) => (
            <li key={place.id}>
              <button type="button" aria-pressed={place.id === at} style={{ paddingLeft: 16 + place.depth * 18 }} className={place.is_active ? undefined : "off"} onClick={() => pick(place.id === at ? 0 : place.id)}>
                <span>{place.name}</span>
                <i>{t("people.territory.counts", { bodies: place.bodies, sites: place.sites })}</i>
              </button>
              {change && place.id === at && (
                <Button size="small" type="text" onClick={() => change(place)}>
                  {t("people.change")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Bodies({ territory, at, pick, add, change }: { territory: number; at: number; pick: (id: number) => void; add: (() => void) | null; change: ((body: Organisation) => void) | null }): ReactNode {
  const [q, setQ] = useState("");
  const filter = { ...(territory > 0 ? { territory } : {}), ...(q.trim() ? { q: q.trim() } : {}) };
  const list = useOrganisationList(filter);
  const items = onceEach(list.data?.pages);
  const kinds = ["party", "government", "township", "enterprise", "rescue"] as const;
  return (
    <Panel title={t("people.organisation")} note={list.data ? t("people.count", { n: list.data.pages[0]?.count ?? 0 }) : undefined} flush action={<><Exchange table="organisations" filter={filter} brief />{add && <Button size="small" onClick={add}>{t("people.organisation.new")}</Button>}</>}>
      <div className="ofind">
        <Input allowClear placeholder={t("people.organisation.find")} aria-label={t("people.organisation.find")} value={q} onChange={(event) => setQ(event.target.value)} />
      </div>
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("people.organisation")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("people.organisation")} />
      ) : items.length === 0 ? (
        q.trim() ? <Empty title={t("people.pick.none")} /> : <Empty title={t("people.organisation.empty")}>{t("people.organisation.empty.words")}</Empty>
      ) : (
        kinds.map((kind) => {
          const some = items.filter((body) => body.kind === kind);
          if (some.length === 0) return null;
          return (
            <section key={kind}>
              <h3 className="ogroup">{t(`people.body.${kind}`)}</h3>
              <ul className="otree">
                {some.map((body: Organisation) => (
                  <li key={body.id}>
                    <button type="button" aria-pressed={body.id === at} onClick={() => pick(body.id)}>
                      <span>{body.name}</span>
                      <i>{body.territory}</i>
                    </button>
                    {body.id === at && body.kind === "enterprise" && (
                      <Link className="otree-door" to={`/enterprises/${body.id}`}>
                        {t("enterprise.title")}
                      </Link>
                    )}
                    {change && body.id === at && (
                      <Button size="small" type="text" onClick={() => change(body)}>
                        {t("people.change")}
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
            </section>
          );
        })
      )}
      <More list={list} />
    </Panel>
  );
}

function PostLine({ post, open, at }: { post: PostRow; open: (id: number) => void; at: number }): ReactNode {
  return (
    <li>
      <button type="button" aria-pressed={post.id === at} onClick={() => open(post.id === at ? 0 : post.id)}>
        <span>
          <b>{post.title}</b> {post.on_shift && <em className="tag">{t("people.onShift")}</em>}
        </span>
        <Holder state={post.state} person={post.person?.name ?? null} stands_for={post.stands_for} />
      </button>
      {post.id === at && <PostLook id={post.id} />}
    </li>
  );
}

/** Who held a post and what it answers for; from here it changes hands. */
function PostLook({ id }: { id: number }): ReactNode {
  const post = usePost(id).data;
  const may = useMay();
  const now = useNow();
  const [holding, setHolding] = useState<number | null>(null);
  const end = useChange((seat: number) => got(api.POST("/api/v1/holdings/{id}/end", { params: { path: { id: seat } }, body: {} })));
  const close = useChange(() => got(api.POST("/api/v1/posts/{id}/deactivate", { params: { path: { id } } })));
  if (!post) return null;
  return (
    <div className="plook">
      <ul>
        {post.holdings.map((seat) => {
          const over = seat.valid_to !== null && Date.parse(seat.valid_to) <= now;
          return (
            <li key={seat.id} className={over ? "off" : undefined}>
              {seat.rank > 0 && <em className="tag">{t("people.second")}</em>} {seat.person.name}{" "}
              <span className="note">
                {moment(seat.valid_from, now)}
                {"\u2013"}
                {seat.valid_to === null ? t("people.now") : moment(seat.valid_to, now)} {seat.backdated && t("people.backdated")}
              </span>
              {may("responsibility.edit") && !over && (
                <Button size="small" type="text" loading={end.isPending} onClick={() => end.mutate(seat.id)}>
                  {t("people.unseat")}
                </Button>
              )}
            </li>
          );
        })}
        {post.responsibilities.map((one) => (
          <li key={`r${one.id}`} className={one.state === "ended" ? "off" : undefined}>
            {t(`people.kind.${one.kind}`)} {one.site?.name ?? one.enterprise?.name ?? one.territory?.name}{" "}
            <span className="note">
              {t(`people.rung.${one.rung}`)} {one.valid_to !== null && t("people.until", { at: moment(one.valid_to, now) })}
            </span>
          </li>
        ))}
        {post.holdings.length + post.responsibilities.length === 0 && <li className="note">{t("people.post.blank")}</li>}
      </ul>
      {may("responsibility.edit") && (
        <div className="racts">
          <Button size="small" onClick={() => setHolding(0)}>
            {t("people.hold")}
          </Button>
          <Button size="small" onClick={() => setHolding(1)}>
            {t("people.second.set")}
          </Button>
          <Button size="small" loading={close.isPending} onClick={() => close.mutate(undefined)}>
            {t("people.post.close")}
          </Button>
        </div>
      )}
      <NotSaved error={end.error ?? close.error} />
      {holding !== null && <HoldForm post={id} rank={holding} about={`${post.organisation.name}${post.title}`} close={() => setHolding(null)} />}
    </div>
  );
}

function PersonLine({ person }: { person: PersonRow }): ReactNode {
  const may = useMay();
  const now = useNow();
  const [away, setAway] = useState(false);
  const [changing, setChanging] = useState(false);
  const [asking, setAsking] = useState(false);
  const look = useChange((purpose: string) => got(api.GET("/api/v1/persons/{id}/phone", { params: { path: { id: person.id }, query: { purpose } } })));
  return (
    <li className="person">
      <span>
        <b>{person.name}</b> {person.leave_until !== null && <em className="tag tag-ink">{t("people.leaveUntil", { at: moment(person.leave_until, now) })}</em>}
        <span className="note">{person.posts.join(" ")}</span>
      </span>
      <span className="num">
        {look.data?.phone ?? person.phone}
        {person.phone !== "" && look.data === undefined && may("person.read_phone") && (
          <Button size="small" type="text" loading={look.isPending} onClick={() => setAsking(true)}>
            {t("people.phone.look")}
          </Button>
        )}
        {may("user.manage") && (
          <Button size="small" type="text" onClick={() => setChanging(true)}>
            {t("people.change")}
          </Button>
        )}
        {may("leave.edit") && person.leave_until !== null && <BackButton person={person} />}
        {may("leave.edit") && (
          <Button size="small" type="text" onClick={() => setAway(true)}>
            {t("people.leave")}
          </Button>
        )}
      </span>
      {asking && <WhyLook name={person.name} busy={look.isPending} error={look.error} send={(why) => look.mutate(why, { onSuccess: () => setAsking(false) })} close={() => setAsking(false)} />}
      {changing && <PersonChange person={person} close={() => setChanging(false)} />}
      {away && <LeaveForm person={person.id} about={person.name} close={() => setAway(false)} />}
    </li>
  );
}

/** An organisation's posts and people, with what may be done to them. */
export function Staff({ organisation, arrive = false, name, post, open }: { organisation: number; arrive?: boolean; name: string; post: number; open: (id: number) => void }): ReactNode {
  const may = useMay();
  const posts = usePostList(organisation);
  const persons = usePersonList(organisation);
  const seats = onceEach(posts.data?.pages);
  const people = onceEach(persons.data?.pages);
  // One found by its name need not be among the first of the list.
  const called = name || (seats[0]?.organisation.name ?? "");
  const [form, setForm] = useState<"post" | "person" | null>(null);
  const here = useRef<HTMLDivElement>(null);
  const ready = posts.data !== undefined && persons.data !== undefined;
  // One column: the posts and numbers of who was pressed stand below everybody's names.
  useEffect(() => {
    if (arrive && ready) here.current?.scrollIntoView();
  }, [arrive, ready, organisation]);
  return (
    <div className="ostaff" ref={here}>
      <Panel title={called === "" ? t("people.post") : t("people.posts.of", { name: called })} flush action={<><Exchange table="posts" filter={{ organisation }} brief />{may("responsibility.edit") && <Button size="small" onClick={() => setForm("post")}>{t("people.post.new")}</Button>}</>}>
        {!posts.data ? <Loading what={t("people.post")} /> : seats.length === 0 ? <Empty title={t("people.post.empty")}>{t("people.post.empty.words")}</Empty> : <ul className="otree">{seats.map((p) => <PostLine key={p.id} post={p} at={post} open={open} />)}</ul>}
        <More list={posts} />
      </Panel>
      <Panel title={t("people.person")} note={t("people.phone.note.list")} flush action={<><Exchange table="persons" filter={{ organisation }} brief />{may("user.manage") && <Button size="small" onClick={() => setForm("person")}>{t("people.person.new")}</Button>}</>}>
        {!persons.data ? <Loading what={t("people.person")} /> : people.length === 0 ? <Empty title={t("people.person.empty")} /> : <ul className="otree">{people.map((p) => <PersonLine key={p.id} person={p} />)}</ul>}
        <More list={persons} />
      </Panel>
      {form === "post" && <PostForm organisation={organisation} close={() => setForm(null)} />}
      {form === "person" && <PersonForm organisation={organisation} close={() => setForm(null)} />}
    </div>
  );
}

/** Territories, the organisations in them, and each one's posts and people. */
export default function Organisations(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const may = useMay();
  const territory = Number(search.get("territory"));
  const post = Number(search.get("post"));
  const asked = usePost(post).data;
  const list = useOrganisationList(territory > 0 ? { territory } : {});
  const all = onceEach(list.data?.pages);
  // One's own first: who opens this at a mine looks for the mine's posts.
  const own = useSession().data?.post?.organisation;
  const organisation = Number(search.get("organisation")) || asked?.organisation.id || (all.find((body) => body.name === own) ?? all[0])?.id || 0;
  const name = all.find((body) => body.id === organisation)?.name ?? asked?.organisation.name ?? "";
  const [form, setForm] = useState<"organisation" | "territory" | null>(null);
  const [place, setPlace] = useState<Territory | null>(null);
  const [body, setBody] = useState<Organisation | null>(null);
  const phone = usePhone();
  const [pressed, setPressed] = useState(0);
  const set = (changes: Record<string, number>): void => {
    const to = new URLSearchParams(search);
    for (const [key, value] of Object.entries(changes)) {
      if (value > 0) to.set(key, String(value));
      else to.delete(key);
    }
    setSearch(to, { replace: true });
  };
  const choose = (id: number): void => {
    set({ organisation: id, post: 0 });
    setPressed(id);
  };
  return (
    <Room sentence={list.data ? t("people.sentence", { n: list.data.pages[0]?.count ?? 0 }) : t("people.tab.organisations")}>
      <div className="orgs">
        <Tree at={territory} pick={(id) => set({ territory: id, organisation: 0, post: 0 })} add={may("place.edit") ? () => setForm("territory") : null} change={may("place.edit") ? setPlace : null} />
        <Bodies territory={territory} at={organisation} pick={choose} add={may("place.edit") ? () => setForm("organisation") : null} change={may("place.edit") ? setBody : null} />
        {organisation > 0 && <Staff organisation={organisation} arrive={phone && pressed === organisation} name={name} post={post} open={(id) => set({ post: id })} />}
      </div>
      {form === "organisation" && <OrganisationForm territory={territory || null} close={() => setForm(null)} />}
      {body && <OrganisationForm old={body} territory={null} close={() => setBody(null)} />}
      {form === "territory" && <TerritoryForm parent={territory || null} close={() => setForm(null)} />}
      {place && <TerritoryForm id={place.id} name={place.name} parent={place.parent ?? null} close={() => setPlace(null)} />}
    </Room>
  );
}

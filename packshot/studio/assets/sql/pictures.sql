-- What people say about pictures and how they are found again; what is done to many at once, exported and kept for later.

-- The words of a text, as they are looked for: in small letters, without signs, cut to 64 characters. What is no ASCII
-- letter or figure and no letter beyond ASCII parts words, so that `red-mug_01.jpg` has four. Python's side of it is
-- packshot/studio/assets/search.py.
create or replace function public.assets_words_v1(p_text text) returns text[]
language sql immutable parallel safe set search_path = ''
as $$
    select array(
        select left(w.word, 64)
        from regexp_split_to_table(
            lower(p_text),
            '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\ufeff]+'
        ) with ordinality as w (word, at)
        where w.word <> ''
        order by w.at
    )
$$;

-- What begins every entry of an organization in the index of words, so that one tenant's search never walks
-- another's entries and the statistics tell a word that is common here from one that is common elsewhere.
create or replace function public.assets_mark_v1(p_organization uuid) returns text
language sql immutable parallel safe set search_path = ''
as $$ select right(p_organization::text, 8) $$;

-- What a picture is found by: its words with their places (between two texts there is a gap that no phrase crosses),
-- and its plain facts as entries with a letter: `mark.t.<tag>`, `mark.c.<colour>`, `mark.m.<model>` and so on.
create or replace function public.assets_search_v1(p_organization uuid, p_texts text[], p_facts text[]) returns tsvector
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
    v_mark text := public.assets_mark_v1(p_organization);
    v_text text;
    v_word text;
    v_at integer := 0;
    v_entries text := '';
begin
    foreach v_text in array p_texts loop
        continue when v_text is null or v_text = '';
        foreach v_word in array public.assets_words_v1(v_text) loop
            v_at := least(v_at + 1, 16383);
            v_entries := v_entries || '''' || v_mark || ':' || v_word || ''':' || v_at || ' ';
        end loop;
        v_at := v_at + 1;
    end loop;
    foreach v_text in array p_facts loop
        continue when v_text is null;
        v_entries := v_entries || '''' || v_mark || '.'
            || replace(replace(v_text, '\', '\\'), '''', '''''') || ''' ';
    end loop;
    return v_entries::tsvector;
end
$$;

-- Facts as entries: each of these values behind its letter.
create or replace function public.assets_facts_v1(p_letter text, p_values text[]) returns text[]
language sql immutable parallel safe set search_path = ''
as $$ select array(select p_letter || '.' || v.value from unnest(p_values) as v (value) where v.value is not null) $$;

-- The shape of a picture: the nearest of the usual ratios when that is within 2 %, else a word.
create or replace function public.assets_ratio_v1(p_width integer, p_height integer) returns text
language sql immutable parallel safe set search_path = ''
as $$
    select case
        when p_width is null or p_height is null then null
        else coalesce(
            (
                select r.name
                from (values
                    ('1:1', 1.0), ('4:5', 4.0 / 5), ('3:4', 3.0 / 4), ('2:3', 2.0 / 3), ('9:16', 9.0 / 16),
                    ('5:4', 5.0 / 4), ('4:3', 4.0 / 3), ('3:2', 3.0 / 2), ('16:9', 16.0 / 9)
                ) as r (name, share)
                where abs(p_width::numeric / p_height / r.share - 1) <= 0.02
                order by abs(p_width::numeric / p_height / r.share - 1)
                limit 1
            ),
            case when p_width < p_height then 'portrait' else 'landscape' end
        )
    end
$$;

-- A perceptual hash as four numbers to look for: 16 of its bits each, with the place they come from and the
-- organization's mark. Two hashes that differ in at most seven bits share one of the numbers but for one bit.
create or replace function public.assets_bands_v1(p_organization uuid, p_phash bigint) returns bigint[]
language sql immutable parallel safe set search_path = ''
as $$
    select array(
        select (('x' || right(p_organization::text, 8))::bit(32)::bigint << 20)
            | (b.band << 16) | ((p_phash >> (16 * b.band)::integer) & 65535)
        from generate_series(0::bigint, 3::bigint) as b (band)
        where p_phash is not null
    )
$$;

-- The same numbers and all that are one bit away from them.
create or replace function public.assets_probes_v1(p_organization uuid, p_phash bigint) returns bigint[]
language sql immutable parallel safe set search_path = ''
as $$
    select array(
        select b.number # p.bit
        from unnest(public.assets_bands_v1(p_organization, p_phash)) as b (number)
        cross join (
            select 0::bigint union all select 1::bigint << s.place from generate_series(0, 15) as s (place)
        ) as p (bit)
    )
$$;

-- The smallest id that a picture of this moment can have: ids are time-ordered.
create or replace function public.assets_first_id_v1(p_at timestamptz) returns uuid
language sql immutable parallel safe set search_path = ''
as $$
    select (lpad(to_hex(greatest(0, floor(extract(epoch from p_at) * 1000))::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Whether these are tags: at most fifty, each of 1 to 40 characters, trimmed, in small letters, each once.
create or replace function public.assets_tags_fine_v1(p_tags text[]) returns boolean
language sql immutable parallel safe set search_path = ''
as $$
    select cardinality(p_tags) <= 50 and not exists (
        select from unnest(p_tags) as t (tag)
        where t.tag is null or length(t.tag) not between 1 and 40 or t.tag <> btrim(lower(t.tag))
    ) and cardinality(p_tags) = (select count(distinct t.tag) from unnest(p_tags) as t (tag))
$$;

-- `assets_enqueue_v1` took its place.
drop function if exists public.assets_ask_inspection_v1(uuid, uuid[]);

update public.assets_asset set kind = 'picture' where origin = 'generated';

alter table public.assets_asset
    add column ratio text generated always as (public.assets_ratio_v1(width, height)) stored,
    add constraint assets_asset_title check (length(title) <= 200),
    add constraint assets_asset_alt check (length(alt) <= 2000),
    add constraint assets_asset_product check (length(product) <= 200),
    add constraint assets_asset_tags check (public.assets_tags_fine_v1(tags)),
    add constraint assets_asset_kind check (kind in ('photo', 'picture', 'video')),
    add constraint assets_asset_review check (review in ('approved', 'rejected')),
    add constraint assets_asset_reviewed check (
        (review is null) = (review_at is null) and (review is not null or review_by is null)
    ),
    add constraint assets_asset_deleted check (deleted_at is not null or deleted_by is null);
-- Made of the columns above, one of which is generated itself.
alter table public.assets_asset
    add column search tsvector generated always as (
        public.assets_search_v1(
            organization_id,
            array[prompt, title, alt, name, product] || tags,
            public.assets_facts_v1('t', tags)
                || public.assets_facts_v1('c', colours)
                || public.assets_facts_v1('k', array[kind])
                || public.assets_facts_v1('o', array[operation])
                || public.assets_facts_v1('m', array[model])
                || public.assets_facts_v1('r', array[public.assets_ratio_v1(width, height)])
        )
    ) stored;

-- The library, newest first; a board's gallery has an index of its own since the first schema.
create index assets_asset_live on public.assets_asset (organization_id, id desc) where deleted_at is null;
-- Words, tags and the plain facts, where they are rare; common ones walk the index above.
create index assets_asset_search on public.assets_asset using gin (search);
create index assets_asset_bands on public.assets_asset
    using gin (public.assets_bands_v1(organization_id, phash)) where phash is not null;
create index assets_asset_favourite on public.assets_asset (organization_id, id desc)
    where favourite and deleted_at is null;
create index assets_asset_pinned on public.assets_asset (organization_id, board_id, pinned_at desc)
    where pinned_at is not null and deleted_at is null;
create index assets_asset_reviewed_by on public.assets_asset (organization_id, review, id desc)
    where review is not null and deleted_at is null;
create index assets_asset_by on public.assets_asset (organization_id, created_by, id desc) where deleted_at is null;
create index assets_asset_model on public.assets_asset (organization_id, model, id desc)
    where model is not null and deleted_at is null;
create index assets_asset_trash on public.assets_asset (organization_id, id desc) where deleted_at is not null;
-- What is to be erased next, whosever it is.
create index assets_asset_due on public.assets_asset (deleted_at) where deleted_at is not null;
create index assets_asset_rejected_upload on public.assets_asset (created_at) where state = 'rejected';
-- What was made of a picture.
create index assets_asset_made_of on public.assets_asset (organization_id, parent_id) where parent_id is not null;
-- Groups of pictures that look alike, and those that nobody has compared yet.
create index assets_asset_alike on public.assets_asset (organization_id, likeness, id)
    where likeness is not null and likeness <> id and deleted_at is null;
create index assets_asset_of_likeness on public.assets_asset (organization_id, likeness) where likeness is not null;
create index assets_asset_unlikened on public.assets_asset (id) where phash is not null and likeness is null;

-- Which tags there are, without a look at every picture; kept by the trigger below.
create table public.assets_tagged (
    organization_id uuid not null,
    tag text not null,
    asset_id uuid not null,
    primary key (organization_id, tag, asset_id),
    foreign key (organization_id, asset_id) references public.assets_asset (organization_id, id) on delete cascade
);
create index assets_tagged_of on public.assets_tagged (organization_id, asset_id);

create or replace function public.assets_keep_tagged() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        delete from public.assets_tagged as t
        where t.organization_id = new.organization_id and t.asset_id = new.id and t.tag <> all (new.tags);
    end if;
    insert into public.assets_tagged (organization_id, tag, asset_id)
    select new.organization_id, t.tag, new.id from unnest(new.tags) as t (tag)
    on conflict do nothing;
    return null;
end
$$;
create trigger assets_keep_tagged_added after insert on public.assets_asset
    for each row when (new.tags <> '{}') execute function public.assets_keep_tagged();
create trigger assets_keep_tagged_changed after update of tags on public.assets_asset
    for each row when (old.tags is distinct from new.tags) execute function public.assets_keep_tagged();

-- One act on many pictures.
alter table public.assets_change
    add constraint assets_change_state check (state in ('working', 'done', 'undoing', 'undone', 'cancelled')),
    add constraint assets_change_numbers check (done >= 0 and total >= 0);
create index assets_change_unfinished on public.assets_change (moved_at) where state in ('working', 'undoing');
create index assets_change_old on public.assets_change (created_at);
alter table public.assets_changerow
    add constraint assets_changerow_change foreign key (organization_id, change_id)
        references public.assets_change (organization_id, id) on delete cascade;

alter table public.assets_export
    add constraint assets_export_state check (state in ('working', 'ready', 'failed', 'cancelled', 'expired')),
    add constraint assets_export_ready check (state <> 'ready' or bytes is not null);
create index assets_export_unfinished on public.assets_export (moved_at) where state = 'working';
create index assets_export_kept on public.assets_export (finished_at) where state = 'ready';

alter table public.assets_view
    add constraint assets_view_name check (length(btrim(name)) between 1 and 60),
    add constraint assets_view_query check (length(query) <= 4000);
create index assets_view_in_order on public.assets_view (organization_id, position, id);

-- Bytes that may have lost their last picture, and when they may be looked at for it.
create table public.assets_doomed (
    organization_id uuid not null,
    sha256 text not null,
    due_at timestamptz not null,
    primary key (organization_id, sha256)
);
create index assets_doomed_due on public.assets_doomed (due_at);

-- A change and its rows are seen by whoever made it, exports too; saved views are the organization's.
alter table public.assets_change enable row level security;
create policy member_reads on public.assets_change for select to packshot_member
    using (organization_id = (select app.organization_id()) and created_by = (select app.user_id()));
grant select on public.assets_change to packshot_member;
alter table public.assets_export enable row level security;
create policy member_reads on public.assets_export for select to packshot_member
    using (organization_id = (select app.organization_id()) and created_by = (select app.user_id()));
grant select on public.assets_export to packshot_member;
alter table public.assets_view enable row level security;
create policy member_reads on public.assets_view for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.assets_view to packshot_member;
-- Nobody but the functions needs these; the policies stand for the day when somebody is granted them.
alter table public.assets_changerow enable row level security;
create policy member_reads on public.assets_changerow for select to packshot_member
    using (organization_id = (select app.organization_id()));
alter table public.assets_tagged enable row level security;
create policy member_reads on public.assets_tagged for select to packshot_member
    using (organization_id = (select app.organization_id()));
alter table public.assets_doomed enable row level security;
create policy member_reads on public.assets_doomed for select to packshot_member
    using (organization_id = (select app.organization_id()));

revoke execute on function
    public.assets_words_v1(text),
    public.assets_mark_v1(uuid),
    public.assets_search_v1(uuid, text[], text[]),
    public.assets_facts_v1(text, text[]),
    public.assets_ratio_v1(integer, integer),
    public.assets_bands_v1(uuid, bigint),
    public.assets_probes_v1(uuid, bigint),
    public.assets_first_id_v1(timestamptz),
    public.assets_tags_fine_v1(text[]),
    public.assets_keep_tagged()
from public;

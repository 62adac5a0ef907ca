-- Assets and blobs: what a row may say, and who may read it. Members read; only functions write.

alter table public.assets_blob
    add constraint assets_blob_content check (sha256 ~ '^[0-9a-f]{64}$' and size > 0);

alter table public.assets_asset
    add constraint assets_asset_blob foreign key (organization_id, sha256)
        references public.assets_blob (organization_id, sha256),
    add constraint assets_asset_origin check (origin in ('upload', 'generated')),
    add constraint assets_asset_state check (state in ('new', 'ready', 'rejected')),
    add constraint assets_asset_rejected check ((state = 'rejected') = (reject_reason is not null)),
    add constraint assets_asset_ready check (
        state <> 'ready'
        or (width > 0 and height > 0 and placeholder is not null and source_type is not null) is true
    ),
    add constraint assets_asset_confidence check (confidence between 0 and 1);

-- A board's gallery, newest first: ids are time-ordered.
create index assets_asset_on_board on public.assets_asset (organization_id, board_id, id desc)
    where deleted_at is null;
-- The same bytes again.
create index assets_asset_of_blob on public.assets_asset (organization_id, sha256);
-- Uploads that nobody has looked at yet.
create index assets_asset_new on public.assets_asset (created_at) where state = 'new';
-- What a job made.
create index assets_asset_of_job on public.assets_asset (organization_id, job_id)
    where job_id is not null;

alter table public.assets_asset enable row level security;
create policy member_reads on public.assets_asset for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.assets_asset to packshot_member;

-- Nobody but the functions needs blobs; the policy stands for the day when somebody is granted them.
alter table public.assets_blob enable row level security;
create policy member_reads on public.assets_blob for select to packshot_member
    using (organization_id = (select app.organization_id()));

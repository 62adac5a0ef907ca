-- Boards: what a row may say, and who may read it.

alter table public.boards_board
    add constraint boards_board_slug check (slug ~ '^[A-Za-z0-9_-]{12,24}$'),
    add constraint boards_board_title check (length(btrim(title)) between 1 and 120);

alter table public.boards_board enable row level security;
create policy member_reads on public.boards_board for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.boards_board to packshot_member;

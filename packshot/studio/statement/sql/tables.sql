-- The statement's indexes: one for each filter, all of them ending in the order of the pages.

create index statement_line_of_member on public.statement_line (organization_id, member_id, seq desc);
create index statement_line_on_board on public.statement_line (organization_id, board_id, seq desc)
    where board_id is not null;
create index statement_line_of_model on public.statement_line (organization_id, model, seq desc)
    where model is not null;
-- Most lines are of work, and any page of the log has some; the others are few among many.
create index statement_line_rare on public.statement_line (organization_id, kind, seq desc)
    where kind not in ('reserve', 'debit', 'release');

-- Rows are read through the room's functions, which know whose they are; the policies stand for the day when somebody
-- is granted the tables.
alter table public.statement_line enable row level security;
alter table public.statement_day enable row level security;
alter table public.statement_date enable row level security;
alter table public.statement_cursor enable row level security;

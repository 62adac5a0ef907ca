-- The ledger's tables: what the database itself refuses, whoever asks.

alter table public.credits_wallet
    add constraint credits_wallet_bounds
        check (available >= 0 and held >= 0 and debt >= 0 and seq >= 0 and allowance >= 0 and period >= 0),
    add constraint credits_wallet_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete restrict,
    set (
        fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0
    );
-- Commands name the wallet alone. No index on anything that a command changes: its updates stay in their page.
create unique index credits_wallet_by_id on public.credits_wallet (id);

alter table public.credits_lot
    add constraint credits_lot_bounds check (
        granted > 0 and remaining >= 0 and held >= 0 and frozen >= 0 and clawed between 0 and granted
        and remaining + held + frozen <= granted
    ),
    add constraint credits_lot_source check (source in ('included', 'purchased', 'promotional', 'adjustment', 'refund')),
    add constraint credits_lot_live check (live = (remaining > 0)),
    add constraint credits_lot_wallet foreign key (wallet_id) references public.credits_wallet (id) on delete restrict,
    set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index credits_lot_live_of_wallet on public.credits_lot (wallet_id) where live;
create index credits_lot_due on public.credits_lot (expires_at) where live;
create unique index credits_lot_ref on public.credits_lot (wallet_id, ref) where ref is not null;

alter table public.credits_hold
    add constraint credits_hold_bounds
        check (amount > 0 and charged >= 0 and refunded between 0 and charged),
    add constraint credits_hold_state check (state in ('open', 'finalized', 'released', 'expired')),
    add constraint credits_hold_ended check ((state = 'open') = (ended_at is null)),
    set (fillfactor = 80);
create index credits_hold_open on public.credits_hold (wallet_id, expires_at) where state = 'open';

alter table public.credits_holdlot
    add constraint credits_holdlot_amount check (amount > 0 and position >= 1);

alter table public.credits_entry
    add constraint credits_entry_kind check (kind in (
        'grant', 'topup', 'monthly_reset', 'reserve', 'debit', 'release', 'refund', 'expire', 'adjust',
        'freeze', 'unfreeze', 'claw', 'repay'
    )),
    add constraint credits_entry_after
        check (seq >= 1 and amount <> 0 and available_after >= 0 and held_after >= 0 and debt_after >= 0);

-- What happened stays: not even the owner rewrites it by mistake.
create function public.credits_refuse_rewriting() returns trigger
language plpgsql set search_path = ''
as $$
begin
    raise exception 'The table % is append-only: book a new entry instead.', tg_table_name
        using errcode = 'PX403';
end
$$;

create trigger append_only before update or delete on public.credits_entry
    for each row execute function public.credits_refuse_rewriting();
create trigger append_only_whole before truncate on public.credits_entry
    for each statement execute function public.credits_refuse_rewriting();
create trigger append_only before update or delete on public.credits_command
    for each row execute function public.credits_refuse_rewriting();
create trigger append_only_whole before truncate on public.credits_command
    for each statement execute function public.credits_refuse_rewriting();
create trigger append_only before update or delete on public.credits_holdlot
    for each row execute function public.credits_refuse_rewriting();
create trigger append_only_whole before truncate on public.credits_holdlot
    for each statement execute function public.credits_refuse_rewriting();

-- A member reads its organization's ledger; nobody writes it but through the functions.
alter table public.credits_wallet enable row level security;
alter table public.credits_lot enable row level security;
alter table public.credits_hold enable row level security;
alter table public.credits_holdlot enable row level security;
alter table public.credits_entry enable row level security;
alter table public.credits_command enable row level security;
create policy member_reads on public.credits_wallet for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_lot for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_hold for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_holdlot for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_entry for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_command for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.credits_wallet, public.credits_lot, public.credits_hold, public.credits_holdlot,
    public.credits_entry, public.credits_command to packshot_member;

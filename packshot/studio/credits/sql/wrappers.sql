-- One function per command: the same road as credits_apply_v1, with the arguments spelled out. Answers are the
-- command's own; a null argument is left out of the command.

create or replace function public.credits_one(p_command jsonb, p_given jsonb) returns jsonb
language sql volatile
as $$
    select public.credits_apply_v1(jsonb_build_array(p_command || coalesce(
        (select jsonb_object_agg(g.key, g.value) from jsonb_each(p_given) as g where g.value <> 'null'), '{}'
    ))) -> 0
$$;

create or replace function public.credits_reserve_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_holds jsonb, p_partial boolean, p_expires_in integer, p_ref jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'reserve', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'holds', p_holds,
            'partial', p_partial, 'expires_in', p_expires_in
        ),
        jsonb_build_object('ref', p_ref)
    )
$$;

create or replace function public.credits_finalize_v1(
    p_hold uuid, p_key text, p_actor uuid, p_amount bigint, p_policy text, p_limit bigint
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'finalize', 'hold', p_hold, 'key', p_key, 'actor', p_actor, 'amount', p_amount, 'policy', p_policy
        ),
        jsonb_build_object('limit', p_limit)
    )
$$;

create or replace function public.credits_release_v1(p_hold uuid, p_key text, p_actor uuid) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object('kind', 'release', 'hold', p_hold, 'key', p_key, 'actor', p_actor), '{}'
    )
$$;

create or replace function public.credits_refund_v1(p_hold uuid, p_key text, p_actor uuid, p_amount bigint, p_note jsonb)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object('kind', 'refund', 'hold', p_hold, 'key', p_key, 'actor', p_actor, 'amount', p_amount),
        jsonb_build_object('note', p_note)
    )
$$;

create or replace function public.credits_grant_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_amount bigint, p_source text, p_priority integer,
    p_expires_at timestamptz, p_ref text, p_note jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'grant', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'amount', p_amount,
            'source', p_source, 'ref', p_ref
        ),
        jsonb_build_object('priority', p_priority, 'expires_at', p_expires_at, 'note', p_note)
    )
$$;

create or replace function public.credits_topup_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_amount bigint, p_expires_at timestamptz, p_ref text, p_note jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'topup', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'amount', p_amount, 'ref', p_ref
        ),
        jsonb_build_object('expires_at', p_expires_at, 'note', p_note)
    )
$$;

create or replace function public.credits_monthly_reset_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_allowance bigint, p_anchor timestamptz, p_ref text, p_note jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'monthly_reset', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'amount', p_allowance
        ),
        jsonb_build_object('anchor', p_anchor, 'ref', p_ref, 'note', p_note)
    )
$$;

create or replace function public.credits_terms_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_allowance bigint, p_anchor timestamptz, p_until timestamptz, p_note jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'terms', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'amount', p_allowance, 'anchor', p_anchor
        ),
        jsonb_build_object('until', p_until, 'note', p_note)
    )
$$;

create or replace function public.credits_freeze_v1(p_wallet uuid, p_key text, p_actor uuid, p_lot uuid, p_note jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object('kind', 'freeze', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'lot', p_lot),
        jsonb_build_object('note', p_note)
    )
$$;

create or replace function public.credits_unfreeze_v1(p_wallet uuid, p_key text, p_actor uuid, p_lot uuid, p_note jsonb)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object('kind', 'unfreeze', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'lot', p_lot),
        jsonb_build_object('note', p_note)
    )
$$;

create or replace function public.credits_claw_v1(
    p_wallet uuid, p_key text, p_actor uuid, p_lot uuid, p_amount bigint, p_note jsonb
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_one(
        jsonb_build_object(
            'kind', 'claw', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'lot', p_lot, 'amount', p_amount
        ),
        jsonb_build_object('note', p_note)
    )
$$;

grant execute on function
    public.credits_reserve_v1(uuid, text, uuid, jsonb, boolean, integer, jsonb),
    public.credits_finalize_v1(uuid, text, uuid, bigint, text, bigint),
    public.credits_release_v1(uuid, text, uuid),
    public.credits_refund_v1(uuid, text, uuid, bigint, jsonb),
    public.credits_grant_v1(uuid, text, uuid, bigint, text, integer, timestamptz, text, jsonb),
    public.credits_topup_v1(uuid, text, uuid, bigint, timestamptz, text, jsonb),
    public.credits_monthly_reset_v1(uuid, text, uuid, bigint, timestamptz, text, jsonb),
    public.credits_terms_v1(uuid, text, uuid, bigint, timestamptz, timestamptz, jsonb),
    public.credits_freeze_v1(uuid, text, uuid, uuid, jsonb),
    public.credits_unfreeze_v1(uuid, text, uuid, uuid, jsonb),
    public.credits_claw_v1(uuid, text, uuid, uuid, bigint, jsonb)
to packshot_web, packshot_worker;

-- Staff's own: a correction by hand, up or down, and a lot that ends before its time.
create or replace function public.credits_adjust_v1(p_wallet uuid, p_key text, p_actor uuid, p_amount bigint, p_note jsonb)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_staff_apply_v1(jsonb_build_array(jsonb_build_object(
        'kind', 'adjust', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'amount', p_amount, 'note', p_note
    ))) -> 0
$$;

create or replace function public.credits_expire_v1(p_wallet uuid, p_key text, p_actor uuid, p_lot uuid, p_note jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    select public.credits_staff_apply_v1(jsonb_build_array(jsonb_build_object(
        'kind', 'expire', 'wallet', p_wallet, 'key', p_key, 'actor', p_actor, 'lot', p_lot, 'note', p_note
    ))) -> 0
$$;

grant execute on function
    public.credits_adjust_v1(uuid, text, uuid, bigint, jsonb), public.credits_expire_v1(uuid, text, uuid, uuid, jsonb)
to packshot_staff;

-- The rules, once. A pure function over what was loaded: it decides, books into arrays, and writes nothing.
-- Commands run it under the wallets' locks and save what it returns; reads run it on what time alone has
-- decided and throw its writing away. So a balance that is read and a balance that is booked cannot differ.
--
-- Each step is planned by its kind, then walked: first along its hold's lineage, then along the wallet's lots
-- in burn order; the moves that come out are booked, an entry each.

-- Expects wallets by id, lots by wallet and burn order, lineage by hold and position, and steps by wallet in the
-- order in which they happen.
create or replace function public.credits_engine(
    p_steps public.credits_step[],
    p_wallets public.credits_wallet[],
    p_lots public.credits_lot[],
    p_holds public.credits_hold[],
    p_lineage public.credits_holdlot[],
    p_seats text[] default null,                -- members with a monthly cap: the wallet's id and theirs,
    p_caps bigint[] default null,               -- what each may use in this month,
    p_used bigint[] default null,               -- and has used
    out o_answers jsonb[],                      -- by the command's place in the call
    out o_wallets public.credits_wallet[],
    out o_lots public.credits_lot[],            -- changed and new
    out o_holds public.credits_hold[],          -- changed and new
    out o_lineage public.credits_holdlot[],     -- new
    out o_entries public.credits_entry[]
)
language plpgsql volatile set search_path = ''
as $$
declare
    s public.credits_step;
    w public.credits_wallet;
    h public.credits_hold;
    v_at timestamptz;                           -- when the step happens
    -- The lots by slot: what changes of them, and which slot burns next (0: none).
    l_id uuid[];
    l_remaining bigint[];
    l_held bigint[];
    l_frozen bigint[];
    l_clawed bigint[];
    l_expires timestamptz[];
    l_frozen_at timestamptz[];
    l_ref text[];                               -- with the wallet's id before it
    l_next integer[];
    l_changed boolean[];
    v_first integer;                            -- the wallet's slot that burns first
    v_linked integer := 0;                      -- loaded slots whose turn has come
    v_slots integer := coalesce(cardinality(p_lots), 0);
    v_loaded constant integer := v_slots;
    h_id uuid[] := '{}';                        -- by place in p_holds
    h_changed boolean[] := '{}';
    a_hold uuid[] := '{}';                      -- by place in p_lineage
    v_rows integer := coalesce(cardinality(p_lineage), 0);
    v_stored constant integer := v_rows;
    -- The plan of a step.
    v_hold integer;                             -- the hold's place
    v_slot integer;                             -- the lot's slot
    v_spend_to bigint;                          -- of the lineage, 0 to this is spent
    v_back_from bigint;                         -- and from here
    v_back_to bigint;                           -- to here goes back,
    v_back_as text;                             -- as a release or a refund
    v_take_as text;                             -- the lots give, in burn order,
    t_amounts bigint[];                         -- these amounts
    t_holds uuid[];                             -- to these holds
    v_owed bigint;                              -- this becomes debt
    v_ended boolean;                            -- nobody has paid for this month,
    v_keeping boolean;                          -- and the last one stays a while
    v_lapse_included boolean;                   -- the allowance so far runs out,
    v_spared text;                              -- but for the month that has this ref, and what came within it
    v_month timestamptz;                        -- when that month began
    v_new public.credits_lot;                   -- a lot is opened
    m public.credits_move[];
    v_back public.credits_move[];
    v_move public.credits_move;
    v_answer jsonb;
    v_refusal jsonb;
    v_seat integer;                             -- the member's place among those with a cap
    v_room bigint;                              -- what the member may still use; null: no cap
    v_short text;                               -- why not all of a reserve can be had
    v_next public.credits_wallet;               -- the wallet with its new period
    v_expires timestamptz;
    d_available bigint;
    d_held bigint;
    d_debt bigint;
    d_frozen bigint;
    v_a bigint;
    v_b bigint;
    v_sum bigint;
    v_wallet integer := 0;
    v_before integer;
    v_move_at integer;
    v_most constant bigint := 9007199254740992; -- 2^53: what every program can count to exactly
    i integer;
begin
    select coalesce(array_agg(l.id), '{}'), coalesce(array_agg(l.remaining), '{}'), coalesce(array_agg(l.held), '{}'),
        coalesce(array_agg(l.frozen), '{}'), coalesce(array_agg(l.clawed), '{}'),
        coalesce(array_agg(l.expires_at), '{}'), coalesce(array_agg(l.frozen_at), '{}'),
        coalesce(array_agg(l.wallet_id || coalesce(l.ref, '')), '{}'), coalesce(array_agg(0), '{}'),
        coalesce(array_agg(false), '{}')
    into l_id, l_remaining, l_held, l_frozen, l_clawed, l_expires, l_frozen_at, l_ref, l_next, l_changed
    from unnest(p_lots) as l;
    if p_holds is not null then
        select array_agg(x.id), array_agg(false) into h_id, h_changed from unnest(p_holds) as x;
        select coalesce(array_agg(x.hold_id), '{}') into a_hold from unnest(p_lineage) as x;
    end if;

    foreach s in array p_steps loop
        if w.id is distinct from s.wallet then
            if w.id is not null then
                o_wallets := o_wallets || w;
            end if;
            v_wallet := v_wallet + 1;
            w := p_wallets[v_wallet];
            if w.id is distinct from s.wallet then
                raise exception 'the wallets do not match the steps';
            end if;
            v_first := 0;
            v_before := 0;
            while v_linked < v_loaded and p_lots[v_linked + 1].wallet_id = w.id loop
                v_linked := v_linked + 1;
                if v_before = 0 then
                    v_first := v_linked;
                else
                    l_next[v_before] := v_linked;
                end if;
                v_before := v_linked;
            end loop;
        end if;
        v_at := coalesce(s.at, w.touched_at);
        m := '{}';
        v_take_as := null;
        v_spend_to := 0;
        v_back_as := null;
        v_back_from := 0;
        v_back_to := 0;
        v_owed := 0;
        v_lapse_included := false;
        v_spared := null;
        v_new := null;
        v_answer := '{}';
        v_refusal := null;
        v_hold := null;
        if s.hold is not null then
            v_hold := array_position(h_id, s.hold);
            h := p_holds[v_hold];
        end if;
        if s.lot is not null then
            v_slot := array_position(l_id, s.lot);
        end if;

        -- 1. The plan.
        case
        when s.problem is not null then
            v_refusal := jsonb_build_object('code', 'invalid', 'message', s.problem);
        when s.hold is not null and h.wallet_id is distinct from w.id
            or s.lot is not null and p_lots[v_slot].wallet_id is distinct from w.id then
            v_refusal := jsonb_build_object('code', 'not_found');

        when s.kind = 'reserve' then
            v_sum := 0;
            v_a := 0;                           -- how many of the holds can be had
            v_short := null;
            v_seat := array_position(p_seats, w.id::text || s.actor::text);
            v_room := p_caps[v_seat] - p_used[v_seat];
            for i in 1 .. cardinality(s.amounts) loop
                v_sum := v_sum + s.amounts[i];
                if v_sum <= least(w.available, v_room) then
                    v_a := i;
                elsif v_short is null then
                    v_short := case when v_sum > w.available then 'insufficient_credits' else 'member_cap_reached' end;
                end if;
            end loop;
            if s.holds && h_id then
                v_refusal := jsonb_build_object('code', 'hold_exists');
            elsif v_short is not null and (v_a = 0 or not (s.body -> 'partial')::boolean) then
                v_refusal := jsonb_build_object('code', v_short, 'needed', v_sum) || case v_short
                    when 'insufficient_credits' then jsonb_build_object('available', w.available)
                    else jsonb_build_object('available', greatest(least(w.available, v_room), 0), 'cap', p_caps[v_seat])
                end;
            else
                v_take_as := 'reserve';
                t_amounts := s.amounts[: v_a];
                t_holds := s.holds[: v_a];
                v_answer := jsonb_build_object(
                    'holds', case when v_a = cardinality(s.holds) then s.body -> 'holds' else (
                        select jsonb_agg(x order by n) from jsonb_array_elements(s.body -> 'holds') with ordinality as e (x, n)
                        where n <= v_a
                    ) end,
                    'refused', to_jsonb(s.holds[v_a + 1 :])
                ) || case when v_short = 'member_cap_reached' then jsonb_build_object('short', v_short) else '{}' end;
                v_expires := v_at + make_interval(secs => (s.body -> 'expires_in')::integer);
                w.due_at := least(w.due_at, v_expires);
                for i in 1 .. v_a loop
                    h_id := h_id || s.holds[i];
                    h_changed := h_changed || true;
                    p_holds := p_holds || row(
                        s.holds[i], w.organization_id, w.id, s.amounts[i], 'open', v_expires, 0, 0, false, v_at, null,
                        nullif(s.body -> 'ref', 'null'), s.actor
                    )::public.credits_hold;
                    if v_seat is not null then
                        p_used[v_seat] := p_used[v_seat] + s.amounts[i];
                    end if;
                end loop;
            end if;

        when s.kind = 'finalize' then
            if h.state not in ('open', 'expired') then
                v_refusal := jsonb_build_object('code', 'hold_ended', 'state', h.state);
            else
                v_sum := case s.body ->> 'policy' when 'cap' then least(s.amount, h.amount) else s.amount end;
                if h.state = 'open' then
                    v_spend_to := least(v_sum, h.amount);
                    v_back_as := 'release';
                    v_back_from := v_spend_to;
                    v_back_to := h.amount;
                end if;
                v_a := least(v_sum - v_spend_to, w.available);
                if v_a > 0 then
                    v_take_as := 'draw';
                    t_amounts := array[v_a];
                    t_holds := array[h.id];
                end if;
                if v_sum - v_spend_to > v_a then
                    v_owed := public.credits_owed(
                        v_sum - v_spend_to - v_a, v_a, h, w.debt, s.body ->> 'policy', (s.body -> 'limit')::bigint
                    );
                end if;
                h.charged := v_spend_to + v_a + v_owed;
                h.late := h.state = 'expired';
                v_answer := jsonb_build_object(
                    'charged', h.charged, 'released', v_back_to - v_back_from, 'late', h.late
                );
                h.state := 'finalized';
                h.ended_at := v_at;
                if w.debt + v_owed > v_most then
                    v_refusal := jsonb_build_object('code', 'overflow', 'most', v_most);
                end if;
            end if;

        when s.kind in ('release', 'hold_expiry') then
            if h.state <> 'open' then
                v_refusal := jsonb_build_object('code', 'hold_ended', 'state', h.state);
            else
                v_back_as := 'release';
                v_back_to := h.amount;
                h.state := case s.kind when 'release' then 'released' else 'expired' end;
                h.ended_at := v_at;
                v_answer := jsonb_build_object('released', h.amount);
            end if;

        when s.kind = 'refund' then
            if h.state <> 'finalized' then
                v_refusal := jsonb_build_object('code', 'not_charged', 'state', h.state);
            elsif s.amount > h.charged - h.refunded then
                v_refusal := jsonb_build_object('code', 'too_much', 'refundable', h.charged - h.refunded);
            else
                v_back_as := 'refund';          -- the charge is the lineage's beginning; a refund is its end
                v_back_to := h.charged - h.refunded;
                v_back_from := v_back_to - s.amount;
                h.refunded := h.refunded + s.amount;
                v_answer := jsonb_build_object('refunded', s.amount);
            end if;

        when s.kind in ('grant', 'topup', 'monthly_reset', 'terms', 'reset') then
            v_next := w;
            if s.kind in ('monthly_reset', 'terms') then
                v_next.allowance := s.amount;
                v_next.anchor := coalesce(public.credits_json_time(s.body, 'anchor'), w.anchor);
                v_next.allowance_until := public.credits_json_time(s.body, 'until');
                v_next.allowance_kept := public.credits_json_time(s.body, 'kept');
            end if;
            if s.kind in ('reset', 'monthly_reset', 'terms') then
                v_next.period := public.credits_period(v_next.anchor, v_at);
                v_next.due_at := least(w.due_at, public.credits_boundary(v_next.anchor, v_next.period + 1));
            end if;
            -- What is paid for has ended: the months go on, and include nothing. Until a renewal is paid or has failed the
            -- last one stays, up to `allowance_kept`.
            v_ended := s.kind in ('reset', 'terms') and v_next.allowance_until <= v_at;
            v_keeping := (v_ended and v_next.allowance_kept > v_at) is true;
            v_new := public.credits_new_lot(s, v_next, case
                when v_ended then 0
                else coalesce(s.amount, w.allowance)
            end, v_at);
            if v_new.effective_at > v_at or v_new.expires_at <= v_at or v_next.anchor > v_at then
                v_refusal := jsonb_build_object(
                    'code', 'invalid', 'message', 'A grant takes effect now or before and runs out later than now.'
                );
            elsif w.available + w.held + v_new.granted > v_most then
                v_refusal := jsonb_build_object('code', 'overflow', 'most', v_most);
            elsif array_position(l_ref, w.id || v_new.ref) is not null then
                v_refusal := jsonb_build_object('code', 'already_granted', 'ref', v_new.ref);
            end if;
            if s.kind = 'terms' and v_refusal ->> 'code' = 'already_granted' then
                w := v_next;                    -- this month has had its credits; the terms are the next ones'
                v_refusal := null;
                v_lapse_included := not v_keeping;
                if v_ended is not true then     -- what other terms gave meanwhile goes with them
                    v_spared := v_new.ref;
                    v_month := v_new.effective_at;
                end if;
                v_new := null;
                v_answer := jsonb_build_object('lot', null, 'repaid', 0);
            elsif v_refusal is null or s.kind = 'reset' then
                v_lapse_included := s.kind in ('reset', 'monthly_reset', 'terms') and not v_keeping;
                w := v_next;
                v_answer := jsonb_build_object('lot', v_new.id, 'repaid', least(w.debt, v_new.granted));
            end if;
            if v_refusal is not null or v_new.granted = 0 then
                v_new := null;
            end if;

        when s.kind = 'adjust' then
            if s.amount > 0 and w.available + w.held + s.amount > v_most then
                v_refusal := jsonb_build_object('code', 'overflow', 'most', v_most);
            elsif s.amount > 0 then
                v_new := public.credits_new_lot(s, w, s.amount, v_at);
                v_answer := jsonb_build_object('lot', v_new.id, 'repaid', least(w.debt, s.amount));
            elsif -s.amount > w.available then
                v_refusal := jsonb_build_object(
                    'code', 'insufficient_credits', 'needed', -s.amount, 'available', w.available
                );
            else
                v_take_as := 'withdraw';
                t_amounts := array[-s.amount];
                t_holds := array[null::uuid];
            end if;

        when s.kind = 'lapse' then
            null;                               -- the walk finds what has run out

        when s.kind = 'keep' then
            -- What runs out just when what is paid for ends is kept a while: its renewal is on its way.
            i := v_first;
            while i > 0 loop
                if p_lots[i].source = 'included' and l_expires[i] = v_at then
                    l_expires[i] := w.allowance_kept;
                    l_changed[i] := true;
                end if;
                i := l_next[i];
            end loop;
            if w.allowance_kept > w.touched_at then
                w.due_at := least(w.due_at, w.allowance_kept);
            end if;

        when s.kind = 'expire' then
            l_expires[v_slot] := least(l_expires[v_slot], v_at);
            l_changed[v_slot] := true;
            v_answer := jsonb_build_object('expired', l_remaining[v_slot]);

        when s.kind = 'freeze' then
            if l_frozen_at[v_slot] is not null then
                v_refusal := jsonb_build_object('code', 'lot_frozen');
            else
                l_frozen_at[v_slot] := v_at;
                l_changed[v_slot] := true;
                m := m || row('freeze', v_slot, l_remaining[v_slot], null)::public.credits_move;
                v_answer := jsonb_build_object('frozen', l_remaining[v_slot]);
            end if;

        when s.kind = 'unfreeze' then
            if l_frozen_at[v_slot] is null then
                v_refusal := jsonb_build_object('code', 'lot_not_frozen');
            else
                l_frozen_at[v_slot] := null;
                l_changed[v_slot] := true;
                m := m || row('unfreeze', v_slot, l_frozen[v_slot], null)::public.credits_move;
                v_answer := jsonb_build_object('unfrozen', l_frozen[v_slot]);
            end if;

        when s.kind = 'reopen' then
            v_expires := public.credits_json_time(s.body, 'expires_at');
            -- Asked of the log: nobody's word can bring back more than has run out.
            select coalesce(sum(-x.amount), 0) into v_sum
            from (
                select y.amount from public.credits_entry as y
                where y.organization_id = w.organization_id and y.wallet_id = w.id and y.lot_id = s.lot and y.kind = 'expire'
                union all
                select y.amount from unnest(o_entries) as y where y.lot_id = s.lot and y.kind = 'expire'
            ) as x;
            if l_expires[v_slot] > v_at or l_expires[v_slot] is null or v_expires <= v_at then
                v_refusal := jsonb_build_object(
                    'code', 'invalid', 'message', 'What has run out is reopened up to a moment later than now.'
                );
            elsif w.available + w.held + v_sum > v_most then
                v_refusal := jsonb_build_object('code', 'overflow', 'most', v_most);
            else
                l_expires[v_slot] := v_expires;
                l_changed[v_slot] := true;
                m := m || row('reopen', v_slot, v_sum, null)::public.credits_move;
                if l_frozen_at[v_slot] is null then
                    m := m || row('repay', v_slot, least(w.debt, v_sum), null)::public.credits_move;
                end if;
                v_answer := jsonb_build_object('reopened', v_sum);
            end if;

        when s.kind = 'claw' then
            v_sum := p_lots[v_slot].granted - l_clawed[v_slot];
            v_a := least(s.amount, l_frozen[v_slot]);
            v_b := least(s.amount - v_a, l_remaining[v_slot]);
            if s.amount > v_sum then
                v_refusal := jsonb_build_object('code', 'too_much', 'clawable', v_sum);
            elsif w.debt + s.amount - v_a - v_b > v_most then
                v_refusal := jsonb_build_object('code', 'overflow', 'most', v_most);
            else
                m := array[
                    row('claw_frozen', v_slot, v_a, null), row('claw', v_slot, v_b, null),
                    row('claw_debt', v_slot, s.amount - v_a - v_b, null)
                ]::public.credits_move[];
                l_clawed[v_slot] := l_clawed[v_slot] + s.amount;
                v_answer := jsonb_build_object('clawed', v_a + v_b, 'owed', s.amount - v_a - v_b);
            end if;
        end case;

        if v_refusal is not null and s.kind <> 'reset' then
            o_answers[s.ord] := jsonb_build_object('ok', false) || v_refusal;
            continue;
        end if;
        if v_hold is not null then
            v_seat := array_position(p_seats, w.id::text || h.member_id::text);
            if v_seat is not null and public.credits_month(h.opened_at) = public.credits_month(w.touched_at) then
                p_used[v_seat] := p_used[v_seat] + public.credits_used(h) - public.credits_used(p_holds[v_hold]);
            end if;
            p_holds[v_hold] := h;
            h_changed[v_hold] := true;
        end if;

        -- 2. Along the hold's lineage: its beginning is spent, its end goes back in reverse.
        if v_spend_to > 0 or v_back_to > v_back_from then
            v_sum := 0;
            v_back := '{}';
            foreach i in array array_positions(a_hold, h.id) loop
                continue when p_lineage[i].late <> h.late;
                v_slot := array_position(l_id, p_lineage[i].lot_id);
                v_a := least(v_sum + p_lineage[i].amount, v_spend_to) - v_sum;
                if v_a > 0 then
                    m := m || row('debit', v_slot, v_a, h.id)::public.credits_move;
                end if;
                v_a := least(v_sum + p_lineage[i].amount, v_back_to) - greatest(v_sum, v_back_from);
                v_sum := v_sum + p_lineage[i].amount;
                continue when v_a <= 0;
                if v_slot is not null then
                    v_back := row(v_back_as, v_slot, v_a, h.id)::public.credits_move || v_back;
                else
                    -- It had become debt: forgive what is still owed; what was repaid since comes back anew.
                    v_b := least(v_a, w.debt);
                    v_back := row('forgive', null, v_b, h.id)::public.credits_move || v_back;
                    if v_a > v_b then
                        v_new := public.credits_new_lot(s, w, v_a - v_b, v_at);
                    end if;
                end if;
            end loop;
            m := m || v_back;
        end if;

        -- 3. Along the wallet's lots: what has run out goes, what is to be taken is taken in burn order.
        if s.kind in ('lapse', 'reset', 'monthly_reset', 'terms', 'expire') then
            i := v_first;
            while i > 0 loop
                if v_lapse_included and p_lots[i].source = 'included' and l_expires[i] > v_at and (
                    v_spared is null or p_lots[i].effective_at < v_month
                    or p_lots[i].ref like 'allowance:%' and p_lots[i].ref <> v_spared
                ) then
                    l_expires[i] := v_at;       -- what is held of it runs out when it comes back
                    l_changed[i] := true;
                end if;
                if l_expires[i] <= v_at then
                    m := m || row('expire', i, l_remaining[i], null)::public.credits_move;
                end if;
                i := l_next[i];
            end loop;
        end if;
        if v_take_as is not null then
            i := v_first;
            v_a := l_remaining[i];
            for v_before in 1 .. cardinality(t_amounts) loop
                v_b := t_amounts[v_before];
                while v_b > 0 loop
                    while v_a = 0 loop
                        i := l_next[i];
                        v_a := l_remaining[i];
                    end loop;
                    if v_a is null then
                        raise exception 'wallet %: its lots hold less than it has', w.id;
                    end if;
                    v_sum := least(v_a, v_b);
                    m := m || row(v_take_as, i, v_sum, t_holds[v_before])::public.credits_move;
                    v_a := v_a - v_sum;
                    v_b := v_b - v_sum;
                end loop;
            end loop;
        end if;
        if v_owed > 0 then
            m := m || row('owe', null, v_owed, h.id)::public.credits_move;
        end if;
        if v_new.id is not null then
            v_slots := v_slots + 1;
            p_lots := p_lots || v_new;
            l_id := l_id || v_new.id;
            l_remaining := l_remaining || 0::bigint;
            l_held := l_held || 0::bigint;
            l_frozen := l_frozen || 0::bigint;
            l_clawed := l_clawed || 0::bigint;
            l_expires := l_expires || v_new.expires_at;
            l_frozen_at := l_frozen_at || null::timestamptz;
            l_ref := l_ref || (w.id || coalesce(v_new.ref, ''));
            l_changed := l_changed || true;
            v_before := 0;
            i := v_first;
            while i > 0 and public.credits_burns_before(p_lots[i], v_new) loop
                v_before := i;
                i := l_next[i];
            end loop;
            l_next := l_next || i;
            if v_before = 0 then
                v_first := v_slots;
            else
                l_next[v_before] := v_slots;
            end if;
            m := m || row(
                case when s.kind in ('reset', 'terms') then 'monthly_reset' else s.kind end, v_slots, v_new.granted, s.hold
            )::public.credits_move;
            if s.kind <> 'refund' then
                m := m || row('repay', v_slots, least(w.debt, v_new.granted), null)::public.credits_move;
            end if;
        end if;

        -- 4. The booking: what each move does to the wallet and its lot, and its entry.
        v_move_at := 0;
        while v_move_at < cardinality(m) loop
            v_move_at := v_move_at + 1;
            v_move := m[v_move_at];
            v_a := v_move.amount;
            continue when v_a = 0;
            v_slot := v_move.slot;
            d_available := 0;
            d_held := 0;
            d_debt := 0;
            d_frozen := 0;
            case v_move.what
            when 'reserve' then d_available := -v_a; d_held := v_a;
            when 'debit' then d_held := -v_a;
            when 'release' then d_available := v_a; d_held := -v_a;
            when 'draw', 'expire', 'withdraw', 'claw' then d_available := -v_a;
            when 'grant', 'topup', 'monthly_reset', 'adjust', 'refund', 'reopen' then d_available := v_a;
            when 'owe', 'claw_debt' then d_debt := v_a;
            when 'forgive' then d_debt := -v_a;
            when 'repay' then d_available := -v_a; d_debt := -v_a;
            when 'freeze' then d_available := -v_a; d_frozen := v_a;
            when 'unfreeze' then d_available := v_a; d_frozen := -v_a;
            when 'claw_frozen' then d_frozen := -v_a;
            end case;
            w.available := w.available + d_available;
            w.held := w.held + d_held;
            w.debt := w.debt + d_debt;
            w.seq := w.seq + 1;
            if v_slot is not null then
                l_remaining[v_slot] := l_remaining[v_slot] + d_available;
                l_held[v_slot] := l_held[v_slot] + d_held;
                l_frozen[v_slot] := l_frozen[v_slot] + d_frozen;
                l_changed[v_slot] := true;
                -- What comes back to a lot that has run out or is frozen follows it at once.
                if d_available > 0 then
                    if l_expires[v_slot] <= v_at then
                        m := m || row('expire', v_slot, v_a, v_move.hold)::public.credits_move;
                    elsif l_frozen_at[v_slot] is not null then
                        m := m || row('freeze', v_slot, v_a, v_move.hold)::public.credits_move;
                    else
                        w.due_at := least(w.due_at, l_expires[v_slot]);
                    end if;
                end if;
            end if;
            if v_move.what in ('reserve', 'draw', 'owe') then
                a_hold := a_hold || v_move.hold;
                v_rows := v_rows + 1;
                p_lineage := p_lineage || row(
                    w.organization_id, v_move.hold, cardinality(array_positions(a_hold, v_move.hold)), l_id[v_slot],
                    v_a, v_move.what <> 'reserve' and h.late
                )::public.credits_holdlot;
            end if;
            o_entries := o_entries || row(
                w.organization_id, w.id, w.seq,
                case v_move.what
                    when 'draw' then 'debit' when 'owe' then 'debit' when 'forgive' then 'refund'
                    when 'withdraw' then 'adjust' when 'reopen' then 'expire' when 'claw_debt' then 'claw' when 'claw_frozen' then 'claw'
                    else v_move.what
                end,
                case when v_move.what in (
                    'release', 'refund', 'forgive', 'grant', 'topup', 'monthly_reset', 'adjust', 'unfreeze', 'reopen'
                ) then v_a else -v_a end,
                l_id[v_slot], v_move.hold, w.available, w.held, w.debt, v_at, s.actor, s.key, s.body -> 'note'
            )::public.credits_entry;
        end loop;
        if s.ord > 0 then
            o_answers[s.ord] := v_answer || jsonb_build_object(
                'ok', true, 'available', w.available, 'held', w.held, 'debt', w.debt, 'seq', w.seq
            );
        end if;
    end loop;

    o_wallets := o_wallets || w;
    for i in 1 .. v_slots loop
        if l_changed[i] then
            v_new := p_lots[i];
            v_new.remaining := l_remaining[i];
            v_new.held := l_held[i];
            v_new.frozen := l_frozen[i];
            v_new.clawed := l_clawed[i];
            v_new.expires_at := l_expires[i];
            v_new.frozen_at := l_frozen_at[i];
            v_new.live := v_new.remaining > 0;
            o_lots := o_lots || v_new;
        end if;
    end loop;
    for i in 1 .. coalesce(cardinality(p_holds), 0) loop
        if h_changed[i] then
            o_holds := o_holds || p_holds[i];
        end if;
    end loop;
    o_lineage := p_lineage[v_stored + 1 :];
end
$$;

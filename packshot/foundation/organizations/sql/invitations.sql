-- Invitations: a mailed token, of which only the hash is kept; good once, for a week, and by the invited person's consent.
--
-- Nothing here looks an address up among the accounts: whether it has one changes neither the answer nor its time.

-- Ask a worker to send an invitation's mail; it goes with the transaction.
create or replace function public.organizations_post_v1(p_organization uuid, p_id uuid, p_seed uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    values (
        0, 'invitation', convert_to(p_organization || '/' || p_id, 'UTF8'), now(),
        'invitation:' || p_id || ':' || p_seed, 'queued'
    )
    on conflict (dedupe_key)
        where status = any (array['queued'::pgq.pgqueuer_status, 'picked'::pgq.pgqueuer_status])
            and dedupe_key is not null
        do nothing;
end
$$;

-- At most 60 mails of an organization a day go to strangers: the studio is no one's way to send post.
create or replace function public.organizations_count_post_v1(p_organization uuid, p_number integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if p_number + (
        select count(*) from public.audit_event as e
        where e.organization_id = p_organization and e.action in ('invitation.sent', 'invitation.resent')
            and e.at > clock_timestamp() - interval '1 day'
    ) > 60 then
        raise exception 'At most 60 invitations are mailed in a day. Nothing was sent; try again tomorrow.'
            using errcode = 'PX409';
    end if;
end
$$;

-- Invite: {"role", "language", "people": [{"id", "email", "seed", "hash"}]}. Answers {"outcome": "done", "people": [{"email",
-- "outcome"}]}, each person 'invited', 'member' (is one) or 'open' (is invited already), or, when there are not seats
-- enough, {"outcome": "full", "seats", "used"}, and then nobody was invited.
create or replace function public.organizations_invite_v1(p jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    v_seats integer := public.organizations_seats_v1(v_organization);
    v_used integer := public.organizations_seats_used_v1(v_organization);
    v_said jsonb;
    v_fresh jsonb;
    v_person jsonb;
begin
    perform app.require_staying(v_organization);
    perform public.billing_require_v1(v_organization, 'members');
    if coalesce(p ->> 'role', '') not in ('admin', 'member') then
        raise exception 'People are invited as admins or members.' using errcode = 'PX422';
    elsif jsonb_array_length(p -> 'people') not between 1 and 50 then
        raise exception 'Invite 1 to 50 people at once.' using errcode = 'PX422';
    end if;
    with asked as (
        select i.person, i.person ->> 'email' as email, min(i.at) as at,
            case
                when exists (
                    select from public.organizations_membership as m
                    join public.accounts_user as u on u.id = m.user_id
                    where m.organization_id = v_organization and u.email = i.person ->> 'email'
                ) then 'member'
                when exists (
                    select from public.organizations_invitation as o
                    where o.organization_id = v_organization and o.email = i.person ->> 'email'
                        and o.state = 'open' and o.expires_at > clock_timestamp()
                ) then 'open'
                else 'invited'
            end as outcome
        from jsonb_array_elements(p -> 'people') with ordinality as i (person, at)
        group by i.person
    )
    select
        jsonb_agg(jsonb_build_object('email', a.email, 'outcome', a.outcome) order by a.at),
        coalesce(jsonb_agg(a.person order by a.at) filter (where a.outcome = 'invited'), '[]')
    into v_said, v_fresh
    from asked as a;
    if v_used + jsonb_array_length(v_fresh) > v_seats then
        return jsonb_build_object('outcome', 'full', 'seats', v_seats, 'used', v_used);
    end if;
    perform public.organizations_count_post_v1(v_organization, jsonb_array_length(v_fresh));
    -- One that ran out makes room for the new one.
    update public.organizations_invitation as i set state = 'expired', decided_at = i.expires_at
    where i.organization_id = v_organization and i.state = 'open' and i.expires_at <= clock_timestamp();
    for v_person in select * from jsonb_array_elements(v_fresh)
    loop
        insert into public.organizations_invitation (
            organization_id, id, email, role, seed, token_hash, invited_by, language, state, expires_at
        )
        values (
            v_organization, (v_person ->> 'id')::uuid, v_person ->> 'email', p ->> 'role',
            (v_person ->> 'seed')::uuid, v_person ->> 'hash', app.user_id(), p ->> 'language', 'open',
            clock_timestamp() + interval '7 days'
        );
        perform public.audit_record_v1(
            v_organization, app.user_id(), 'invitation.sent', v_person ->> 'email',
            jsonb_build_object('invitation', v_person -> 'id', 'role', p -> 'role'));
        perform public.organizations_post_v1(
            v_organization, (v_person ->> 'id')::uuid, (v_person ->> 'seed')::uuid);
    end loop;
    perform app.notify(v_organization, 'member', v_organization);
    return jsonb_build_object('outcome', 'done', 'people', v_said);
end
$$;

-- One of the acting organization's invitations, held; an error where there is none.
create or replace function public.organizations_hold_invitation_v1(p_id uuid)
returns public.organizations_invitation
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    v_found public.organizations_invitation;
begin
    select i.* into v_found from public.organizations_invitation as i
    where i.organization_id = v_organization and i.id = p_id
    for no key update;
    if v_found.id is null then
        raise exception 'There is no such invitation.' using errcode = 'PX404';
    end if;
    return v_found;
end
$$;

-- Take an invitation back: its link is good for nothing from now on.
create or replace function public.organizations_revoke_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_found public.organizations_invitation := public.organizations_hold_invitation_v1(p_id);
begin
    if v_found.state = 'revoked' then
        return;
    elsif v_found.state <> 'open' then
        raise exception 'This invitation has been answered already.' using errcode = 'PX409';
    end if;
    update public.organizations_invitation as i
    set state = 'revoked', decided_at = clock_timestamp()
    where i.organization_id = v_found.organization_id and i.id = p_id;
    perform public.audit_record_v1(
        v_found.organization_id, app.user_id(), 'invitation.revoked', v_found.email,
        jsonb_build_object('invitation', p_id));
    perform app.notify(v_found.organization_id, 'member', p_id);
end
$$;

-- Open an invitation again under a new token, and mail it: sent again, run out, or taken back a moment ago. Answers
-- {"outcome": "done"}, or {"outcome": "full", "seats", "used"} and then nothing has changed.
create or replace function public.organizations_resend_v1(p_id uuid, p_seed uuid, p_hash text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_found public.organizations_invitation := public.organizations_hold_invitation_v1(p_id);
    v_organization uuid := v_found.organization_id;
    v_seats integer := public.organizations_seats_v1(v_organization);
    v_used integer := public.organizations_seats_used_v1(v_organization);
    v_counted boolean := v_found.state = 'open' and v_found.expires_at > clock_timestamp();
begin
    perform app.require_staying(v_organization);
    perform public.billing_require_v1(v_organization, 'members');
    if v_found.state not in ('open', 'revoked', 'expired') then
        raise exception 'This invitation has been answered already.' using errcode = 'PX409';
    elsif exists (
        select from public.organizations_invitation as i
        where i.organization_id = v_organization and i.email = v_found.email and i.state = 'open' and i.id <> p_id
    ) or exists (
        select from public.organizations_membership as m
        join public.accounts_user as u on u.id = m.user_id
        where m.organization_id = v_organization and u.email = v_found.email
    ) then
        raise exception 'This address is invited or a member already.' using errcode = 'PX409';
    elsif not v_counted and v_used >= v_seats then
        return jsonb_build_object('outcome', 'full', 'seats', v_seats, 'used', v_used);
    end if;
    perform public.organizations_count_post_v1(v_organization, 1);
    update public.organizations_invitation as i
    set state = 'open', decided_at = null, seed = p_seed, token_hash = p_hash, mailed_at = null, mail_failed = false,
        expires_at = clock_timestamp() + interval '7 days'
    where i.organization_id = v_organization and i.id = p_id;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'invitation.resent', v_found.email, jsonb_build_object('invitation', p_id));
    perform public.organizations_post_v1(v_organization, p_id, p_seed);
    perform app.notify(v_organization, 'member', p_id);
    return jsonb_build_object('outcome', 'done');
end
$$;

revoke execute on function
    public.organizations_post_v1(uuid, uuid, uuid),
    public.organizations_count_post_v1(uuid, integer),
    public.organizations_invite_v1(jsonb),
    public.organizations_hold_invitation_v1(uuid),
    public.organizations_revoke_v1(uuid),
    public.organizations_resend_v1(uuid, uuid, text)
from public;
grant execute on function
    public.organizations_invite_v1(jsonb),
    public.organizations_revoke_v1(uuid),
    public.organizations_resend_v1(uuid, uuid, text)
to packshot_member;

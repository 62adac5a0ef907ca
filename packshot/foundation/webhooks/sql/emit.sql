-- Events are written down in the transaction in which they happen, one delivery for each endpoint that wants to know.

-- A moment as the API writes it.
create or replace function app.rfc3339(p_at timestamptz) returns text
language sql stable parallel safe set search_path = ''
as $$ select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- Which of these organizations have an endpoint that listens: one look at an index for each.
create or replace function public.webhooks_listening_v1(p_organizations uuid[]) returns uuid[]
language sql stable security definer set search_path = ''
as $$
    select coalesce(array_agg(o.id), '{}')
    from unnest(p_organizations) as o (id)
    where exists (
        select from public.webhooks_endpoint as e where e.organization_id = o.id and e.state = 'enabled'
    )
$$;

-- Something has happened to `p_object`. For privileged functions, inside of their transaction; costs one look at an
-- index where nobody listens. `p_data` is the event's own part of the body.
create or replace function public.webhooks_emit_v1(p_organization uuid, p_type text, p_object uuid, p_data jsonb)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_endpoints uuid[] := array(
        select e.id from public.webhooks_endpoint as e
        where e.organization_id = p_organization and e.state = 'enabled'
            and (e.types = '{}' or p_type = any (e.types))
        order by e.id
        -- One that is being deleted is left out instead of being waited for to fail this transaction.
        for key share
    );
begin
    if cardinality(v_endpoints) > 0 then
        perform public.webhooks_send_v1(p_organization, p_type, p_object, p_data, v_endpoints);
    end if;
end
$$;

-- The event and its deliveries; the event's id is returned. The caller holds the endpoints.
create or replace function public.webhooks_send_v1(
    p_organization uuid, p_type text, p_object uuid, p_data jsonb, p_endpoints uuid[]
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_now timestamptz := app.now();
    v_event uuid := app.uuid7();
    v_version text := '2026-11-21';
begin
    insert into public.webhooks_event (organization_id, id, type, object, version, body, created_at)
    values (p_organization, v_event, p_type, p_object, v_version, jsonb_build_object(
        'id', 'evt_' || replace(v_event::text, '-', ''), 'type', p_type, 'timestamp', app.rfc3339(v_now),
        'version', v_version, 'data', p_data
    ), v_now);
    insert into public.webhooks_delivery (
        organization_id, id, event_id, endpoint_id, object, seq, state, next_at, created_at
    )
    select p_organization, app.uuid7(), v_event, e.id, p_object, nextval('public.webhooks_seq'), 'pending', v_now, v_now
    from unnest(p_endpoints) as e (id);
    return v_event;
end
$$;

revoke execute on function
    app.rfc3339(timestamptz),
    public.webhooks_listening_v1(uuid[]),
    public.webhooks_emit_v1(uuid, text, uuid, jsonb),
    public.webhooks_send_v1(uuid, text, uuid, jsonb, uuid[])
from public;

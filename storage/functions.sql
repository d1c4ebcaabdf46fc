-- Functions of the database, made anew at every migration; so they are edited in place.

-- An id that grows with the time it is given: milliseconds since 1970, above 16 bits of a sequence.
create or replace function next_id(at timestamptz) returns bigint language sql volatile as $$
    select (extract(epoch from at) * 1000)::bigint << 16 | (nextval('id_tail') & 65535)
$$;

-- However a token ends (revoked, with its app, with its account), every process hears of it and closes
-- what it had opened: see storage/events.py.
create or replace function token_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('beckon_events', format('["revoked",%s,[],""]', old.id));
    return null;
end
$$;
create or replace trigger token_ended after delete on tokens
    for each row execute function token_ended();
